//! What the tests work on.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sealkeeper_client::error::ClientError;
use sealkeeper_client::{Agent, Document, Order, placement};
use sealkeeper_domain::reason::{Language, Reason};

use crate::agent::{APPENDED, TestAgent, Trouble};

/// `seal stamp` of the document.
pub(crate) const STAMP: [&str; 8] =
    ["stamp", "合同.pdf", "--seal", "合同专用章", "--reason", "采购", "--at", "page=last,x=120mm,y=230.5mm"];

/// Larger than what the flow control of a connection holds, so that an upload nobody reads stands still.
pub(crate) const DOCUMENT_SIZE: usize = 9_000_001;

/// A folder with a document and a running agent.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) bytes: Vec<u8>,
    pub(crate) agent: TestAgent,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..DOCUMENT_SIZE).map(|index| (index % 253) as u8).collect();
        fs::write(folder.path().join("合同.pdf"), &bytes).unwrap();
        let agent = TestAgent::start(folder.path());
        Self { folder, bytes, agent }
    }

    pub(crate) fn with(trouble: &[Trouble]) -> Self {
        let bench = Self::new();
        bench.agent.state().trouble.extend(trouble);
        bench
    }

    pub(crate) fn document(&self) -> Document {
        Document::open(&self.folder.path().join("合同.pdf")).unwrap()
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.folder.path().join("合同.sealed.pdf")
    }

    pub(crate) fn order(&self) -> Order {
        Order {
            seal: "合同专用章".into(),
            reason: "采购".into(),
            placements: vec![placement::parse("page=last,x=120mm,y=230.5mm").unwrap()],
            ..Default::default()
        }
    }

    pub(crate) async fn connect(&self) -> Agent {
        Agent::connect(&self.agent.socket).await.unwrap()
    }

    pub(crate) async fn stamp(&self) -> Result<sealkeeper_client::Stamped, ClientError> {
        self.connect().await.stamp(&self.document(), &self.order(), &self.target()).await
    }

    /// The output is the input and the appended bytes; the input is as it was; nothing else lies there.
    pub(crate) fn assert_stamped(&self) {
        let whole = [self.bytes.as_slice(), APPENDED].concat();
        assert!(fs::read(self.target()).unwrap() == whole);
        assert!(fs::read(self.folder.path().join("合同.pdf")).unwrap() == self.bytes);
        assert_eq!(self.files(), 2);
    }

    pub(crate) fn files(&self) -> usize {
        let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.extension().is_none_or(|extension| extension != "sock")).count()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seal"));
        command.current_dir(self.folder.path()).env_clear().env("SEALKEEPER_SOCKET", &self.agent.socket);
        command.args(arguments);
        command
    }

    pub(crate) async fn seal(&self, arguments: &[&str], stdin: &[u8]) -> (i32, String, String) {
        self.run(self.command(arguments), stdin).await
    }

    /// Exit code, standard output and standard error.
    pub(crate) async fn run(&self, mut command: Command, stdin: &[u8]) -> (i32, String, String) {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let stdin = stdin.to_vec();
        // The agent runs on this thread, so the command is waited for on another one.
        let output = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(&stdin).unwrap();
            child.wait_with_output().unwrap()
        })
        .await
        .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

/// The reason of what went wrong on this side.
pub(crate) fn local(error: &ClientError) -> Reason {
    match error {
        ClientError::Local { reason, .. } => *reason,
        ClientError::Unsettled(unsettled) => local(&unsettled.error),
        other => panic!("{other}"),
    }
}

/// Every reason code of an error.
pub(crate) fn codes(error: &ClientError) -> Vec<String> {
    error.explanations(Language::English).into_iter().map(|explanation| explanation.code).collect()
}
