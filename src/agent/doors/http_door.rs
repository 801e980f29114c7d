//! The HTTP door: who may open, replace and close it, and whose issuer counts as long as it is open.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;

use crate::access::Standing;
use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::caller::TheUser;
use crate::agent::doors::control::DoorOrder;
use crate::agent::fault;
use crate::agent::state::lock;
use crate::base::{Config, HttpDoor, IssuerConfig, Message};
use crate::msg;
use crate::wire::{Code, Fault, Warning};

/// The HTTP door, as long as it is open.
pub struct OpenHttp {
    pub url: String,
    /// Who stands behind it.
    pub standing: Standing,
    pub issuer: Option<NamedIssuer>,
    /// What is wrong with its certificate now, or soon will be.
    pub concerns: Box<dyn Fn() -> Vec<Message> + Send>,
}

/// The issuer that the environment of the user names who opens the door. It counts as long as that door is open.
pub struct NamedIssuer(Box<IssuerConfig>);

#[derive(Default)]
pub(crate) struct HttpState {
    open: Mutex<Option<OpenHttp>>,
    /// Why the one of the settings was not opened.
    trouble: Mutex<Option<Fault>>,
    /// The user wants none, whatever the settings say.
    unwanted: AtomicBool,
}

impl NamedIssuer {
    pub(crate) fn new(_: TheUser, issuer: IssuerConfig) -> NamedIssuer {
        NamedIssuer(Box::new(issuer))
    }
}

impl Agent {
    /// Opens the HTTP door, and says where it is. One that somebody else opened is not a token's to replace.
    pub(crate) async fn open_http(
        &self,
        door: HttpDoor,
        standing: Standing,
        issuer: Option<NamedIssuer>,
    ) -> Result<String, Fault> {
        let _changing = self.doors.changing.lock().await;
        self.may_take_http(&standing, msg!("hint-http-is-open"))?;
        let is_users = standing.is_users();
        let (done, opened) = oneshot::channel();
        let _ = self.doors.orders.send(DoorOrder::OpenHttp { door, standing, issuer, done });
        let url = opened.await.map_err(|_| fault::stopping())?.map_err(|reason| {
            Fault::new(Code::Unavailable, msg!("http-not-opened").because(reason)).hint(msg!("hint-serve"))
        })?;
        if is_users {
            self.doors.http.unwanted.store(false, Ordering::Relaxed);
        }
        Ok(url)
    }

    /// Closes the door for whoever may.
    pub(crate) async fn end_http(&self, asker: &Standing) -> Result<(), Fault> {
        let changing = self.doors.changing.lock().await;
        self.may_take_http(asker, msg!("hint-door-of-another"))?;
        if asker.is_users() {
            self.doors.http.unwanted.store(true, Ordering::Relaxed);
        }
        if self.http_door().is_some() {
            self.close_http().await;
            drop(changing);
            self.open_http_again().await;
        }
        Ok(())
    }

    /// Closes the door of somebody who has no rights any more.
    pub(crate) async fn end_ended_http(&self) {
        let changing = self.doors.changing.lock().await;
        self.close_http().await;
        drop(changing);
        self.open_http_again().await;
    }

    /// Told by the floor above whenever the HTTP door was opened or closed.
    pub fn http_is_at(&self, open: Option<OpenHttp>) {
        if open.is_some() {
            *lock(&self.doors.http.trouble) = None;
        }
        *lock(&self.doors.http.open) = open;
        self.say_that_doors_changed();
        self.rights_may_have_ended();
    }

    /// Where the HTTP door is, if it is open.
    pub(crate) fn http_url(&self) -> Option<String> {
        lock(&self.doors.http.open).as_ref().map(|open| open.url.clone())
    }

    pub(crate) fn http_door(&self) -> Option<(String, Standing)> {
        lock(&self.doors.http.open).as_ref().map(|open| (open.url.clone(), open.standing.clone()))
    }

    pub(crate) fn issuer_of_door(&self) -> Option<IssuerConfig> {
        lock(&self.doors.http.open).as_ref().and_then(|open| open.issuer.as_ref().map(|issuer| (*issuer.0).clone()))
    }

    /// What is wrong with the HTTP door. Files are no business of who may do little.
    pub(crate) fn http_warnings(&self, caller: &Caller<'_>) -> Vec<Warning> {
        if !caller.authority().sees_everything() {
            return Vec::new();
        }
        let not_open = lock(&self.doors.http.trouble).clone();
        let not_open =
            not_open.map(|fault| Warning { id: "http-not-open".to_owned(), text: fault.message(caller.locale) });
        let concerns = lock(&self.doors.http.open).as_ref().map(|open| (open.concerns)()).unwrap_or_default();
        let warning = |message: Message| Warning { id: message.id().to_owned(), text: caller.locale.render(&message) };
        not_open.into_iter().chain(concerns.into_iter().map(warning)).collect()
    }

    /// Opens the HTTP door if the settings have one. That it cannot be opened keeps the agent from nothing else.
    pub async fn open_http_of_settings(&self) {
        let door = |config: &Config| config.http().map(|http| http.door(None, None)).transpose();
        let opened = match self.config().map(|config| door(&config)) {
            Ok(Ok(Some(door))) => self.open_http(door, Standing::default(), None).await.map(|_| ()),
            Ok(Ok(None)) => Ok(()),
            Ok(Err(message)) => Err(Fault::new(Code::BadRequest, message)),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = opened {
            tracing::warn!(fault = fault.id(), "the HTTP door is not opened");
            *lock(&self.doors.http.trouble) = Some(fault);
        }
    }

    /// The same in the place of a token's that was closed, unless the user wants none.
    async fn open_http_again(&self) {
        if self.http_url().is_none() && !self.doors.http.unwanted.load(Ordering::Relaxed) {
            self.open_http_of_settings().await;
        }
    }

    fn may_take_http(&self, asker: &Standing, hint: Message) -> Result<(), Fault> {
        let Some((url, standing)) = self.http_door() else { return Ok(()) };
        match self.leads_to(asker, &standing)? {
            true => Ok(()),
            false => Err(Fault::new(Code::Denied, msg!("http-is-open", url = url)).hint(hint)),
        }
    }

    async fn close_http(&self) {
        let (done, closed) = oneshot::channel();
        let _ = self.doors.orders.send(DoorOrder::CloseHttp { done });
        let _ = closed.await;
    }
}
