//! Processes as /proc shows them.

use std::fs;

use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process},
};

/// The processes that this one started and that have not been waited for.
pub fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap();
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|id| stat(*id).is_some_and(|(_, started_by)| started_by == parent)).collect()
}

/// Whether the process is there and has not ended.
pub fn is_alive(process: u32) -> bool {
    stat(process).is_some_and(|(state, _)| state != 'Z')
}

/// How many files a process has open.
pub fn open_files(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

/// SIGKILL. A process that is gone already is no error.
///
/// # Panics
/// If it may not be killed.
pub fn kill(process: u32) {
    signal(process, Signal::KILL);
}

/// SIGSTOP, likewise.
///
/// # Panics
/// If it may not be stopped.
pub fn freeze(process: u32) {
    signal(process, Signal::STOP);
}

fn signal(process: u32, signal: Signal) {
    let id = i32::try_from(process).ok().and_then(Pid::from_raw).unwrap();
    match kill_process(id, signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(error) => panic!("{error}"),
    }
}

/// State and parent (proc_pid_stat(5)). The second field, the name, may hold anything but ends with the last bracket.
fn stat(process: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
