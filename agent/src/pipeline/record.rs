//! The intent, or the record of another use of a key: durable before the token is asked. Only its commit makes an order to sign.

use sealkeeper_domain::{identity::RequestId, office::Ticket, pkcs11_uri::ObjectUri, refusal::Refusal};
use sealkeeper_journal::{Intent, KeyPurpose, KeyUsed, ListDigest, MessageDigest, RecordBody};
use sealkeeper_pades::cms::{self, SignatureAlgorithm};
use serde::Serialize;

use super::{
    Stop,
    allow::Allowed,
    identify::{Custodian, Holder},
    kept::KeptRequest,
    prepare::Prepared,
    scribe::{Scribe, code, digest, id},
    unfinished::OpenUse,
};
use crate::pipeline::ports::ledger::{ActChoice, BeginError, Begun, Ledger, LedgerError};
use crate::pipeline::ports::token::OnePin;

/// The one permit to sign for one recorded intent or key use. It has no public constructor and is moved into the order that uses it.
#[derive(Debug)]
struct SigningPermit(());

/// One message to be signed with one key, once.
#[derive(Debug)]
pub(crate) struct SignOrder {
    key: ObjectUri,
    algorithm: SignatureAlgorithm,
    message: Vec<u8>,
    pin: Option<OnePin>,
    holder: Option<Holder>,
    journal_seq: u64,
    _permit: SigningPermit,
}

impl SignOrder {
    /// The private key.
    pub(crate) fn key(&self) -> &ObjectUri {
        &self.key
    }

    /// How.
    pub(crate) fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// What, before any hash: of a document, the signed attributes.
    pub(crate) fn message(&self) -> &[u8] {
        &self.message
    }

    /// The PIN, for a key that asks for it at each signature.
    pub(crate) fn pin(&self) -> Option<&OnePin> {
        self.pin.as_ref()
    }

    /// Of whose unlock it takes one use. What nobody asked for takes none of what somebody unlocked.
    pub(crate) fn holder(&self) -> Option<Holder> {
        self.holder
    }

    /// The record that permits it.
    pub(crate) fn journal_seq(&self) -> u64 {
        self.journal_seq
    }
}

/// Something that is no document, to be signed by a key for the token's or the key's own sake.
pub(crate) struct KeyUse {
    pub(crate) key: ObjectUri,
    /// CKA_ID of the key; empty: it has none.
    pub(crate) key_id: Vec<u8>,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) purpose: KeyPurpose,
    pub(crate) message: Vec<u8>,
    pub(crate) pin: Option<OnePin>,
}

impl KeyUse {
    /// Writes that the key is about to be used, by whom if somebody asked. A crash after the commit returned leaves a record of a signature
    /// that may not have been made, which is no harm: none is made without a record.
    pub(crate) async fn record(
        self,
        by: Option<Custodian<'_>>,
        ledger: &dyn Ledger,
        scribe: &Scribe,
    ) -> Result<SignOrder, LedgerError> {
        let KeyUse { key, key_id, algorithm, purpose, message, pin } = self;
        let holder = by.map(|by| by.caller().holder());
        let entry = scribe.entry(|draft| {
            Ok(RecordBody::KeyUsed(KeyUsed {
                token_serial: id(key.serial.as_str())?,
                by: by.map(|by| draft.actor("by", by.caller())).transpose()?,
                key_id: if key_id.is_empty() { None } else { Some(id(&hex::encode(&key_id))?) },
                purpose,
                digest: digest(sealkeeper_domain::identity::Digest::of(&message)),
            }))
        })?;
        let journal_seq = ledger.append(entry).await?.seq;
        Ok(SignOrder { key, algorithm, message, pin, holder, journal_seq, _permit: SigningPermit(()) })
    }
}

/// A use whose intent is durable.
pub(crate) struct Recorded {
    pub(crate) open: OpenUse,
    /// Who confirmed it, as the holder of a login.
    holder: Holder,
    pub(super) prepared: Prepared,
    pub(super) begun: Begun,
    permit: SigningPermit,
}

/// A resolved place as it stands in the placements list of a request's record and of an intent.
#[derive(Serialize)]
pub(super) struct PlacementRow {
    pub(super) height_um: u32,
    pub(super) kind: &'static str,
    pub(super) left_um: i64,
    pub(super) page: u32,
    pub(super) top_um: i64,
    pub(super) width_um: u32,
}

/// A ticket as it stands in the tickets list of an intent.
#[derive(Serialize)]
pub(crate) struct TicketRow {
    act: String,
    by: String,
    seq: u64,
}

/// These tickets of a request with the records they stand in, in their order.
pub(crate) async fn tickets(
    request: RequestId,
    given: &[Ticket],
    ledger: &dyn Ledger,
) -> Result<Vec<TicketRow>, LedgerError> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let choice =
        ActChoice { request: Some(request), typ: Some("request-approve".into()), ..ActChoice::default() };
    let filed = ledger.acts(choice, 0, u32::MAX).await?;
    let row = |ticket: &Ticket| {
        let Some(row) = filed.iter().find(|row| row.act == ticket.act) else {
            return Err(LedgerError::Record(format!("the ticket {} is not on record", ticket.act)));
        };
        Ok(TicketRow { act: ticket.act.to_string(), by: ticket.by.to_string(), seq: row.seq })
    };
    given.iter().map(row).collect()
}

impl Allowed<'_> {
    /// Uses up one copy and writes the intent, in one transaction; then the turn is over. A crash before the commit returned leaves neither; one
    /// after it leaves an open use, which the next start closes as abandoned.
    ///
    /// `request` is what the rules were held against: the ledger refuses the use of any other.
    pub(crate) async fn record_intent(
        self,
        request: &KeptRequest,
        applicant_name: &str,
        custodian: Custodian<'_>,
        ledger: &dyn Ledger,
        scribe: &Scribe,
    ) -> Result<Recorded, Stop> {
        let use_id = self.prepared.marks.use_id;
        // Those that counted when the rules were asked; of a suspension's void ones it does not tell.
        let tickets = tickets(request.id, self.tickets(), ledger).await?;
        let entry = scribe.entry(|draft| {
            let prepared = &self.prepared;
            let terms = &prepared.terms;
            let bad = |error: sealkeeper_journal::RecordError| LedgerError::Record(error.to_string());
            let (placements, bytes) = ListDigest::of(&[PlacementRow {
                height_um: prepared.seal_box.height_um,
                kind: "seal",
                left_um: prepared.seal_box.left_um,
                page: prepared.seal_box.page + 1,
                top_um: prepared.seal_box.top_um,
                width_um: prepared.seal_box.width_um,
            }])
            .map_err(bad)?;
            draft.lists.push(("placements", bytes));
            let (tickets, bytes) = ListDigest::of(&tickets).map_err(bad)?;
            draft.lists.push(("tickets", bytes));
            Ok(RecordBody::Intent(Box::new(Intent {
                use_id: use_id.uuid(),
                request_id: request.id.uuid(),
                applicant: draft.registered("applicant", &terms.applicant, applicant_name)?,
                custodian: draft.actor("custodian", custodian.caller())?,
                host: draft.host("host")?,
                reason: draft.commit("reason", &terms.reason)?,
                file_name: draft.commit("file_name", &terms.file_name)?,
                seal: id(prepared.seal.id.as_str())?,
                seal_object_sha256: digest(prepared.seal_object),
                certificate_sha256: digest(prepared.certificate_sha256),
                token_serial: id(prepared.token_serial.as_str())?,
                signature_algorithm: code(prepared.algorithm.code())?,
                document_sha256: digest(terms.sha256),
                document_size: terms.size,
                byte_range_digest: match prepared.byte_range_digest {
                    cms::MessageDigest::Sha256(digest) => MessageDigest::Sha256(digest),
                    cms::MessageDigest::Sha384(digest) => MessageDigest::Sha384(digest),
                },
                prepared_sha256: digest(prepared.digest()),
                placements,
                tickets,
                class: id(&terms.document_class)?,
                // Set by the transaction that counts the copies.
                copy: 0,
                copies: u64::from(terms.copies),
                journal: prepared.marks.journal,
            })))
        })?;
        let begun = ledger.begin_use(use_id, request.id, request.facts.clone(), entry).await;
        let begun = begun.map_err(|error| match error {
            BeginError::Refused(reason) => {
                Stop::Refused { stage: "record-intent", refusal: Refusal::from(reason) }
            }
            BeginError::Store(error) => Stop::Store(error),
        })?;
        let open = OpenUse { use_id, intent_seq: begun.intent.seq };
        let holder = custodian.caller().holder();
        Ok(Recorded { open, holder, prepared: self.prepared, begun, permit: SigningPermit(()) })
    }
}

impl Recorded {
    /// Spends the permit on one order.
    pub(super) fn order(mut self, message: Vec<u8>) -> (SignOrder, Ordered) {
        let order = SignOrder {
            key: self.prepared.seal.key.clone(),
            algorithm: self.prepared.algorithm,
            message,
            pin: self.prepared.pin.take(),
            holder: Some(self.holder),
            journal_seq: self.open.intent_seq,
            _permit: self.permit,
        };
        (order, Ordered { open: self.open, prepared: self.prepared, begun: self.begun })
    }
}

/// A recorded use whose permit is spent.
pub(super) struct Ordered {
    pub(super) open: OpenUse,
    pub(super) prepared: Prepared,
    pub(super) begun: Begun,
}
