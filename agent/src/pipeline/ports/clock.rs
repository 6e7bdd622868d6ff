//! The time.

/// The time, so that no stage asks for it by itself.
pub(crate) trait Clock: Send + Sync {
    /// What everything is judged by, microseconds since the Unix epoch.
    fn now_us(&self) -> u64;

    /// What the system's clock shows, whatever is judged by.
    fn system_us(&self) -> u64 {
        self.now_us()
    }

    /// By how much the system's clock is behind the newest record, µs.
    fn behind_us(&self) -> u64 {
        0
    }

    /// Says whether it is the journal that was wrong, and the system's clock is to be gone by alone.
    fn trust_system(&self, _trusted: bool) {}
}
