//! An agent's home with a token of its own, as `seal-agent init --solo` and an administrator make it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sealkeeper_fault_module::{
    CONTROL_VARIABLE, ControlFile, LoggedCall, MODULE_VARIABLE, module_path, read_log,
};
use tempfile::TempDir;

use crate::{Daemon, SoftToken, binary, repository, token::succeed};

/// A seal as agent.toml lists it. Unit and size are the same for all: 示例科技有限公司, 40 mm.
#[derive(Clone, Debug)]
pub struct SealEntry {
    /// Stable id.
    pub id: String,
    /// Name.
    pub name: String,
    /// RFC 7512 URI of the private key.
    pub key: String,
    /// RFC 7512 URI of the certificate.
    pub certificate: String,
}

/// Names of the three seals every home has from the start; they stand for the keys 01, 02, 03.
pub const SEALS: [&str; 3] = ["公章", "合同专用章", "财务专用章"];
/// Name of the seal on the token that [`AgentHome::with_healthy_module`] adds.
pub const HEALTHY_SEAL: &str = "发票专用章";

/// A home, its token and its socket, in one folder that vanishes with it.
pub struct AgentHome {
    folder: TempDir,
    /// The token its seals lie on.
    pub token: SoftToken,
    /// The seals of agent.toml.
    pub seals: Vec<SealEntry>,
    /// Lines of `[limits]` in agent.toml.
    pub limits: String,
    /// Lines of `[remote]` in agent.toml, without which nobody calls from afar.
    pub remote: String,
    /// Lines of the first of `[[modules]]`, such as how much memory it may take.
    pub module: String,
    /// What the module misbehaves by, once [`AgentHome::with_faults`] put one in its place.
    faults: Option<ControlFile>,
    /// A token behind a second module, once [`AgentHome::with_healthy_module`] put it there.
    healthy: Option<SoftToken>,
    /// What the second module misbehaves by, once [`AgentHome::with_second_faults`] put another in its place.
    second_faults: Option<ControlFile>,
    /// Whether it is one of an office, whose seals are made by acts.
    office: bool,
}

impl AgentHome {
    /// A fresh home with an empty journal and a copy of the test token.
    #[allow(
        clippy::new_without_default,
        reason = "it makes folders and runs programs, which no default does"
    )]
    pub fn new() -> Self {
        let folder = own_folder();
        let token = SoftToken::copy_to(folder.path().join("token"));
        let seals = (1..).zip(SEALS).map(|(number, name)| SealEntry {
            id: format!("seal-{number}"),
            name: name.to_owned(),
            key: token.key_uri(number),
            certificate: token.certificate_uri(number),
        });
        let home = Self {
            seals: seals.collect(),
            token,
            folder,
            limits: String::new(),
            remote: String::new(),
            module: String::new(),
            faults: None,
            healthy: None,
            second_faults: None,
            office: false,
        };
        let mut init = Command::new(binary("seal-agent"));
        succeed(
            init.args(["init", "--solo", "--domain", "e2e.example", "--name", "王保管", "--home"])
                .arg(home.path()),
        );
        home
    }

    /// The home of an office whose first person has the public key in this PEM file's text; and what `init` said.
    pub(crate) fn of_office(key: &str) -> (Self, String) {
        let folder = own_folder();
        let token = SoftToken::copy_to(folder.path().join("token"));
        let home = Self::bare(folder, token);
        let pem = home.scratch().join("office.pub");
        fs::write(&pem, key).unwrap();
        let mut init = Command::new(binary("seal-agent"));
        init.args(["init", "--domain", "e2e.example", "--office-name", "孙主管", "--office-key"]).arg(pem);
        let made = succeed(init.arg("--home").arg(home.path()));
        (home, String::from_utf8(made.stdout).unwrap())
    }

    /// The same home and token once more, as they are on disk now; its agent must not be running. Of an office only.
    pub(crate) fn copied(&self) -> Self {
        let folder = own_folder();
        let token = self.token.copied_to(folder.path().join("token"));
        let copy = Self::bare(folder, token);
        succeed(Command::new("cp").arg("-a").arg(self.path()).arg(copy.path()));
        copy
    }

    fn bare(folder: TempDir, token: SoftToken) -> Self {
        Self {
            folder,
            token,
            seals: Vec::new(),
            limits: String::new(),
            remote: String::new(),
            module: String::new(),
            faults: None,
            healthy: None,
            second_faults: None,
            office: true,
        }
    }

    /// Puts the fault-injecting module before the token's own; it does what this control file says.
    ///
    /// Every call is logged in `calls.log` beside the control file, see [`AgentHome::calls`].
    pub fn with_faults(self, control: &str) -> Self {
        let file = ControlFile::at(self.scratch().join("faults.toml"));
        let home = Self { faults: Some(file), ..self };
        home.change_faults(control);
        home
    }

    /// Has the fault-injecting module do what this control file says, from its next call on.
    ///
    /// # Panics
    /// If there is no such module.
    pub fn change_faults(&self, control: &str) {
        let file = self.faults.as_ref().expect("a home with faults");
        file.write(&format!("log = \"calls.log\"\n{control}")).unwrap();
    }

    /// Adds a second module, plain SoftHSM with a token of its own and the seal [`HEALTHY_SEAL`] on it.
    pub fn with_healthy_module(self) -> Self {
        let healthy = SoftToken::healthy_in(self.scratch().join("healthy"));
        Self { healthy: Some(healthy), ..self }
    }

    /// The same, but that the second module misbehaves too, as [`AgentHome::change_second_faults`] says.
    pub fn with_second_faults(self) -> Self {
        let file = ControlFile::at(self.scratch().join("second-faults.toml"));
        Self { second_faults: Some(file), ..self.with_healthy_module() }
    }

    /// Has the second module do what this control file says, from its next call on.
    ///
    /// # Panics
    /// If it is one that does not misbehave.
    pub fn change_second_faults(&self, control: &str) {
        self.second_faults.as_ref().expect("a second module with faults").write(control).unwrap();
    }

    /// The token behind the second module.
    pub fn healthy(&self) -> Option<&SoftToken> {
        self.healthy.as_ref()
    }

    /// All calls, as the fault-injecting module logged them.
    pub fn all_calls(&self) -> Vec<LoggedCall> {
        read_log(&self.scratch().join("calls.log")).unwrap()
    }

    /// The outcomes of all calls of this function.
    pub fn calls(&self, function: &str) -> Vec<String> {
        let calls = self.all_calls().into_iter();
        calls.filter(|call| call.function == function).map(|call| call.outcome).collect()
    }

    /// The home itself.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A folder for whatever the test needs; it vanishes with the home.
    pub fn scratch(&self) -> &Path {
        self.folder.path()
    }

    /// The socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("run/agent.sock")
    }

    /// What the daemon wrote to standard error, over all its runs.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("agent.log")
    }

    /// Replaces one text of policy.toml by another.
    pub fn change_policy(&self, from: &str, to: &str) {
        let path = self.path().join("policy.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "policy.toml has no {from}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// agent.toml as it is now.
    pub fn configuration(&self) -> String {
        let (module, environment) = loaded(&self.token, self.faults.as_ref());
        let mut text = format!(
            "version = 1\n[agent]\nsocket = {:?}\n[limits]\n{}\n[[modules]]\nname = \"softhsm\"\npath = {module:?}\n\
             environment = {{ {environment} }}\n{}\n",
            self.socket(),
            self.limits,
            self.module,
        );
        if !self.remote.is_empty() {
            text += &format!("[remote]\n{}\n", self.remote);
        }
        if self.office {
            text += &format!("[office]\nissuers = [{:?}]\n", self.token.ca());
        }
        for seal in &self.seals {
            text += &seal.configuration(&self.token);
        }
        if let Some(healthy) = &self.healthy {
            let (module, environment) = loaded(healthy, self.second_faults.as_ref());
            text += &format!(
                "[[modules]]\nname = \"healthy\"\npath = {module:?}\nenvironment = {{ {environment} }}\n",
            );
            let (id, name) = ("seal-healthy".to_owned(), HEALTHY_SEAL.to_owned());
            let seal =
                SealEntry { id, name, key: healthy.key_uri(1), certificate: healthy.certificate_uri(1) };
            text += &seal.configuration(healthy);
        }
        text
    }

    /// Starts the daemon, with agent.toml as it is now.
    pub fn start(&self) -> Daemon<'_> {
        fs::write(self.path().join("agent.toml"), self.configuration()).unwrap();
        Daemon::start(self, &[])
    }
}

/// Not where TMPDIR may point: the path of a socket has at most 107 bytes.
fn own_folder() -> TempDir {
    tempfile::Builder::new().prefix("seal-e2e-").tempdir_in("/tmp").unwrap()
}

/// What is loaded for a token, and the environment it needs: its own module, or the one that misbehaves before it.
fn loaded(token: &SoftToken, faults: Option<&ControlFile>) -> (PathBuf, String) {
    let (module, environment) = (token.module(), format!("SOFTHSM2_CONF = {:?}", token.settings()));
    match faults {
        Some(faults) => {
            let path = faults.path();
            let further = format!("{MODULE_VARIABLE} = {module:?}, {CONTROL_VARIABLE} = {path:?}");
            (module_path().unwrap(), format!("{environment}, {further}"))
        }
        None => (module.to_owned(), environment),
    }
}

impl SealEntry {
    /// Its table in agent.toml.
    fn configuration(&self, token: &SoftToken) -> String {
        let Self { id, name, key, certificate } = self;
        format!(
            "[[seals]]\nid = {id:?}\nname = {name:?}\nunit = \"示例科技有限公司\"\npicture = {:?}\nwidth_mm = 40\n\
             height_mm = 40\nkey = {key:?}\ncertificate = {certificate:?}\nissuers = [{:?}]\n",
            repository().join("softhsm-setup/demo/contract-seal.png"),
            token.ca(),
        )
    }
}
