//! Records of an agent's journal, checked as they arrive.

use std::collections::BTreeMap;

use sealkeeper_journal::{Commitment, Disclosure, Record, SALT_LENGTH, leaf_hash};
use sealkeeper_proto::v1;
use serde_json::Value;

use crate::Agent;
use crate::error::ClientError;
use sealkeeper_domain::reason::Reason;

/// Which records to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// The newest ones, at most this many.
    Newest(u32),
    /// From this position on, at most so many.
    From(u64, u32),
}

/// A record whose bytes have the leaf hash they came with.
#[derive(Debug, Clone)]
pub struct CheckedRecord {
    /// Position in the journal.
    pub seq: u64,
    /// Leaf hash (RFC 6962), hexadecimal.
    pub leaf_hash: String,
    /// The record's object as it stands.
    pub value: Value,
    /// The record, where this version knows its type.
    pub record: Option<Record>,
    /// Its bytes: what the leaf hash is of.
    pub bytes: Vec<u8>,
    /// The lists it holds only digest and count of, by field, as they came: to be held against the digest by whoever uses them.
    pub lists: BTreeMap<String, Vec<u8>>,
    /// What its commitments stand for, by their dotted path; only what does open them.
    pub disclosed: BTreeMap<String, String>,
    /// Fields for which something came that does not open the commitment.
    pub unproven: Vec<String>,
}

impl Agent {
    /// Records in rising order.
    ///
    /// # Errors
    /// [`Reason::RecordMismatch`] where bytes and leaf hash or position disagree; a fault, or a lost connection.
    pub async fn records(&self, selection: Selection) -> Result<Vec<CheckedRecord>, ClientError> {
        let (from_seq, limit, newest) = match selection {
            Selection::Newest(limit) => (0, limit, true),
            Selection::From(seq, limit) => (seq, limit, false),
        };
        let request = v1::ListRecordsRequest { from_seq, limit, newest, types: Vec::new() };
        let of_status = |status| ClientError::from_status(&status);
        let mut records = self.journal_service().list_records(request).await.map_err(of_status)?.into_inner();
        let mut checked = Vec::new();
        while let Some(record) = records.message().await.map_err(of_status)? {
            checked.push(CheckedRecord::of(record)?);
        }
        Ok(checked)
    }
}

impl CheckedRecord {
    fn of(sent: v1::JournalRecord) -> Result<Self, ClientError> {
        let mismatch = || ClientError::local(Reason::RecordMismatch, format_args!("seq {}", sent.seq));
        let leaf = leaf_hash(&sent.jcs);
        let value: Value = serde_json::from_slice(&sent.jcs).map_err(|_| mismatch())?;
        if sent.leaf_hash[..] != leaf.as_bytes()[..]
            || value.get("seq").and_then(Value::as_u64) != Some(sent.seq)
        {
            return Err(mismatch());
        }
        let (mut disclosed, mut unproven) = (BTreeMap::new(), Vec::new());
        for disclosure in sent.disclosures {
            match opened(&value, disclosure) {
                Ok((field, text)) => {
                    disclosed.insert(field, text);
                }
                Err(field) => unproven.push(field),
            }
        }
        let record = Record::parse(&sent.jcs).ok();
        let lists = sent.lists.into_iter().map(|list| (list.field, list.jcs)).collect();
        let (seq, leaf_hash, bytes) = (sent.seq, leaf.to_string(), sent.jcs);
        Ok(Self { seq, leaf_hash, value, record, bytes, lists, disclosed, unproven })
    }

    /// Whether it holds commitments none of which can be opened any more: what they stood for was erased after the retention the policy sets.
    pub fn erased(&self) -> bool {
        let committed = self.record.as_ref().is_some_and(|record| !record.commitments().is_empty());
        committed && self.disclosed.is_empty() && self.unproven.is_empty()
    }

    /// A value of the record by its dotted path, as text; for a commitment what it stands for, if that is known.
    pub fn field(&self, path: &str) -> Option<&str> {
        if let Some(text) = self.disclosed.get(path) {
            return Some(text);
        }
        self.value.pointer(&format!("/{}", path.replace('.', "/")))?.as_str()
    }
}

/// Looked up in the JSON rather than in the typed record, so that it works for types of later versions too.
fn opened(record: &Value, sent: v1::Disclosure) -> Result<(String, String), String> {
    let committed: Option<Commitment> = record
        .pointer(&format!("/{}", sent.field.replace('.', "/")))
        .and_then(|digits| serde_json::from_value(digits.clone()).ok());
    let salt: Option<[u8; SALT_LENGTH]> = sent.salt.try_into().ok();
    let (Some(committed), Some(salt)) = (committed, salt) else { return Err(sent.field) };
    let disclosure = Disclosure { field: sent.field, salt: salt.into(), value: sent.value };
    if disclosure.opens(&committed) {
        Ok((disclosure.field, disclosure.value))
    } else {
        Err(disclosure.field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealkeeper_journal::{AgentStarted, Mode, RecordBody, Salt};

    fn sent() -> v1::JournalRecord {
        let salt = [7; SALT_LENGTH];
        let body = RecordBody::AgentStarted(AgentStarted {
            version: "0.1.0".parse().unwrap(),
            origin: "localhost/seal-journal/1".parse().unwrap(),
            host: Commitment::to(&Salt::from(salt), "desk-7"),
        });
        let jcs = Record { seq: 3, time_us: 5, mode: Mode::Solo, body }.encode().unwrap();
        let leaf_hash = leaf_hash(&jcs).as_bytes().to_vec();
        let disclosure = v1::Disclosure { field: "host".into(), salt: salt.to_vec(), value: "desk-7".into() };
        v1::JournalRecord { seq: 3, jcs, leaf_hash, disclosures: vec![disclosure], lists: vec![] }
    }

    #[test]
    fn commitments_show_what_they_stand_for() {
        let checked = CheckedRecord::of(sent()).unwrap();
        assert_eq!(checked.field("host"), Some("desk-7"));
        assert_eq!(checked.field("origin"), Some("localhost/seal-journal/1"));
        assert_eq!(checked.field("absent"), None);
        assert!(checked.unproven.is_empty() && checked.record.is_some());
    }

    #[test]
    fn a_disclosure_that_does_not_open_is_not_believed() {
        let mut forged = sent();
        forged.disclosures[0].value = "desk-8".into();
        let checked = CheckedRecord::of(forged).unwrap();
        assert_eq!((checked.unproven, checked.disclosed.len()), (vec!["host".to_owned()], 0));
    }

    #[test]
    fn bytes_and_hash_must_agree() {
        let mut other_seq = sent();
        other_seq.seq = 4;
        let mut other_hash = sent();
        other_hash.leaf_hash[0] ^= 1;
        for wrong in [other_seq, other_hash] {
            let error = CheckedRecord::of(wrong).unwrap_err();
            assert!(matches!(error, ClientError::Local { reason: Reason::RecordMismatch, .. }));
        }
    }
}
