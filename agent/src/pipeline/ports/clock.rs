//! The time.

/// The time, so that no stage asks for it by itself.
pub(crate) trait Clock: Send + Sync {
    /// Microseconds since the Unix epoch.
    fn now_us(&self) -> u64;
}
