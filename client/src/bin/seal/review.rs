//! `seal review`, and what the custodian sees before and after any use.

use std::path::{Path, PathBuf};

use clap::Args;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_client::output::refuse_existing;
use sealkeeper_client::{Agent, Stamped, Stamping, request_file};
use sealkeeper_domain::identity::RequestId;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::facts::Row;
use crate::failure::Failure;
use crate::pages::{self, Folder, PagesOptions};
use crate::screen::{self, hex, label};
use crate::{Session, facts, finding};

/// Show what would be stamped for a request (用印申请), with pictures of its pages, and the digest that a stamp confirms
///
/// The pictures are drawn from exactly what would be stamped, the seal in its place, and written to PNG files.
#[derive(Args)]
pub(crate) struct Review {
    /// The request's id
    #[arg(value_name = "ID")]
    request: RequestId,

    /// Write its document, as it was submitted, to this new file
    #[arg(long, value_name = "OUT.pdf")]
    document: Option<PathBuf>,

    #[command(flatten)]
    pages: PagesOptions,

    /// Draw no pages
    #[arg(long, conflicts_with_all = ["output", "pages", "dpi"])]
    no_pictures: bool,
}

impl Review {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        if let Some(path) = &self.document {
            refuse_existing(path)?;
        }
        let agent = session.connect().await?;
        let id = self.request.to_string();
        // First, for the document can be looked at whatever stands against a stamp.
        if let Some(path) = &self.document {
            let kept = agent.request(&id).await?;
            let sha256 = request_file::binding(&id, &kept.binding)?.document_sha256.0;
            agent.fetch_document(&id, kept.document_size, &sha256, path).await?.keep(path)?;
        }
        let prepared = agent.review(&id).await?;
        let pictures = match self.no_pictures {
            true => Vec::new(),
            false => self.pages.write(&agent, &id, &prepared, &self.pages.folder()?).await?,
        };
        if session.json {
            let document = self.document.as_ref().map(|path| path.to_string_lossy());
            screen::print_json(&json!({
                "outcome": "done",
                "request_id": id,
                "document": document,
                "prepared": prepared_as_json(&prepared),
                "pictures": pages::as_json(&pictures),
            }));
        } else {
            rows_of(session, &prepared).iter().for_each(screen::print);
            pages::rows(&pictures).iter().for_each(|row| screen::print(row.line(session)));
        }
        Ok(())
    }
}

/// Prints what is about to be stamped.
pub(crate) fn print_prepared(session: &Session, prepared: &v1::Prepared) {
    seen(session, prepared).iter().for_each(screen::note);
}

/// Writes pictures of the pages that bear the seal and tells where they are, for whoever is about to be asked whether it is right.
pub(crate) async fn show_pages(
    session: &Session,
    agent: &Agent,
    stamping: &Stamping,
    folder: &Folder,
) -> Result<(), Failure> {
    let prepared = stamping.prepared();
    let written = PagesOptions::default().write(agent, stamping.request_id(), prepared, folder).await?;
    pages::rows(&written).iter().for_each(|row| screen::note(row.line(session)));
    if prepared.facts.as_ref().is_some_and(|facts| facts.pages as usize > written.len()) {
        let command = format!("`seal review {} --pages all`", for_terminal(stamping.request_id()));
        let (chinese, english) =
            (format!("各页图片：{command}"), format!("pictures of every page: {command}"));
        screen::note(session.say(&chinese, &english));
    }
    Ok(())
}

/// What is about to be stamped, a line each.
fn seen(session: &Session, prepared: &v1::Prepared) -> Vec<String> {
    let facts = prepared.facts.clone().unwrap_or_default();
    let pages = facts.pages;
    let chinese = format!("{pages} 页，PDF {}，已有 {} 个签名", facts.pdf_version, facts.signatures.len());
    let english =
        format!("pages: {pages}, PDF {}, signatures: {}", facts.pdf_version, facts.signatures.len());
    let mut rows = vec![
        Row::new("文件", "document", &*prepared.file_name),
        Row::new("内容", "contents", session.say(&chinese, &english)),
        Row::new("印章", "seal", &*prepared.seal_name),
        Row::new("事由", "reason", &*prepared.reason),
        Row::new("类别", "class", &*prepared.document_class),
    ];
    if !prepared.applicant.is_empty() {
        rows.push(Row::new("用印人", "applicant", &*prepared.applicant));
    }
    rows.extend(prepared.approvers.iter().map(|name| Row::new("审批人", "approved by", &**name)));
    if prepared.copies > 1 {
        let (left, copies) = (prepared.copies_left, prepared.copies);
        let (chinese, english) =
            (format!("共 {copies} 份，还剩 {left} 份"), format!("{left} of {copies} left"));
        rows.push(Row::new("份数", "copies", session.say(&chinese, &english)));
    }
    rows.extend(prepared.boxes.iter().map(|place| Row::new("位置", "place", facts::place(session, place))));
    rows.extend(prepared.findings.iter().map(|finding| {
        let text = session.say(&finding.text_zh, &finding.text_en);
        Row::new("提示", "finding", format!("{text} [{}]", finding.reason))
    }));
    rows.iter().map(|row| row.line(session)).collect()
}

/// The same with its digests, which nobody compares at a stamp.
fn rows_of(session: &Session, prepared: &v1::Prepared) -> Vec<String> {
    let facts = prepared.facts.clone().unwrap_or_default();
    let digests = [
        Row::new("SHA-256", "SHA-256", hex(&facts.sha256)),
        Row::new("印章对象", "seal object", hex(&prepared.seal_object_sha256)),
        Row::new("待确认", "to confirm", hex(&prepared.prepared_sha256)),
    ];
    let digests = digests.iter().map(|row| row.line(session));
    seen(session, prepared).into_iter().chain(digests).collect()
}

/// What is about to be stamped, for programs.
fn prepared_as_json(prepared: &v1::Prepared) -> Value {
    let facts = prepared.facts.clone().unwrap_or_default();
    let findings: Vec<Value> = prepared.findings.iter().map(finding::as_json).collect();
    let boxes = prepared.boxes.iter().map(facts::box_as_json);
    json!({
        "prepared_sha256": hex(&prepared.prepared_sha256),
        "document_sha256": hex(&facts.sha256),
        "size": facts.size,
        "pages": facts.pages,
        "signatures": facts.signatures.len(),
        "findings": findings,
        "boxes": boxes.collect::<Vec<_>>(),
        "seal_id": prepared.seal_id,
        "seal_name": prepared.seal_name,
        "seal_object_sha256": hex(&prepared.seal_object_sha256),
        "reason": prepared.reason,
        "document_class": prepared.document_class,
        "copies": prepared.copies,
        "copies_left": prepared.copies_left,
        "file_name": prepared.file_name,
        "applicant": prepared.applicant,
        "approvers": prepared.approvers,
    })
}

/// Prints what was stamped.
pub(crate) fn print_stamped(session: &Session, target: &Path, stamped: &Stamped) {
    let receipt = &stamped.receipt;
    let path = target.display().to_string();
    screen::print(format_args!("{}{}", session.say("已用印：", "stamped: "), for_terminal(&path)));
    let chinese = format!("第 {} 份，共 {} 份", receipt.copy, receipt.copies);
    let english = format!("{} of {}", receipt.copy, receipt.copies);
    let records = format!("{}, {} ({})", receipt.intent_seq, receipt.outcome_seq, receipt.journal_origin);
    let rows = [
        ("份", "copy", session.say(&chinese, &english).to_owned()),
        ("用印记录", "journal", records),
        ("SHA-256", "SHA-256", hex(&receipt.output_sha256)),
    ];
    for (chinese, english, value) in rows {
        screen::print(format_args!("  {}{}", label(session.say(chinese, english)), for_terminal(&value)));
    }
    if receipt.solo {
        screen::print(
            session
                .say("  单人模式：没有审批，仅供测试", "  solo journal: one person, no approvals, for tests"),
        );
    }
}

/// What was stamped, for programs.
pub(crate) fn as_json(target: &Path, stamped: &Stamped, findings: &[v1::Finding]) -> Value {
    let receipt = &stamped.receipt;
    let findings: Vec<Value> = findings.iter().map(finding::as_json).collect();
    json!({
        "outcome": "complete",
        "output": target.to_string_lossy(),
        "acknowledged": stamped.acknowledged,
        "findings": findings,
        "receipt": {
            "use_id": receipt.use_id,
            "request_id": receipt.request_id,
            "seal_id": receipt.seal_id,
            "copy": receipt.copy,
            "copies": receipt.copies,
            "intent_seq": receipt.intent_seq,
            "outcome_seq": receipt.outcome_seq,
            "intent_leaf_hash": hex(&receipt.intent_leaf_hash),
            "outcome_leaf_hash": hex(&receipt.outcome_leaf_hash),
            "journal_origin": receipt.journal_origin,
            "tree_size": receipt.tree_size,
            "root_hash": hex(&receipt.root_hash),
            "input_sha256": hex(&receipt.input_sha256),
            "input_size": receipt.input_size,
            "output_sha256": hex(&receipt.output_sha256),
            "output_size": receipt.output_size,
            "signature_sha256": hex(&receipt.signature_sha256),
            "certificate_sha256": hex(&receipt.certificate_sha256),
            "token_serial": receipt.token_serial,
            "time_us": receipt.time_us,
            "solo": receipt.solo,
        },
    })
}
