use loom_credentials::base::{IssuerConfig, printable};
use loom_credentials::msg;
use loom_credentials::wire::{self, Fault, reason};

use crate::absolute::absolute;
use crate::args::Serve;
use crate::{Context, term};

/// Opens the agent's HTTP door and prints where it is; the agent goes on serving when this has ended.
pub fn run(args: Serve, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    if args.stop {
        client.ask(&wire::ServeEnd {})?;
        term::say(context.locale, &msg!("http-closed"));
        return Ok(0);
    }
    let issuer = IssuerConfig::from_environment();
    let issuer = issuer.map_err(reason::Below::Issuer)?;
    let question = wire::Serve {
        listen: args.listen,
        tls_cert: args.tls_cert.as_deref().map(absolute).transpose()?,
        tls_key: args.tls_key.as_deref().map(absolute).transpose()?,
        issuer,
    };
    let opened = client.ask(&question)?;
    term::data_line(&opened.url);
    term::say(context.locale, &msg!("http-open"));
    opened.warnings.iter().for_each(|warning| term::line(&printable(&warning.text)));
    Ok(0)
}
