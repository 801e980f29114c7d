//! How much time and room a server gets that may be hostile.

use std::time::Duration;

/// From connecting to the last byte, whatever the server does in between.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Until there is a connection.
pub(super) const CONNECTED_WITHIN: Duration = Duration::from_secs(10);

/// The bytes of a whole answer. Those who are asked something answer with a few hundred.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// The longest pause a server may ask for.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
