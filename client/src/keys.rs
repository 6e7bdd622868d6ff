//! New keys on a token: generated there, certified elsewhere, the certificate put beside them. None of it is repeated by program:
//! look what is on the token first.

use sealkeeper_domain::pin::Pin;
use sealkeeper_proto::v1;

use crate::Agent;
use crate::connection::answered;
use crate::error::ClientError;
use crate::tokens::bytes;

/// The key pair that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewKey {
    /// `ec-p256`, `ec-p384`, `rsa-2048`, `rsa-3072` or `rsa-4096`.
    pub algorithm: String,
    /// CKA_LABEL of both halves, 1 to 64 characters, none of them control characters.
    pub label: String,
    /// CKA_ID of both halves, at most 64 bytes; empty: the agent chooses one that the token has not.
    pub id: Vec<u8>,
}

impl Agent {
    /// Generates a key pair on an unlocked token: sensitive, never extractable (A3).
    ///
    /// # Errors
    /// A fault, or a lost connection, after which there may be a new key.
    pub async fn generate_key(
        &self,
        token_serial: &str,
        key: NewKey,
    ) -> Result<v1::GenerateKeyReply, ClientError> {
        let NewKey { algorithm, label, id: key_id } = key;
        let request =
            v1::GenerateKeyRequest { token_serial: token_serial.to_owned(), algorithm, label, key_id };
        answered(self.token_service().generate_key(request).await)
    }

    /// A certificate request for `subject` (RFC 4514), signed by the key that `key_uri` (RFC 7512) names, on an unlocked token. The signature takes
    /// one use of the unlock. `pin` is for a key that asks for it at each use and has no PIN pad; with other keys it is not looked at.
    /// `final_try` as in [`UnlockTerms`](crate::UnlockTerms::final_try).
    ///
    /// # Errors
    /// A fault, or a lost connection. Where it [needs the PIN](ClientError::is_pin_needed) and had none, nothing was signed.
    pub async fn request_certificate(
        &self,
        key_uri: &str,
        subject: &str,
        pin: Option<Pin>,
        final_try: bool,
    ) -> Result<v1::RequestCertificateReply, ClientError> {
        let (key_uri, subject) = (key_uri.to_owned(), subject.to_owned());
        let request = v1::RequestCertificateRequest { key_uri, subject, pin: bytes(pin), final_try };
        answered(self.token_service().request_certificate(request).await)
    }

    /// Writes a certificate, DER, to the unlocked token that has its private key. With `replace`, what certificates the key has are
    /// taken off once this one is on it; otherwise a key that has one is a reason to refuse.
    ///
    /// # Errors
    /// A fault, or a lost connection, after which the certificate may be there.
    pub async fn import_certificate(
        &self,
        token_serial: &str,
        certificate_der: Vec<u8>,
        replace: bool,
    ) -> Result<v1::ImportCertificateReply, ClientError> {
        let token_serial = token_serial.to_owned();
        let request = v1::ImportCertificateRequest { token_serial, certificate_der, replace };
        answered(self.token_service().import_certificate(request).await)
    }
}
