//! What is wrong with agent, machine, modules, tokens and seals.

use sealkeeper_proto::v1;

use crate::Agent;
use crate::connection::answered;
use crate::error::ClientError;

impl Agent {
    /// Has the agent look at everything once. Changes nothing, signs nothing, tries no PIN.
    ///
    /// # Errors
    /// A fault, or a lost connection. What is found is none.
    pub async fn diagnose(&self) -> Result<v1::DiagnoseReply, ClientError> {
        answered(self.diagnosis_service().diagnose(v1::DiagnoseRequest {}).await)
    }
}
