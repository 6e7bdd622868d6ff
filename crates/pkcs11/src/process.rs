//! A process that drives one module for another one: it is asked through one pipe, answers through a second, and ends with whoever asks.

use std::{fs::File, io, os::fd::OwnedFd, thread, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};

/// How long an orderly end may take once nobody listens any more.
pub const LAST_END: Duration = Duration::from_secs(2);

/// Takes the two pipes, of questions and of answers, away from standard input and output: some modules print, and some start programs that read.
///
/// # Errors
/// What the system says.
pub fn own_pipes() -> io::Result<(OwnedFd, OwnedFd)> {
    let questions = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let answers = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok((questions, answers))
}

/// Ends this process when whoever asks is gone, though a module may hang, and if they are while it is loaded.
///
/// # Errors
/// Where there can be no thread for it.
pub fn end_with_asker(questions: OwnedFd) -> io::Result<()> {
    thread::Builder::new().name("asker".into()).spawn(move || {
        let mut pipe = [PollFd::new(&questions, PollFlags::empty())];
        // Asked for no event, it tells of the other end's close only (poll(2)).
        while poll(&mut pipe, None) == Err(Errno::INTR) {}
        thread::sleep(LAST_END);
        die();
    })?;
    Ok(())
}

/// Ends this process, in good order if `finish` returns soon, which is to log out and call C_Finalize.
pub fn end(finish: impl FnOnce()) -> ! {
    let watchdog = thread::Builder::new().spawn(|| {
        thread::sleep(LAST_END);
        die();
    });
    if watchdog.is_ok() {
        finish();
    }
    std::process::exit(0)
}

/// Ends at once, without what a module wants done at exit.
fn die() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
}
