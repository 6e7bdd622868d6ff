//! The office as the commands need it: a seal or a person by what they are called, and words for what they are.

use sealkeeper_client::Agent;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::identity::{ActId, Digest, PersonId, SealId};
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Session;
use crate::failure::Failure;

/// A word of the contract, `seal-office`, as the value it stands for; for the parser of arguments.
pub(crate) fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|error| error.to_string())
}

/// A seal of the office with the ids it holds, each in its form.
pub(crate) struct SealEntry {
    /// Its id.
    pub(crate) id: SealId,
    /// Everything told of it.
    pub(crate) told: v1::OfficeSeal,
}

impl SealEntry {
    /// The seal of this id, else of this name.
    pub(crate) async fn find(agent: &Agent, named: &str) -> Result<Self, Failure> {
        Self::among(agent.show_office().await?.seals, named)
    }

    /// The same of seals that were told of.
    pub(crate) fn among(seals: Vec<v1::OfficeSeal>, named: &str) -> Result<Self, Failure> {
        let (by_id, others): (Vec<_>, Vec<_>) = seals.into_iter().partition(|seal| seal.seal_id == named);
        // What was refused or revoked keeps its name, and gives way to the living.
        let ended =
            |seal: &v1::OfficeSeal| matches!(seal.state.as_str(), "refused" | "revoked" | "destroyed");
        let (ended, live): (Vec<_>, Vec<_>) =
            others.into_iter().filter(|seal| seal.name == named).partition(ended);
        let found = [by_id, live, ended].into_iter().find(|seals| !seals.is_empty()).unwrap_or_default();
        let [told] = <[v1::OfficeSeal; 1]>::try_from(found)
            .map_err(|found| if found.is_empty() { Reason::SealUnknown } else { Reason::SealAmbiguous })?;
        let id = told.seal_id.parse().map_err(|error| Failure::local(Reason::AnswerBad, error))?;
        Ok(Self { id, told })
    }

    /// The act the next step has to name.
    pub(crate) fn about(&self) -> Result<ActId, Failure> {
        self.told.about.parse().map_err(|error| Failure::local(Reason::AnswerBad, error))
    }

    /// Its seal object, once there is one.
    pub(crate) fn object(&self, session: &Session) -> Result<Digest, Failure> {
        Digest::from_bytes(&self.told.object_sha256).ok_or_else(|| Failure::Arguments {
            text: session.say("印章尚未制作", "the seal is not made yet").to_owned(),
            hint: session.say("用 `seal seals make` 制作", "make it with `seal seals make`").to_owned(),
        })
    }

    /// Its custodian.
    pub(crate) fn custodian(&self) -> Result<PersonId, Failure> {
        self.told.custodian.parse().map_err(|error| Failure::local(Reason::AnswerBad, error))
    }

    /// To whom it is offered.
    pub(crate) fn offered_to(&self, session: &Session) -> Result<PersonId, Failure> {
        self.told.offered_to.parse().map_err(|_| Failure::Arguments {
            text: session.say("没有人提出移交这枚印章", "nobody has offered this seal").to_owned(),
            hint: session
                .say("先用 `seal seals offer` 提出移交", "offer it with `seal seals offer` first")
                .to_owned(),
        })
    }
}

/// A role in words.
pub(crate) fn role_in_words<'a>(session: &'a Session, role: &'a str) -> &'a str {
    match role {
        "seal-office" => session.say("印章管理部门", "seal office"),
        "unit-head" => session.say("单位负责人", "unit head"),
        "custodian" => session.say("保管人", "custodian"),
        "applicant" => session.say("用印人", "applicant"),
        "approver" => session.say("审批人", "approver"),
        "auditor" => session.say("监督检查", "auditor"),
        other => other,
    }
}

/// Where a seal's life stands, in words.
pub(crate) fn state_in_words<'a>(session: &'a Session, state: &'a str) -> &'a str {
    match state {
        "applied" => session.say("已申请", "applied for"),
        "refused" => session.say("已驳回", "refused"),
        "approved" => session.say("已批准", "approved"),
        "reviewed" => session.say("已审核", "reviewed"),
        "made" => session.say("已制作", "made"),
        "issued" => session.say("已发放", "issued"),
        "active" => session.say("使用中", "active"),
        "suspended" => session.say("已暂停", "suspended"),
        "revoked" => session.say("已注销", "revoked"),
        "destroyed" => session.say("已销毁", "destroyed"),
        other => other,
    }
}

/// A report in words.
pub(crate) fn report_in_words<'a>(session: &'a Session, what: &'a str) -> &'a str {
    match what {
        "damage" => session.say("损坏", "damage"),
        "loss" => session.say("丢失", "loss"),
        "pin-leak" => session.say("PIN 泄露", "leaked PIN"),
        other => other,
    }
}

/// Why a seal is suspended or has ended, in words: a report or a reason of a revocation.
pub(crate) fn reason_in_words<'a>(session: &'a Session, reason: &'a str) -> &'a str {
    match reason {
        "retired" => session.say("实物印章停用或单位更名", "physical seal retired or unit renamed"),
        "custodian-left" => session.say("保管人离职未移交", "the custodian left without handing it over"),
        "token-unusable" => session.say("载体无法使用", "the token cannot be used any more"),
        "expired" => session.say("到期或超出用途", "expired or out of scope"),
        "other" => session.say("其他", "other"),
        report => report_in_words(session, report),
    }
}

/// Columns on one line, those that are empty left out, safe to show.
pub(crate) fn columns(columns: &[&str]) -> String {
    let columns = columns.iter().filter(|column| !column.is_empty()).map(|column| for_terminal(column));
    columns.collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use sealkeeper_domain::office::Role;

    use super::*;

    fn seal(seal_id: &str, name: &str, state: &str) -> v1::OfficeSeal {
        v1::OfficeSeal {
            seal_id: seal_id.into(),
            name: name.into(),
            state: state.into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_seal_is_found_by_its_id_then_among_the_living_by_its_name() {
        let seals = || {
            vec![
                seal("old", "公章", "revoked"),
                seal("new", "公章", "active"),
                seal("a", "合同专用章", "active"),
                seal("b", "合同专用章", "active"),
                seal("gone", "财务专用章", "destroyed"),
            ]
        };
        let found = |named: &str| match SealEntry::among(seals(), named) {
            Ok(entry) => entry.id.to_string(),
            Err(failure) => failure.reason().unwrap().code().to_owned(),
        };
        for (named, id) in [
            ("old", "old"),
            ("公章", "new"),
            ("财务专用章", "gone"),
            ("合同专用章", "seal-ambiguous"),
            ("b", "b"),
            ("发票专用章", "seal-unknown"),
        ] {
            assert_eq!(found(named), id, "{named}");
        }
    }

    #[test]
    fn words_of_the_contract_are_read() {
        assert_eq!(word::<Role>("unit-head"), Ok(Role::UnitHead));
        assert!(word::<Role>("UnitHead").unwrap_err().contains("unit-head"));
    }
}
