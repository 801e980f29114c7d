//! What a parameter's value says is done, as the boldest server may read it: a word that plainly reads is taken at its
//! word, and any other for a change.

/// Words that only ask. None is here that some server takes for a change (`open`, `check`, `fetch`, `index`, `parse`,
/// `test`).
const READS: &str = "\
    browse count describe diff download find get head help history info list lookup opensearch options query read \
    retrieve search show stat stats status summary version versions view";

/// Words that make a change of what else only asks (`getOrCreate`), and what the value of a word with many meanings has
/// to say to be taken for one.
const CHANGES: &str = "\
    accept ack activate add allow and append apply approve archive assign ban block bulk cancel change checkin claim \
    clear clone close commit confirm consume copy create deactivate delete deny deploy destroy detach disable do drop \
    edit eject enable end erase eval evict exec execute expire feature flush force generate grant import increment \
    insert install invite invoke issue join kick kill launch leave link lock login logout make mark merge mint modify \
    move mute new open or patch pause pop post promote publish purge push put reboot refund regenerate register \
    reject release reload remove rename renew reopen replace reset resize restart restore resume retry revoke \
    rollback rotate run save schedule send set shutdown sign start stop store submit subscribe suspend swap sync \
    terminate then toggle transfer trash trigger truncate unassign unban unblock uninstall unlink unlock unpublish \
    unset unsubscribe update upgrade upload upsert vote wipe write";

/// Whether no server takes it for a change: `GetCallerIdentity`, `list_users`, `user.get`; what reads comes first, of
/// the last of what points part.
pub(super) fn plainly_reads(value: &str) -> bool {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let last = value.rsplit('.').next().unwrap_or_default();
    let first = words(last).into_iter().next();
    let reads_first = first.is_some_and(|word| is_among(READS, &word));
    is_plain && reads_first && !plainly_changes(value) && !hides_a_change(last)
}

/// Whether one of its words is a change, also for a server to which capitals part no words.
pub(super) fn plainly_changes(value: &str) -> bool {
    let is_change = |word: &String| is_among(CHANGES, word);
    words(value).iter().any(is_change) || words(&value.to_lowercase()).iter().any(is_change)
}

/// Whether a server to which capitals are nothing may read a change where this one parts the words otherwise
/// (`getDeLete`, `getORcreate`), or does not part them (`getOrcreate`).
fn hides_a_change(name: &str) -> bool {
    let words = words(name);
    let whole = words.concat();
    let mut at = 0;
    words.iter().any(|word| {
        let rest = whole.get(at..).unwrap_or_default();
        at += word.len();
        let mut begins = CHANGES.split(' ').filter_map(|change| Some((change.len(), rest.strip_prefix(change)?)));
        begins.any(|(length, after)| length > word.len() || CHANGES.split(' ').any(|change| after.starts_with(change)))
    })
}

fn is_among(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

/// The words of a name, however it parts them: `deleteUser`, `DELETE_USER`, `delete-user`, `HTTPDelete`.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = vec![String::new()];
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let rises = c.is_uppercase() && before.is_some_and(|before| !before.is_uppercase());
        let falls = c.is_uppercase() && chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        if rises || falls || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_plainly_reads_is_told_from_all_else() {
        for value in [
            "get",
            "GET",
            "Head",
            "list",
            "ListUsers",
            "DescribeInstances",
            "GetCallerIdentity",
            "get-user",
            "query",
            "user.get",
            "flickr.photos.getInfo",
            "search",
            "view_history",
            "opensearch",
            "GET_STATUS",
        ] {
            assert!(plainly_reads(value), "{value}");
        }
        for value in [
            "",
            "delete",
            "deleteUser",
            "getOrCreate",
            "get_and_delete",
            "listThenPurge",
            "getaway",
            "GETDELETE",
            "core_user_delete_users",
            "user.delete.get",
            "delete.get",
            "get.delete",
            "get%20",
            "get delete",
            "get,x",
            "get|delete",
            "x",
            "enable",
            "post",
            "PUT",
            "listener.remove",
            "get\0delete",
            "getUpdate",
            "gét",
            "getDeLete",
            "getDElete",
            "getORcreate",
            "getOrcreate",
            "getorCreate",
            "index",
            "getPop",
            "listAndClaim",
        ] {
            assert!(!plainly_reads(value), "{value:?}");
        }
        for value in ["delete", "HTTPDelete", "DELETE_USER", "user.remove", "x;delete", "restart"] {
            assert!(plainly_changes(value), "{value}");
        }
        for value in ["unpublish", "article.trash", "checkin", "feature", "toggleState", "increment", "vote", "ack"] {
            assert!(plainly_changes(value), "{value}");
        }
        for value in ["consume", "claim", "queue_pop", "EVAL"] {
            assert!(plainly_changes(value), "{value}");
        }
        for value in ["TIME_SERIES_DAILY", "deleted", "overview", "undo", ""] {
            assert!(!plainly_changes(value), "{value}");
        }
    }
}
