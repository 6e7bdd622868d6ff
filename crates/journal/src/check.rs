//! The offline check of a journal: nothing is needed but its records.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::record::{Intent, Outcome, TreeHead};
use crate::{Digest, Frontier, Record, RecordBody, RecordError, leaf_hash};

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many records there are.
    pub size: u64,
    /// RFC 6962 root hash over them, the unreadable ones included.
    pub root: Digest,
    /// The journal's origin, as the agent's first start tells it.
    pub origin: Option<String>,
    /// Uses that have an intent but no outcome: `seq` of each intent. No fault while the agent runs; the next start
    /// abandons those that a crash left.
    pub open: Vec<u64>,
    /// All that is wrong, in order. Empty: the journal is consistent in itself.
    pub faults: Vec<Fault>,
}

/// One thing wrong with a journal.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[error("record {position}: {kind}")]
pub struct Fault {
    /// Which record, counted from 0 as given.
    pub position: u64,
    /// What.
    pub kind: FaultKind,
}

/// What can be wrong with a record in its place.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Its bytes are no record.
    #[error(transparent)]
    Unreadable(#[from] RecordError),
    /// Its `seq` is not its position: a record is missing, repeated or moved.
    #[error("says it is record {seq}")]
    OutOfSequence {
        /// What it says.
        seq: u64,
    },
    /// The origin differs from the first one: two journals are mixed.
    #[error("belongs to the journal {origin}")]
    ForeignOrigin {
        /// The origin it names.
        origin: String,
    },
    /// An intent's `use_id` was used before.
    #[error("the use {use_id} was begun before, by record {earlier}")]
    UseRepeated {
        /// The use.
        use_id: Uuid,
        /// `seq` of the intent before.
        earlier: u64,
    },
    /// An intent or a backup tells of a tree that the records before it do not give.
    #[error("tells of a journal of {size} records whose root hash is not that of the records here")]
    TreeMismatch {
        /// The size it tells.
        size: u64,
    },
    /// An outcome whose intent is not there, or belongs to another use.
    #[error("ends the use {use_id}, but record {intent} is no intent of it")]
    OutcomeWithoutIntent {
        /// The use.
        use_id: Uuid,
        /// Where it says its intent is.
        intent: u64,
    },
    /// A second outcome of one intent.
    #[error("the use {use_id} was ended before, by record {earlier}")]
    OutcomeRepeated {
        /// The use.
        use_id: Uuid,
        /// The first outcome.
        earlier: u64,
    },
    /// A refusal without a reason, or one that stands for none.
    #[error("is a refusal of nothing")]
    EmptyRefusal,
    /// A copy number of 0, or above the copies allowed.
    #[error("is copy {copy} of {copies}")]
    CopyOutOfRange {
        /// The copy.
        copy: u64,
        /// How many are allowed.
        copies: u64,
    },
    /// An act whose id was taken before: the same statement carried out twice.
    #[error("the act {act} was filed before, by record {earlier}")]
    ActRepeated {
        /// The act.
        act: Uuid,
        /// `seq` of the record before.
        earlier: u64,
    },
    /// An inspection whose verdict is not that of its findings, or that tells more of them than a record may.
    #[error("is an inspection whose verdict is not that of its findings")]
    InspectionContradictory,
}

impl FaultKind {
    /// The stable reason code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::OutOfSequence { .. } => "journal-sequence-broken",
            Self::ForeignOrigin { .. } => "journal-origin-foreign",
            Self::UseRepeated { .. } => "journal-use-repeated",
            Self::TreeMismatch { .. } => "journal-tree-mismatch",
            Self::OutcomeWithoutIntent { .. } => "journal-outcome-without-intent",
            Self::OutcomeRepeated { .. } => "journal-outcome-repeated",
            Self::EmptyRefusal => "journal-refusal-empty",
            Self::CopyOutOfRange { .. } => "journal-copy-range",
            Self::ActRepeated { .. } => "journal-act-repeated",
            Self::InspectionContradictory => "journal-inspection-contradictory",
        }
    }
}

/// Checks a whole journal, given the bytes of its records from the first.
pub fn check<R: AsRef<[u8]>>(records: impl IntoIterator<Item = R>) -> Report {
    let mut checker = Checker::default();
    for record in records {
        checker.push(record.as_ref());
    }
    checker.finish()
}

/// Checks a journal record by record. Keeps 32 bytes for each, what belongs to each intent, and the id of each act.
#[derive(Debug, Default)]
pub struct Checker {
    tree: Frontier,
    /// The root of every size there was; the one at index n is that of n + 1 leaves.
    roots: Vec<Digest>,
    origin: Option<String>,
    intents: BTreeMap<u64, Use>,
    uses: HashMap<Uuid, u64>,
    acts: HashMap<Uuid, u64>,
    faults: Vec<Fault>,
}

#[derive(Debug)]
struct Use {
    id: Uuid,
    outcome: Option<u64>,
}

impl Checker {
    /// Takes the next record's bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let position = self.tree.size();
        match Record::parse(bytes) {
            Ok(record) => self.admit(position, &record),
            Err(error) => self.fault(position, error.into()),
        }
        self.tree.push(leaf_hash(bytes));
        self.roots.push(self.tree.root());
    }

    /// What was found.
    pub fn finish(self) -> Report {
        let open = self.intents.iter().filter(|(_, begun)| begun.outcome.is_none());
        Report {
            size: self.tree.size(),
            root: self.tree.root(),
            origin: self.origin,
            open: open.map(|(seq, _)| *seq).collect(),
            faults: self.faults,
        }
    }

    fn admit(&mut self, position: u64, record: &Record) {
        if record.seq != position {
            self.fault(position, FaultKind::OutOfSequence { seq: record.seq });
        }
        match &record.body {
            RecordBody::AgentStarted(started) => self.started(position, started.origin.as_str()),
            RecordBody::Intent(intent) => self.intent(position, intent),
            RecordBody::JournalBackedUp(copy) => self.tells_of(position, copy.journal),
            RecordBody::Act(filed) => self.act(position, filed.act),
            RecordBody::Refused(refused) if refused.violations.is_empty() || refused.count == 0 => {
                self.fault(position, FaultKind::EmptyRefusal);
            }
            RecordBody::TokenInspected(inspected) if !inspected.is_consistent() => {
                self.fault(position, FaultKind::InspectionContradictory);
            }
            body => {
                if let Some(outcome) = body.outcome() {
                    self.outcome(position, outcome);
                }
            }
        }
    }

    fn started(&mut self, position: u64, origin: &str) {
        match &self.origin {
            None => self.origin = Some(origin.to_owned()),
            Some(first) if first == origin => {}
            Some(_) => self.fault(position, FaultKind::ForeignOrigin { origin: origin.to_owned() }),
        }
    }

    fn intent(&mut self, position: u64, intent: &Intent) {
        let Intent { use_id, journal, copy, copies, .. } = *intent;
        self.tells_of(position, journal);
        if copy == 0 || copy > copies {
            self.fault(position, FaultKind::CopyOutOfRange { copy, copies });
        }
        if let Some(earlier) = self.uses.get(&use_id).copied() {
            self.fault(position, FaultKind::UseRepeated { use_id, earlier });
        } else {
            self.uses.insert(use_id, position);
        }
        self.intents.insert(position, Use { id: use_id, outcome: None });
    }

    fn tells_of(&mut self, position: u64, journal: TreeHead) {
        if self.root_of(journal.size) != Some(journal.root) {
            self.fault(position, FaultKind::TreeMismatch { size: journal.size });
        }
    }

    fn act(&mut self, position: u64, act: Uuid) {
        match self.acts.get(&act).copied() {
            Some(earlier) => self.fault(position, FaultKind::ActRepeated { act, earlier }),
            None => {
                self.acts.insert(act, position);
            }
        }
    }

    fn outcome(&mut self, position: u64, outcome: Outcome<'_>) {
        let (use_id, intent) = (outcome.use_id(), outcome.intent());
        match self.intents.get_mut(&intent).filter(|begun| begun.id == use_id) {
            None => self.fault(position, FaultKind::OutcomeWithoutIntent { use_id, intent }),
            Some(Use { outcome: Some(earlier), .. }) => {
                let earlier = *earlier;
                self.fault(position, FaultKind::OutcomeRepeated { use_id, earlier });
            }
            Some(begun) => begun.outcome = Some(position),
        }
    }

    /// The root of the first `size` records; none where there are not as many before this one.
    fn root_of(&self, size: u64) -> Option<Digest> {
        match size.checked_sub(1) {
            None => Some(crate::empty_root()),
            Some(index) => self.roots.get(usize::try_from(index).ok()?).copied(),
        }
    }

    fn fault(&mut self, position: u64, kind: FaultKind) {
        self.faults.push(Fault { position, kind });
    }
}
