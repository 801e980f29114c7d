//! Floor 3: git's protocols, as parsing and printing of bytes: of credential helpers (gitcredentials(7),
//! git-credential(1)), and over HTTP (gitprotocol-http(5)) as far as somebody has to know what is asked.

mod advertisement;
mod answer;
mod challenge;
#[cfg(feature = "agent")]
mod commit;
mod configuration;
#[cfg(feature = "agent")]
mod delta;
#[cfg(feature = "agent")]
mod descent;
mod lfs;
mod object_id;
mod operation;
#[cfg(feature = "agent")]
mod pack_head;
mod pkt_line;
mod push_capabilities;
mod push_list;
mod report_status;
mod request;
mod request_error;
mod smart_http;

pub use advertisement::{Advertisement, NoAdvertisement, Service, refuse_service};
pub use answer::{CAPABILITIES, QUIT, print_answer};
pub use challenge::schemes;
pub use configuration::{Configuration, Helpers, Scope, example};
#[cfg(feature = "agent")]
pub use descent::{Descent, Shown};
pub use lfs::{LfsAction, LfsAnswer, LfsBatch, LfsLink, LfsObject, LfsOperation, MAX_BATCH, NoLfs};
pub use object_id::{HashKind, ObjectId};
pub use operation::Operation;
#[cfg(feature = "agent")]
pub use pack_head::{MAX_HELD, is_pack};
pub use pkt_line::{FLUSH, MAX_LINE, NoPktLine, PktLine, print_line};
pub use push_capabilities::PushCapabilities;
pub use push_list::{MAX_LIST, MAX_REFS, Progress, PushList, PushListError, PushReader, PushedRef};
pub use report_status::refuse_push;
pub use request::{MAX_INPUT, Request};
pub use request_error::RequestError;
pub use smart_http::{GitPath, repository_name, service_of};
