//! The new revision but for its signature, and what the custodian confirms of it.

use sealkeeper_domain::{
    identity::{Digest, TokenSerial, UseId},
    placement::SealBox,
    reason::Reason,
    refusal::{Refusal, Violation},
    request::Terms,
    seal::Seal,
};
use sealkeeper_journal::TreeHead;
use sealkeeper_pades::{
    cms::{CmsError, MessageDigest, SignatureAlgorithm, SigningChain, contents_capacity},
    revision::{self, JournalWitness, RevisionError, SignatureDictionary, VisibleSeal},
};

use super::{
    Stop,
    admit::Admitted,
    approve::Approved,
    certificate::valid_chain,
    identify::{Caller, Holder},
    inspect::unreadable,
    place::Placed,
    ports::key::SigningKey,
};
use crate::pipeline::ports::token::OnePin;

/// Who signs: the seal's certificate as found on its token, valid now, with its issuers; and the seal object it makes.
pub(crate) struct Signer {
    chain: SigningChain,
    algorithm: SignatureAlgorithm,
    certificate_sha256: Digest,
    seal_object: Digest,
    token_serial: TokenSerial,
    ready: bool,
    /// Whose login makes it so.
    holder: Option<Holder>,
    /// Whether the key asks for the PIN at each signature.
    asks_pin: bool,
    /// Whether that is typed on the token.
    has_pad: bool,
}

impl Signer {
    /// Checks the certificate's validity at `now_us` and binds it to the seal (U8).
    pub(crate) fn new(approved: &Approved<'_>, key: SigningKey, now_us: u64) -> Result<Self, Refusal> {
        let registered = &*approved.placed.inspected.admitted.seal;
        let chain = valid_chain(registered, &key, now_us)?;
        let algorithm = choose(&key.algorithms, chain.signer().algorithms())?;
        let certificate_sha256 = Digest::of(&key.certificate);
        let seal_object = registered.object_digest(&key.certificate, now_us)?;
        Ok(Signer {
            chain,
            algorithm,
            certificate_sha256,
            seal_object,
            token_serial: key.serial,
            ready: key.ready,
            holder: key.holder,
            asks_pin: key.asks_pin,
            has_pad: key.has_pad,
        })
    }
}

/// The first algorithm of key and token that the certificate's key may be used with. A locked token does not show its key: then it is the
/// certificate's first one, until the token tells better.
fn choose(
    of_token: &[SignatureAlgorithm],
    of_certificate: &[SignatureAlgorithm],
) -> Result<SignatureAlgorithm, Refusal> {
    let both = of_token.iter().copied().find(|algorithm| of_certificate.contains(algorithm));
    let chosen = if of_token.is_empty() { of_certificate.first().copied() } else { both };
    chosen.ok_or_else(|| Violation::new(Reason::CertificateKeyUnsupported).into())
}

/// Room for whichever algorithm will be used: what is reviewed while the token is locked is stamped once it is not.
fn capacity(chain: &SigningChain) -> Result<usize, CmsError> {
    let all = chain.signer().algorithms().iter();
    let each = all.map(|algorithm| contents_capacity(chain, *algorithm)).collect::<Result<Vec<_>, _>>()?;
    Ok(each.into_iter().max().unwrap_or(0))
}

/// What only this one use writes into the revision. A review has none of its own: it shows everything but these.
pub(crate) struct UseMarks {
    /// The use.
    pub(crate) use_id: UseId,
    /// The journal's origin.
    pub(crate) origin: String,
    /// The journal as durable before this use.
    pub(crate) journal: TreeHead,
    /// Time of signing, µs since the Unix epoch.
    pub(crate) now_us: u64,
}

/// A revision that lacks nothing but its signature.
pub(crate) struct Prepared {
    pub(super) terms: Terms,
    pub(super) seal: Seal,
    pub(super) seal_box: SealBox,
    pub(super) chain: SigningChain,
    pub(super) certificate_sha256: Digest,
    pub(super) seal_object: Digest,
    pub(super) token_serial: TokenSerial,
    pub(super) ready: bool,
    holder: Option<Holder>,
    pub(super) algorithm: SignatureAlgorithm,
    asks_pin: bool,
    has_pad: bool,
    /// For a key that asks for it at each signature.
    pub(super) pin: Option<OnePin>,
    pub(super) marks: UseMarks,
    pub(super) revision: revision::Prepared,
    /// Over the /ByteRange of the revision, by the hash function of the algorithm.
    pub(super) byte_range_digest: MessageDigest,
}

impl Placed<'_> {
    /// Whether a revision can be written at all, before there is a use to write it for: told at once, not when the custodian is asked.
    pub(crate) fn check_revisable(&self) -> Result<(), Stop> {
        self.unsigned().map(drop)
    }

    /// The revision as it looks, of no use and with no place for a signature.
    pub(super) fn unsigned(&self) -> Result<revision::Prepared, Stop> {
        let marks = UseMarks {
            use_id: UseId::new(uuid::Uuid::max()),
            origin: "none".into(),
            journal: TreeHead { size: 0, root: sealkeeper_journal::empty_root() },
            now_us: 0,
        };
        write_revision(self, &marks, 0)
    }
}

impl Approved<'_> {
    /// Writes the revision.
    pub(crate) fn prepare(self, signer: Signer, marks: UseMarks) -> Result<Prepared, Stop> {
        let placed = self.placed;
        let registered = placed.inspected.admitted.seal.clone();
        let capacity = capacity(&signer.chain).map_err(|error| Stop::Fault(error.to_string()))?;
        let revision = write_revision(&placed, &marks, capacity)?;
        let inspected = placed.inspected;
        let byte_range_digest = revision
            .byte_range_digest(signer.algorithm.digest(), inspected.document.bytes())
            .map_err(|error| Stop::Fault(error.to_string()))?;
        Ok(Prepared {
            terms: inspected.admitted.terms,
            seal: registered.seal.clone(),
            seal_box: placed.seal_box,
            chain: signer.chain,
            certificate_sha256: signer.certificate_sha256,
            seal_object: signer.seal_object,
            token_serial: signer.token_serial,
            ready: signer.ready,
            holder: signer.holder,
            algorithm: signer.algorithm,
            asks_pin: signer.asks_pin,
            has_pad: signer.has_pad,
            pin: None,
            marks,
            revision,
            byte_range_digest,
        })
    }
}

fn write_revision(
    placed: &Placed<'_>,
    marks: &UseMarks,
    contents_capacity: usize,
) -> Result<revision::Prepared, Stop> {
    let inspected = &placed.inspected;
    let Admitted { seal: registered, terms } = &inspected.admitted;
    let use_id = revision::UseId::parse(&marks.use_id.to_string())
        .ok_or_else(|| Stop::Fault("a UUID is no UUID".into()))?;
    let dictionary = SignatureDictionary {
        name: format!("{} {}", registered.seal.unit, registered.seal.name),
        reason: Some(terms.reason.clone()),
        modified: marks.now_us / 1_000_000,
        witness: JournalWitness {
            origin: marks.origin.clone(),
            use_id,
            tree_size: marks.journal.size,
            root: *marks.journal.root.as_bytes(),
        },
        contents_capacity,
    };
    let seal = VisibleSeal {
        page: placed.seal_box.page as usize,
        placed: placed.placed,
        picture: &registered.picture,
    };
    revision::prepare(&inspected.document, &inspected.input, &seal, &dictionary).map_err(|error| {
        if let RevisionError::Read(error) = &error {
            return Stop::Refused { stage: "prepare", refusal: unreadable(error).into() };
        }
        match Reason::from_code(error.code()) {
            Some(Reason::Internal) | None => Stop::Fault(error.to_string()),
            Some(reason) => {
                Stop::Refused { stage: "prepare", refusal: Violation::new(reason).with("what", error).into() }
            }
        }
    })
}

impl Prepared {
    /// What the custodian sees and confirms: SHA-256 over the digest of the revision without its variable fields and the digest of the seal
    /// object. The revision alone does not tell which key signs it: the certificate lies in /Contents.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&[self.revision.digest_without_variables(), self.seal_object.0].concat())
    }

    /// Digest of the seal object as it stands now.
    pub(crate) fn seal_object(&self) -> Digest {
        self.seal_object
    }

    /// The custodian's confirmation must be of exactly this revision, and the token ready to sign it (U5): unlocked, and with the PIN where its
    /// key asks for it at each signature. A login is good only for whoever made it; from afar nobody types a PIN on the token (U10).
    pub(crate) fn review(
        mut self,
        confirmed: Digest,
        pin: OnePin,
        caller: &Caller,
    ) -> Result<Reviewed, Refusal> {
        if confirmed != self.digest() {
            return Err(Violation::new(Reason::ConfirmationMismatch)
                .with("prepared-sha256", self.digest())
                .into());
        }
        if !self.ready {
            return Err(Violation::new(Reason::TokenLocked).with("token-serial", &self.token_serial).into());
        }
        let holder = caller.holder();
        if self.holder != Some(holder) {
            let missing = Violation::new(holder.without_login());
            return Err(missing.with("token-serial", &self.token_serial).into());
        }
        if self.asks_pin && self.has_pad {
            caller.origin().must_be_here()?;
        }
        self.pin = pin
            .for_key(self.asks_pin, self.has_pad)
            .map_err(|reason| Violation::new(reason).with("token-serial", &self.token_serial))?;
        Ok(Reviewed(self))
    }
}

/// A revision the custodian confirmed, for a token that is unlocked.
pub(crate) struct Reviewed(pub(super) Prepared);

impl Reviewed {
    /// The PIN its key will ask for.
    pub(crate) fn pin(&self) -> Option<&OnePin> {
        self.0.pin.as_ref()
    }

    /// The token it is for.
    pub(crate) fn token_serial(&self) -> &TokenSerial {
        &self.0.token_serial
    }
}

#[cfg(test)]
mod tests {
    use sealkeeper_pades::{Damage, GeometryError, Limit, ReadError, cms::CmsError};

    use super::*;

    /// The fallbacks of `Reason::from_code` are for the impossible: every code the crate below gives stands in the table.
    #[test]
    fn every_code_of_the_pdf_crate_stands_in_the_table() {
        let damaged = ReadError::Damaged { what: Damage::ALL[0], offset: 0 };
        let complex = ReadError::TooComplex { what: Limit::ALL[0], offset: 0 };
        let missing = ReadError::NoSuchPage { index: 0, count: 0 };
        for error in [damaged, complex, missing, ReadError::NotPdf, ReadError::Encrypted, ReadError::Hybrid] {
            assert!(Reason::from_code(error.code()).is_some(), "{}", error.code());
        }
        for error in [GeometryError::Unusable, GeometryError::OutsidePage { width_um: 0, height_um: 0 }] {
            assert!(Reason::from_code(error.code()).is_some(), "{}", error.code());
        }
        for error in [
            RevisionError::Certified,
            RevisionError::Locked { field: String::new() },
            RevisionError::Xfa,
            RevisionError::PdfA1,
            RevisionError::OutsidePage { page: 0 },
            RevisionError::TooLarge(""),
        ] {
            assert!(
                Reason::from_code(error.code()).is_some_and(|reason| reason != Reason::Internal),
                "{}",
                error.code()
            );
        }
        for error in [
            CmsError::CertificateNotDer { position: 0, detail: String::new() },
            CmsError::KeyUnsupported { detail: String::new() },
        ] {
            assert!(Reason::from_code(error.code()).is_some(), "{}", error.code());
        }
    }
}
