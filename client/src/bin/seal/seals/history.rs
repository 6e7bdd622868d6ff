//! `seal seals history`

use clap::Args;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::facts::Row;
use crate::failure::Failure;
use crate::office::{SealEntry, columns, state_in_words};
use crate::screen::{hex, millimetres};
use crate::{Session, facts, screen};

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
    ];
    let rows = rows.into_iter().filter(|(_, _, value)| !value.is_empty());
    rows.map(|(chinese, english, value)| Row::new(chinese, english, value)).collect()
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
        "history": history.collect::<Vec<_>>(),
    })
}
