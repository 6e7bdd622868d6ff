//! The journal: whether it is written, and whether what is read of it is what its head says.

use sealkeeper_domain::{reason::Reason, refusal::Violation};
use sealkeeper_journal::{Digest, Frontier, Record, Severity, TreeHead, leaf_hash};

use super::Check;
use crate::pipeline::ports::ledger::{Ledger, LedgerError, StoredRecord};

/// Most records whose tree is computed anew; of a longer journal the newest are read.
const WHOLE: u64 = 10_000;
/// Records read at a time, and of a journal that is longer than [`WHOLE`] in all.
const AT_ONCE: u32 = 1000;

/// Reads it, as far as a call has time for.
pub(super) async fn journal(ledger: &dyn Ledger) -> Check {
    if !ledger.is_open() {
        return Check::wrong("journal", Severity::Refuse, Reason::JournalFailed);
    }
    // Taken first: what is written meanwhile comes after it.
    let head = ledger.head();
    let read = if head.size <= WHOLE { whole(ledger, &head).await } else { newest(ledger, &head).await };
    match read {
        Ok(Ok(checked)) => Check::well(
            "journal",
            format!("{} 条记录，重算了其中 {checked} 条", head.size),
            format!("{} records, {checked} of them hashed again", head.size),
        )
        .with("records", head.size)
        .with("checked", checked)
        .with("root", head.root),
        Ok(Err(seq)) => {
            let wrong = Violation::new(Reason::JournalInconsistent).with("seq", seq);
            Check::wrong("journal", Severity::Refuse, wrong)
        }
        Err(error) => {
            let unreadable = Violation::new(Reason::JournalUnreadable).with("what", error);
            Check::wrong("journal", Severity::Refuse, unreadable)
        }
    }
}

/// All records, and the root over them; or the first that is wrong.
async fn whole(ledger: &dyn Ledger, head: &TreeHead) -> Result<Result<u64, u64>, LedgerError> {
    let mut tree = Frontier::default();
    while tree.size() < head.size {
        let records = ledger.records(tree.size(), AT_ONCE, Vec::new()).await?;
        for record in records.iter().take_while(|record| record.seq < head.size) {
            match leaf(record, tree.size()) {
                Some(leaf) => tree.push(leaf),
                None => return Ok(Err(tree.size())),
            }
        }
        if records.is_empty() {
            return Ok(Err(tree.size()));
        }
    }
    Ok(if tree.root() == head.root { Ok(head.size) } else { Err(head.size.saturating_sub(1)) })
}

/// The newest records only: that none is missing among them, and each is what its leaf hash says.
async fn newest(ledger: &dyn Ledger, head: &TreeHead) -> Result<Result<u64, u64>, LedgerError> {
    let first = head.size.saturating_sub(AT_ONCE.into());
    let records = ledger.records(first, AT_ONCE, Vec::new()).await?;
    let mut next = first;
    for record in records.iter().take_while(|record| record.seq < head.size) {
        if leaf(record, next).is_none() {
            return Ok(Err(next));
        }
        next += 1;
    }
    Ok(if next == head.size { Ok(head.size - first) } else { Err(next) })
}

/// The leaf hash of a record that is the one of this place, and has the hash it is stored with.
fn leaf(record: &StoredRecord, seq: u64) -> Option<Digest> {
    let leaf = leaf_hash(&record.bytes);
    let told = Record::parse(&record.bytes).ok()?.seq;
    (record.seq == seq && told == seq && record.leaf_hash == leaf.as_bytes()).then_some(leaf)
}
