//! `[remote]`: use from another machine (异地用印, U10).

use serde::Deserialize;

use super::{PolicyError, raw};

/// What a use from afar needs over a local one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteTerms {
    /// Whether there may be any.
    pub allowed: bool,
    /// Tickets over those of the document's class, 1 to 16.
    pub additional_tickets: u32,
    /// Longest time a ticket counts for it from its `iat`, s; its own `exp` may be earlier.
    pub ticket_lifetime_s: u64,
    /// How long a PIN that was given from afar counts as fresh, s; 10 to 600.
    pub pin_s: u64,
}

impl RemoteTerms {
    /// Whether a PIN that was given then is fresh now; µs since the Unix epoch. One from the future is not.
    pub fn is_fresh(&self, given_us: u64, now_us: u64) -> bool {
        let age_us = now_us.checked_sub(given_us);
        age_us.is_some_and(|age_us| age_us <= self.pin_s.saturating_mul(1_000_000))
    }
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRemote {
    allowed: bool,
    additional_tickets: u32,
    ticket_lifetime_hours: u32,
    pin_seconds: u32,
}

impl RawRemote {
    /// `ticket_lifetime_s`: how long a ticket is good for a local use.
    pub(super) fn resolved(self, ticket_lifetime_s: u64) -> Result<RemoteTerms, PolicyError> {
        let RawRemote { allowed, additional_tickets, ticket_lifetime_hours, pin_seconds } = self;
        raw::within("remote.additional_tickets", additional_tickets, 1..=super::MAX_TICKETS, "from 1 to 16")?;
        let lifetime_s = raw::hours("remote.ticket_lifetime_hours", ticket_lifetime_hours)?;
        // Held against the other only where it counts: with tickets of one hour there is no shorter one, and no use from afar.
        if allowed && lifetime_s >= ticket_lifetime_s {
            return Err(raw::range(
                "remote.ticket_lifetime_hours",
                "less than requests.ticket_lifetime_hours where remote.allowed is true",
            ));
        }
        raw::within("remote.pin_seconds", pin_seconds, 10..=600, "from 10 to 600 seconds")?;
        Ok(RemoteTerms {
            allowed,
            additional_tickets,
            ticket_lifetime_s: lifetime_s,
            pin_s: u64::from(pin_seconds),
        })
    }
}
