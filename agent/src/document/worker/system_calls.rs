//! The system calls that looking at a document takes: a seccomp(2) filter that refuses every other one with EPERM.
//!
//! Refused, not killed for: a C library of another version may ask for something harmless that is not on the list and do without, and a call that is not made
//! can do no harm.

use std::io;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) use self::filter::allow_few;

/// There is no filter for this processor.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn allow_few() -> io::Result<bool> {
    Ok(false)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod filter {
    use std::collections::BTreeMap;

    use seccompiler::{
        BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
        SeccompFilter, SeccompRule, apply_filter_all_threads,
    };

    use super::io;

    /// Allowed with any arguments: memory, locks, clocks, signals within, the pipes that are open, the end.
    const ALWAYS: [libc::c_long; 22] = [
        libc::SYS_brk,
        libc::SYS_clock_gettime,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_futex,
        libc::SYS_getpid,
        libc::SYS_getrandom,
        libc::SYS_gettid,
        libc::SYS_madvise,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_read,
        libc::SYS_restart_syscall,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_getaffinity,
        libc::SYS_sched_yield,
        libc::SYS_sigaltstack,
        libc::SYS_write,
        libc::SYS_writev,
    ];
    /// Allowed where the memory is not to be executed.
    const MEMORY: [libc::c_long; 2] = [libc::SYS_mmap, libc::SYS_mprotect];
    /// Allowed where the signal goes to this process: abort(3) ends by them.
    const SIGNAL: [libc::c_long; 2] = [libc::SYS_tgkill, libc::SYS_kill];

    /// Puts the filter before all threads; `false`: the kernel has none.
    pub(in super::super) fn allow_few() -> io::Result<bool> {
        let program = program(std::process::id()).map_err(io::Error::other)?;
        match apply_filter_all_threads(&program) {
            Ok(()) => Ok(true),
            Err(Error::Seccomp(error))
                if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL)) =>
            {
                Ok(false)
            }
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn program(own: u32) -> Result<BpfProgram, BackendError> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            ALWAYS.into_iter().map(|call| (call, Vec::new())).collect();
        for call in MEMORY {
            let executable = libc::PROT_EXEC as u64;
            rules.insert(call, vec![argument(2, SeccompCmpOp::MaskedEq(executable), 0)?]);
        }
        for call in SIGNAL {
            rules.insert(call, vec![argument(0, SeccompCmpOp::Eq, own.into())?]);
        }
        let refuse = SeccompAction::Errno(libc::EPERM as u32);
        let arch = std::env::consts::ARCH.try_into()?;
        SeccompFilter::new(rules, refuse, SeccompAction::Allow, arch)?.try_into()
    }

    fn argument(number: u8, compare: SeccompCmpOp, with: u64) -> Result<SeccompRule, BackendError> {
        SeccompRule::new(vec![SeccompCondition::new(number, SeccompCmpArgLen::Dword, compare, with)?])
    }
}
