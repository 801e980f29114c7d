//! Floor 2: what is said between front-ends and the agent. The manual is loom-protocol(7).
//!
//! A frame is one JSON object and a line feed, at most 256 KiB: a shell with `socat` can speak it, and a log of it can
//! be read. A request names a verb and gets one reply; some verbs, such as `login`, send events before it. Unknown
//! fields are ignored; unknown verbs and versions get a typed error. An error carries a code that tells a program what
//! to do, and texts that tell a person. A reply that is longer than a frame goes in pieces, which are frames
//! (`wire::pieces`): no verb has to know how much it says.

mod agent;
mod api;
mod audit;
mod device;
mod doctor;
mod fault;
mod frame;
mod git;
mod issued;
mod keeping;
mod locking;
mod login;
mod logout;
mod pieces;
mod proxy;
pub mod reason;
mod reply;
mod request;
mod serve;
mod sign_in;
mod sockets;
mod status;
mod token;
mod why;
mod why_granted;

pub use agent::{Hello, HelloReply, Start, Stop};
pub use api::{Api, ApiBody, ApiEvent, ApiPiece, ApiReply, PIECE};
pub use audit::{
    Actor, Audit, AuditChain, AuditEntry, AuditTrouble, AuditVerify, AuditVerifyReply, OUTCOME_OK, OUTCOME_UNCHANGED,
    Uid,
};
pub use device::{
    DeviceApproval, DeviceDecide, DeviceDecideReply, DeviceEnd, DeviceLook, DeviceLookReply, DevicePoll,
    DevicePollReply, DeviceStart, DeviceStartReply, Devices,
};
pub use doctor::{Doctor, DoctorReply, DoorReport, FileAccount, FileCondition, FileReport, KeyringReport};
pub use fault::{Code, Fault};
pub use frame::{FrameError, MAX_FRAME, VERSION, read_frame};
pub use git::{Erase, Get, GetReply, GitCredential, Proof, Store};
pub use issued::{
    EndToken, Generate, GenerateReply, IssuedInfo, Lease, RevokeToken, RevokeTokenReply, Rotate, RotateReply, Tokens,
    TokensReply,
};
pub use keeping::{Kept, Migrate, MigrateReply, Rekey, Stores, StoresReply};
pub use locking::{Lock, LockReply, Unlock};
pub use login::{Flow, Login, LoginEvent, LoginReply, Pasted, Save};
pub use logout::{LoggedOut, Logout, LogoutReply, Revocation};
pub use pieces::{MAX_LINE, NoPiece, Pieces};
pub use proxy::Proxy;
pub use reason::Reason;
pub use reply::{Reply, ReplyError, note_beside, print_event, print_noted_reply, print_reply};
pub use request::{Empty, Request, RequestError, Verb, print_more, print_request, print_request_from};
pub use serve::{Serve, ServeEnd, ServeReply, Warning};
pub use sign_in::{
    IssuerInfo, Issuers, IssuersReply, Person, SessionEnd, SessionInfo, SessionReply, Sessions, SessionsReply, SignIn,
    SignInFinish, SignInReply, SignInToken, SignOut, SignOutReply, WhoAmI, WhoAmIReply,
};
pub use sockets::{RestrictedSocket, SocketAdd, SocketRemove, Sockets, SocketsReply};
pub use status::{AccountStatus, AgentStatus, Checked, Condition, Status, StatusReply};
pub use token::{Token, TokenReply};
pub use why::{Chosen, PassedOver, Why, WhyReply};
pub use why_granted::{WhyGranted, WhyGrantedReply};
