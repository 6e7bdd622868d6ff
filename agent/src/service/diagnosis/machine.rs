//! Clock, home, socket and spool.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::Path,
};

use sealkeeper_domain::{reason::Reason, refusal::Violation};
use sealkeeper_journal::{Record, Severity};
use sealkeeper_pkcs11::check_own;

use super::Check;
use crate::{
    config,
    init::{JOURNAL, LOCK, SPOOL},
    pipeline::ports::ledger::StoredRecord,
};

/// 2025-01-01 and 2100-01-01, s since the Unix epoch: no clock that is right shows a time before this agent was written, or so long after.
const PLAUSIBLE_S: std::ops::Range<u64> = 1_735_689_600..4_102_444_800;
/// µs by which a clock may be set back without a word, as time servers do.
const STEP_US: u64 = 1_000_000;
/// Part of the spool, in percent, from which on it is nearly full.
const NEARLY_FULL: u64 = 90;
/// Bytes of the disk below which there is hardly room for the journal.
const DISK_LEFT: u64 = 256 << 20;

/// The clock against the newest record. `refused`: what stands against uses while it is behind, if anything does.
pub(super) fn clock(newest: &[StoredRecord], now_us: u64, refused: Option<Violation>) -> Check {
    if let Some(behind) = refused {
        return Check::wrong("clock", Severity::Refuse, behind.with("now-us", now_us));
    }
    let last =
        newest.last().and_then(|record| Record::parse(&record.bytes).ok()).map(|record| record.time_us);
    let implausible = Violation::new(Reason::ClockImplausible).with("now-us", now_us);
    match last {
        Some(last) if now_us.saturating_add(STEP_US) < last => {
            let back =
                implausible.with("last-record-us", last).with("seconds-back", (last - now_us) / 1_000_000);
            Check::wrong("clock", Severity::Warn, back)
        }
        _ if !PLAUSIBLE_S.contains(&(now_us / 1_000_000)) => {
            Check::wrong("clock", Severity::Warn, implausible)
        }
        _ => Check::well("clock", "不早于最后一条用印记录", "not before the last journal record")
            .with("now-us", now_us),
    }
}

/// Who may write the home and what it holds, and who may look into it. Its files are as private as the home is. The policy file is looked at by itself.
pub(super) fn home(home: &Path, own_uid: u32) -> Vec<Check> {
    let mut checks = Vec::new();
    for name in ["", config::FILE, JOURNAL, LOCK, SPOOL] {
        let path = home.join(name);
        // What is gone is no question of permissions.
        if !path.exists() {
            continue;
        }
        if let Err(error) = check_own(&path, own_uid) {
            // The agent would not start here.
            checks.push(Check::wrong(
                "home",
                Severity::Refuse,
                Violation::new(Reason::HomePermissions).with("what", error),
            ));
        }
    }
    let mode = fs::metadata(home).map(|facts| facts.mode() & 0o7777);
    match mode {
        Ok(mode) if checks.is_empty() && mode & 0o077 != 0 => {
            let open = Violation::new(Reason::HomePermissions).with("path", home.display());
            checks.push(Check::wrong("home", Severity::Warn, open.with("mode", format!("{mode:o}"))));
        }
        Ok(_) => {}
        Err(error) => {
            let gone = Violation::new(Reason::HomePermissions).with("path", home.display());
            checks.push(Check::wrong("home", Severity::Refuse, gone.with("what", error)));
        }
    }
    if checks.is_empty() {
        checks.push(Check::well("home", "只有本用户可以读写", "only its owner can read or write it"));
    }
    checks
}

/// Whether the socket is there, and nobody else can open it.
pub(super) fn socket(path: &Path, own_uid: u32) -> Check {
    let facts = path.parent().map(fs::metadata).transpose().and_then(|directory| {
        let socket = fs::symlink_metadata(path)?;
        Ok((directory, socket))
    });
    let (directory, socket) = match facts {
        Ok((Some(directory), socket)) if socket.file_type().is_socket() => (directory, socket),
        // Whoever asks reached the agent before it went away; nobody else will.
        Ok(_) => {
            let other = Violation::new(Reason::AgentUnreachable).with("path", path.display());
            return Check::wrong("socket", Severity::Refuse, other.with("what", "no socket lies there"));
        }
        Err(error) => {
            let gone = Violation::new(Reason::AgentUnreachable).with("path", path.display());
            return Check::wrong("socket", Severity::Refuse, gone.with("what", error));
        }
    };
    let is_private = |facts: &fs::Metadata| facts.uid() == own_uid && facts.mode() & 0o077 == 0;
    // Either keeps others out; both are meant to.
    if is_private(&directory) && is_private(&socket) {
        return Check::well("socket", "只有本用户可以打开", "only its owner can open it");
    }
    let open = Violation::new(Reason::SocketPermissions)
        .with("path", path.display())
        .with("mode", format!("{:o}", socket.mode() & 0o7777))
        .with("directory-mode", format!("{:o}", directory.mode() & 0o7777));
    Check::wrong("socket", Severity::Warn, open)
}

/// How full the spool is, and the disk it lies on.
pub(super) fn spool(home: &Path, used: io::Result<u64>, limit: u64) -> Check {
    let used = match used {
        Ok(used) => used,
        Err(error) => {
            let unreadable = Violation::new(Reason::Internal).with("what", error);
            return Check::wrong("spool", Severity::Refuse, unreadable);
        }
    };
    let disk_left = rustix::fs::statvfs(home).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    // What cannot be told is no reason to worry.
    let disk_left = disk_left.unwrap_or(u64::MAX);
    let percent = used.saturating_mul(100).checked_div(limit).unwrap_or(100);
    let particulars = |check: Check| {
        check.with("used", used).with("limit", limit).with("percent", percent).with("disk-left", disk_left)
    };
    particulars(if percent >= 100 {
        Check::wrong("spool", Severity::Refuse, Reason::SpoolFull)
    } else if percent >= NEARLY_FULL || disk_left < DISK_LEFT {
        Check::wrong("spool", Severity::Warn, Reason::SpoolNearlyFull)
    } else {
        Check::well("spool", format!("已用 {percent}%"), format!("{percent}% used"))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::PermissionsExt, net::UnixListener};

    use sealkeeper_journal::{AgentStopped, Mode, RecordBody, StopCause};

    use super::*;
    use crate::service::diagnosis::Found;

    /// Severity and reason; `None`: all is well.
    fn told(check: &Check) -> Option<(Severity, &'static str)> {
        match &check.found {
            Found::Well { .. } => None,
            Found::Wrong { severity, violation } => Some((*severity, violation.reason.code())),
        }
    }

    fn record(time_us: u64) -> Vec<StoredRecord> {
        let body = RecordBody::AgentStopped(AgentStopped { cause: StopCause::Request });
        let bytes = Record { seq: 0, time_us, mode: Mode::Solo, body }.encode().unwrap();
        let (disclosures, lists) = (Vec::new(), Vec::new());
        vec![StoredRecord { seq: 0, bytes, leaf_hash: Vec::new(), disclosures, lists }]
    }

    #[test]
    fn a_clock_before_the_last_record_or_out_of_all_bounds_is_told() {
        let now = 1_893_456_000_000_000;
        let of = |newest: &[StoredRecord], now_us| clock(newest, now_us, None);
        let wrong = Some((Severity::Warn, "clock-implausible"));
        assert_eq!(told(&of(&record(now), now)), None);
        assert_eq!(told(&of(&record(now + 500_000), now)), None, "a time server's step");
        assert_eq!(told(&of(&record(now + 2_000_000), now)), wrong);
        assert_eq!(told(&of(&[], now)), None);
        assert_eq!(told(&of(&record(7), 8)), wrong, "1970");
        assert_eq!(told(&of(&record(now), 4_102_444_800_000_000)), wrong, "2100");
        let refused = clock(&record(now), now - 600_000_000, Some(Reason::ClockBehind.into()));
        assert_eq!(told(&refused), Some((Severity::Refuse, "clock-behind")));
    }

    #[test]
    fn a_home_that_others_may_write_or_read_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("home");
        crate::init::solo(&path, "localhost", "甲", 7).unwrap();
        let uid = rustix::process::geteuid().as_raw();
        let checked = |name: &str, mode: u32| {
            let changed = path.join(name);
            let before = fs::metadata(&changed).unwrap().permissions();
            fs::set_permissions(&changed, fs::Permissions::from_mode(mode)).unwrap();
            let checks: Vec<_> = home(&path, uid).iter().map(told).collect();
            fs::set_permissions(&changed, before).unwrap();
            checks
        };
        assert_eq!(checked("", 0o700), [None]);
        assert_eq!(checked("", 0o750), [Some((Severity::Warn, "home-permissions"))]);
        for (name, mode) in [("", 0o770), (config::FILE, 0o620), (JOURNAL, 0o602), (SPOOL, 0o722)] {
            assert_eq!(checked(name, mode), [Some((Severity::Refuse, "home-permissions"))], "{name}");
        }
        assert_eq!(told(&home(&dir.path().join("none"), uid)[0]).unwrap().0, Severity::Refuse);
    }

    #[test]
    fn a_socket_is_there_and_private_or_told() {
        let dir = tempfile::tempdir().unwrap();
        let (path, uid) = (dir.path().join("s"), rustix::process::geteuid().as_raw());
        let unreachable = Some((Severity::Refuse, "agent-unreachable"));
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(told(&socket(&path, uid)), unreachable);
        let _listener = UnixListener::bind(&path).unwrap();
        let mode = |of: &Path, mode| fs::set_permissions(of, fs::Permissions::from_mode(mode)).unwrap();
        mode(&path, 0o600);
        assert_eq!(told(&socket(&path, uid)), None);
        mode(&path, 0o660);
        assert_eq!(told(&socket(&path, uid)), Some((Severity::Warn, "socket-permissions")));
        mode(&path, 0o600);
        mode(dir.path(), 0o755);
        assert_eq!(told(&socket(&path, uid)), Some((Severity::Warn, "socket-permissions")));
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"x").unwrap();
        assert_eq!(told(&socket(&path, uid)), unreachable);
    }

    #[test]
    fn a_spool_is_told_before_it_is_full() {
        let dir = tempfile::tempdir().unwrap();
        let of = |used| told(&spool(dir.path(), Ok(used), 1000));
        assert_eq!(of(899), None);
        assert_eq!(of(900), Some((Severity::Warn, "spool-nearly-full")));
        assert_eq!(of(1000), Some((Severity::Refuse, "spool-full")));
        let unreadable = spool(dir.path(), Err(io::ErrorKind::PermissionDenied.into()), 1000);
        assert_eq!(told(&unreadable), Some((Severity::Refuse, "internal")));
    }
}
