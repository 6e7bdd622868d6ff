//! Tokens and seals of an agent.

use sealkeeper_domain::pin::Pin;
use sealkeeper_proto::v1;

use crate::Agent;
use crate::error::ClientError;

/// What is asked of an unlock beside token and PIN. The default asks for the least.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnlockTerms {
    /// Signatures it is good for; 0: one.
    pub uses: u32,
    /// Milliseconds without use after which the token locks; 0: as the policy says.
    pub idle_ms: u64,
    /// Whether the PIN is tried although the token says that one try is left. A wrong one then locks the token, so set it only
    /// because a person said so for this one try. Without it the agent refuses with `token-pin-final-try`.
    pub final_try: bool,
}

impl Agent {
    /// The tokens present now.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn tokens(&self) -> Result<Vec<v1::Token>, ClientError> {
        let reply = self.token_service().list_tokens(v1::ListTokensRequest {}).await;
        reply.map(|reply| reply.into_inner().tokens).map_err(|status| ClientError::from_status(&status))
    }

    /// Unlocks a token.
    ///
    /// The PIN is consumed and sent once; nothing ever sends it again, a lost answer included.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn unlock(
        &self,
        token_serial: &str,
        pin: Pin,
        terms: UnlockTerms,
    ) -> Result<v1::Token, ClientError> {
        let UnlockTerms { uses, idle_ms, final_try } = terms;
        // The message wipes its PIN when it is dropped.
        let request = v1::UnlockRequest {
            token_serial: token_serial.to_owned(),
            pin: pin.expose().as_bytes().to_vec(),
            uses,
            idle_ms,
            final_try,
            lifetime_ms: 0,
        };
        drop(pin);
        let reply = self.token_service().unlock(request).await;
        let token = reply.map_err(|status| ClientError::from_status(&status))?.into_inner().token;
        token.ok_or_else(|| ClientError::answer("an unlock without the token's state"))
    }

    /// Locks a token. Tells whether it was unlocked.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn lock(&self, token_serial: &str) -> Result<bool, ClientError> {
        let request = v1::LockRequest { token_serial: token_serial.to_owned() };
        let reply = self.token_service().lock(request).await;
        reply.map(|reply| reply.into_inner().was_unlocked).map_err(|status| ClientError::from_status(&status))
    }

    /// The seals this agent keeps.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn seals(&self) -> Result<Vec<v1::Seal>, ClientError> {
        let reply = self.seal_service().list_seals(v1::ListSealsRequest {}).await;
        reply.map(|reply| reply.into_inner().seals).map_err(|status| ClientError::from_status(&status))
    }

    /// One seal by name or id, with its picture and certificates.
    ///
    /// # Errors
    /// A fault (`seal-unknown`), or a lost connection.
    pub async fn seal(&self, name_or_id: &str) -> Result<v1::ShowSealReply, ClientError> {
        let request = v1::ShowSealRequest { seal: name_or_id.to_owned() };
        let reply = self.seal_service().show_seal(request).await;
        reply.map(tonic::Response::into_inner).map_err(|status| ClientError::from_status(&status))
    }
}
