//! Makes a topic of a table: one row per reason, and everything that follows from it.

/// A row says what went wrong, and with what; then the code, the id of the text that says so, and the id of the text
/// that says what to do about it:
///
/// ```text
/// /// What it means.
/// LoginEnded { server: ServerUrl } => LoginRequired, "login-ended", "hint-login";
/// ```
///
/// The fields are the arguments of both texts, and the `args` of a frame. Of two rows with one code and id the first
/// one whose fields are all there is read.
macro_rules! reasons {
    ($(#[$about:meta])* $topic:ident {$(
        $(#[$doc:meta])*
        $name:ident $({ $($field:ident: $type:ty),+ })? => $code:ident, $id:literal $(, $hint:literal)?;
    )*}) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "what a field holds is its name")]
        pub enum $topic {$(
            $(#[$doc])*
            $name $({ $($field: $type),+ })?,
        )*}

        impl $crate::wire::reason::Topic for $topic {
            const ROWS: &'static [$crate::wire::reason::Row] = &[$($crate::wire::reason::Row {
                code: $crate::wire::Code::$code,
                id: $id,
                args: &[$($(stringify!($field)),+)?],
                hint: reasons!(@hint $($hint)?),
            }),*];

            fn fault(&self) -> $crate::wire::Fault {
                use $crate::wire::{Code, reason};
                match self {$(
                    Self::$name $({ $($field),+ })? => {
                        reason::fault(Code::$code, $id, reasons!(@hint $($hint)?), &[$($((stringify!($field), $field)),+)?])
                    }
                )*}
            }

            fn read(fault: &$crate::wire::Fault) -> Option<Self> {
                $(
                    let read = || Some(Self::$name $({ $(
                        $field: $crate::wire::reason::Argument::read(fault.arg(stringify!($field)))?
                    ),+ })?);
                    if fault.says($crate::wire::Code::$code, $id) && let Some(reason) = read() {
                        return Some(reason);
                    }
                )*
                None
            }

            #[cfg(test)]
            fn samples() -> Vec<Self> {
                vec![$(Self::$name $({ $($field: $crate::wire::reason::Argument::sample()),+ })?),*]
            }
        }
    };
    (@hint) => { None };
    (@hint $hint:literal) => { Some($hint) };
}
