//! A person's own signing key, and the file it is kept in.
//!
//! The file is PEM (RFC 7468 §11) of an encrypted PKCS#8 key (RFC 5958 §3): PBES2 (RFC 8018 §6.2) with AES-256-CBC, its key derived by
//! scrypt (RFC 7914) or, where another program wrote it, by PBKDF2 with HMAC-SHA-256. `openssl pkey` reads and writes the same.

use std::fmt;
use std::path::Path;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use pkcs8::EncodePrivateKey as _;
use sealkeeper_domain::act::key::ActKey;
use sealkeeper_domain::reason::Reason;
use zeroize::Zeroizing;

use crate::certificate::public_key_as_pem;
use crate::error::ClientError;
use crate::key_file::{self, KeyFile};
use crate::output;
use crate::passphrase::Passphrase;

/// A person's P-256 private key (FIPS 186-5). Wiped when dropped, never printed.
pub struct PersonKey(SigningKey);

impl PersonKey {
    /// A new key, from the system's random numbers.
    ///
    /// # Errors
    /// [`Reason::Internal`] where the system gives none.
    pub fn generate() -> Result<Self, ClientError> {
        let mut bytes = Zeroizing::new([0; 32]);
        // FIPS 186-5 §A.2.2: numbers that are zero or not below the order are thrown away, one in 2³².
        loop {
            getrandom::fill(bytes.as_mut_slice())
                .map_err(|error| ClientError::local(Reason::Internal, error))?;
            if let Ok(key) = SigningKey::from_slice(bytes.as_slice()) {
                return Ok(Self(key));
            }
        }
    }

    /// Reads a key file, asks for its passphrase once the file is known to be one that can be decrypted, and decrypts it. Blocks.
    ///
    /// # Errors
    /// Those of [`KeyFile::open`], [`KeyFile::decrypt`] and of `passphrase_source`.
    pub fn load(
        path: &Path,
        passphrase_source: impl FnOnce() -> Result<Passphrase, ClientError>,
    ) -> Result<Self, ClientError> {
        let file = KeyFile::open(path)?;
        file.decrypt(&passphrase_source()?)
    }

    /// Writes the key to the new file `path`, encrypted, readable by its owner only (0600). Nothing is overwritten; when this
    /// returns `Ok` the file survives a power cut. Blocks.
    ///
    /// # Errors
    /// [`Reason::PassphraseTooShort`], [`Reason::OutputExists`], [`Reason::OutputUnwritable`], [`Reason::Internal`].
    pub fn save_new(&self, path: &Path, passphrase: &Passphrase) -> Result<(), ClientError> {
        output::write_new_with(self.encrypted(passphrase)?.as_bytes(), path, output::PRIVATE)
    }

    /// Writes the key to the file `path` in place of what is there, as [`save_new`](Self::save_new) does: at each moment, and after
    /// a crash, there is either the old file or the new one, whole.
    ///
    /// # Errors
    /// [`Reason::PassphraseTooShort`], [`Reason::OutputUnwritable`], [`Reason::Internal`]; the old file is there then.
    pub fn replace(&self, path: &Path, passphrase: &Passphrase) -> Result<(), ClientError> {
        output::replace_private(self.encrypted(passphrase)?.as_bytes(), path)
    }

    /// The public half.
    pub fn public_key(&self) -> ActKey {
        ActKey::from(self.0.verifying_key())
    }

    /// The public half as PEM (RFC 7468 §13).
    ///
    /// # Errors
    /// None that could arise with a key there is.
    pub fn public_key_pem(&self) -> Result<String, ClientError> {
        public_key_as_pem(&self.public_key().spki_der())
    }

    /// The ECDSA signature with SHA-256 over these bytes, deterministic (RFC 6979): r ‖ s, 32 bytes each, big-endian.
    ///
    /// # Errors
    /// [`Reason::Internal`].
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], ClientError> {
        let signature: Signature =
            self.0.try_sign(message).map_err(|error| ClientError::local(Reason::Internal, error))?;
        Ok(signature.to_bytes().into())
    }

    pub(crate) fn from_signing_key(key: SigningKey) -> Self {
        Self(key)
    }

    fn encrypted(&self, passphrase: &Passphrase) -> Result<String, ClientError> {
        passphrase.check_length()?;
        let der = self.0.to_pkcs8_der().map_err(|error| ClientError::local(Reason::Internal, error))?;
        key_file::encrypt(der.as_bytes(), passphrase)
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;
    use std::process::Command;
    use std::{fs, iter};

    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier as _;

    use super::*;
    use crate::ActSigner as _;

    const WORDS: &str = "correct horse 合同";

    struct Bench(tempfile::TempDir);

    impl Bench {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// What OpenSSL says, in the bench's folder.
        fn openssl(&self, arguments: &str) -> Vec<u8> {
            let mut command = Command::new("openssl");
            command.current_dir(self.0.path()).args(arguments.split(' '));
            let output = command.env("WORDS", WORDS).output().unwrap();
            assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
            output.stdout
        }

        /// A file with this mode.
        fn file(&self, name: &str, content: impl AsRef<[u8]>, mode: u32) -> PathBuf {
            let path = self.path(name);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.0.path()).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    fn words(text: &str) -> Passphrase {
        Passphrase::new(text.into()).unwrap()
    }

    fn load(path: &Path) -> Result<PersonKey, ClientError> {
        PersonKey::load(path, || Ok(words(WORDS)))
    }

    fn refusal<T: fmt::Debug>(result: Result<T, ClientError>) -> Reason {
        match result.unwrap_err() {
            ClientError::Local { reason, .. } => reason,
            other => panic!("{other}"),
        }
    }

    /// Why a file of this content is refused before anybody is asked for a passphrase.
    fn refusal_of(content: impl AsRef<[u8]>) -> Reason {
        let bench = Bench::new();
        let path = bench.file("key", content, 0o600);
        refusal(PersonKey::load(&path, || panic!("asked for a passphrase")))
    }

    #[test]
    fn a_key_signs_as_rfc_6979_says() {
        // RFC 6979 §A.2.5, SHA-256, message "sample".
        let secret = hex::decode("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721").unwrap();
        let key = PersonKey(SigningKey::from_slice(&secret).unwrap());
        assert_eq!(
            hex::encode(key.sign(b"sample").unwrap()),
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
             f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        );
        assert_eq!(key.sign_act("sample").unwrap(), key.sign(b"sample").unwrap());
        assert_eq!(key.key_id(), ActKey::from_pem(&key.public_key_pem().unwrap()).unwrap().thumbprint());
        assert_eq!(format!("{key:?}"), "PersonKey(..)");
    }

    #[test]
    fn a_saved_key_is_the_same_when_loaded() {
        let bench = Bench::new();
        let (key, path) = (PersonKey::generate().unwrap(), bench.path("key"));
        key.save_new(&path, &words(WORDS)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), "{text}");
        let loaded = load(&path).unwrap();
        assert_eq!(loaded.key_id(), key.key_id());
        let signature = Signature::from_slice(&loaded.sign(b"act").unwrap()).unwrap();
        VerifyingKey::from(&key.0).verify(b"act", &signature).unwrap();
        assert_ne!(PersonKey::generate().unwrap().key_id(), key.key_id());
    }

    #[test]
    fn nothing_is_overwritten_and_short_passphrases_are_refused() {
        let bench = Bench::new();
        let key = PersonKey::generate().unwrap();
        let path = bench.file("key", "mine", 0o600);
        assert_eq!(refusal(key.save_new(&path, &words(WORDS))), Reason::OutputExists);
        assert_eq!(refusal(key.replace(&path, &words("1234567"))), Reason::PassphraseTooShort);
        assert_eq!(refusal(key.save_new(&bench.path("new"), &words("1234567"))), Reason::PassphraseTooShort);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert_eq!(bench.names(), ["key"]);
    }

    #[test]
    fn a_replaced_file_opens_with_the_new_passphrase_only() {
        let bench = Bench::new();
        let (key, path) = (PersonKey::generate().unwrap(), bench.path("key"));
        key.save_new(&path, &words("the old one")).unwrap();
        std::os::unix::fs::symlink("key", bench.path("link")).unwrap();
        key.replace(&bench.path("link"), &words(WORDS)).unwrap();
        assert!(bench.path("link").is_symlink() && !path.is_symlink());
        assert_eq!(load(&path).unwrap().key_id(), key.key_id());
        assert_eq!(refusal(PersonKey::load(&path, || Ok(words("the old one")))), Reason::PassphraseWrong);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(bench.names().len(), 2, "{:?}", bench.names());
        assert_eq!(refusal(key.replace(&bench.path("absent"), &words(WORDS))), Reason::OutputUnwritable);
    }

    #[test]
    fn openssl_reads_what_is_written_here() {
        let bench = Bench::new();
        let key = PersonKey::generate().unwrap();
        key.save_new(&bench.path("key"), &words(WORDS)).unwrap();
        let public = bench.openssl("pkey -in key -passin env:WORDS -pubout");
        assert_eq!(String::from_utf8(public).unwrap(), key.public_key_pem().unwrap());
        let structure = bench.openssl("asn1parse -in key");
        let structure = String::from_utf8(structure).unwrap();
        assert!(structure.contains(":scrypt") && structure.contains(":aes-256-cbc"), "{structure}");
        // Its judgement of a signature, in the DER form it takes.
        let signature = Signature::from_slice(&key.sign(b"act").unwrap()).unwrap();
        bench.file("signature", signature.to_der().as_bytes(), 0o600);
        bench.file("act", b"act", 0o600);
        bench.file("public", key.public_key_pem().unwrap(), 0o600);
        let verdict = bench.openssl("dgst -sha256 -verify public -signature signature act");
        assert_eq!(verdict, b"Verified OK\n");
    }

    #[test]
    fn what_openssl_writes_is_read_here() {
        let bench = Bench::new();
        bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out plain");
        let public = bench.openssl("pkey -in plain -pubout");
        for how in ["-v2 aes-256-cbc", "-scrypt", "-v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 100000"] {
            let text = bench.openssl(&format!("pkcs8 -topk8 {how} -in plain -passout env:WORDS"));
            let path = bench.file("key", &text, 0o600);
            assert_eq!(load(&path).unwrap().public_key_pem().unwrap().as_bytes(), public, "{how}");
            let around = [b"Bag Attributes\n".as_slice(), &text, b"\n\n"].concat();
            assert!(load(&bench.file("key", around, 0o600)).is_ok(), "{how}");
            let crlf = String::from_utf8(text).unwrap().replace('\n', "\r\n");
            assert!(load(&bench.file("key", crlf, 0o600)).is_ok(), "{how}");
        }
    }

    #[test]
    fn a_key_that_is_not_encrypted_is_refused() {
        let bench = Bench::new();
        bench.openssl("ecparam -name prime256v1 -genkey -out ec");
        for plain in [
            bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
            bench.openssl("ec -in ec"),
            fs::read(bench.path("ec")).unwrap(),
        ] {
            assert_eq!(refusal_of(&plain), Reason::KeyFileUnencrypted, "{}", String::from_utf8_lossy(&plain));
        }
    }

    #[test]
    fn other_encryptions_are_refused_before_the_passphrase() {
        let bench = Bench::new();
        bench.openssl("ecparam -name prime256v1 -genkey -noout -out ec");
        for how in [
            "pkcs8 -topk8 -v2 aes-128-cbc -in ec -passout env:WORDS",
            "pkcs8 -topk8 -v2 des3 -in ec -passout env:WORDS",
            "pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA1 -in ec -passout env:WORDS",
            "pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA512 -in ec -passout env:WORDS",
            "pkcs8 -topk8 -v1 PBE-SHA1-3DES -in ec -passout env:WORDS",
            "pkcs8 -topk8 -v2 aes-256-cbc -iter 10000001 -in ec -passout env:WORDS",
            "ec -in ec -aes256 -passout env:WORDS",
        ] {
            assert_eq!(refusal_of(bench.openssl(how)), Reason::KeyFileUnsupported, "{how}");
        }
    }

    #[test]
    fn other_keys_are_refused_once_they_are_decrypted() {
        let bench = Bench::new();
        for kind in
            ["EC -pkeyopt ec_paramgen_curve:P-384", "ED25519", "EC -pkeyopt ec_paramgen_curve:secp256k1"]
        {
            bench.openssl(&format!("genpkey -algorithm {kind} -out plain"));
            let text = bench.openssl("pkcs8 -topk8 -scrypt -in plain -passout env:WORDS");
            let path = bench.file("key", text, 0o600);
            assert_eq!(refusal(load(&path)), Reason::KeyFileUnsupported, "{kind}");
        }
    }

    #[test]
    fn wrong_passphrases_are_told_from_damaged_files() {
        let bench = Bench::new();
        let path = bench.path("key");
        PersonKey::generate().unwrap().save_new(&path, &words(WORDS)).unwrap();
        // Many, for one in 256 gives padding that looks right.
        bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out plain");
        let quick = bench.openssl("pkcs8 -topk8 -v2 aes-256-cbc -iter 1 -in plain -passout env:WORDS");
        let quick = KeyFile::open(&bench.file("quick", quick, 0o600)).unwrap();
        for index in 0..2_000 {
            let wrong = quick.decrypt(&words(&format!("wrong {index}")));
            assert_eq!(refusal(wrong), Reason::PassphraseWrong, "{index}");
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let without = |index: usize| -> String {
            let lines = lines.iter().enumerate().filter(|(at, _)| *at != index);
            lines.flat_map(|(_, line)| [line, "\n"]).collect()
        };
        for index in 0..lines.len() {
            assert_eq!(refusal_of(without(index)), Reason::KeyFileDamaged, "without line {index}");
        }
        for damaged in [
            String::new(),
            "hello".to_owned(),
            text.repeat(2),
            text.replacen("\nM", "\n!", 1),
            iter::repeat_n(text.as_str(), 100).collect(),
        ] {
            assert_eq!(refusal_of(&damaged), Reason::KeyFileDamaged, "{damaged}");
        }
        assert_eq!(refusal_of([0x30, 0x82, 0xff]), Reason::KeyFileDamaged);
    }

    #[test]
    fn a_file_that_others_may_touch_is_not_used() {
        let bench = Bench::new();
        let path = bench.path("key");
        PersonKey::generate().unwrap().save_new(&path, &words(WORDS)).unwrap();
        for (mode, accepted) in
            [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false), (0o601, false)]
        {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let opened = KeyFile::open(&path).map(drop);
            match accepted {
                true => opened.unwrap(),
                false => assert_eq!(refusal(opened), Reason::KeyFilePermissions, "{mode:o}"),
            }
        }
        assert_eq!(refusal(KeyFile::open(&bench.path("absent"))), Reason::InputUnreadable);
        assert_eq!(refusal(KeyFile::open(bench.0.path())), Reason::InputUnreadable);
    }

    #[test]
    fn a_public_key_file_is_known_from_a_private_one() {
        let bench = Bench::new();
        let key = PersonKey::generate().unwrap();
        key.save_new(&bench.path("key"), &words(WORDS)).unwrap();
        let public = bench.file("key.pub", key.public_key_pem().unwrap(), 0o644);
        let read = |path: &Path| crate::read_public_key(path);
        assert_eq!(read(&public).unwrap().unwrap().thumbprint(), key.key_id());
        assert!(read(&bench.path("key")).unwrap().is_none());
        bench.openssl("ecparam -name secp384r1 -genkey -noout -out other");
        let other = bench.file("other.pub", bench.openssl("pkey -in other -pubout"), 0o644);
        assert_eq!(refusal(read(&other)), Reason::ActKeyUnfit);
    }
}
