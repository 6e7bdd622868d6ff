//! What can be seen of an agent from outside: whether it answers, its socket, its home.

use std::collections::HashMap;
use std::env;
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use sealkeeper_domain::reason::{Language, Reason};
use sealkeeper_proto::socket::LONGEST_PATH;
use sealkeeper_proto::v1;

use crate::failure::Failure;

/// The file in the agent's home without which it does not start.
const CONFIGURATION: &str = "agent.toml";

/// The agent answers.
pub(super) fn answering(place: &dyn fmt::Display, version: &str) -> v1::Check {
    let chinese = format!("seal-agent {version} 在 {place} 上应答");
    well("agent", chinese, format!("seal-agent {version} answers on {place}"))
}

/// No agent answers: why, and what can be seen of it.
pub(super) fn checks(socket: &Path, unreachable: &Failure, home: Option<PathBuf>) -> Vec<v1::Check> {
    let own_uid = rustix::process::geteuid().as_raw();
    let mut checks = vec![not_answering(unreachable)];
    if socket.as_os_str().len() <= LONGEST_PATH {
        checks.extend(self::socket(socket, own_uid));
    }
    checks.push(match home.or_else(default_home) {
        Some(home) => self::home(&home, own_uid),
        None => {
            let said = (
                "XDG_DATA_HOME 和 HOME 都没有设置".to_owned(),
                "neither XDG_DATA_HOME nor HOME is set".to_owned(),
            );
            wrong("home", "refuse", Reason::HomeUnreadable, said)
        }
    });
    checks
}

pub(super) fn not_answering(unreachable: &Failure) -> v1::Check {
    let reason = unreachable.reason().unwrap_or(Reason::AgentUnreachable);
    let said = |language, colon| {
        let detail = unreachable.detail().map(|detail| format!("{colon}{detail}")).unwrap_or_default();
        format!("{}{detail}", reason.text(language))
    };
    wrong("agent", "refuse", reason, (said(Language::Chinese, "："), said(Language::English, ": ")))
}

/// The socket's file and its folder, as far as a look at them tells more than the connection did.
fn socket(socket: &Path, own_uid: u32) -> Vec<v1::Check> {
    let shown = socket.display();
    let folder = match socket.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // What to do about it was said with what it leads to, that nobody answers.
    let unreachable = |chinese: String, english: String| {
        let check = wrong("socket", "refuse", Reason::AgentUnreachable, (chinese, english));
        vec![v1::Check { hint_zh: String::new(), hint_en: String::new(), ..check }]
    };
    let metadata = match fs::metadata(socket) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match fs::metadata(folder) {
                Ok(_) => unreachable(
                    format!("{shown} 不存在：代理没有运行，或使用另一个套接字"),
                    format!("there is no {shown}: the agent does not run, or serves on another socket"),
                ),
                Err(_) => {
                    let folder = folder.display();
                    unreachable(
                        format!("目录 {folder} 不存在：代理没有运行过，或使用另一个套接字"),
                        format!(
                            "there is no folder {folder}: the agent never ran, or serves on another socket"
                        ),
                    )
                }
            };
        }
        Err(error) => {
            let english = format!("{shown} cannot be looked at: {error}");
            return unreachable(format!("无法查看 {shown}：{error}"), english);
        }
    };
    if !metadata.file_type().is_socket() {
        return unreachable(format!("{shown} 不是套接字"), format!("{shown} is no socket"));
    }
    let mut found = match UnixStream::connect(socket) {
        Ok(_) => {
            vec![well("socket", format!("{shown} 上有程序在监听"), format!("something listens on {shown}"))]
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => unreachable(
            format!("{shown} 上没有程序在监听：代理没有正常结束"),
            format!("nobody listens on {shown}: the agent ended without removing it"),
        ),
        Err(error) => unreachable(
            format!("无法连接 {shown}：{error}"),
            format!("{shown} cannot be connected to: {error}"),
        ),
    };
    found.push(owned("socket", socket, &metadata, own_uid, Reason::SocketPermissions));
    if let Ok(metadata) = fs::metadata(folder) {
        found.push(owned("socket", folder, &metadata, own_uid, Reason::SocketPermissions));
    }
    found
}

/// The agent's home and its configuration.
fn home(home: &Path, own_uid: u32) -> v1::Check {
    let shown = home.display();
    let unreadable = |error: &io::Error| {
        let said = (format!("无法读取 {shown}：{error}"), format!("{shown} cannot be read: {error}"));
        wrong("home", "refuse", Reason::HomeUnreadable, said)
    };
    let metadata = match fs::metadata(home) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let said = (format!("{shown} 不存在"), format!("there is no {shown}"));
            return wrong("home", "refuse", Reason::AgentNotSetUp, said);
        }
        Err(error) => return unreadable(&error),
    };
    if let Err(error) = fs::read_dir(home) {
        return unreadable(&error);
    }
    match fs::File::open(home.join(CONFIGURATION)) {
        Ok(_) => owned("home", home, &metadata, own_uid, Reason::HomePermissions),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let chinese = format!("{shown} 里没有 {CONFIGURATION}");
            let said = (chinese, format!("there is no {CONFIGURATION} in {shown}"));
            wrong("home", "refuse", Reason::AgentNotSetUp, said)
        }
        Err(error) => unreadable(&error),
    }
}

/// Whether it is this user's (or root's) own, and nobody else may touch it.
fn owned(subject: &str, path: &Path, metadata: &Metadata, own_uid: u32, reason: Reason) -> v1::Check {
    let (uid, mode, path) = (metadata.uid(), metadata.mode() & 0o7777, path.display());
    if uid != own_uid && uid != 0 {
        let chinese = format!("{path} 属于用户 {uid}，而不是 {own_uid}");
        return wrong(
            subject,
            "refuse",
            reason,
            (chinese, format!("{path} belongs to user {uid}, not {own_uid}")),
        );
    }
    let chinese = format!("{path}，权限 {mode:04o}");
    let english = format!("{path}, mode {mode:04o}");
    if mode & 0o077 == 0 {
        well(subject, chinese, english)
    } else {
        wrong(subject, "warn", reason, (chinese, english))
    }
}

/// As `seal-agent init` chooses it: `$XDG_DATA_HOME/sealkeeper`, else `~/.local/share/sealkeeper`.
fn default_home() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("sealkeeper"))
}

pub(super) fn well(subject: &str, text_zh: String, text_en: String) -> v1::Check {
    v1::Check {
        subject: subject.to_owned(),
        severity: "ok".to_owned(),
        text_zh,
        text_en,
        ..Default::default()
    }
}

pub(super) fn wrong(subject: &str, severity: &str, reason: Reason, said: (String, String)) -> v1::Check {
    v1::Check {
        subject: subject.to_owned(),
        severity: severity.to_owned(),
        reason: reason.code().to_owned(),
        text_zh: said.0,
        text_en: said.1,
        hint_zh: reason.hint(Language::Chinese).to_owned(),
        hint_en: reason.hint(Language::English).to_owned(),
        details: HashMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn reasons(checks: &[v1::Check]) -> Vec<(&str, &str)> {
        checks.iter().map(|check| (check.severity.as_str(), check.reason.as_str())).collect()
    }

    fn own_uid() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    #[test]
    fn a_socket_is_looked_at_with_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        let path = folder.path().join("agent.sock");
        let listener = UnixListener::bind(&path).unwrap();
        for (mode, severity, reason) in [(0o600, "ok", ""), (0o666, "warn", "socket-permissions")] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(reasons(&socket(&path, own_uid())), [("ok", ""), (severity, reason), ("ok", "")]);
        }
        drop(listener);
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let found = socket(&path, own_uid());
        assert_eq!(reasons(&found)[0], ("refuse", "agent-unreachable"));
        assert!(found[0].text_en.starts_with("nobody listens"), "{}", found[0].text_en);
        assert_eq!(reasons(&found)[2], ("warn", "socket-permissions"));
        assert!(found[2].text_en.ends_with(", mode 0755"), "{}", found[2].text_en);
    }

    #[test]
    fn what_is_no_socket_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        for (path, words) in [
            ("agent.sock", "does not run"),
            ("absent/agent.sock", "never ran"),
            ("file", "is no socket"),
            ("file/agent.sock", "cannot be looked at"),
        ] {
            let found = socket(&folder.path().join(path), own_uid());
            assert_eq!(reasons(&found), [("refuse", "agent-unreachable")], "{path}");
            assert!(found[0].text_en.contains(words), "{}", found[0].text_en);
        }
    }

    #[test]
    fn what_belongs_to_others_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        let metadata = fs::metadata(folder.path()).unwrap();
        // Root is trusted, so that run as root this is so for no user.
        let check = |uid| owned("home", folder.path(), &metadata, uid, Reason::HomePermissions);
        assert_eq!(check(metadata.uid()).severity, "ok");
        let other = check(metadata.uid() + 1);
        assert_eq!(other.severity == "refuse", metadata.uid() != 0, "{}", other.text_en);
    }

    #[test]
    fn a_home_is_told_from_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sealkeeper");
        let found = || home(&path, own_uid());
        assert_eq!(reasons(&[found()]), [("refuse", "agent-not-set-up")]);
        fs::write(&path, "").unwrap();
        assert_eq!(reasons(&[found()]), [("refuse", "home-unreadable")]);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(reasons(&[found()]), [("refuse", "agent-not-set-up")]);
        fs::write(path.join(CONFIGURATION), "").unwrap();
        for (mode, severity, reason) in [(0o700, "ok", ""), (0o750, "warn", "home-permissions")] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(reasons(&[found()]), [(severity, reason)]);
        }
    }
}
