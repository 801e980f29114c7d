//! The tokens behind something that was set up, such as a socket or a token made from another. It may do only what
//! every one of them still may, with each use.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The tokens behind something: those that were presented when it was set up. It may do no more than each of them,
/// counts as a use of each, and ends with the first that ends. The list is empty for what the user set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Standing(Vec<String>);

impl Standing {
    /// One token, by its id.
    pub fn of_token(id: &str) -> Standing {
        Standing(vec![id.to_owned()])
    }

    /// The tokens of both, without repetition; those of `self` come first.
    pub fn and(mut self, others: &Standing) -> Standing {
        let new: Vec<String> = others.0.iter().filter(|id| !self.0.contains(id)).cloned().collect();
        self.0.extend(new);
        self
    }

    /// The ids of the tokens.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the user set it up and no token is behind it.
    pub fn is_users(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Standing {
    /// One token is said by its id, as it always was.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => to.serialize_str(one),
            all => to.collect_seq(all),
        }
    }
}

impl<'de> Deserialize<'de> for Standing {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMore {
            One(String),
            More(Vec<String>),
        }
        Ok(match Option::<OneOrMore>::deserialize(from)? {
            None => Standing::default(),
            Some(OneOrMore::One(id)) => Standing(vec![id]),
            Some(OneOrMore::More(ids)) => Standing(ids),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_is_written_as_an_older_agent_reads_it() {
        let one = Standing::of_token("a");
        assert_eq!(serde_json::to_string(&one).unwrap(), "\"a\"");
        let both = one.clone().and(&Standing::of_token("b")).and(&one);
        assert_eq!(serde_json::to_string(&both).unwrap(), r#"["a","b"]"#);
        for text in ["null", "[]", "\"a\"", r#"["a","b"]"#] {
            let read: Standing = serde_json::from_str(text).unwrap();
            assert_eq!(read.ids().count(), text.matches('"').count() / 2, "{text}");
        }
    }
}
