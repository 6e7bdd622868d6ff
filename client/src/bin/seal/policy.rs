//! `seal policy`

use std::fmt::Display;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::PolicyDigest;
use sealkeeper_domain::identity::Digest;
use sealkeeper_domain::policy::{self, Authority, Change, Policy};
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1::DescribeOfficeReply;

use crate::Session;
use crate::act::bytes_of;
use crate::facts::Row;
use crate::failure::Failure;
use crate::screen::{self, hex};
use crate::signing::SigningOptions;

/// Put the policy file (制度文件) in force
#[derive(Subcommand)]
pub(crate) enum Command {
    Approve(Approve),
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Approve(approve) => approve.run(session).await,
        }
    }
}

/// Put a policy file in force: read here, and shown with what it changes; by the seal office
///
/// The agent takes it once the file in its home is this one. With --origin and --out no agent is needed, and nothing is told of what is in force.
#[derive(Args)]
pub(crate) struct Approve {
    /// The policy file (policy.toml) that one has read
    file: PathBuf,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Approve {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        let (sha256, text) = read(&self.file)?;
        let mut rows = vec![
            Row::new("制度文件", "policy file", self.file.to_string_lossy()),
            Row::new("SHA-256", "SHA-256", sha256.to_string()),
        ];
        let mut origin = None;
        if !self.signing.is_apart() {
            let office = session.connect().await?.describe_office().await?;
            rows.extend(against(session, &office, sha256, &text)?);
            origin = Some(office.origin);
        }
        let statement = Statement::Policy(PolicyDigest { sha256 });
        self.signing.say_shown(session, &rows, statement, origin.as_deref()).await
    }
}

/// The file's SHA-256 and text, if an office's agent would take it.
fn read(path: &Path) -> Result<(Digest, String), Failure> {
    let bytes = bytes_of(path, Policy::FILE_LIMIT)?;
    let invalid = |error: &dyn Display| {
        Failure::local(Reason::PolicyInvalid, format_args!("{}: {error}", path.display()))
    };
    let sha256 = Digest::of(&bytes);
    let text = String::from_utf8(bytes).map_err(|error| invalid(&error.utf8_error()))?;
    Policy::from_toml(&text, Authority::Office).map_err(|error| invalid(&error))?;
    Ok((sha256, text))
}

/// What the file is beside what the agent has: the policy in force, and the file in the agent's home.
fn against(
    session: &Session,
    office: &DescribeOfficeReply,
    sha256: Digest,
    text: &str,
) -> Result<Vec<Row>, Failure> {
    let is = |told: &[u8]| told == sha256.0;
    if is(&office.policy_sha256) {
        screen::note(session.say("这份制度文件已经启用", "this policy file is in force already"));
    }
    if !is(&office.policy_file_sha256) {
        let (chinese, english) = match office.policy_file_sha256.is_empty() {
            true => ("读不到".to_owned(), "cannot be read".to_owned()),
            false => {
                let told = hex(&office.policy_file_sha256);
                (format!("是另一份（SHA-256 {told}）"), format!("is another one (SHA-256 {told})"))
            }
        };
        let chinese = format!("注意：代理目录中的 policy.toml {chinese}；换成这份文件之后才会启用");
        let english = format!(
            "careful: policy.toml in the agent's home {english}; it has to be this file to come into force"
        );
        screen::note(session.say(&chinese, &english));
    }
    let mut rows = Vec::new();
    if !office.policy_sha256.is_empty() {
        rows.push(Row::new("现行制度", "in force", hex(&office.policy_sha256)));
    }
    let changes = policy::changes(&office.policy_toml, text)
        .map_err(|error| Failure::local(Reason::AnswerBad, error))?;
    if changes.is_empty() {
        rows.push(Row::new("变更", "changes", session.say("无", "none")));
    }
    let missing = session.say("（无）", "(none)");
    rows.extend(changes.into_iter().map(|Change { key, from, to }| {
        let [from, to] = [&from, &to].map(|value| value.as_deref().unwrap_or(missing));
        Row::new("变更", "changes", format!("{key}: {from} → {to}"))
    }));
    rows.push(Row::new("用印记录", "journal", &*office.origin));
    Ok(rows)
}
