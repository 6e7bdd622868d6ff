//! `seal request`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::error::ClientError;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_client::output::{refuse_existing, write_new};
use sealkeeper_client::{Document, Order, RequestFile};
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::Binding;
use sealkeeper_domain::identity::PersonId;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;
use crate::stamp::parsed_placements;
use crate::{approve, facts, finding, requests, screen};

/// Ask for a document to be stamped (用印申请)
///
/// The document goes to the agent. Where its applicant has to sign for it and --key is given, the request is filed at once;
/// without a key it stays a draft.
#[derive(Args)]
pub(crate) struct Request {
    /// The PDF to be stamped
    file: PathBuf,

    /// Name or id of the seal
    #[arg(long, value_name = "NAME")]
    seal: String,

    /// Why, as the journal and the signature shall say
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Where the seal's centre goes, from the top left of the page as one sees it: page=last,x=120mm,y=230mm
    ///
    /// Units are mm, cm, pt and in.
    #[arg(long, value_name = "PLACE", required = true)]
    at: Vec<String>,

    /// Class of the document by the agent's policy; the policy's default otherwise
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,

    /// How many separately signed copies
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    copies: u32,

    /// Id of the person who asks, if that is not whoever runs this
    #[arg(long, value_name = "ID")]
    applicant: Option<PersonId>,

    /// Write the request to this new file, for `seal approve` elsewhere
    #[arg(long, value_name = "REQUEST.json")]
    save: Option<PathBuf>,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Request {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let order = Order {
            seal: self.seal.clone(),
            reason: self.reason.clone(),
            placements: parsed_placements(&self.at)?,
            document_class: self.class.clone().unwrap_or_default(),
            copies: self.copies,
            applicant: self.applicant.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        if let Some(path) = &self.save {
            refuse_existing(path)?;
        }
        let document = Document::open(&self.file)?;
        let agent = session.connect().await?;
        let submitted = agent.submit(&document, &order).await?;
        if submitted.binding.is_empty() {
            // A solo journal asks for no acts and keeps no requests to be shown.
            print_unbound(session, &submitted);
            return Ok(());
        }
        // What is signed, and what others sign after it, is looked at here: nobody signs what they did not ask for.
        let binding = sealkeeper_client::request_file::binding(&submitted.request_id, &submitted.binding)?;
        check(&binding, &document, &order, &submitted)?;
        let kept = agent.request(&submitted.request_id).await?;
        let origin = agent.describe_office().await?.origin;
        let request = RequestFile { binding, ..RequestFile::of(&origin, &kept)? };
        if let Some(path) = &self.save {
            write_new(request.text()?.as_bytes(), path)?;
        }
        let filed = if submitted.state == "drafted" && self.signing.has_key() {
            let statement = Statement::RequestFile(Box::new(request.binding.clone()));
            self.signing.confirm(session, &approve::rows(session, &request), statement.typ())?;
            let signer = self.signing.signer(session).await?;
            let act = self.signing.sign(session, &signer, statement, Some(&origin)).await?;
            if self.signing.is_offline() {
                return self.signing.deliver(session, &act, Vec::new()).await;
            }
            Some(agent.file_act(&act, Vec::new()).await?)
        } else {
            None
        };
        let kept = if filed.is_some() { agent.request(&submitted.request_id).await? } else { kept };
        print(session, &request, &kept, &submitted, filed.as_ref());
        Ok(())
    }
}

/// Whether the agent binds what was asked.
fn check(
    binding: &Binding,
    document: &Document,
    order: &Order,
    submitted: &v1::Submitted,
) -> Result<(), ClientError> {
    let bound = binding.boxes.iter().map(|bound| v1::Box {
        page: bound.page,
        left_um: bound.left_um,
        top_um: bound.top_um,
        width_um: bound.width_um,
        height_um: bound.height_um,
    });
    let is_asked = [
        ("document", binding.document_sha256.0 == *document.sha256()),
        ("file name", binding.file_name == document.file_name()),
        ("reason", binding.reason == order.reason),
        ("copies", binding.copies == order.copies),
        ("class", order.document_class.is_empty() || binding.class == order.document_class),
        ("applicant", order.applicant.is_empty() || binding.applicant.as_str() == order.applicant),
        ("places", bound.eq(submitted.boxes.iter().cloned())),
    ];
    match is_asked.iter().find(|(_, is_asked)| !is_asked) {
        None => Ok(()),
        Some((what, _)) => {
            let detail = format!("the request binds something else than was asked: {what}");
            Err(ClientError::Local { reason: Reason::AnswerBad, detail })
        }
    }
}

fn print(
    session: &Session,
    request: &RequestFile,
    kept: &v1::KeptRequest,
    submitted: &v1::Submitted,
    filed: Option<&v1::FiledAct>,
) {
    if session.json {
        let findings: Vec<Value> = submitted.findings.iter().map(finding::as_json).collect();
        screen::print_json(&json!({
            "outcome": "done",
            "request": requests::as_json(kept),
            "findings": findings,
            "act": filed.map(crate::signing::filed_as_json),
        }));
        return;
    }
    for row in approve::rows(session, request) {
        screen::print(row.line(session));
    }
    screen::print(requests::standing(session, kept).line(session));
    print_findings(session, &submitted.findings);
    screen::note(next(session, &kept.state));
}

fn print_findings(session: &Session, findings: &[v1::Finding]) {
    findings.iter().for_each(|finding| finding::print(session, finding));
}

/// What has to happen now.
fn next<'a>(session: &'a Session, state: &str) -> &'a str {
    match state {
        "drafted" => session.say(
            "草稿：须由用印人本人签署后才算提出，请加 --key 重新申请",
            "a draft: its applicant has to sign for it; ask again with --key",
        ),
        "filed" => session.say(
            "等待审批：请审批人运行 `seal approve 申请编号`",
            "waits for tickets: have the approvers run `seal approve ID`",
        ),
        "approved" => session.say(
            "可以用印：请保管人运行 `seal stamp 申请编号`",
            "can be stamped: have the custodian run `seal stamp ID`",
        ),
        _ => "",
    }
}

fn print_unbound(session: &Session, submitted: &v1::Submitted) {
    if session.json {
        let findings: Vec<Value> = submitted.findings.iter().map(finding::as_json).collect();
        screen::print_json(&json!({
            "outcome": "done",
            "request_id": submitted.request_id,
            "findings": findings,
            "expires_us": submitted.expires_us,
        }));
        return;
    }
    let name = screen::label(session.say("申请", "request"));
    screen::print(format_args!("{name}{}", for_terminal(&submitted.request_id)));
    for place in &submitted.boxes {
        let name = screen::label(session.say("位置", "place"));
        screen::print(format_args!("{name}{}", facts::place(session, place)));
    }
    print_findings(session, &submitted.findings);
    screen::note(next(session, "approved"));
}
