use crate::Context;
use loom_credentials::wire::Fault;
pub fn run(_: &Context) -> Result<u8, Fault> {
    Ok(1)
}
