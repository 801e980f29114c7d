use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Empty, IssuedInfo, TokensReply, Verb};
use crate::base::{Expiry, Scopes, Secret, ServerPattern, reveal};

/// `device_start`: a machine elsewhere asks for a token of this agent (RFC 8628 §3.1). Anybody may ask; a person decides.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeviceStart {
    /// What the machine calls itself; shown to the person, and believed by nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it wants to do; the person may grant less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct DeviceStartReply {
    /// Known to the machine alone.
    #[serde(with = "reveal")]
    pub device_code: Secret,
    /// What the person types.
    pub user_code: String,
    /// Seconds until both end.
    pub expires_in: u64,
    /// Seconds between two polls.
    pub interval: u64,
}

/// `device_poll`: what became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DevicePoll {
    #[serde(with = "reveal")]
    pub device_code: Secret,
}

/// A token is told once: after that the code is unknown.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum DevicePollReply {
    Pending,
    /// The same, and asked too often (RFC 8628 §3.5).
    SlowDown,
    Denied,
    /// The code has ended, was used, or never was.
    Expired,
    Completed {
        #[serde(with = "reveal")]
        access_token: Secret,
        scopes: Scopes,
        expires_at: Option<Expiry>,
    },
}

/// `device_look`: who asks with this code, for the person who decides.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeviceLook {
    pub user_code: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct DeviceLookReply {
    pub user_code: String,
    pub name: Option<String>,
    /// From where it asked.
    pub address: String,
    pub asked_at: Timestamp,
    pub scopes: Option<Scopes>,
    pub expires_in: u64,
    /// For how many days whoever looks may grant it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_days: Option<u32>,
}

/// `device_decide`: the person approves or denies. Nobody grants more than they have.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeviceDecide {
    pub user_code: String,
    /// What is granted; nothing denies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<DeviceGrant>,
}

/// What a machine is granted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeviceGrant {
    pub scopes: Scopes,
    /// For which servers; for all that who grants it has, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerPattern>,
    /// How long; as long as the settings say if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_days: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reveal: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct DeviceDecideReply {
    /// The token that the machine gets.
    pub granted: Option<IssuedInfo>,
}

/// `device_list`: the machines that the person approved, and those that they oversee, by the tokens that these have.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Devices {}

/// `device_end`: takes back what such a machine has, at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeviceEnd {
    /// The token's id.
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
