//! `seal approve`

use std::path::{Path, PathBuf};

use clap::Args;
use sealkeeper_client::{Document, RequestFile};
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::Binding;
use sealkeeper_domain::identity::RequestId;

use crate::Session;
use crate::facts::{self, Names, Row};
use crate::failure::Failure;
use crate::screen;
use crate::signing::SigningOptions;

/// Approve a request (用印申请): sign a ticket (审批单) for exactly what it asks
///
/// From a request file, with --person and --out, no agent is needed: the ticket is filed later with `seal act file`.
#[derive(Args)]
pub(crate) struct Approve {
    /// The request's id, or a request file as `seal request --save` writes it
    #[arg(value_name = "ID|REQUEST.json")]
    request: PathBuf,

    /// The document one has looked at: its SHA-256 must be the request's
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Approve {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let request = find(session, &self.request).await?;
        if let Some(path) = &self.document {
            check_document(session, &request.binding, path)?;
        }
        let rows = rows(session, &request);
        let statement = Statement::RequestApprove(Box::new(request.binding));
        self.signing.say_shown(session, &rows, statement, Some(&request.origin)).await
    }
}

/// A kept request by its id, else from a file.
pub(crate) async fn find(session: &Session, named: &Path) -> Result<RequestFile, Failure> {
    match named.to_str().and_then(|text| text.parse::<RequestId>().ok()) {
        Some(id) => {
            let agent = session.connect().await?;
            let kept = agent.request(&id.to_string()).await?;
            Ok(RequestFile::of(&agent.describe_office().await?.origin, &kept)?)
        }
        None => Ok(RequestFile::read(named)?),
    }
}

/// What of a request is signed, with the names that go with it.
pub(crate) fn rows(session: &Session, request: &RequestFile) -> Vec<Row> {
    let names = Names {
        seal: &request.seal_name,
        applicant: &request.applicant_name,
        importance: &request.importance,
        secrecy: &request.secrecy,
    };
    let mut rows = facts::of_binding(session, &request.binding, names);
    rows.push(Row::new("期限", "open until", screen::time_s(request.expires)));
    rows
}

/// Nobody approves what they have not looked at: whether the file is the request's document.
fn check_document(session: &Session, binding: &Binding, path: &Path) -> Result<(), Failure> {
    if Document::open(path)?.sha256() == &binding.document_sha256.0 {
        return Ok(());
    }
    Err(Failure::Arguments {
        text: session
            .say(
                "这不是申请中的文件：SHA-256 不同",
                "this is not the request's document: its SHA-256 differs",
            )
            .to_owned(),
        hint: session
            .say(
                "用 `seal review 申请编号 --document 文件` 取得申请中的文件",
                "`seal review ID --document FILE` gets the request's document",
            )
            .to_owned(),
    })
}
