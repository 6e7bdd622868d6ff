//! The token is asked, once. Its answer is verified with the certificate's key before anything else happens to it.

use std::time::Duration;

use sealkeeper_domain::reason::Reason;
use sealkeeper_journal::AbandonCause;
use sealkeeper_pades::cms::{SignatureValue, SignedAttributes};

use super::{
    ports::{token::Token, token_error::SignError},
    record::{Ordered, Recorded},
    unfinished::{How, OpenUse, Unfinished},
};

/// A use with a verified signature.
pub(crate) struct Signed {
    pub(super) ordered: Ordered,
    pub(super) attributes: SignedAttributes,
    pub(super) signature: SignatureValue,
}

impl Signed {
    /// The use it belongs to.
    pub(crate) fn open(&self) -> OpenUse {
        self.ordered.open
    }
}

impl Recorded {
    /// Builds the signed attributes, now that the intent is durable, and has them signed.
    pub(crate) async fn sign(self, token: &dyn Token, deadline: Duration) -> Result<Signed, Unfinished> {
        let open = self.open;
        let (digest, algorithm) = (self.prepared.byte_range_digest, self.prepared.algorithm);
        let attributes = SignedAttributes::new(digest, self.prepared.chain.signer().der(), algorithm)
            .map_err(|error| {
                tracing::error!(%error, "signed attributes");
                Unfinished { open, how: How::Failed(Reason::Internal), token: None }
            })?;
        let (order, ordered) = self.order(attributes.to_be_signed().to_vec());
        let raw = token.sign(order, deadline).await.map_err(|error| {
            let (how, token) = match error {
                SignError::NotSigned(error) => (How::Failed(refused(error.reason)), Some(error)),
                SignError::MayHaveSigned(error) if error.call.is_none() => {
                    (How::Abandoned(AbandonCause::TokenLost), Some(error))
                }
                SignError::MayHaveSigned(error) => (How::Abandoned(AbandonCause::TokenError), Some(error)),
                SignError::TimedOut => (How::Abandoned(AbandonCause::TimeOut), None),
            };
            Unfinished { open, how, token: token.map(Box::new) }
        })?;
        let signer = ordered.prepared.chain.signer();
        let verified = SignatureValue::from_token(algorithm, &raw, signer)
            .and_then(|signature| signer.verify(&attributes, &signature).map(|()| signature));
        match verified {
            Ok(signature) => Ok(Signed { ordered, attributes, signature }),
            Err(error) => {
                tracing::error!(%error, use_id = %open.use_id, "the token's signature is not the certificate's");
                Err(Unfinished { open, how: How::Abandoned(AbandonCause::GarbageSignature), token: None })
            }
        }
    }
}

/// A token that cannot be asked tells why; one that was asked and said no, without more, refused to sign.
fn refused(reason: Reason) -> Reason {
    if reason == Reason::TokenFault { Reason::SignRefused } else { reason }
}
