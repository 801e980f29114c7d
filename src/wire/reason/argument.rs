use std::path::PathBuf;

use crate::base::{Message, Scope, ServerUrl};

/// What a variant of a reason may hold: something that a text shows, and that can be read back from what it shows.
pub trait Argument {
    /// Adds the value to a message, as the argument `name`.
    fn add(&self, name: &'static str, to: Message) -> Message;

    /// Reads the value back from what a message shows; `None` if the text is not of this type, or absent where there
    /// has to be one.
    fn read(text: Option<&str>) -> Option<Self>
    where
        Self: Sized;

    /// A value as a test wants it.
    #[cfg(test)]
    fn sample() -> Self
    where
        Self: Sized;
}

/// What is not there is not shown.
impl<A: Argument> Argument for Option<A> {
    fn add(&self, name: &'static str, to: Message) -> Message {
        match self {
            Some(argument) => argument.add(name, to),
            None => to,
        }
    }

    fn read(text: Option<&str>) -> Option<Self> {
        match text {
            Some(text) => A::read(Some(text)).map(Some),
            None => Some(None),
        }
    }

    #[cfg(test)]
    fn sample() -> Self {
        Some(A::sample())
    }
}

/// The sentence that says why. A frame has it within the message only, so nobody can read it back.
impl Argument for Message {
    fn add(&self, _: &'static str, to: Message) -> Message {
        to.because(self.clone())
    }

    fn read(_: Option<&str>) -> Option<Self> {
        None
    }

    #[cfg(test)]
    fn sample() -> Self {
        Message::new("keyring-hangs")
    }
}

macro_rules! arguments {
    ($($type:ty: $show:expr, $read:expr, $sample:expr;)*) => {$(
        impl Argument for $type {
            fn add(&self, name: &'static str, to: Message) -> Message {
                let show: fn(&$type) -> String = $show;
                to.with(name, show(self))
            }

            fn read(text: Option<&str>) -> Option<Self> {
                let read: fn(&str) -> Option<$type> = $read;
                read(text?)
            }

            #[cfg(test)]
            fn sample() -> Self {
                let sample: fn(&str) -> Option<$type> = $read;
                sample($sample).unwrap()
            }
        }
    )*};
}

arguments! {
    String: String::clone, |text| Some(text.to_owned()), "x";
    PathBuf: |path| path.display().to_string(), |text| Some(text.into()), "/x";
    ServerUrl: ServerUrl::to_string, |text| ServerUrl::parse(text).ok(), "https://git.example";
    Scope: |scope| scope.name().to_owned(), |text| Scope::from_name(text).ok(), "control";
    u16: u16::to_string, |text| text.parse().ok(), "5";
    u32: u32::to_string, |text| text.parse().ok(), "5";
    u64: u64::to_string, |text| text.parse().ok(), "5";
    bool: bool::to_string, |text| text.parse().ok(), "true";
    usize: usize::to_string, |text| text.parse().ok(), "5";
}
