//! The stream of Backup: what comes, the copy, and that it is on record.

use std::{io::Read, sync::Arc};

use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::{
    FETCH_CHUNK,
    v1::{BackupDone, BackupEvent, BackupHead, backup_event::Event},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{Admitted, last_word, status};
use crate::service::{Backup, Service};

/// What the caller reads.
pub(super) type Events = ReceiverStream<Result<BackupEvent, Status>>;

/// Events sent ahead of a caller who reads slowly.
const AHEAD: usize = 4;

/// Sends the copy. It is on record once all of it was taken over by the caller's connection; whoever hangs up before has none.
pub(super) fn events(service: Arc<Service>, caller: Admitted, backup: Backup) -> Events {
    let (to, events) = mpsc::channel(AHEAD);
    let size = backup.size;
    tokio::spawn(async move {
        let sent = async {
            let mut backup = backup;
            let head = BackupHead {
                size: backup.size,
                sha256: backup.sha256.0.to_vec(),
                tree_size: backup.journal.size,
                root_hash: backup.journal.root.as_bytes().to_vec(),
            };
            to.send(event(Event::Head(head))).await.ok()?;
            let mut left = backup.size;
            while left > 0 {
                let read = tokio::task::spawn_blocking(move || {
                    let mut chunk = vec![0; FETCH_CHUNK.min(usize::try_from(left).unwrap_or(FETCH_CHUNK))];
                    backup.file.read_exact(&mut chunk).map(|()| (chunk, backup))
                });
                let chunk = match read.await {
                    Ok(Ok((chunk, again))) => {
                        backup = again;
                        chunk
                    }
                    Ok(Err(error)) => {
                        tracing::error!(%error, "a copy of the journal cannot be read");
                        return Some(Err(status::of_reason(Reason::JournalUnreadable)));
                    }
                    Err(_) => return Some(Err(status::of_reason(Reason::Internal))),
                };
                left -= chunk.len() as u64;
                to.send(event(Event::Chunk(chunk))).await.ok()?;
            }
            // All that was sent before has to be taken before there is room for as much again.
            let _taken = to.reserve_many(AHEAD).await.ok()?;
            drop(_taken);
            Some(match service.backed_up(&caller, &backup).await {
                Ok(journal_seq) => event(Event::Done(BackupDone { journal_seq })),
                Err(failure) => Err(status::of_failure(&failure)),
            })
        };
        // As long as an upload of that size might take: one copy is made at a time, and who does not take theirs keeps others from one.
        let due = tokio::time::sleep_until(service.due(size).into());
        let last = tokio::select! {
            biased;
            reason = service.until_unknown(&caller) => Err(reason),
            () = service.told_to_stop() => Err(Reason::AgentStopping),
            () = due => Err(Reason::CallTimeout),
            last = sent => Ok(last),
        };
        match last {
            Ok(Some(Ok(done))) => {
                let _ = to.send(Ok(done)).await;
            }
            Ok(Some(Err(status))) => last_word(&to, status).await,
            Ok(None) => {}
            Err(reason) => last_word(&to, status::of_reason(reason)).await,
        }
    });
    ReceiverStream::new(events)
}

fn event(event: Event) -> Result<BackupEvent, Status> {
    Ok(BackupEvent { event: Some(event) })
}
