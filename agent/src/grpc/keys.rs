//! GenerateKey, RequestCertificate, ImportCertificate.

use std::sync::Arc;

use sealkeeper_domain::{
    pkcs11_uri::{ObjectKind, ObjectUri},
    reason::Reason,
};
use sealkeeper_proto::v1;
use tonic::Status;

use super::{Admitted, status, tokens, wire, within};
use crate::{
    certificate_request::Subject,
    pipeline::ports::token::{NewCertificate, OnePin},
    service::{Failure, KeyAsked, RequestAsked, Service},
};

/// The kinds of keys that can be asked for.
const KINDS: [&str; 5] = ["ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096"];
/// Most characters of a label.
const LABEL_CHARACTERS: usize = 64;
/// Most bytes of a CKA_ID.
const ID_BYTES: usize = 64;

/// Makes a key pair.
pub(super) async fn generate(
    service: &Arc<Service>,
    caller: Admitted,
    request: v1::GenerateKeyRequest,
) -> Result<v1::GenerateKeyReply, Status> {
    let serial = tokens::serial(&request.token_serial)?;
    let v1::GenerateKeyRequest { algorithm, label, key_id: id, .. } = request;
    let kind = KINDS.into_iter().find(|kind| *kind == algorithm);
    let kind = kind.ok_or_else(|| status::bad_argument("algorithm", KINDS.join(", ")))?;
    let length = label.chars().count();
    if length == 0 || length > LABEL_CHARACTERS || label.chars().any(char::is_control) {
        let rule = format!("1 to {LABEL_CHARACTERS} characters, none of them control characters");
        return Err(status::bad_argument("label", rule));
    }
    if id.len() > ID_BYTES {
        return Err(status::bad_argument("key_id", format!("at most {ID_BYTES} bytes")));
    }
    let working = service.clone();
    let asked = KeyAsked { serial, kind, label, id };
    let made = whole(service, async move { working.generate_key(&caller, asked).await }).await?;
    Ok(v1::GenerateKeyReply {
        key_uri: made.key.to_string(),
        public_key_der: made.public_key,
        journal_seq: made.seq,
    })
}

/// Has a key sign a request for its certificate.
pub(super) async fn request_certificate(
    service: &Arc<Service>,
    caller: Admitted,
    mut request: v1::RequestCertificateRequest,
) -> Result<v1::RequestCertificateReply, Status> {
    // The PIN moves out of the message into a type that wipes it; what is left of the message is wiped when it is dropped.
    let final_try = request.final_try;
    let pin = tokens::pin_or_pad(std::mem::take(&mut request.pin)).map(|pin| OnePin { pin, final_try });
    let key = ObjectUri::parse(&request.key_uri).map_err(|error| status::bad_argument("key_uri", error))?;
    if !matches!(key.kind, None | Some(ObjectKind::Private)) {
        return Err(status::bad_argument("key_uri", "of a private key"));
    }
    let subject = Subject::parse(&request.subject).map_err(|error| status::bad_argument("subject", error))?;
    let working = service.clone();
    let asked = RequestAsked { key, subject, pin };
    let made = whole(service, async move { working.request_certificate(&caller, asked).await }).await?;
    Ok(v1::RequestCertificateReply { request_der: made.request, journal_seq: made.seq })
}

/// Puts a certificate beside its key.
pub(super) async fn import(
    service: &Arc<Service>,
    caller: Admitted,
    request: v1::ImportCertificateRequest,
) -> Result<v1::ImportCertificateReply, Status> {
    let serial = tokens::serial(&request.token_serial)?;
    let v1::ImportCertificateRequest { certificate_der: certificate, replace, .. } = request;
    let working = service.clone();
    let wanted = NewCertificate { serial, certificate, replace };
    let done = whole(service, async move { working.import_certificate(&caller, wanted).await }).await?;
    Ok(v1::ImportCertificateReply {
        certificate_uri: done.certificate.to_string(),
        key_uri: done.key.to_string(),
        warnings: done.warnings.iter().map(wire::warning).collect(),
        journal_seq: done.seq,
    })
}

/// Not cut off half-way: what a token has done must be on record, whether the caller still waits or not.
async fn whole<T: Send + 'static>(
    service: &Service,
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Status> {
    let working = tokio::spawn(work);
    within(service.limits.call, async {
        let done = working.await.map_err(|_| status::of_reason(Reason::Internal))?;
        done.map_err(|failure| status::of_failure(&failure))
    })
    .await
}
