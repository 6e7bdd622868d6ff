//! The journal as a reader without the agent sees it: strictly parsed, hashed anew.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sealkeeper_journal::{
    Digest, Disclosure, Frontier, Intent, ListDigest, Outcome, Record, RecordBody, Refused, Report, check,
    leaf_hash,
};
use sealkeeper_proto::v1;
use uuid::Uuid;

/// A record with its bytes and what stands beside it.
#[derive(Debug)]
pub struct Entry {
    /// What the bytes say.
    pub record: Record,
    /// As they stand.
    pub bytes: Vec<u8>,
    /// Disclosures and lists, as sent; none when read from the file.
    pub beside: v1::JournalRecord,
}

/// Records from the first on.
#[derive(Debug, Default)]
pub struct Journal {
    /// In order.
    pub entries: Vec<Entry>,
}

impl Journal {
    /// Takes the next record as the agent sent it.
    ///
    /// # Panics
    /// If it is no record, is out of order, or its leaf hash is another.
    pub(crate) fn push(&mut self, sent: v1::JournalRecord) {
        let record = Record::parse(&sent.jcs).unwrap();
        assert_eq!((sent.seq, record.seq), (self.entries.len() as u64, self.entries.len() as u64));
        assert_eq!(sent.leaf_hash, leaf_hash(&sent.jcs).as_bytes());
        self.entries.push(Entry { record, bytes: sent.jcs.clone(), beside: sent });
    }

    /// The records of a stopped agent's home, straight from the file.
    pub fn on_disk(home: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(home.join("journal.db"), flags).unwrap();
        let mut statement =
            connection.prepare("SELECT seq, bytes, leaf_hash FROM records ORDER BY seq").unwrap();
        let rows = statement.query_map([], |row| {
            let (seq, jcs, leaf_hash) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(v1::JournalRecord { seq, jcs, leaf_hash, ..Default::default() })
        });
        let mut journal = Self::default();
        for row in rows.unwrap() {
            journal.push(row.unwrap());
        }
        journal
    }

    /// The records.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.entries.iter().map(|entry| &entry.record)
    }

    /// Types of all records from `from` on. That a token was seen comes in its own time, see [`crate::Rpc::seen`]; that a version was, which is told
    /// once and in its own time too, is left out.
    pub fn types_from(&self, from: usize) -> Vec<&'static str> {
        let types = self.records().skip(from).map(|record| record.body.type_name());
        types.filter(|name| *name != "version_seen").collect()
    }

    /// Types of all records.
    pub fn types(&self) -> Vec<&'static str> {
        self.types_from(0)
    }

    /// How many records there are of this type.
    pub fn count(&self, type_name: &str) -> usize {
        self.records().filter(|record| record.body.type_name() == type_name).count()
    }

    /// The refusals.
    pub fn refusals(&self) -> Vec<&Refused> {
        let refused = |record| match record {
            &Record { body: RecordBody::Refused(ref refused), .. } => Some(refused),
            _ => None,
        };
        self.records().filter_map(refused).collect()
    }

    /// The codes of each refusal.
    pub fn refused_codes(&self) -> Vec<Vec<String>> {
        let codes = |refused: &Refused| refused.violations.iter().map(|v| v.code.to_string()).collect();
        self.refusals().into_iter().map(codes).collect()
    }

    /// The intents.
    pub fn intents(&self) -> Vec<&Intent> {
        let intent = |record| match record {
            &Record { body: RecordBody::Intent(ref intent), .. } => Some(&**intent),
            _ => None,
        };
        self.records().filter_map(intent).collect()
    }

    /// The one intent of this use and the one outcome after it.
    ///
    /// # Panics
    /// If there are more or fewer.
    pub fn of_use(&self, use_id: Uuid) -> (&Record, &Record) {
        let is_of = |body: &RecordBody| match body {
            RecordBody::Intent(intent) => intent.use_id == use_id,
            body => body.outcome().is_some_and(|outcome: Outcome<'_>| outcome.use_id() == use_id),
        };
        let found: Vec<_> = self.records().filter(|record| is_of(&record.body)).collect();
        let [intent, outcome] = found[..] else { panic!("records of use {use_id}: {found:?}") };
        assert!(matches!(intent.body, RecordBody::Intent(_)) && outcome.body.outcome().is_some());
        (intent, outcome)
    }

    /// RFC 6962 root hash over the first `size` records, computed here from their bytes.
    pub fn root_of(&self, size: u64) -> Digest {
        let first = &self.entries[..usize::try_from(size).unwrap()];
        first.iter().map(|entry| leaf_hash(&entry.bytes)).collect::<Frontier>().root()
    }

    /// Checks all of it by the offline checker.
    ///
    /// # Panics
    /// If it finds a fault.
    pub fn assert_sound(&self) -> Report {
        let report = check(self.entries.iter().map(|entry| &entry.bytes));
        assert_eq!(report.faults, [], "{:?}", self.types());
        report
    }
}

impl Entry {
    /// The values its commitments stand for: each disclosure opens one, and every commitment is opened.
    ///
    /// # Panics
    /// If one does not.
    pub fn disclosed(&self) -> Vec<(String, String)> {
        let mut opened = Vec::new();
        for sent in &self.beside.disclosures {
            let salt: [u8; 32] = sent.salt.clone().try_into().unwrap();
            let disclosure =
                Disclosure { field: sent.field.clone(), salt: salt.into(), value: sent.value.clone() };
            self.record.check_disclosure(&disclosure).unwrap();
            opened.push((sent.field.clone(), sent.value.clone()));
        }
        let mut committed: Vec<_> = self.record.commitments().into_iter().map(|(field, _)| field).collect();
        committed.sort();
        assert_eq!(opened.iter().map(|(field, _)| field.clone()).collect::<Vec<_>>(), committed);
        opened
    }

    /// The canonical bytes of a list the record holds the digest of.
    ///
    /// # Panics
    /// If it is not there or is not the one.
    pub fn list(&self, field: &str, digest: &ListDigest) -> &[u8] {
        let list = self.beside.lists.iter().find(|list| list.field == field).unwrap();
        assert!(digest.matches(&list.jcs), "{field} is not the list of record {}", self.record.seq);
        &list.jcs
    }
}
