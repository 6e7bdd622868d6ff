//! `seal seals history`

use clap::Args;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use super::{CertificateEnd, has_ended, warnings};
use crate::facts::Row;
use crate::failure::Failure;
use crate::office::{SealEntry, columns, state_in_words};
use crate::screen::{hex, millimetres};
use crate::{Session, facts, finding, screen};

/// Show a seal's life: what was applied for, where it stands, and every step with the act that took it
#[derive(Args)]
pub(super) struct History {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,
}

impl History {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let seal = SealEntry::find(&session.connect().await?, &self.seal).await?.told;
        if session.json {
            screen::print_json(&json!({ "outcome": "done", "seal": as_json(&seal) }));
            return Ok(());
        }
        rows(session, &seal).iter().for_each(|row| screen::print(row.line(session)));
        for step in &seal.history {
            screen::print(columns(&[
                &screen::time_us(step.time_us),
                &facts::act_in_words(session, &step.typ),
                &step.person_id,
                state_in_words(session, &step.state),
                &step.act_id,
            ]));
        }
        Ok(())
    }
}

fn rows(session: &Session, seal: &v1::OfficeSeal) -> Vec<Row> {
    let (width, height) = (millimetres(seal.width_um.into()), millimetres(seal.height_um.into()));
    let rows = [
        ("编号", "id", seal.seal_id.clone()),
        ("名称", "name", seal.name.clone()),
        ("单位", "unit", seal.unit.clone()),
        ("种类", "kind", kind_in_words(session, &seal.kind).to_owned()),
        ("状态", "state", state_in_words(session, &seal.state).to_owned()),
        ("保管人", "custodian", seal.custodian.clone()),
        ("用途", "purpose", seal.purpose.clone()),
        ("使用范围", "scope", seal.scope.join(session.say("、", ", "))),
        ("尺寸", "size", format!("{width}×{height} mm")),
        ("图片摘要", "picture SHA", hex(&seal.picture_sha256)),
        ("印章对象", "seal object", hex(&seal.object_sha256)),
        ("密钥", "key", seal.key_uri.clone()),
        ("证书", "certificate", seal.certificate_uri.clone()),
        ("移交给", "offered to", seal.offered_to.clone()),
        ("认证机构", "authority", seal.certificate_authority.clone()),
        ("证书吊销", "revocation", certificate_in_words(session, seal)),
    ];
    let rows = rows.into_iter().filter(|(_, _, value)| !value.is_empty());
    let rows = rows.map(|(chinese, english, value)| Row::new(chinese, english, value));
    rows.chain(warnings(session, &seal.findings)).collect()
}

/// What became of the certificate of a seal that has ended (R1).
fn certificate_in_words(session: &Session, seal: &v1::OfficeSeal) -> String {
    let is_due = !seal.object_sha256.is_empty() && has_ended(&seal.state);
    let (asked_us, revoked_us) = (seal.certificate_asked_us, seal.certificate_revoked_us);
    CertificateEnd { is_due, asked_us, revoked_us }.in_words(session)
}

fn kind_in_words<'a>(session: &'a Session, kind: &'a str) -> &'a str {
    match kind {
        "official" => session.say("公章", "official"),
        "contract" => session.say("合同专用章", "contract"),
        "finance" => session.say("财务专用章", "finance"),
        "invoice" => session.say("发票专用章", "invoice"),
        "legal-representative" => session.say("法定代表人章", "legal representative"),
        "personnel" => session.say("人事专用章", "personnel"),
        "other" => session.say("其他", "other"),
        other => other,
    }
}

/// A seal of the office, for programs.
pub(super) fn as_json(seal: &v1::OfficeSeal) -> Value {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let history = seal.history.iter().map(|step| {
        json!({
            "typ": step.typ,
            "act_id": step.act_id,
            "person_id": step.person_id,
            "time_us": step.time_us,
            "state": step.state,
        })
    });
    json!({
        "id": seal.seal_id,
        "name": seal.name,
        "unit": seal.unit,
        "kind": seal.kind,
        "state": seal.state,
        "custodian": known(&seal.custodian),
        "scope": seal.scope,
        "purpose": seal.purpose,
        "width_um": seal.width_um,
        "height_um": seal.height_um,
        "picture_sha256": known(&hex(&seal.picture_sha256)),
        "object_sha256": known(&hex(&seal.object_sha256)),
        "key_uri": known(&seal.key_uri),
        "certificate_uri": known(&seal.certificate_uri),
        "about": known(&seal.about),
        "offered_to": known(&seal.offered_to),
        "offer_accepted": seal.offer_accepted,
        "certificate_authority": known(&seal.certificate_authority),
        "certificate_asked_us": (seal.certificate_asked_us != 0).then_some(seal.certificate_asked_us),
        "certificate_revoked_us": (seal.certificate_revoked_us != 0).then_some(seal.certificate_revoked_us),
        "history": history.collect::<Vec<_>>(),
        "findings": seal.findings.iter().map(finding::as_json).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use sealkeeper_domain::reason::Language;

    use super::*;

    #[test]
    fn what_became_of_an_ended_seals_certificate_is_told() {
        let session = Session::with_no_agent(Language::English);
        let seal = |state: &str, asked, revoked| v1::OfficeSeal {
            state: state.into(),
            object_sha256: vec![7; 32],
            certificate_asked_us: asked,
            certificate_revoked_us: revoked,
            ..Default::default()
        };
        let told = |state, asked, revoked| certificate_in_words(&session, &seal(state, asked, revoked));
        let (day, next) = (1_800_000_000_000_000, 1_800_086_400_000_000);
        assert_eq!(told("active", 0, 0), "");
        assert_eq!(told("revoked", 0, 0), "not asked for");
        let asked = told("destroyed", day, 0);
        assert!(asked.starts_with("asked for 2027-01-1") && asked.ends_with("not done yet"), "{asked}");
        assert!(told("revoked", day, next).starts_with("done 2027-01-1"));
        assert_eq!(as_json(&seal("revoked", day, 0))["certificate_asked_us"], json!(day));
    }
}
