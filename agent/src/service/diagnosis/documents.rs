//! Whether documents can be looked at, and how well whoever looks at them is confined.

use sealkeeper_domain::{reason::Reason, refusal::Violation};
use sealkeeper_journal::Severity;

use super::Check;
use crate::pipeline::ports::document::Viewer;

/// Has a worker started, which tells how it is confined.
pub(super) async fn documents(viewer: &dyn Viewer) -> Check {
    let subject = "documents";
    match viewer.confinement().await {
        Ok(confinement) if confinement.is_whole() => Check::well(
            subject,
            "查看文件的进程除此之外什么也不能做",
            "the process that looks at documents can do nothing else",
        )
        .with("landlock", confinement.landlock.name())
        .with("seccomp", confinement.seccomp),
        Ok(confinement) => {
            let unconfined = Violation::new(Reason::DocumentWorkerUnconfined)
                .with("landlock", confinement.landlock.name())
                .with("seccomp", confinement.seccomp);
            // Nothing is to be done before long: what stands is enough for documents that are not made to harm.
            Check::wrong(subject, Severity::Note, unconfined)
        }
        // Others are looked at: so it works.
        Err(unviewed) if unviewed.reason == Reason::DocumentWorkersBusy => {
            Check::wrong(subject, Severity::Note, unviewed)
        }
        Err(unviewed) => Check::wrong(subject, Severity::Refuse, unviewed),
    }
}
