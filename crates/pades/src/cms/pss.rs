//! The parameters of RSASSA-PSS (RFC 4055 §3.1).

use const_oid::db::rfc5912::ID_MGF_1;
use der::{Any, Sequence};
use spki::AlgorithmIdentifierOwned;

use super::digest::HashFunction;

/// Hash function, used in MGF1 as well, and salt length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PssParameters {
    pub(crate) hash: HashFunction,
    pub(crate) salt_len: usize,
}

impl PssParameters {
    /// What a seal signs with: a salt as long as the digest (RFC 4055 §3.1 recommends it).
    pub(crate) const SHA_256: PssParameters = PssParameters { hash: HashFunction::Sha256, salt_len: 32 };

    /// Reads `RSASSA-PSS-params` in DER, or says what there is not computed here.
    pub(crate) fn read(parameters: &Any) -> Result<PssParameters, String> {
        let params = parameters
            .decode_as::<RsassaPssParams>()
            .map_err(|error| format!("RSASSA-PSS with malformed parameters: {error}"))?;
        let hash_of = |identifier: Option<AlgorithmIdentifierOwned>, role: &str| {
            // SHA-1, the default, is not computed.
            let identifier = identifier.ok_or_else(|| format!("RSASSA-PSS with SHA-1 as {role}"))?;
            HashFunction::named_by(&identifier)
                .ok_or_else(|| format!("RSASSA-PSS with {} as {role}", identifier.oid))
        };
        let hash = hash_of(params.hash_algorithm, "its hash")?;
        let mask =
            params.mask_gen_algorithm.unwrap_or(AlgorithmIdentifierOwned { oid: ID_MGF_1, parameters: None });
        if mask.oid != ID_MGF_1 {
            return Err(format!("RSASSA-PSS with the mask generation function {}", mask.oid));
        }
        let mask_hash = mask.parameters.map(|parameters| parameters.decode_as()).transpose();
        let mask_hash =
            mask_hash.map_err(|error| format!("RSASSA-PSS with malformed parameters: {error}"))?;
        if hash_of(mask_hash, "its mask's hash")? != hash {
            return Err("RSASSA-PSS with different hashes for message and mask".to_owned());
        }
        // Those who generate leave the default out, those who verify know both forms.
        if let Some(trailer) = params.trailer_field.filter(|trailer| *trailer != 1) {
            return Err(format!("RSASSA-PSS with trailer field {trailer}"));
        }
        let salt_len = usize::from(params.salt_length.unwrap_or(DEFAULT_SALT_LEN));
        Ok(PssParameters { hash, salt_len })
    }

    /// `RSASSA-PSS-params` in DER.
    pub(super) fn encode(&self) -> der::Result<Any> {
        let hash = self.hash.identifier_with_null();
        let mask = AlgorithmIdentifierOwned { oid: ID_MGF_1, parameters: Some(Any::encode_from(&hash)?) };
        let salt_len = u16::try_from(self.salt_len).map_err(|_| der::ErrorKind::Overflow)?;
        Any::encode_from(&RsassaPssParams {
            hash_algorithm: Some(hash),
            mask_gen_algorithm: Some(mask),
            salt_length: Some(salt_len).filter(|length| *length != DEFAULT_SALT_LEN),
            trailer_field: None,
        })
    }

    /// Whether a key restricted to these parameters may be used with `other`: with the same hash functions and no
    /// shorter a salt (RFC 4055 §3.3).
    pub(super) fn allow(&self, other: &PssParameters) -> bool {
        other.hash == self.hash && other.salt_len >= self.salt_len
    }
}

const DEFAULT_SALT_LEN: u16 = 20;

/// `RSASSA-PSS-params`. No modulus has room for a longer salt than 16 bits can say.
#[derive(Sequence)]
struct RsassaPssParams {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash_algorithm: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask_gen_algorithm: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt_length: Option<u16>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer_field: Option<u16>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HASH: &str = "a00f300d06096086480165030402010500";
    const MASK: &str = "a11c301a06092a864886f70d010108300d06096086480165030402010500";

    /// The sequence of these fields.
    fn read(fields: &[&str]) -> Result<PssParameters, String> {
        let fields = fields.concat();
        let digits = |text: &str| {
            (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
        };
        let contents: Vec<u8> = digits(&fields);
        PssParameters::read(&Any::new(der::Tag::Sequence, contents).unwrap())
    }

    #[test]
    fn what_is_written_is_read() {
        for hash in [HashFunction::Sha256, HashFunction::Sha384, HashFunction::Sha512] {
            for salt_len in [0, 20, 32, 64, 446] {
                let parameters = PssParameters { hash, salt_len };
                assert_eq!(PssParameters::read(&parameters.encode().unwrap()), Ok(parameters));
            }
        }
    }

    #[test]
    fn a_salt_that_is_not_stated_has_20_bytes() {
        let default = PssParameters { hash: HashFunction::Sha256, salt_len: 20 };
        assert_eq!(read(&[HASH, MASK]), Ok(default));
        assert_eq!(read(&[HASH, MASK, "a203020120"]), Ok(PssParameters::SHA_256));
    }

    #[test]
    fn the_trailer_may_be_stated_if_it_is_the_one_there_is() {
        assert_eq!(read(&[HASH, MASK, "a203020120", "a303020101"]), Ok(PssParameters::SHA_256));
        assert!(read(&[HASH, MASK, "a203020120", "a303020102"]).is_err());
    }

    #[test]
    fn the_defaults_are_sha_1_and_not_computed() {
        for fields in [&[][..], &[HASH], &[MASK], &["a203020120"]] {
            assert!(read(fields).unwrap_err().contains("SHA-1"), "{fields:?}");
        }
    }

    #[test]
    fn what_is_not_der_is_refused() {
        // Fields out of order, twice, with a length or an integer of more bytes than it takes; a negative salt; a hash with other parameters.
        for fields in [
            &[MASK, HASH][..],
            &[HASH, MASK, "a203020120", "a203020120"],
            &["a08110300e06096086480165030402010500", MASK],
            &[HASH, MASK, "a20402020020"],
            &[HASH, MASK, "a2030201e0"],
            &["a010300e06096086480165030402010201", "00", MASK],
        ] {
            assert!(read(fields).is_err(), "{fields:?}");
        }
    }

    #[test]
    fn a_restricted_key_allows_the_same_hash_and_no_shorter_salt() {
        let salt = |salt_len| PssParameters { hash: HashFunction::Sha256, salt_len };
        assert!(salt(20).allow(&salt(32)) && salt(32).allow(&salt(32)));
        assert!(!salt(33).allow(&salt(32)));
        assert!(!PssParameters { hash: HashFunction::Sha384, salt_len: 20 }.allow(&salt(32)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = PssParameters::read(&Any::new(der::Tag::Sequence, bytes).unwrap());
        }
    }
}
