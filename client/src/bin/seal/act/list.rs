//! `seal act list`

use clap::Args;
use sealkeeper_domain::identity::{PersonId, RequestId, SealId};
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::office::columns;
use crate::{Session, facts, screen, signing};

/// List acts (签批) on record, oldest first
#[derive(Args)]
pub(crate) struct List {
    /// Those about this seal
    #[arg(long, value_name = "ID")]
    seal: Option<SealId>,

    /// Those about, or signed by, this person
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,

    /// Those about this request
    #[arg(long, value_name = "ID")]
    request: Option<RequestId>,

    /// Those of this type: request-approve, seal-suspend, …
    #[arg(long = "type", value_name = "TYPE")]
    typ: Option<String>,

    /// Begin at this record of the journal
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    from: u64,

    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

impl List {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let selection = v1::ListActsRequest {
            seal_id: self.seal.map(|id| id.to_string()).unwrap_or_default(),
            person_id: self.person.map(|id| id.to_string()).unwrap_or_default(),
            request_id: self.request.map(|id| id.to_string()).unwrap_or_default(),
            typ: self.typ.unwrap_or_default(),
            from_seq: self.from,
            limit: self.limit,
        };
        let acts = session.connect().await?.acts(selection).await?;
        if session.json {
            let acts: Vec<_> = acts.iter().map(as_json).collect();
            screen::print_json(&json!({ "outcome": "done", "acts": acts }));
        } else {
            acts.iter().for_each(|act| screen::print(line(session, act)));
        }
        Ok(())
    }
}

fn line(session: &Session, act: &v1::ListedAct) -> String {
    let filed = act.filed.clone().unwrap_or_default();
    let erased = if act.act.is_empty() { session.say("原文已清除", "its text was erased") } else { "" };
    let line = columns(&[
        &screen::time_us(filed.time_us),
        &filed.act_id,
        &facts::act_in_words(session, &filed.typ),
        &facts::with_note(&act.signer_name, &filed.signer),
        &act.seal_id,
        &act.request_id,
        erased,
    ]);
    format!("{:>6}  {line}", filed.seq)
}

fn as_json(act: &v1::ListedAct) -> Value {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "filed": signing::filed_as_json(&act.filed.clone().unwrap_or_default()),
        "signer_name": act.signer_name,
        "act": some(&act.act),
        "seal_id": some(&act.seal_id),
        "request_id": some(&act.request_id),
    })
}
