//! `loom api`: a call as a stored account, page after page if wanted. The answer goes to standard output as it comes
//! and everything said by loom goes to standard error, so that pipes get the server's bytes only.

use loom_credentials::base::{ServerUrl, printable};
use loom_credentials::wire::{self, ApiReply, Fault, reason};
use url::Url;

use crate::api::{self, Body, Head, Part, Selection, Shown};
use crate::args::Api;
use crate::{Context, term};

/// So much of a refusal is looked at for what it says.
const REFUSAL: usize = 64 * 1024;

/// The largest document of which a part is selected.
const DOCUMENT: usize = 64 * 1024 * 1024;

pub fn run(args: Api, context: &Context) -> Result<u8, Fault> {
    let (mut question, mut body) = prepare(&args, context)?;
    let selection = args.select.as_deref().map(Selection::parse).transpose()?;
    let client = context.client()?;
    let mut shown = Shown::new();
    loop {
        let mut page = Page {
            args: &args,
            selects: selection.is_some(),
            shown: &mut shown,
            head: None,
            kept: Vec::new(),
            unread: false,
        };
        let called = api::call(&client, &question, &mut body, context, |part| page.take(part));
        let Page { head, kept, unread, .. } = page;
        if unread {
            // A reader that went away is no error: `loom api … | head`.
            return Ok(0);
        }
        let reply = called?;
        let Some(head) = head else { return Ok(0) };
        if head.status >= 400 {
            shown.end_line_on_screen();
            term::fault(context.locale, &api::refused(&reply.server, &head, &kept));
            return Ok(1);
        }
        if let Some(selection) = &selection {
            let found = selection.of(&kept)?;
            let text: String = found.iter().map(|line| format!("{line}\n")).collect();
            if !shown.write(text.as_bytes()) {
                return Ok(0);
            }
        }
        match head.next_page().filter(|_| args.paginate) {
            Some(next) => go_on(&mut question, reply, &next)?,
            None => {
                shown.end_line_on_screen();
                return Ok(0);
            }
        }
        shown.end_line();
    }
}

/// The question to the agent, and what it sends along: parameters go into the query of what only reads, and else into a
/// JSON document.
fn prepare(args: &Api, context: &Context) -> Result<(wire::Api, Body), Fault> {
    let raw = args.raw_fields.iter().map(|text| api::raw(text));
    let fields = raw.chain(args.fields.iter().map(|text| api::typed(text))).collect::<Result<Vec<_>, Fault>>()?;
    let sends = args.input.is_some() || !fields.is_empty();
    let method = args.method.clone().unwrap_or_else(|| if sends { "POST" } else { "GET" }.to_owned()).to_uppercase();
    let reads = matches!(&*method, "GET" | "HEAD");
    let in_query = reads || args.input.is_some();
    let body = match &args.input {
        Some(path) => Body::of_file(path)?,
        None if !in_query && !fields.is_empty() => Body::text(api::json(&fields)?.to_string().into_bytes()),
        None => Body::Nothing,
    };
    if args.paginate && (!reads || args.input.is_some()) {
        return Err(reason::Command::ApiPaginateReads.into());
    }
    let mut headers = args.headers.clone();
    let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !matches!(body, Body::Nothing) && !has_type {
        headers.push(("content-type".to_owned(), "application/json; charset=utf-8".to_owned()));
    }
    let question = wire::Api {
        // A whole URL names its server itself; one that was set for all commands does not stand in its way.
        server: if args.path.contains("://") { context.named.clone() } else { context.server.clone() },
        account: args.account.clone(),
        method,
        path: if in_query { api::query(&args.path, &fields) } else { args.path.clone() },
        headers,
        scopes: (!args.scopes.is_empty()).then(|| args.scopes.iter().copied().collect()),
        body: body.about(),
    };
    Ok((question, body))
}

/// Makes the question that asks for the next page, of the same server and as the same account.
fn go_on(question: &mut wire::Api, reply: ApiReply, link: &str) -> Result<(), Fault> {
    let here = if question.path.contains("://") { question.path.clone() } else { at(&reply.server, &question.path) };
    let next = Url::parse(&here).and_then(|here| here.join(link)).ok().map(String::from);
    match next.filter(|next| *next != here) {
        Some(next) => question.path = next,
        None => return Err(reason::Command::ApiBadLink { server: reply.server }.into()),
    }
    (question.server, question.account) = (Some(reply.server), Some(reply.account));
    Ok(())
}

fn at(server: &ServerUrl, path: &str) -> String {
    server.endpoint(&format!("/{}", path.strip_prefix('/').unwrap_or(path)))
}

/// One answer on its way to standard output.
struct Page<'a> {
    args: &'a Api,
    selects: bool,
    shown: &'a mut Shown,
    head: Option<Head>,
    /// What has to be looked at when it is whole: a document to select from, or the beginning of a refusal.
    kept: Vec<u8>,
    /// Nobody reads what comes.
    unread: bool,
}

impl Page<'_> {
    fn take(&mut self, part: Part) -> Result<(), Fault> {
        match part {
            Part::Head(head) => {
                let printed = if self.args.include { printed(&head) } else { String::new() };
                self.head = Some(head);
                self.show(printed.as_bytes())
            }
            Part::Data(data) => {
                let refused = self.head.as_ref().is_some_and(|head| head.status >= 400);
                let room = if refused { REFUSAL.saturating_sub(self.kept.len()) } else { DOCUMENT };
                if refused || self.selects {
                    self.kept.extend_from_slice(&data[..data.len().min(room)]);
                }
                if self.kept.len() > DOCUMENT {
                    return Err(reason::Command::AnswerTooLong.into());
                }
                if refused || !self.selects { self.show(&data) } else { Ok(()) }
            }
        }
    }

    fn show(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.unread = !self.shown.write(bytes);
        if self.unread { Err(reason::Request::Cancelled.into()) } else { Ok(()) }
    }
}

/// Status line and headers as HTTP has them.
fn printed(head: &Head) -> String {
    let mut text = format!("{} {}\r\n", printable(&head.version), head.status);
    for (name, value) in &head.headers {
        text += &format!("{}: {}\r\n", printable(name), printable(value));
    }
    text + "\r\n"
}
