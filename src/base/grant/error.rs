use crate::base::{Message, ServerUrlError};
use crate::msg;

/// Why a text is no [`Grant`](super::Grant), and what would be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// It is longer than any sentence has to be.
    #[error("it is longer than 1024 bytes")]
    TooLong,
    /// It has characters that nobody sees.
    #[error("it has characters that cannot be seen")]
    Invisible,
    /// The first word is neither a kind of grant nor a method.
    #[error("{0} is neither fetch, push, ANY nor a method in capital letters")]
    Kind(String),
    /// No server has the method called for.
    #[error("{0} is no method that is passed on")]
    Method(String),
    /// A repository is missing, and none is meant by itself.
    #[error("the repository's URL is missing")]
    NoRepository,
    /// The URL is not one.
    #[error("{url}: {error}")]
    Url {
        /// What was written.
        url: String,
        /// What is wrong with it.
        error: ServerUrlError,
    },
    /// The URL names no repository.
    #[error("{0} names no repository")]
    Repository(String),
    /// The refs that may be pushed are missing.
    #[error("what may be pushed is missing")]
    NoRefs,
    /// It is no name of a ref.
    #[error("{0} is no name that git has for a branch or a ref")]
    RefName(String),
    /// A `*` stands elsewhere than at the end.
    #[error("in {0} a `*` stands elsewhere than at the end")]
    RefStar(String),
    /// A `*` would include refs that are no names but orders to the server.
    #[error("{0} may include refs that do more than to name something")]
    RefMagic(String),
    /// A word after the refs that says nothing.
    #[error("{0} is none of new, grow and delete")]
    Word(String),
    /// Words after the refs that do not go together.
    #[error("`grow` includes `new`")]
    NewAndGrow,
    /// The pattern of a path is missing.
    #[error("the URL of what may be called is missing")]
    NoPattern,
    /// It is no pattern of a path.
    #[error("{0} is no path of whole segments as they are sent")]
    Pattern(String),
    /// A `*` stands in the middle of a segment, or a `**` elsewhere than at the end.
    #[error("in {0} a `*` is not a segment of its own, or `**` not at the end")]
    PatternStar(String),
    /// It would be a call of one of git's paths.
    #[error("{0} is a path of git's, which `fetch` and `push` are about")]
    GitPath(String),
    /// There is a word too many.
    #[error("nothing can follow before {0}")]
    TooMany(String),
    /// There are more grants than a token has.
    #[error("there are more than 100")]
    TooManyGrants,
}

impl GrantError {
    /// The sentence that says what is wrong, and what would be right, for people.
    pub fn message(&self) -> Message {
        match self {
            GrantError::Empty => msg!("grant-empty"),
            GrantError::TooLong => msg!("grant-too-long"),
            GrantError::Invisible => msg!("grant-invisible"),
            GrantError::Kind(word) => msg!("grant-kind", word = word),
            GrantError::Method(word) => msg!("grant-method", word = word),
            GrantError::NoRepository => msg!("grant-no-repository"),
            GrantError::Url { url, error } => msg!("grant-url", url = url).because(error.message()),
            GrantError::Repository(url) => msg!("grant-repository", url = url),
            GrantError::NoRefs => msg!("grant-no-refs"),
            GrantError::RefName(name) => msg!("grant-ref-name", name = name),
            GrantError::RefStar(name) => msg!("grant-ref-star", name = name),
            GrantError::RefMagic(name) => msg!("grant-ref-magic", name = name),
            GrantError::Word(word) => msg!("grant-word", word = word),
            GrantError::NewAndGrow => msg!("grant-new-and-grow"),
            GrantError::NoPattern => msg!("grant-no-pattern"),
            GrantError::Pattern(url) => msg!("grant-pattern", url = url),
            GrantError::PatternStar(url) => msg!("grant-pattern-star", url = url),
            GrantError::GitPath(url) => msg!("grant-git-path", url = url),
            GrantError::TooMany(word) => msg!("grant-too-many-words", word = word),
            GrantError::TooManyGrants => msg!("grant-too-many"),
        }
    }
}
