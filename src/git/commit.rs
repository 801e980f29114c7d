use super::object_id::{HashKind, ObjectId};

/// The parents of a commit whose text is of git's whole form: `tree`, any number of `parent`, `author`,
/// `committer`, and an empty line behind the headers. Git reads a parent only where more follows its line; who
/// would count one that git does not would take a commit without parents for one that comes after another.
pub(super) fn parents(text: &[u8], hash: HashKind) -> Option<Vec<ObjectId>> {
    let of_kind = |id: &[u8]| ObjectId::parse(id).filter(|id| id.kind() == hash);
    let (tree, mut rest) = line(text)?;
    of_kind(tree.strip_prefix(b"tree ")?)?;
    let mut parents = Vec::new();
    let author = loop {
        let (line, after) = line(rest)?;
        rest = after;
        match line.strip_prefix(b"parent ") {
            Some(id) => parents.push(of_kind(id)?),
            None => break line,
        }
    };
    let (committer, mut rest) = line(rest)?;
    if !author.starts_with(b"author ") || !committer.starts_with(b"committer ") {
        return None;
    }
    loop {
        let (header, after) = line(rest)?;
        if header.is_empty() {
            return Some(parents);
        }
        rest = after;
    }
}

/// A line that ends as one, and what follows it.
fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    Some((&text[..end], &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_counts_only_in_a_commit_that_git_reads_as_one() {
        let (tree, parent) = (format!("tree {}\n", "a".repeat(40)), format!("parent {}\n", "b".repeat(40)));
        let people = "author a <a> 0 +0000\ncommitter a <a> 0 +0000\n";
        let read = |text: &str| parents(text.as_bytes(), HashKind::Sha1).map(|parents| parents.len());
        assert_eq!(read(&format!("{tree}{people}\n")), Some(0));
        assert_eq!(read(&format!("{tree}{parent}{parent}{people}gpgsig x\n y\n\nparent text")), Some(2));
        assert_eq!(read(&format!("{tree}{people}{parent}\n")), Some(0), "behind the people it is another header");
        for odd in [
            format!("{tree}{}", parent.trim_end()),
            format!("{tree}{parent}"),
            format!("{tree}{parent}{people}"),
            format!("{tree}{parent}author a <a> 0 +0000\n\n"),
            format!("{parent}{people}\n"),
            format!("{tree}parent {}\n{people}\n", "b".repeat(64)),
            format!("{tree}parent {}\n{people}\n", "B".repeat(40)),
            format!("{tree}parent {} \n{people}\n", "b".repeat(40)),
            String::new(),
        ] {
            assert_eq!(read(&odd), None, "{odd:?}");
        }
    }
}
