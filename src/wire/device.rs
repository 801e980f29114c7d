use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Empty, IssuedInfo, TokensReply, Verb};
use crate::base::{Expiry, Scopes, Secret, ServerPattern, reveal};

/// `device_start`: a machine elsewhere asks for a token of this agent (RFC 8628 §3.1). Anybody may ask; a person
/// decides.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeviceStart {
    /// What the machine calls itself; shown to the person, and believed by nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the machine wants to do; the person may grant less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
}

/// The codes for a machine that waits for approval (RFC 8628 §3.2).
#[derive(Debug, Serialize, Deserialize)]
pub struct DeviceStartReply {
    /// The machine's own secret, with which it polls. The person never sees it.
    #[serde(with = "reveal")]
    pub device_code: Secret,
    /// The code that the person types.
    pub user_code: String,
    /// Seconds until both codes end.
    pub expires_in: u64,
    /// The shortest time between two polls, in seconds.
    pub interval: u64,
}

/// `device_poll`: asks what became of a request for a token (RFC 8628 §3.4).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DevicePoll {
    /// The secret from [`DeviceStartReply`].
    #[serde(with = "reveal")]
    pub device_code: Secret,
}

/// What became of a request for a token (RFC 8628 §3.5). A token is told once: after that its code is unknown.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum DevicePollReply {
    /// Nobody has decided yet.
    Pending,
    /// Nobody has decided yet, and the machine polls more often than it may.
    SlowDown,
    /// A person said no.
    Denied,
    /// The code has ended, was used, or never was.
    Expired,
    /// A person said yes.
    Completed {
        /// The token that was issued to the machine.
        #[serde(with = "reveal")]
        access_token: Secret,
        /// What the token allows.
        scopes: Scopes,
        /// When the token ends; absent if it does not end by itself.
        expires_at: Option<Expiry>,
    },
}

/// `device_look`: asks which machine waits with a code, for the person who decides.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeviceLook {
    /// The code that the machine shows.
    pub user_code: String,
}

/// The machine that waits with a code.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeviceLookReply {
    /// The code as the agent made it, however it was typed.
    pub user_code: String,
    /// What the machine calls itself, which nobody has checked.
    pub name: Option<String>,
    /// The IP address that asked, or `-` for a process of this machine.
    pub address: String,
    /// When the machine asked.
    pub asked_at: Timestamp,
    /// What the machine wants to do, if it said so.
    pub scopes: Option<Scopes>,
    /// Seconds until the code ends.
    pub expires_in: u64,
    /// The most days for which the person who looks may grant it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_days: Option<u32>,
}

/// `device_decide`: approves or denies a machine. Nobody grants more than they have.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeviceDecide {
    /// The code that the machine shows.
    pub user_code: String,
    /// What is granted; absent to deny.
    #[serde(default, rename = "grant", skip_serializing_if = "Option::is_none")]
    pub approval: Option<DeviceApproval>,
}

/// What a machine is granted, as the rights of its token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeviceApproval {
    /// What the token allows; must not be empty.
    pub scopes: Scopes,
    /// The servers that the token is for; if empty, all that the person who grants it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerPattern>,
    /// Days until the token ends; as many as the settings say if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_days: Option<u32>,
    /// Whether the machine may be handed a server's own secret.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reveal: bool,
}

/// The answer to [`DeviceDecide`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeviceDecideReply {
    /// The token that the machine gets; absent if it was denied.
    pub granted: Option<IssuedInfo>,
}

/// `device_list`: the machines that the person approved, and those that they oversee, each as the token that it has.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Devices {}

/// `device_end`: revokes the token of an approved machine, at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeviceEnd {
    /// The id of the token.
    pub id: String,
}

impl Verb for DeviceStart {
    const NAME: &'static str = "device_start";
    type Reply = DeviceStartReply;
}

impl Verb for DevicePoll {
    const NAME: &'static str = "device_poll";
    type Reply = DevicePollReply;
}

impl Verb for DeviceLook {
    const NAME: &'static str = "device_look";
    const REPEATABLE: bool = true;
    type Reply = DeviceLookReply;
}

impl Verb for DeviceDecide {
    const NAME: &'static str = "device_decide";
    type Reply = DeviceDecideReply;
}

impl Verb for Devices {
    const NAME: &'static str = "device_list";
    const REPEATABLE: bool = true;
    type Reply = TokensReply;
}

impl Verb for DeviceEnd {
    const NAME: &'static str = "device_end";
    type Reply = Empty;
}
