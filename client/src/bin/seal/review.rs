//! What the custodian sees before and after a use.

use std::path::Path;

use sealkeeper_client::Stamped;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::screen::{self, hex, label, millimetres};
use crate::{Session, finding};

/// Prints what is about to be stamped.
pub(crate) fn print_prepared(session: &Session, prepared: &v1::Prepared) {
    let facts = prepared.facts.clone().unwrap_or_default();
    let pages = facts.pages;
    let chinese = format!("{pages} 页，PDF {}，已有 {} 个签名", facts.pdf_version, facts.signatures.len());
    let english =
        format!("pages: {pages}, PDF {}, signatures: {}", facts.pdf_version, facts.signatures.len());
    let rows = [
        ("文件", "document", prepared.file_name.clone()),
        ("内容", "contents", session.say(&chinese, &english).to_owned()),
        ("印章", "seal", prepared.seal_name.clone()),
        ("事由", "reason", prepared.reason.clone()),
        ("类别", "class", prepared.document_class.clone()),
    ];
    for (chinese, english, value) in rows {
        screen::note(format_args!("{}{}", label(session.say(chinese, english)), for_terminal(&value)));
    }
    for place in &prepared.boxes {
        let (left, top) = (millimetres(place.left_um), millimetres(place.top_um));
        let (width, height) = (millimetres(place.width_um.into()), millimetres(place.height_um.into()));
        let page = place.page;
        let chinese = format!("第 {page} 页，距左 {left} mm，距上 {top} mm，{width}×{height} mm");
        let english =
            format!("page {page}, {left} mm from the left, {top} mm from the top, {width}×{height} mm");
        let words = session.say(&chinese, &english);
        screen::note(format_args!("{}{words}", label(session.say("位置", "place"))));
    }
    for finding in &prepared.findings {
        let text = session.say(&finding.text_zh, &finding.text_en);
        let text = format!("{} [{}]", for_terminal(text), for_terminal(&finding.reason));
        screen::note(format_args!("{}{text}", label(session.say("提示", "finding"))));
    }
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
