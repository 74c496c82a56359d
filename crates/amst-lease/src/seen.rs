//! Who works in a directory, seen from outside.

use std::path::Path;

use crate::claim::{Options, flock_is_wanted};
use crate::flock::{self, Seen};
use crate::identity::Identity;
use crate::liveness::{Observer, Owner};
use crate::{Holder, chain, system};

/// The process that works in a directory, if one does. If it cannot be told, because a lease cannot
/// be read or its age not be measured in a read-only directory, then one does.
pub fn holder(dir: &Path) -> Option<Holder> {
    let seen = if flock_is_wanted() {
        flock::holder(dir)
    } else {
        Seen::Unknown
    };
    if let Seen::Busy(holder) = seen {
        return Some(holder);
    }
    // Without any file there is no lease.
    let end = chain::read(dir).ok()?.pop()?;
    let observer = Observer {
        dir,
        me: &Identity::this_process(),
        has_free_flock: matches!(seen, Seen::Free) && system::is_local(dir).unwrap_or(false),
        expiry: Options::default().expiry,
    };
    match observer.judge(&end) {
        Ok(Owner::Gone | Owner::Expired) => None,
        Ok(Owner::Alive { .. }) | Err(_) => Some(match &end.record {
            Ok(record) => Holder::from(&record.owner),
            Err(_) => Holder::unknown(),
        }),
    }
}
