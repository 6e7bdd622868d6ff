//! Authorities, certificates and revocation lists, and a folder with the files of `[remote]`.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use tempfile::TempDir;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};

use crate::remote::{TlsFiles, files::Tls};

/// Who issues certificates.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) certificate: rcgen::Certificate,
}

/// A certificate with its key.
pub(super) struct Leaf {
    pub(super) certificate: rcgen::Certificate,
    pub(super) key: KeyPair,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Authority { issuer: Issuer::new(params, key), certificate }
    }

    fn leaf(&self, serial: u64, until_year: i32, purpose: ExtendedKeyUsagePurpose) -> Leaf {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.serial_number = Some(SerialNumber::from(serial));
        params.extended_key_usages = vec![purpose];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Leaf { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }

    /// A person's certificate.
    pub(super) fn person(&self, serial: u64) -> Leaf {
        self.leaf(serial, 2090, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// One that has expired.
    pub(super) fn expired(&self, serial: u64) -> Leaf {
        self.leaf(serial, 2021, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// The agent's own.
    pub(super) fn server(&self, serial: u64) -> Leaf {
        self.leaf(serial, 2090, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A revocation list, good until that year.
    pub(super) fn list(&self, revoked: &[u64], until_year: i32) -> String {
        self.list_of_age(revoked, until_year, (1, 2020))
    }

    /// The same of this number, made in that year.
    pub(super) fn list_of_age(&self, revoked: &[u64], until_year: i32, (number, year): (u64, i32)) -> String {
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2020, 2, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(year, 1, 1),
            next_update: date_time_ymd(until_year, 1, 1),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

/// The files of `[remote]`, in a folder that vanishes with them.
pub(super) struct Folder {
    folder: TempDir,
    pub(super) files: TlsFiles,
    pub(super) ours: Authority,
}

impl Folder {
    /// Of one authority, without revocation lists.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let files = TlsFiles {
            certificate: at("server.pem"),
            key: at("server.key"),
            client_issuers: vec![at("ca.pem")],
            revocation_lists: Vec::new(),
            own_uid: rustix::process::geteuid().as_raw(),
        };
        let ours = Authority::new("ours");
        let made = Folder { folder, files, ours };
        made.put("ca.pem", &made.ours.certificate.pem());
        made.put_server(&made.ours.server(1));
        made
    }

    /// With this revocation list.
    pub(super) fn with_list(revoked: &[u64], until_year: i32) -> Self {
        let mut made = Folder::new();
        made.files.revocation_lists = vec![made.path().join("crl.pem")];
        made.put("crl.pem", &made.ours.list(revoked, until_year));
        made
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file in the old one's place, as whoever renews it does.
    pub(super) fn put(&self, name: &str, text: &str) {
        let new = self.path().join(format!("{name}.new"));
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(new, self.path().join(name)).unwrap();
    }

    pub(super) fn put_server(&self, server: &Leaf) {
        self.put("server.pem", &server.certificate.pem());
        self.put("server.key", &server.key.serialize_pem());
    }

    pub(super) fn read(&self) -> Result<Tls, String> {
        self.files.read().map_err(|error| error.to_string())
    }

    /// A client that trusts our authority and shows this certificate, if any.
    pub(super) fn client(&self, shown: Option<&Leaf>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.ours.certificate.der().clone()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(roots);
        match shown {
            None => client.with_no_client_auth(),
            Some(leaf) => {
                let chain = vec![CertificateDer::from(leaf.certificate.der().to_vec())];
                let key = PrivatePkcs8KeyDer::from(leaf.key.serialize_der());
                let key = ring::default_provider().key_provider.load_private_key(key.into()).unwrap();
                // Not held against the certificate: a test shows one that is somebody else's.
                let shown = SingleCertAndKey::from(CertifiedKey::new(chain, key));
                client.with_client_cert_resolver(Arc::new(shown))
            }
        }
    }
}
