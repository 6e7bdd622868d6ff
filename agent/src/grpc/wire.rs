//! The contract's messages to and from the agent's own values, in one place.

use std::time::Duration;

use sealkeeper_domain::{
    identity::{Digest, UseId},
    placement::{PageChoice, Placement, SealBox},
    reason::{Language, Reason},
    refusal::{self, Violation},
    request::Asked,
};
use sealkeeper_pades::{Facts, PdfAClaim};
use sealkeeper_proto::v1;
use tonic::Status;

use super::{inspection::finding, requests, status};
use crate::{
    pipeline::{identify::Holder, pictures::DrawnPage, ports::token::TokenState, receipt::Receipt},
    service::{DocumentFacts, Refused, Reviewed, Service, StampOutcome, Submitted},
};

/// A header as the rules take it, and the seal it names. What cannot be expressed there is refused here; the rest is judged by the rules.
pub(super) fn asked(header: v1::SubmitHeader) -> Result<(Asked, String), Status> {
    let sha256 = Digest::from_bytes(&header.sha256)
        .ok_or_else(|| status::bad_argument("header.sha256", "32 bytes"))?;
    if header.placements.len() > 1000 {
        return Err(status::bad_argument("header.placements", "at most 1000"));
    }
    let asked = Asked {
        file_name: header.file_name,
        size: header.size,
        sha256,
        reason: header.reason,
        document_class: header.document_class,
        copies: header.copies,
        placements: header.placements.into_iter().map(placement).collect(),
        tickets: header.tickets.len(),
        edge_seal: header.edge_seal.is_some(),
    };
    Ok((asked, header.seal))
}

fn placement(placement: v1::Placement) -> Result<Placement, Reason> {
    use v1::placement::Position;
    match placement.position {
        Some(Position::Coordinates(at)) => Placement::new(PageChoice::parse(&at.pages)?, at.x_um, at.y_um),
        Some(Position::Keyword(_)) => Err(Reason::KeywordUnsupported),
        Some(Position::Field(_)) => Err(Reason::FieldUnsupported),
        None => Err(Reason::PlacementMissing),
    }
}

/// A token with the seals whose keys lie on it, as it is for this one: what another unlocked is locked for them (U10).
pub(super) fn token(state: &TokenState, holder: Holder, service: &Service) -> v1::Token {
    let unlocked = state.unlocked_for(holder);
    let seals = service.seals_on(&state.serial);
    let later = |time: Duration| {
        service.clock.now_us().saturating_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
    };
    v1::Token {
        serial: state.serial.to_string(),
        label: state.label.clone(),
        manufacturer: state.manufacturer.clone(),
        model: state.model.clone(),
        firmware: state.firmware.clone(),
        unlocked: unlocked.is_some(),
        uses_left: unlocked.map_or(0, |left| left.uses),
        locks_at_us: unlocked.map_or(0, |left| later(left.idle)),
        pin_count_low: state.pin.count_low,
        pin_final_try: state.pin.final_try,
        pin_locked: state.pin.locked,
        pin_initialized: state.pin.initialized,
        protected_authentication_path: state.pin.protected_path,
        seals: seals.clone().map(|registered| registered.seal.name.clone()).collect(),
        wrong_pins: service.wrong_pins.of(&state.serial),
        expires_at_us: unlocked.map_or(0, |left| later(left.lifetime)),
        module: state.module.clone(),
        seals_asking_pin: seals
            .filter(|registered| service.asking_pin.contains(&registered.seal.id))
            .map(|registered| registered.seal.name.clone())
            .collect(),
        pin_to_be_changed: state.pin.to_be_changed,
        inspection_due_us: service.inspection_due_us(&state.serial),
        so_pin_count_low: state.pin.so_count_low,
        so_pin_final_try: state.pin.so_final_try,
        so_pin_locked: state.pin.so_locked,
        pin_not_own: service.pin_not_own(&state.serial).is_some(),
    }
}

/// The last event of a submission that was kept.
pub(super) fn submitted(submitted: &Submitted) -> v1::submit_event::Event {
    let seen = submitted.seen.as_ref();
    v1::submit_event::Event::Submitted(v1::Submitted {
        request_id: submitted.request.to_string(),
        facts: Some(facts(&submitted.document)),
        findings: submitted.findings.iter().map(finding).collect(),
        boxes: vec![seal_box(submitted.seal_box)],
        expires_us: submitted.expires_us,
        state: seen.map(|seen| seen.standing.name().to_owned()).unwrap_or_default(),
        binding: seen.map(|seen| requests::binding(&seen.facts.binding)).unwrap_or_default(),
        tickets_needed: seen.map_or(0, |seen| seen.tickets_needed),
    })
}

/// The last event of a submission that was refused.
pub(super) fn refusal(refused: &Refused) -> v1::submit_event::Event {
    v1::submit_event::Event::Refused(self::refused(refused))
}

/// A refusal with the table's texts.
pub(super) fn refused(refused: &Refused) -> v1::Refusal {
    v1::Refusal {
        violations: violations(&refused.refusal),
        journal_seq: refused.journal_seq.unwrap_or(0),
        journaled: refused.journal_seq.is_some(),
    }
}

fn violations(refusal: &refusal::Refusal) -> Vec<v1::Violation> {
    refusal.violations().map(violation).collect()
}

fn violation(violation: &Violation) -> v1::Violation {
    let reason = violation.reason;
    v1::Violation {
        reason: reason.code().to_owned(),
        clause: reason.clause().to_owned(),
        text_zh: reason.text(Language::Chinese).to_owned(),
        text_en: reason.text(Language::English).to_owned(),
        hint_zh: reason.hint(Language::Chinese).to_owned(),
        hint_en: reason.hint(Language::English).to_owned(),
        details: violation.details.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
    }
}

/// Something that is worth knowing and stands against nothing.
pub(super) fn warning(violation: &Violation) -> v1::Finding {
    let v1::Violation { reason, text_zh, text_en, hint_zh, hint_en, details, .. } =
        self::violation(violation);
    let severity = "warn".to_owned();
    v1::Finding { severity, reason, text_zh, text_en, hint_zh, hint_en, details, ..Default::default() }
}

/// What the custodian confirms.
pub(super) fn prepared(reviewed: &Reviewed) -> v1::Prepared {
    let asked = &reviewed.kept.asked;
    v1::Prepared {
        prepared_sha256: reviewed.prepared.0.to_vec(),
        facts: Some(facts(&reviewed.document)),
        findings: reviewed.findings.iter().map(finding).collect(),
        boxes: vec![seal_box(reviewed.seal_box)],
        seal_id: reviewed.kept.seal.to_string(),
        seal_name: reviewed.seal_name.clone(),
        seal_object_sha256: reviewed.seal_object.0.to_vec(),
        reason: asked.reason.clone(),
        document_class: asked.document_class.clone(),
        copies: asked.copies,
        copies_left: asked.copies.saturating_sub(reviewed.kept.copies_used),
        file_name: asked.file_name.clone(),
        applicant: reviewed.applicant.clone(),
        approvers: reviewed.approvers.clone(),
    }
}

pub(super) fn facts(document: &DocumentFacts) -> v1::Facts {
    let Facts { version, pages, pdf_a, tagged, signatures, .. } = &document.facts;
    let whole = document.size;
    v1::Facts {
        size: document.size,
        sha256: document.sha256.0.to_vec(),
        pages: u32::try_from(*pages).unwrap_or(u32::MAX),
        pdf_version: format!("{}.{}", version.0, version.1),
        pdfa_claim: pdfa_claim(pdf_a),
        tagged: *tagged,
        signatures: signatures
            .iter()
            .map(|signature| v1::ExistingSignature {
                field_name: signature.field.name.clone(),
                docmdp: signature.doc_mdp.map_or(0, |level| u32::from(level.level())),
                covers_whole_file: signature
                    .byte_range
                    .is_some_and(|[_, _, second, length]| second.saturating_add(length) == whole),
            })
            .collect(),
    }
}

/// `1B`, `2A`, `4`; `?` where the claim is contradictory.
fn pdfa_claim(claim: &PdfAClaim) -> String {
    match claim {
        PdfAClaim::None => String::new(),
        PdfAClaim::Part { part, conformance } => {
            format!("{part}{}", conformance.as_deref().unwrap_or_default())
        }
        PdfAClaim::Unclear => "?".to_owned(),
    }
}

pub(super) fn seal_box(seal_box: SealBox) -> v1::Box {
    v1::Box {
        page: seal_box.page.saturating_add(1),
        left_um: seal_box.left_um,
        top_um: seal_box.top_um,
        width_um: seal_box.width_um,
        height_um: seal_box.height_um,
    }
}

/// A page's picture as announced.
pub(super) fn drawn_page(page: &DrawnPage) -> v1::DrawnPage {
    let size = u32::try_from(page.png.len()).unwrap_or(u32::MAX);
    v1::DrawnPage { number: page.number, width: page.width, height: page.height, dpi: page.dpi, size }
}

/// How a stamping ended.
pub(super) fn stamp_outcome(use_id: UseId, outcome: StampOutcome) -> v1::stamp_reply::Result {
    use v1::stamp_reply::Result as Reply;
    match outcome {
        StampOutcome::Complete(complete) => Reply::Complete(receipt(*complete)),
        StampOutcome::NotDone { abandoned, reason, intent_seq, outcome_seq } => {
            let cause = Some(violation(&Violation::new(reason)));
            let not_done = v1::NotDone { use_id: use_id.to_string(), cause, intent_seq, outcome_seq };
            if abandoned { Reply::Abandoned(not_done) } else { Reply::Failed(not_done) }
        }
    }
}

/// A receipt as told.
pub(super) fn receipt(receipt: Receipt) -> v1::Receipt {
    let bytes = |digest: sealkeeper_journal::Digest| digest.as_bytes().to_vec();
    v1::Receipt {
        use_id: receipt.use_id,
        request_id: receipt.request_id,
        seal_id: receipt.seal_id,
        copy: receipt.copy,
        copies: receipt.copies,
        intent_seq: receipt.intent_seq,
        outcome_seq: receipt.outcome_seq,
        intent_leaf_hash: bytes(receipt.intent_leaf),
        outcome_leaf_hash: bytes(receipt.outcome_leaf),
        journal_origin: receipt.journal_origin,
        tree_size: receipt.tree_size,
        root_hash: bytes(receipt.root),
        input_sha256: bytes(receipt.input_sha256),
        input_size: receipt.input_size,
        output_sha256: bytes(receipt.output_sha256),
        output_size: receipt.output_size,
        signature_sha256: bytes(receipt.signature_sha256),
        certificate_sha256: bytes(receipt.certificate_sha256),
        token_serial: receipt.token_serial,
        time_us: receipt.time_us,
        solo: receipt.solo,
    }
}
