//! One copy of a request that the agent keeps.

use std::path::{Path, PathBuf};

use sealkeeper_client::output::refuse_existing;
use sealkeeper_client::{Agent, Document, Stamped, Stamping};
use sealkeeper_domain::identity::RequestId;
use sealkeeper_domain::reason::Reason;

use super::{making, sealed_name};
use crate::failure::Failure;
use crate::pages::Folder;
use crate::pin::{PinOptions, PinSource};
use crate::signing::confirmed;
use crate::{Session, review, screen};

/// Where the document comes from and where the result goes, as far as that was said.
pub(super) struct Files {
    pub(super) document: Option<PathBuf>,
    pub(super) output: Option<PathBuf>,
}

/// Stamps it, once it was shown and confirmed.
pub(super) async fn stamp(
    session: &Session,
    id: RequestId,
    files: Files,
    is_settled: bool,
    pin: PinOptions,
) -> Result<(), Failure> {
    let agent = session.connect().await?;
    let stamping = agent.prepare_kept(&id.to_string()).await?;
    let target = files.output.unwrap_or_else(|| target(&stamping, Path::new("")));
    refuse_existing(&target)?;
    let is_settled = is_settled || !screen::is_interactive();
    if !session.json || !is_settled {
        review::print_prepared(session, stamping.prepared());
    }
    if !is_settled {
        review::show_pages(session, &agent, &stamping, &Folder::new()?).await?;
    }
    confirmed(session, is_settled, session.say("盖章", "stamp it"))?;
    let mut source = pin.source();
    let job = Job { stamping: &stamping, document: files.document.as_deref(), target: &target, uses: 1 };
    let stamped = job.make(session, &agent, source.as_mut()).await?;
    if session.json {
        screen::print_json(&review::as_json(&target, &stamped, &stamping.prepared().findings));
    } else {
        review::print_stamped(session, &target, &stamped);
    }
    Ok(())
}

/// The new file of the next copy, in this folder.
pub(super) fn target(stamping: &Stamping, folder: &Path) -> PathBuf {
    let prepared = stamping.prepared();
    let copy = (prepared.copies + 1).saturating_sub(prepared.copies_left.max(1));
    // A name, whatever the agent calls it: never a path.
    let name = Path::new(&prepared.file_name).file_name().unwrap_or_default();
    folder.join(sealed_name(Path::new(name), copy, prepared.copies))
}

/// A copy to be made.
pub(super) struct Job<'a> {
    pub(super) stamping: &'a Stamping,
    /// The document, where it is at hand.
    pub(super) document: Option<&'a Path>,
    pub(super) target: &'a Path,
    /// For how many uses an unlock asked for now is to be good.
    pub(super) uses: u32,
}

impl Job<'_> {
    /// Gets the document before anything is signed: a result that cannot be joined is no use to anybody.
    pub(super) async fn make(
        &self,
        session: &Session,
        agent: &Agent,
        source: Option<&mut PinSource>,
    ) -> Result<Stamped, Failure> {
        let prepared = self.stamping.prepared();
        let facts = prepared.facts.clone().unwrap_or_default();
        let document = match self.document {
            Some(path) => {
                let document = Document::open(path)?;
                if document.sha256()[..] != facts.sha256[..] {
                    return Err(Failure::local(Reason::InputChanged, path.display()));
                }
                document
            }
            None => {
                let sha256 = facts.sha256.as_slice().try_into().unwrap_or_default();
                let id = self.stamping.request_id();
                // Opened, it needs no name any more, and leaves nothing whatever happens next.
                agent.fetch_document(id, facts.size, &sha256, self.target).await?.document()?
            }
        };
        let files = (&document, self.target);
        making::make(session, agent, self.stamping, source, self.uses, files).await
    }
}
