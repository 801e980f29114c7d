//! loom on other systems, as far as this one can run it: `cross` builds for them, `wine` runs programs of Windows.

mod windows;
