//! Who may read the journal (S1).

use sealkeeper_domain::{reason::Reason, refusal::Violation};

use super::{Failure, Service, Subject};
use crate::pipeline::{At, identify::Caller};

impl Service {
    /// Leave to read records: of an office's journal for those who oversee it, of a solo one for its person.
    pub(crate) async fn may_read_journal(
        &self,
        caller: &Caller,
        operation: &'static str,
    ) -> Result<(), Failure> {
        let Ok(desk) = self.office() else { return Ok(()) };
        let person = &caller.person().id;
        if desk.now().oversees(person) {
            return Ok(());
        }
        let missing = Violation::new(Reason::RoleMissing)
            .with("person", person)
            .with("needed", "auditor, seal-office or custodian");
        match Err(missing).at("identify") {
            Ok(()) => Ok(()),
            Err(stop) => Err(self.refuse(Subject::new(operation, caller), stop).await),
        }
    }
}
