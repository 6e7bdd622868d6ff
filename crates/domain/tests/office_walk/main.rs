//! A walk through an office: 10,000 random operations of a dozen people on a few seals, requests and documents, most of them plausible, some
//! not, with replayed and forged acts among them. Every act is signed for real and goes through `authenticate`, `judge` and `apply`.
//!
//! A failure is, by a record of the accepted acts that knows nothing of the rules' code (`record.rs`):
//! - a use cleared without as many valid tickets of distinct entitled approvers as its class needs;
//! - a use from afar cleared where there is to be none, or without one ticket more, each younger than a ticket may be for it;
//! - a use cleared with a ticket that somebody gave before they left, though they came back;
//! - more copies cleared than were filed for;
//! - a use of a seal that was never received, is suspended, or is revoked;
//! - a use of something other than what was filed, or confirmed by anyone but the custodian, or outside a grant;
//! - seals of one token with two custodians, or another custodian than the acts made;
//! - a person with two roles that are apart, or an auditor with any other;
//! - a replayed or forged act that is accepted.
//!
//! No failure is: a plausible act that is refused. That the walk does not pass by refusing everything is checked by counting at its end.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's helpers fail it by panicking"
)]

mod acts;
mod chance;
mod record;
mod walk;

use walk::{Tally, Walk};

#[test]
fn no_walk_breaks_what_the_regulation_promises() {
    const WALKS: u64 = 20;
    const STEPS: u32 = 500;
    let mut tally = Tally::default();
    for seed in 0..WALKS {
        let mut walk = Walk::new(seed);
        for step in 0..STEPS {
            walk.step();
            walk.record.compare(&walk.office, &format!("seed {seed}, step {step}"));
        }
        tally.add(&walk.tally);
    }
    println!("{tally:?}");
    assert!(tally.accepted > 2000, "{tally:?}");
    assert!(tally.cleared > 150 && tally.from_afar > 10, "{tally:?}");
    assert!(tally.replayed > 100 && tally.forged > 100, "{tally:?}");
    for typ in sealkeeper_domain::act::Statement::TYPES {
        assert!(tally.types.contains(typ), "no {typ} was accepted: {tally:?}");
    }
}
