//! The HTTP door: who may open, replace and close it, and whose issuer counts as long as it is open.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;

use crate::access::{Authority, Standing};
use crate::agent::doors::{DoorOrder, Doors};
use crate::agent::gate::open_http::{NamedIssuer, OpenHttp};
use crate::base::lock;
use crate::base::{Config, HttpDoor, Locale, Message, Scope};
use crate::msg;
use crate::wire::{Fault, Warning, reason};

#[derive(Default)]
pub(super) struct HttpState {
    /// Why the HTTP door of the settings was not opened, if it was not.
    trouble: Mutex<Option<Fault>>,
    /// Whether the user closed the door of the settings, so that it is not opened again by itself.
    unwanted: AtomicBool,
}

impl Doors {
    /// Opens the HTTP door and returns its URL. A token cannot replace a door that somebody else opened.
    pub(crate) async fn open_http(
        &self,
        door: HttpDoor,
        standing: Standing,
        issuer: Option<NamedIssuer>,
    ) -> Result<String, Fault> {
        let _changing = self.changing.lock().await;
        self.may_take_http(&standing, msg!("hint-http-is-open"))?;
        let is_users = standing.is_users();
        let (done, opened) = oneshot::channel();
        let _ = self.orders.send(DoorOrder::OpenHttp { door, standing, issuer, done });
        let url = opened
            .await
            .map_err(|_| reason::Request::Stopping)?
            .map_err(|reason| reason::Door::HttpNotOpened { reason: Some(reason) })?;
        if is_users {
            self.http.unwanted.store(false, Ordering::Relaxed);
        }
        Ok(url)
    }

    /// Closes the door for whoever may; `false` if there was none, and none was wanted.
    pub(crate) async fn end_http(&self, asker: &Standing) -> Result<bool, Fault> {
        let changing = self.changing.lock().await;
        self.may_take_http(asker, msg!("hint-door-of-another"))?;
        let is_news = asker.is_users() && !self.http.unwanted.swap(true, Ordering::Relaxed);
        let is_open = self.gate.http.place().is_some();
        if is_open {
            self.close_http().await;
            drop(changing);
            self.open_http_again().await;
        }
        Ok(is_open || is_news)
    }

    /// Closes the door of somebody who has no rights any more; `false` if there is none. It is looked for while nobody
    /// changes it: what took its place is somebody else's.
    pub(crate) async fn end_ended_http(&self) -> bool {
        let changing = self.changing.lock().await;
        let has_ended = self.gate.http.place().is_some_and(|(_, standing)| self.gate.has_ended(&standing));
        if has_ended {
            self.close_http().await;
            drop(changing);
            self.open_http_again().await;
        }
        has_ended
    }

    /// Told by the floor above whenever the HTTP door was opened or closed.
    pub fn http_is_at(&self, open: Option<OpenHttp>) {
        if open.is_some() {
            *lock(&self.http.trouble) = None;
        }
        self.gate.http_is_at(open);
        self.say_that_they_changed();
    }

    /// Where the HTTP door is, if it is open.
    pub(crate) fn http_url(&self) -> Option<String> {
        self.gate.http.place().map(|(url, _)| url)
    }

    /// What is wrong with the HTTP door. It names files, so only those hear it who may do everything.
    pub(crate) fn http_warnings(&self, authority: &Authority, locale: Locale) -> Vec<Warning> {
        if !authority.sees_everything() || !authority.allows(Scope::All) {
            return Vec::new();
        }
        let not_open = lock(&self.http.trouble).clone();
        let not_open = not_open.map(|fault| Warning { id: "http-not-open".to_owned(), text: fault.message(locale) });
        let concerns = self.gate.http.concerns();
        let warning = |message: Message| Warning { id: message.id().to_owned(), text: locale.render(&message) };
        not_open.into_iter().chain(concerns.into_iter().map(warning)).collect()
    }

    /// Opens the HTTP door if the settings have one. That it cannot be opened keeps the agent from nothing else.
    pub async fn open_http_of_settings(&self) {
        let door = |config: &Config| config.http().map(|http| http.door(None, None)).transpose();
        let opened = match self.settings.config().map(|config| door(&config)) {
            Ok(Ok(Some(door))) => self.open_http(door, Standing::default(), None).await.map(|_| ()),
            Ok(Ok(None)) => Ok(()),
            Ok(Err(message)) => Err(reason::Below::HttpSettings(message).into()),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = opened {
            tracing::warn!(fault = %fault.id(), "the HTTP door is not opened");
            *lock(&self.http.trouble) = Some(fault);
        }
    }

    /// Opens the HTTP door of the settings after one of a token's was closed, unless the user wants none.
    async fn open_http_again(&self) {
        if self.http_url().is_none() && !self.http.unwanted.load(Ordering::Relaxed) {
            self.open_http_of_settings().await;
        }
    }

    fn may_take_http(&self, asker: &Standing, hint: Message) -> Result<(), Fault> {
        let Some((url, standing)) = self.gate.http.place() else { return Ok(()) };
        if self.gate.leads_to(asker, &standing)? {
            Ok(())
        } else {
            Err(Fault::from(reason::Door::HttpIsOpen { url }).hint(hint))
        }
    }

    async fn close_http(&self) {
        let (done, closed) = oneshot::channel();
        let _ = self.orders.send(DoorOrder::CloseHttp { done });
        let _ = closed.await;
    }
}
