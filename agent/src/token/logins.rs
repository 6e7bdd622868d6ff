//! What is left of each unlock: uses and time, whichever ends first. Only numbers: the login itself is the worker's.

use std::{collections::BTreeMap, ops::Add, time::Duration};

use sealkeeper_domain::identity::TokenSerial;

use crate::pipeline::{
    identify::Holder,
    ports::token::{Ended, UnlockLeft},
};

/// The logins that stand in one module.
#[derive(Debug, Default)]
pub(super) struct Logins(BTreeMap<TokenSerial, Login>);

/// A moment by the clock that goes on while the machine sleeps (CLOCK_BOOTTIME): a lid that is closed lengthens no unlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(Duration);

impl Moment {
    pub(super) fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        // Neither is negative: it counts from the machine's start.
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        Moment(Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or(0)))
    }

    /// How long it is from here until `later`; nothing if that is past.
    pub(super) fn until(self, later: Moment) -> Duration {
        later.0.saturating_sub(self.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;
    fn add(self, time: Duration) -> Moment {
        Moment(self.0.saturating_add(time))
    }
}

/// What an unlock is good for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Whose it is.
    pub(super) holder: Holder,
    /// Signatures.
    pub(super) uses: u32,
    /// Longest time without one.
    pub(super) idle: Duration,
    /// Longest time in all.
    pub(super) lifetime: Duration,
}

#[derive(Debug)]
struct Login {
    number: u64,
    holder: Holder,
    uses_left: u32,
    /// Signatures asked for and not answered.
    in_flight: u32,
    idle: Duration,
    last_used: Moment,
    since: Moment,
    expires: Moment,
}

impl Logins {
    /// A login was made.
    pub(super) fn begin(&mut self, serial: TokenSerial, number: u64, terms: Terms, now: Moment) {
        let Terms { holder, uses, idle, lifetime } = terms;
        let expires = now + lifetime;
        self.0.insert(
            serial,
            Login {
                number,
                holder,
                uses_left: uses,
                in_flight: 0,
                idle,
                last_used: now,
                since: now,
                expires,
            },
        );
    }

    /// Takes one use, which is spent whatever becomes of it; tells the number of the login it is of, if this holder has one.
    pub(super) fn take_use(&mut self, serial: &TokenSerial, holder: Holder, now: Moment) -> Option<u64> {
        let login = self.0.get_mut(serial)?;
        if login.holder != holder || login.uses_left == 0 || login.is_over(now) {
            return None;
        }
        login.uses_left -= 1;
        login.in_flight += 1;
        login.last_used = now;
        Some(login.number)
    }

    /// Begins a signature that takes no use; tells the number of the login it is by, if there is one.
    pub(super) fn take_none(&mut self, serial: &TokenSerial, now: Moment) -> Option<u64> {
        let login = self.0.get_mut(serial).filter(|login| !login.is_over(now))?;
        login.in_flight += 1;
        Some(login.number)
    }

    /// A use that was taken of this login came to its end. Tells whether the login ended with it, for want of further ones.
    pub(super) fn use_ended(&mut self, serial: &TokenSerial, number: u64, now: Moment) -> bool {
        // Another login may have taken its place meanwhile.
        let Some(login) = self.0.get_mut(serial).filter(|login| login.number == number) else { return false };
        login.in_flight = login.in_flight.saturating_sub(1);
        login.last_used = now;
        login.uses_left == 0 && login.in_flight == 0 && self.end(serial).is_some()
    }

    /// Ends a login, if there is one; tells its number.
    pub(super) fn end(&mut self, serial: &TokenSerial) -> Option<u64> {
        self.0.remove(serial).map(|login| login.number)
    }

    /// Ends the login of this number, if it still stands.
    pub(super) fn end_if(&mut self, serial: &TokenSerial, number: u64) -> bool {
        self.number(serial) == Some(number) && self.end(serial).is_some()
    }

    /// The number of the login that stands.
    pub(super) fn number(&self, serial: &TokenSerial) -> Option<u64> {
        self.0.get(serial).map(|login| login.number)
    }

    /// Ends a login that was made before `moment`.
    pub(super) fn end_older(&mut self, serial: &TokenSerial, moment: Moment) -> Option<u64> {
        self.0.get(serial).filter(|login| login.since < moment)?;
        self.end(serial)
    }

    /// Ends all of them; tells which there were.
    pub(super) fn end_all(&mut self) -> Vec<TokenSerial> {
        std::mem::take(&mut self.0).into_keys().collect()
    }

    /// Ends those whose time is over, and tells why. One that is in use has its time until the use has ended.
    pub(super) fn end_due(&mut self, now: Moment) -> Vec<(TokenSerial, u64, Ended)> {
        let due: Vec<_> = self
            .0
            .iter()
            .filter(|(_, login)| login.in_flight == 0 && login.is_over(now))
            .map(|(serial, login)| {
                (
                    serial.clone(),
                    login.number,
                    if now >= login.expires { Ended::Expired } else { Ended::Idle },
                )
            })
            .collect();
        for (serial, ..) in &due {
            self.0.remove(serial);
        }
        due
    }

    /// Whether none stands.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left of the unlock of this token.
    pub(super) fn left(&self, serial: &TokenSerial, now: Moment) -> Option<UnlockLeft> {
        let login = self.0.get(serial).filter(|login| !login.is_over(now))?;
        let lifetime = now.until(login.expires);
        let idle = now.until(login.last_used + login.idle).min(lifetime);
        Some(UnlockLeft { holder: login.holder, uses: login.uses_left, idle, lifetime })
    }
}

impl Login {
    fn is_over(&self, now: Moment) -> bool {
        now >= self.expires || self.last_used.until(now) >= self.idle
    }
}

#[cfg(test)]
mod tests {
    use sealkeeper_domain::identity::Digest;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn serial() -> TokenSerial {
        "1".parse().unwrap()
    }

    fn begun(uses: u32, idle: Duration, lifetime: Duration) -> (Logins, Moment) {
        let (mut logins, now) = (Logins::default(), Moment::now());
        logins.begin(serial(), 7, Terms { holder: Holder::Local, uses, idle, lifetime }, now);
        (logins, now)
    }

    #[test]
    fn a_login_ends_with_the_last_use_that_was_under_way() {
        let (mut logins, now) = begun(2, MINUTE, 9 * MINUTE);
        assert_eq!([(); 2].map(|()| logins.take_use(&serial(), Holder::Local, now)), [Some(7); 2]);
        assert_eq!(logins.take_use(&serial(), Holder::Local, now), None, "two uses are two");
        assert!(!logins.use_ended(&serial(), 7, now), "the other one is still under way");
        assert!(logins.use_ended(&serial(), 7, now));
        assert!(logins.left(&serial(), now).is_none());
    }

    #[test]
    fn idle_time_begins_anew_with_each_use_and_the_lifetime_does_not() {
        let (mut logins, begin) = begun(9, 2 * MINUTE, 3 * MINUTE);
        assert!(logins.take_use(&serial(), Holder::Local, begin + MINUTE).is_some());
        assert!(logins.end_due(begin + 9 * MINUTE).is_empty(), "not in the middle of a use");
        logins.use_ended(&serial(), 7, begin + MINUTE);
        assert!(logins.end_due(begin + 2 * MINUTE).is_empty());
        let left = logins.left(&serial(), begin + 2 * MINUTE).unwrap();
        assert_eq!((left.uses, left.idle, left.lifetime), (8, MINUTE, MINUTE));
        assert_eq!(
            logins.take_use(&serial(), Holder::Local, begin + 3 * MINUTE),
            None,
            "over before anybody looks after it"
        );
        assert_eq!(logins.end_due(begin + 3 * MINUTE), [(serial(), 7, Ended::Expired)]);

        let (mut logins, begin) = begun(9, MINUTE, 3 * MINUTE);
        assert_eq!(logins.end_due(begin + MINUTE), [(serial(), 7, Ended::Idle)]);
        assert_eq!(logins.end(&serial()), None);
    }

    #[test]
    fn a_signature_that_takes_no_use_leaves_all_of_them() {
        let (mut logins, now) = begun(1, MINUTE, 9 * MINUTE);
        assert!(logins.take_none(&serial(), now).is_some());
        assert!(!logins.use_ended(&serial(), 7, now));
        assert_eq!(logins.left(&serial(), now).map(|left| left.uses), Some(1));
        assert_eq!(logins.take_none(&serial(), now + MINUTE), None, "not beyond the login's time");
        assert_eq!(logins.take_none(&serial(), now), Some(7));
        assert_eq!(logins.take_use(&serial(), Holder::Local, now), Some(7));
        assert!(!logins.use_ended(&serial(), 7, now), "one of the two is still under way");
        assert!(logins.use_ended(&serial(), 7, now));
        assert_eq!(logins.take_none(&serial(), now), None, "not without a login");
    }

    #[test]
    fn what_was_seen_before_a_login_does_not_end_it() {
        let (mut logins, now) = begun(1, MINUTE, MINUTE);
        assert_eq!(logins.end_older(&serial(), now), None);
        assert_eq!(logins.end_older(&serial(), now + MINUTE), Some(7));
    }

    #[test]
    fn a_login_signs_for_nobody_but_its_holder() {
        let afar = |who: &[u8]| Holder::Remote(Digest::of(who));
        for (holder, others) in
            [(Holder::Local, [afar(b"a"), afar(b"b")]), (afar(b"a"), [Holder::Local, afar(b"b")])]
        {
            let (mut logins, now) = (Logins::default(), Moment::now());
            let terms = Terms { holder, uses: 1, idle: MINUTE, lifetime: MINUTE };
            logins.begin(serial(), 7, terms, now);
            assert_eq!(others.map(|other| logins.take_use(&serial(), other, now)), [None; 2]);
            let left = logins.left(&serial(), now).unwrap();
            assert_eq!((left.holder, left.uses), (holder, 1), "who was refused has spent nothing");
            assert_eq!(logins.take_use(&serial(), holder, now), Some(7));
        }
    }

    #[test]
    fn a_use_of_a_login_that_was_replaced_takes_nothing_from_the_next() {
        let (mut logins, now) = begun(2, MINUTE, MINUTE);
        assert_eq!(logins.take_use(&serial(), Holder::Local, now), Some(7));
        logins.begin(
            serial(),
            8,
            Terms { holder: Holder::Local, uses: 1, idle: MINUTE, lifetime: MINUTE },
            now,
        );
        assert_eq!(logins.take_use(&serial(), Holder::Local, now), Some(8));
        assert!(!logins.use_ended(&serial(), 7, now));
        assert!(logins.use_ended(&serial(), 8, now));
    }
}
