/// What was not granted: nothing was allowed by being forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The grant, as a sentence, that would have allowed it and nothing else.
    Grant(String),
    /// A path of git's was called as if it were an API's: `fetch` and `push` are about those.
    GitPath,
    /// A path, or a method, that no grant can be about, since servers read it in different ways.
    Odd,
}
