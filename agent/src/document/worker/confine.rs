//! What a worker gives up before it reads the document. In an order in which each step still can be taken.

use std::io;

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit};

use super::system_calls;
use crate::pipeline::ports::document::{Confinement, Landlock};

/// The version of landlock(7) that has all that is asked of it: files, TCP, abstract sockets and signals. Fixed, so that what is asked is tested.
const LANDLOCK: ABI = ABI::V6;

/// Closes every descriptor but the three standard ones. The daemon's own close at exec; this is for what it was given itself.
pub(super) fn close_all_but_standard() -> io::Result<()> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        if let Some(number) = entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) {
            open.push(number);
        }
    }
    for number in open.into_iter().filter(|number| *number > 2) {
        // SAFETY: this comes first in the process, before anything in it has opened a descriptor of its own but the list just read, which is closed already.
        #[allow(unsafe_code)]
        unsafe {
            libc::close(number);
        }
    }
    Ok(())
}

/// Bounds memory, bytes of address space, and processor time. Files cannot grow, whatever is open; there is no core dump and no debugger.
pub(super) fn limit(memory: u64, seconds: u64) -> io::Result<()> {
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    // SIGXCPU at the first, which tells the agent why; SIGKILL at the second, which nothing in this process can catch.
    set(Resource::Cpu, seconds, seconds.saturating_add(1))?;
    set(Resource::As, memory, memory)?;
    set(Resource::Fsize, 0, 0)?;
    set(Resource::Core, 0, 0)?;
    Ok(())
}

/// No path at all, no TCP, no signal or abstract socket to the outside, as far as the kernel knows of these.
pub(super) fn landlock() -> io::Result<Landlock> {
    let status = (|| {
        Ruleset::default()
            .handle_access(AccessFs::from_all(LANDLOCK))?
            .handle_access(AccessNet::from_all(LANDLOCK))?
            .scope(Scope::from_all(LANDLOCK))?
            .create()?
            .restrict_self()
    })();
    match status.map_err(io::Error::other)?.ruleset {
        RulesetStatus::FullyEnforced => Ok(Landlock::Full),
        RulesetStatus::PartiallyEnforced => Ok(Landlock::Partial),
        RulesetStatus::NotEnforced => Ok(Landlock::Absent),
    }
}

/// The rest, on the thread that works, for all threads: no further descriptor, no further thread or process, no system call but those that looking takes.
pub(super) fn rest(landlock: Landlock) -> io::Result<Confinement> {
    set(Resource::Nofile, 3, 3)?;
    set(Resource::Nproc, 0, 0)?;
    rustix::thread::set_no_new_privs(true)?;
    let seccomp = system_calls::allow_few()?;
    Ok(Confinement { landlock, seccomp })
}

fn set(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    Ok(rustix::process::setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })?)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        io::Error,
        net::{TcpStream, UdpSocket},
        process::Command,
        thread,
    };

    use rustix::process::{Pid, test_kill_process};

    use super::*;

    /// Set in the process that is to be confined; the number of the one that asks.
    const CONFINED: &str = "SEALKEEPER_CONFINED";
    const NAME: &str = "document::worker::confine::tests::each_layer_keeps_a_process_from_what_it_is_for";

    fn errno(result: Result<(), Error>) -> i32 {
        result.err().and_then(|error| error.raw_os_error()).unwrap_or(0)
    }

    fn opened() -> i32 {
        errno(File::open("/etc/passwd").map(drop))
    }

    fn forked() -> i32 {
        errno(thread::Builder::new().spawn(|| ()).map(drop))
    }

    /// What a process can do at each step into its confinement, a line of `name errno` each; 0 is success.
    fn attempts(asker: i32) {
        close_all_but_standard().unwrap();
        let left = std::fs::read_dir("/proc/self/fd").unwrap().count();
        // Beside the three the directory that is read.
        println!("descriptors {left}");
        println!("open-free {}", opened());
        limit(256 << 20, 5).unwrap();
        println!("gigabyte {}", i32::from(Vec::<u8>::new().try_reserve_exact(1 << 30).is_err()));
        println!("write-free {}", errno(File::create("/tmp/sealkeeper-confined").map(drop)));
        let landlock = landlock().unwrap();
        println!("landlock {}", landlock.name());
        println!("open-landlocked {}", opened());
        println!("connect-landlocked {}", errno(TcpStream::connect("127.0.0.1:9").map(drop)));
        println!(
            "kill-landlocked {}",
            errno(test_kill_process(Pid::from_raw(asker).unwrap()).map_err(Error::from))
        );
        let confinement = rest(landlock).unwrap();
        println!("seccomp {}", i32::from(confinement.seccomp));
        println!("open {}", opened());
        println!("socket {}", errno(UdpSocket::bind("127.0.0.1:0").map(drop)));
        println!("thread {}", forked());
        println!("program {}", errno(Command::new("/bin/true").spawn().map(drop)));
        println!("kill {}", errno(test_kill_process(Pid::from_raw(asker).unwrap()).map_err(Error::from)));
        let code = memmap2::MmapMut::map_anon(4096).unwrap().make_exec();
        println!("execute {}", errno(code.map(drop)));
        println!("memory {}", i32::from(Vec::<u8>::new().try_reserve_exact(1 << 20).is_err()));
    }

    #[test]
    fn each_layer_keeps_a_process_from_what_it_is_for() {
        if let Ok(asker) = std::env::var(CONFINED) {
            attempts(asker.parse().unwrap());
            std::process::exit(0);
        }
        // With a descriptor too many.
        let output = Command::new("/bin/sh")
            .args(["-c", r#"exec "$0" "$1" --exact --nocapture 9</etc/passwd"#])
            .args([std::env::current_exe().unwrap().into_os_string(), NAME.into()])
            .env(CONFINED, std::process::id().to_string())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let of = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("{name}: {text}{}", String::from_utf8_lossy(&output.stderr)))
                .to_owned()
        };
        let number = |name: &str| of(name).parse::<i32>().unwrap();
        assert_eq!((number("descriptors"), number("open-free"), number("write-free")), (4, 0, 0));
        assert_eq!((number("gigabyte"), number("memory")), (1, 0));
        if of("landlock") != "none" {
            assert_eq!(number("open-landlocked"), libc::EACCES);
        }
        if of("landlock") == "full" {
            assert_eq!(
                (number("connect-landlocked"), number("kill-landlocked")),
                (libc::EACCES, libc::EPERM)
            );
        }
        if number("seccomp") == 1 {
            for name in ["open", "socket", "thread", "program", "kill", "execute"] {
                assert_eq!(number(name), libc::EPERM, "{name}: {text}");
            }
        } else {
            // Without the filter the limits stand.
            assert_eq!((number("open"), number("socket")), (libc::EMFILE, libc::EMFILE));
        }
    }
}
