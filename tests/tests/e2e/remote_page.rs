//! docs/remote.md: its commands run as they stand, and do what the page says.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use p256::pkcs8::{EncodePrivateKey as _, LineEnding};
use sealkeeper_tests::{Daemon, OfficeHome, Rpc, binary, eventually, repository, run};

/// What every key file of the page is encrypted with.
const PASSPHRASE: &str = "correct horse 9";

/// The blocks of the page in this language, in order.
fn blocks(language: &str) -> Vec<String> {
    let page = fs::read_to_string(repository().join("docs/remote.md")).unwrap();
    let begin = format!("```{language}\n");
    page.split(begin.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A shell in the folder of the page, where passphrases are typed into a dialog and, for OpenSSL, on a terminal.
struct Desk {
    folder: PathBuf,
    socket: PathBuf,
    pinentry: PathBuf,
}

impl Desk {
    fn new(home: &OfficeHome) -> Self {
        let folder = home.home.scratch().join("desk");
        fs::create_dir(&folder).unwrap();
        fs::copy(repository().join("docs/tls.cnf"), folder.join("tls.cnf")).unwrap();
        let pinentry = folder.join("pinentry");
        symlink(repository().join("client/tests/pinentry/answers.sh"), &pinentry).unwrap();
        fs::write(folder.join("answer"), format!("D {PASSPHRASE}\nOK\n")).unwrap();
        Self { folder, socket: home.home.socket(), pinentry }
    }

    /// The commands one after the other until one fails; what they said on standard output.
    fn shell(&self, commands: &str) -> String {
        let path =
            format!("{}:{}", binary("seal").parent().unwrap().display(), std::env::var("PATH").unwrap());
        // In a session of its own there is no terminal, so that openssl reads what is asked for from its input.
        let mut child = Command::new("setsid")
            .args(["--wait", "sh", "-euc", commands])
            .current_dir(&self.folder)
            .env_clear()
            .envs([("PATH", path.as_str()), ("LANG", "C.UTF-8")])
            .env("SEALKEEPER_PINENTRY", &self.pinentry)
            .env("SEALKEEPER_AGENT", &self.socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(format!("{PASSPHRASE}\n").as_bytes());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{commands}\n{}\n{said}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same on the agent's machine.
    fn shell_here(&self, commands: &str) -> String {
        self.shell(&format!("export SEALKEEPER_SOCKET=\"$SEALKEEPER_AGENT\"\n{commands}"))
    }
}

fn has_list(home: &Path, desk: &Desk) {
    for name in ["agent.key", "agent.pem", "ca.pem", "crl.pem"] {
        fs::copy(desk.folder.join(name), home.join(name)).unwrap();
    }
}

/// Waits until the agent takes the list, with which the person no longer comes in.
async fn is_out(daemon: &Daemon<'_>, desk: &Desk) {
    daemon.reload();
    eventually("the end of the certificate", async || {
        let said = desk.shell("seal --json --remote zhang.toml doctor || true");
        said.contains("client-certificate-refused").then_some(())
    })
    .await;
}

#[test]
fn the_commands_of_the_page_do_what_it_says() {
    run(async {
        let mut home = OfficeHome::new();
        let desk = Desk::new(&home);
        let shell = blocks("sh");
        let [authority, agent, key, register, doctor, revoke] = &shell[..] else { panic!("{shell:?}") };
        let toml = blocks("toml");
        let [remote, person, policy] = &toml[..] else { panic!("{toml:?}") };
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");

        desk.shell(authority);
        desk.shell(agent);
        has_list(&home.home.path(), &desk);
        let mode = fs::metadata(home.home.path().join("agent.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "OpenSSL made it so");
        home.home.remote = remote.replace("[remote]\n", "").replace("0.0.0.0:7443", &address);
        let (daemon, rpc) = home.start().await;
        home.found(&rpc).await;

        // Zhang's key for acts, and the seal office's.
        let made = "seal key new zhang.key";
        desk.shell(made);
        let office = home.who("office").key.to_pkcs8_pem(LineEnding::LF).unwrap();
        fs::write(desk.folder.join("plain"), office.as_bytes()).unwrap();
        desk.shell(&format!(
            "openssl pkcs8 -topk8 -scrypt -in plain -passout 'pass:{PASSPHRASE}' -out office.key; chmod 600 office.key"
        ));
        desk.shell(key);
        desk.shell_here(register);
        let person = person.replace("seals.example:7443", &address);
        fs::write(desk.folder.join("zhang.toml"), person).unwrap();
        let said = desk.shell(&format!("({doctor}) || true"));
        assert!(said.contains(&format!("answers on {address}")), "{said}");
        let said = desk.shell("seal --remote zhang.toml --json requests --mine");
        assert!(said.contains("\"requests\":[]"), "{said}");
        assert!(knows(&rpc, "zhang").await);

        // What the page has the policy say is what it can say.
        let line = policy.lines().find(|line| line.starts_with("allowed")).unwrap();
        home.home.change_policy("allowed = false", line);
        home.says(&rpc, "office", home.policy()).await;

        desk.shell(revoke);
        has_list(&home.home.path(), &desk);
        is_out(&daemon, &desk).await;
    });
}

async fn knows(rpc: &Rpc, person: &str) -> bool {
    let people = rpc.show_office().await.unwrap().people;
    people.iter().any(|known| known.person_id == person && known.certificates_sha256.len() == 1)
}
