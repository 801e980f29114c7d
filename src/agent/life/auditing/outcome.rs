use crate::wire::{Code, OUTCOME_OK, OUTCOME_UNCHANGED};

/// What came of something that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// It was let in, and there was nothing to change.
    Unchanged,
    Refused(Code),
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Outcome::Done => OUTCOME_OK,
            Outcome::Unchanged => OUTCOME_UNCHANGED,
            Outcome::Refused(code) => code.name(),
        }
    }
}

impl From<Result<(), Code>> for Outcome {
    fn from(outcome: Result<(), Code>) -> Outcome {
        outcome.map_or_else(Outcome::Refused, |()| Outcome::Done)
    }
}
