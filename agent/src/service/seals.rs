//! Seals as they stand, for whoever wants to know: also those that were suspended, revoked or destroyed, of which only uses are refused.

use std::sync::Arc;

use sealkeeper_domain::{
    act::jws::UnverifiedJws,
    identity::{ActId, SealId},
    office::{Ended, SealEntry, SealLife},
    reason::Reason,
    seal::SealSize,
};

use super::{Failure, Finding, Service};
use crate::pipeline::{
    identify::Caller,
    ports::{ledger::ActChoice, registry::RegisteredSeal},
};

/// A seal with what acts have made of it.
pub(crate) struct KnownSeal {
    /// Its life; `None` in a solo journal, whose seals have none.
    pub(crate) entry: Option<SealEntry>,
    /// What is known of it beside the token; why it is not, where its object is missing or bad; `None` where it is not made yet.
    pub(crate) registered: Option<Result<Arc<RegisteredSeal>, Reason>>,
}

/// What of a seal somebody sees beside its name and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeenOfSeal {
    /// How it looks.
    pub(crate) picture: bool,
    /// What was said of it in words.
    pub(crate) affairs: bool,
}

/// Why a seal stands as it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Why {
    /// Code of the act that said so; empty where it has none.
    pub(crate) code: String,
    /// Words of that act; empty where there are none, or no longer.
    pub(crate) text: String,
}

impl Service {
    /// The seal with this id or name, whatever its life says.
    ///
    /// # Errors
    /// [`Reason::SealUnknown`], [`Reason::SealAmbiguous`].
    pub(crate) fn known_seal(&self, id_or_name: &str) -> Result<KnownSeal, Reason> {
        let Ok(desk) = self.office() else {
            let registered = Some(Ok(self.registry.find(id_or_name)?));
            return Ok(KnownSeal { entry: None, registered });
        };
        let current = desk.now();
        let entry = current.named(id_or_name)?.clone();
        let registered = entry.life.made().map(|_| current.made(entry.id()));
        Ok(KnownSeal { entry: Some(entry), registered })
    }

    /// What of a seal this caller sees; of a solo journal's, all of it.
    pub(crate) fn sees_of(&self, caller: &Caller, known: &KnownSeal) -> SeenOfSeal {
        let (Ok(desk), Some(entry)) = (self.office(), &known.entry) else {
            return SeenOfSeal { picture: true, affairs: true };
        };
        let current = desk.now();
        let reader = self.reader(&current, caller);
        SeenOfSeal { picture: reader.sees_picture(entry), affairs: reader.sees_affairs(entry) }
    }

    /// All seals whose keys lie on tokens and that have not ended.
    pub(crate) fn known_seals(&self) -> Vec<KnownSeal> {
        let current = self.office().ok().map(|desk| desk.now());
        let known = |registered: Arc<RegisteredSeal>| {
            let entry = current.as_ref().and_then(|current| current.office.seals.get(&registered.seal.id));
            KnownSeal { entry: entry.cloned(), registered: Some(Ok(registered)) }
        };
        self.registry.all().into_iter().map(known).collect()
    }

    /// Why a seal is suspended or has ended, by the acts that said so.
    pub(crate) async fn why(&self, entry: &SealEntry) -> Result<Why, Failure> {
        let retirement = |ended: &Ended| Why {
            code: named(&ended.retiring.retirement.reason),
            text: ended.retiring.retirement.text.clone(),
        };
        match &entry.life {
            SealLife::Suspended(suspended) => match suspended.report {
                Some(report) => {
                    let current = self.office().map_err(Failure::Fault)?.now();
                    let notice = current.office.notices.get(&suspended.by.act);
                    let text = notice.map(|notice| notice.text.clone()).unwrap_or_default();
                    Ok(Why { code: named(&report), text })
                }
                None => self.why_said(entry, suspended.by.act).await,
            },
            SealLife::Refused(by) => self.why_said(entry, by.act).await,
            SealLife::Revoked(ended) | SealLife::Destroyed { ended, .. } => Ok(retirement(ended)),
            _ => Ok(Why::default()),
        }
    }

    /// The reason that stands in the text of one of a seal's acts, as long as that is kept.
    async fn why_said(&self, entry: &SealEntry, act: ActId) -> Result<Why, Failure> {
        let choice = ActChoice { seal: Some(entry.id().clone()), ..ActChoice::default() };
        let rows = self.ledger.acts(choice, 0, u32::MAX).await.map_err(|error| {
            tracing::error!(%error, "the acts of a seal cannot be read");
            Failure::Fault(Reason::Internal)
        })?;
        let text = rows.into_iter().find(|row| row.act == act).and_then(|row| row.text);
        let said = text.and_then(|text| {
            let act = UnverifiedJws::parse(&text).ok()?;
            Some(act.unverified_claims().get("reason")?.as_str()?.to_owned())
        });
        Ok(Why { code: String::new(), text: said.unwrap_or_default() })
    }

    /// What is worth knowing of a seal before it is made and used, by the policy in force (A5). Nothing of one that has ended.
    pub(crate) fn findings_of_seal(&self, entry: &SealEntry) -> Vec<Finding> {
        let (application, id) = (&entry.application, entry.id());
        let size =
            SealSize::new(application.width_um, application.height_um).filter(|_| entry.life.is_live());
        let warning = size.and_then(|size| self.policy.now().pictures.warning(size));
        warning.map(|warning| Finding::warn(warning).of(id)).into_iter().collect()
    }

    /// The same of a seal that an act of this type was filed about: whoever applies, approves, reviews and makes is told.
    pub(super) fn findings_of_act(&self, typ: &str, seal: Option<&SealId>) -> Vec<Finding> {
        let (true, Some(seal), Ok(desk)) =
            (matches!(typ, "seal-apply" | "seal-approve" | "seal-review" | "seal-make"), seal, self.office())
        else {
            return Vec::new();
        };
        desk.now().office.seals.get(seal).map(|entry| self.findings_of_seal(entry)).unwrap_or_default()
    }
}

/// The kebab-case name that serde gives a value of few, as records and contract tell it.
pub(crate) fn named(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
