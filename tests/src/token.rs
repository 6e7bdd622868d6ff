//! A SoftHSM token of one's own: a copy of one that `softhsm-setup/setup.sh` made.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

use p256::pkcs8::Document;

use crate::{binaries::kept_folder, repository, sha256};

/// The PIN, such as nothing else that is written anywhere could look like.
const PIN: &str = "e2e-PIN-7Qx4!91w";

/// A token in a folder of its own, to be changed at will. Its keys have the ids 01, 02, 03.
pub struct SoftToken {
    folder: PathBuf,
    template: &'static Template,
}

/// What tokens are copies of.
struct Template {
    folder: PathBuf,
    module: PathBuf,
    label: String,
    serial: String,
}

/// The token of every home: three P-256 keys, each with its certificate.
static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::made("token", "e2e", 3));
/// Another token, with one key, for homes with a second module.
static HEALTHY: LazyLock<Template> = LazyLock::new(|| Template::made("healthy", "healthy", 1));

impl Template {
    /// Made once for all runs of the same setup.sh: making keys takes seconds.
    fn made(name: &str, label: &str, keys: usize) -> Self {
        let script = repository().join("softhsm-setup/setup.sh");
        let version = hex::encode(&sha256(&fs::read(&script).unwrap())[..8]);
        let folder = kept_folder().join(format!("{name}-{version}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("TEST_PIN"), format!("{PIN}\n")).unwrap();
        let mut setup = Command::new(script);
        succeed(setup.args(["--label", label, "--keys", &keys.to_string()]).arg(&folder));
        let variables = fs::read_to_string(folder.join("uris.env")).unwrap();
        let value = |name: &str| {
            let found = variables.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_else(|| panic!("uris.env has no {name}")).to_owned()
        };
        let (module, label, serial) = (value("MODULE").into(), value("TOKEN_LABEL"), value("TOKEN_SERIAL"));
        Self { folder, module, label, serial }
    }
}

/// Makes what every home is made from, if it has not been made yet.
pub(crate) fn prepare() {
    LazyLock::force(&TEMPLATE);
}

impl SoftToken {
    pub(crate) fn copy_to(folder: PathBuf) -> Self {
        Self::copy(&TEMPLATE, &TEMPLATE.folder, folder)
    }

    /// A person's own token, in this folder: one P-256 key, 01.
    pub fn of_a_person(folder: PathBuf) -> Self {
        Self::copy(&HEALTHY, &HEALTHY.folder, folder)
    }

    /// The same token once more, as it is now.
    pub(crate) fn copied_to(&self, folder: PathBuf) -> Self {
        Self::copy(self.template, &self.folder, folder)
    }

    pub(crate) fn healthy_in(folder: PathBuf) -> Self {
        Self::copy(&HEALTHY, &HEALTHY.folder, folder)
    }

    fn copy(template: &'static Template, from: &Path, folder: PathBuf) -> Self {
        for token in fs::read_dir(from.join("tokens")).unwrap().map(|token| token.unwrap().path()) {
            let copy = folder.join("tokens").join(token.file_name().unwrap());
            fs::create_dir_all(&copy).unwrap();
            for file in fs::read_dir(token).unwrap().map(|file| file.unwrap().path()) {
                fs::copy(&file, copy.join(file.file_name().unwrap())).unwrap();
            }
        }
        let tokens = folder.join("tokens");
        let settings = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
        fs::write(folder.join("softhsm2.conf"), settings).unwrap();
        Self { folder, template }
    }

    /// Serial number.
    pub fn serial(&self) -> &str {
        &self.template.serial
    }

    /// The user PIN.
    pub fn pin(&self) -> &'static str {
        PIN
    }

    /// The security officer's PIN: setup.sh makes it the same.
    pub fn so_pin(&self) -> &'static str {
        PIN
    }

    /// The PKCS#11 module.
    pub fn module(&self) -> &Path {
        &self.template.module
    }

    /// Its configuration: the module's `SOFTHSM2_CONF`.
    pub fn settings(&self) -> PathBuf {
        self.folder.join("softhsm2.conf")
    }

    /// Certificate of the CA that issued the certificates, PEM.
    pub fn ca(&self) -> PathBuf {
        self.template.folder.join("ca.pem")
    }

    /// URI of the private key with this id.
    pub fn key_uri(&self, id: u8) -> String {
        format!("pkcs11:serial={};id=%{id:02x};type=private", self.serial())
    }

    /// URI of the certificate with this id.
    pub fn certificate_uri(&self, id: u8) -> String {
        format!("pkcs11:serial={};id=%{id:02x};type=cert", self.serial())
    }

    /// The certificate that setup.sh made for this key, DER.
    pub fn certificate(&self, id: u8) -> Vec<u8> {
        let file = self.template.folder.join(format!("{}-{id}.pem", self.template.label));
        let (_, der) = Document::from_pem(&fs::read_to_string(file).unwrap()).unwrap();
        der.as_bytes().to_vec()
    }

    /// The public key of that certificate: SubjectPublicKeyInfo, DER.
    pub fn public_key(&self, id: u8) -> Vec<u8> {
        let mut read = Command::new("openssl");
        let file = self.template.folder.join(format!("{}-{id}.pem", self.template.label));
        let pem = succeed(read.args(["x509", "-pubkey", "-noout", "-in"]).arg(file)).stdout;
        let (_, der) = Document::from_pem(&String::from_utf8(pem).unwrap()).unwrap();
        der.as_bytes().to_vec()
    }

    /// Takes the token's directory away, or puts it back.
    pub fn move_away(&self, away: bool) {
        let (here, parked) = (self.folder.join("tokens"), self.folder.join("parked"));
        fs::create_dir_all(&parked).unwrap();
        let (from, to) = if away { (here, parked) } else { (parked, here) };
        for token in fs::read_dir(from).unwrap().map(|token| token.unwrap()) {
            fs::rename(token.path(), to.join(token.file_name())).unwrap();
        }
    }

    /// Generates a key pair on the token: `EC:prime256v1` and whatever else pkcs11-tool takes.
    pub fn generate_key(&self, kind: &str, id: u8) {
        let id = format!("{id:02x}");
        self.tool(&["--keypairgen", "--key-type", kind, "--id", &id, "--sensitive", "--usage-sign"]);
    }

    /// Generates a P-521 key pair on the token.
    pub fn generate_p521_key(&self, id: u8) {
        self.generate_key("EC:secp521r1", id);
        // pkcs11-tool of OpenSC 0.23 cannot read the public half back, so it is certified with another of its kind.
        let (pem, id) = (self.folder.join("p521.pem"), format!("{id:02x}"));
        succeed(
            Command::new("openssl")
                .args(["ecparam", "-name", "secp521r1", "-genkey", "-noout", "-out"])
                .arg(&pem),
        );
        self.write_public_half(&pem, &id);
    }

    /// Puts a P-256 key on the token that was made elsewhere.
    pub fn import_key(&self, id: u8) {
        let (pem, der) = (self.folder.join("imported.pem"), self.folder.join("imported.der"));
        succeed(
            Command::new("openssl")
                .args(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out"])
                .arg(&pem),
        );
        succeed(
            Command::new("openssl")
                .args(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in"])
                .arg(&pem)
                .arg("-out")
                .arg(&der),
        );
        let (id, der) = (format!("{id:02x}"), der.display().to_string());
        self.tool(&["--write-object", &der, "--type", "privkey", "--id", &id, "--sensitive", "--usage-sign"]);
        self.write_public_half(&pem, &id);
    }

    /// Puts a certificate of the CA for key `key` on the token under the id `id`, valid for `days` from now on;
    /// -1: it expired yesterday. Gives its length in bytes.
    pub fn certify(&self, key: u8, id: u8, days: i32) -> u64 {
        let public = self.folder.join(format!("public-{key:02x}.pem"));
        if !public.exists() {
            self.read_public_key(key, &public);
        }
        let (ca_key, request) = (self.template.folder.join("ca.key"), self.folder.join("name.csr"));
        let settings = self.template.folder.join("ca.cnf");
        succeed(
            Command::new("openssl")
                .args(["req", "-new", "-subj", "/CN=e2e", "-config"])
                .arg(settings)
                .arg("-key")
                .arg(&ca_key)
                .arg("-out")
                .arg(&request),
        );
        let der = self.folder.join(format!("certificate-{id:02x}.der"));
        succeed(
            Command::new("openssl")
                .args(["x509", "-req", "-sha256", "-days", &days.to_string(), "-outform", "DER", "-in"])
                .arg(request)
                .arg("-force_pubkey")
                .arg(public)
                .arg("-CA")
                .arg(self.ca())
                .arg("-CAkey")
                .arg(ca_key)
                .arg("-out")
                .arg(&der),
        );
        let length = fs::metadata(&der).unwrap().len();
        let (id, der) = (format!("{id:02x}"), der.display().to_string());
        self.tool(&["--write-object", &der, "--type", "cert", "--id", &id]);
        length
    }

    /// What openssl reads of a certificate request in DER: its subject as RFC 4514 has it, once it found the request's own signature right.
    pub fn read_request(&self, request: &[u8]) -> String {
        let file = self.folder.join("request.der");
        fs::write(&file, request).unwrap();
        let mut read = Command::new("openssl");
        read.args(["req", "-verify", "-noout", "-subject", "-nameopt", "RFC2253,utf8,-esc_msb"]);
        let read = succeed(read.args(["-inform", "DER", "-in"]).arg(file));
        let said = String::from_utf8([read.stderr, read.stdout].concat()).unwrap();
        assert!(said.contains("verify OK"), "{said}");
        said.lines().find_map(|line| line.strip_prefix("subject=")).unwrap().to_owned()
    }

    /// The CA's certificate for whoever made this request, as a seal's has to be: DER, valid for `days` from now on.
    pub fn issue(&self, request: &[u8], days: u32) -> Vec<u8> {
        let (file, profile) = (self.folder.join("request.der"), self.folder.join("profile"));
        fs::write(&file, request).unwrap();
        let profiled = "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature, nonRepudiation\n\
                        subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n";
        fs::write(&profile, profiled).unwrap();
        let mut issue = Command::new("openssl");
        issue
            .args(["x509", "-req", "-sha256", "-days", &days.to_string(), "-inform", "DER", "-in"])
            .arg(file);
        issue.arg("-CA").arg(self.ca()).arg("-CAkey").arg(self.template.folder.join("ca.key"));
        succeed(issue.arg("-extfile").arg(profile).args(["-outform", "DER"])).stdout
    }

    fn write_public_half(&self, key: &Path, id: &str) {
        let public = self.folder.join(format!("public-{id}.pem"));
        succeed(Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(key).arg("-out").arg(public));
    }

    fn read_public_key(&self, key: u8, to: &Path) {
        let (id, der) = (format!("{key:02x}"), self.folder.join("public.der"));
        self.tool(&[
            "--read-object",
            "--type",
            "pubkey",
            "--id",
            &id,
            "--output-file",
            &der.display().to_string(),
        ]);
        succeed(
            Command::new("openssl")
                .args(["pkey", "-pubin", "-inform", "DER", "-in"])
                .arg(der)
                .arg("-out")
                .arg(to),
        );
    }

    /// pkcs11-tool on this token, logged in. The PIN goes by environment.
    fn tool(&self, arguments: &[&str]) {
        let mut tool = Command::new("pkcs11-tool");
        tool.env("SOFTHSM2_CONF", self.settings()).env("E2E_PIN", PIN).arg("--module").arg(self.module());
        succeed(
            tool.args(["--token-label", &self.template.label, "--login", "--pin", "env:E2E_PIN"])
                .args(arguments),
        );
    }
}

/// Runs a tool to its end.
///
/// # Panics
/// With what it said, if it fails.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [&output.stdout[..], &output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
    output
}
