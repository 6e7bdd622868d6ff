//! `seal people register`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use sealkeeper_client::{certificate, read_public_key};
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::PersonEntry;
use sealkeeper_domain::identity::{Digest, PersonId};
use sealkeeper_domain::office::Role;
use sealkeeper_domain::reason::Reason;
use serde_json::Value;

use crate::Session;
use crate::failure::Failure;
use crate::office::word;
use crate::signing::SigningOptions;

/// Register a person, or put a new entry in the place of theirs; by the seal office
///
/// The entry is whole: roles, keys and certificates that are not given again are no more.
#[derive(Args)]
pub(crate) struct Register {
    /// Id of the person registered: 1 to 64 of a-z, 0-9 and -; it stands in the journal in the clear
    #[arg(value_name = "ID")]
    registered: PersonId,

    /// Name
    #[arg(long, value_name = "NAME")]
    name: String,

    /// Unit
    #[arg(long, value_name = "UNIT")]
    unit: String,

    /// Role: seal-office, unit-head, custodian, applicant, approver, auditor; may be repeated
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = word::<Role>)]
    roles: Vec<Role>,

    /// Public key the person signs with: FILE.pub of `seal key new`, PEM or JWK; may be repeated
    #[arg(long = "public-key", value_name = "FILE")]
    public_keys: Vec<PathBuf>,

    /// The system user the person is on the agent's machine
    #[arg(long, value_name = "N")]
    uid: Option<u32>,

    /// Certificate the person shows from other machines (mutual TLS), PEM or DER; may be repeated
    #[arg(long = "certificate", value_name = "FILE")]
    certificates: Vec<PathBuf>,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Register {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let keys = self.public_keys.iter().map(|path| jwk(path)).collect::<Result<_, _>>()?;
        let digest = |path: &PathBuf| certificate::read(path).map(|der| Digest::of(&der));
        let certificates = self.certificates.iter().map(digest).collect::<Result<_, _>>()?;
        let entry = PersonEntry {
            person: self.registered,
            name: self.name,
            unit: self.unit,
            roles: self.roles.into_iter().collect::<BTreeSet<_>>(),
            keys,
            uid: self.uid,
            certificates,
        };
        self.signing.say(session, Statement::PersonRegister(entry)).await
    }
}

/// The key of a file as JWK.
fn jwk(path: &Path) -> Result<Value, Failure> {
    match read_public_key(path)? {
        Some(key) => serde_json::to_value(key).map_err(|error| Failure::local(Reason::Internal, error)),
        // A key file: its private half is its owner's alone.
        None => Err(Failure::local(Reason::ActKeyPrivate, path.display())),
    }
}
