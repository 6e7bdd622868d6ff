//! How old revocation lists are. One that is older than the one in force is refused: whoever may put files where they lie, or brings an old copy back
//! by mistake, would let in again whom the authority has revoked since.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use x509_cert::{
    certificate::Rfc5280,
    crl::CertificateList,
    der::{
        self, Decode, Encode,
        asn1::{ObjectIdentifier, Uint},
    },
};

use super::files::{TlsFilesError, seconds};

/// cRLNumber (RFC 5280 §5.2.3).
const NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
/// issuingDistributionPoint (RFC 5280 §5.2.5): a list of part of an authority's certificates is as old as that part's last one.
const DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");

/// Age of the lists in force, by issuer (DER) and distribution point (DER; empty: all it issued).
#[derive(Clone, Debug, Default)]
pub(super) struct ListAges(BTreeMap<(Vec<u8>, Vec<u8>), Listed>);

/// One list.
#[derive(Clone, Debug)]
struct Listed {
    path: PathBuf,
    /// Its issuer, RFC 4514.
    issuer: String,
    age: ListAge,
}

/// What tells a list from an older one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ListAge {
    /// Big endian, without leading zeros; each new list has a higher one. RFC 5280 demands it, and not every authority obeys.
    number: Option<Vec<u8>>,
    /// thisUpdate, s since the Unix epoch.
    this_update_s: u64,
}

impl ListAges {
    /// Takes one list in. Of several for the same certificates the first counts, for that is what a certificate is held against.
    pub(super) fn take(&mut self, path: &Path, list: &CertificateList<Rfc5280>) -> Result<(), der::Error> {
        let list = &list.tbs_cert_list;
        let extension = |id| {
            let mut all = list.crl_extensions.iter().flatten();
            all.find(|extension| extension.extn_id == id).map(|extension| extension.extn_value.as_bytes())
        };
        let number = extension(NUMBER).map(Uint::from_der).transpose()?;
        let age = ListAge {
            number: number.map(|number| number.as_bytes().to_vec()),
            this_update_s: seconds(list.this_update),
        };
        let of = (list.issuer.to_der()?, extension(DISTRIBUTION_POINT).unwrap_or_default().to_vec());
        let listed = Listed { path: path.to_owned(), issuer: list.issuer.to_string(), age };
        self.0.entry(of).or_insert(listed);
        Ok(())
    }

    /// Whether none of these is older than the one in force.
    ///
    /// # Errors
    /// The first that is.
    pub(super) fn check(&self, in_force: &ListAges) -> Result<(), TlsFilesError> {
        for (of, listed) in &self.0 {
            if let Some(before) = in_force.0.get(of)
                && listed.age.is_older_than(&before.age)
            {
                return Err(TlsFilesError::OlderList {
                    path: listed.path.clone(),
                    issuer: listed.issuer.clone(),
                    given: listed.age.to_string(),
                    in_force: before.age.to_string(),
                });
            }
        }
        Ok(())
    }
}

impl ListAge {
    /// By its number or by its time: neither may go back.
    fn is_older_than(&self, other: &Self) -> bool {
        let by_number = match (&self.number, &other.number) {
            (Some(own), Some(others)) => (own.len(), own) < (others.len(), others),
            _ => false,
        };
        by_number || self.this_update_s < other.this_update_s
    }
}

impl fmt::Display for ListAge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.number {
            None => write!(out, "no number")?,
            // At most 20 octets by RFC 5280; most are small.
            Some(number) => {
                write!(out, "number 0x")?;
                number.iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
            }
        }
        write!(out, " of {} s", self.this_update_s)
    }
}
