//! The agent's configuration: first as written, then resolved and checked.

mod raw;
mod remote;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use sealkeeper_domain::{
    identity::Digest,
    pkcs11_uri::{ObjectKind, ObjectUri},
    seal::{Seal, SealSize},
};
use sealkeeper_pades::picture::SealPicture;
use sealkeeper_pkcs11::check_module_path;
use x509_cert::{Certificate, der::Encode};

use self::raw::{RawConfig, RawSeal};
use crate::{
    pipeline::ports::registry::{RegisteredSeal, SealForm},
    remote::RemoteConfig,
    token::ModulePath,
};

/// The configuration `init` writes: every key with its unit and default.
pub(crate) const TEMPLATE: &str = include_str!("agent.toml");

/// Name of the file in the agent's home.
pub(crate) const FILE: &str = "agent.toml";

/// Largest picture file, bytes: it travels in one message (`ShowSealReply`).
const PICTURE_BYTES: usize = 4 << 20;

/// What the agent runs by.
pub(crate) struct Config {
    pub(crate) socket: Option<PathBuf>,
    pub(crate) limits: Limits,
    pub(crate) modules: Vec<ModulePath>,
    /// Of a solo journal.
    pub(crate) seals: Vec<RegisteredSeal>,
    /// Of an office, whose seals are made by acts.
    pub(crate) office: OfficeSeals,
    /// For callers from afar; `None`: there are none.
    pub(crate) remote: Option<RemoteConfig>,
}

/// What is configured for all seals of an office.
pub(crate) struct OfficeSeals {
    /// Certificates of authorities, DER, from which the seals' chains are made.
    pub(crate) issuers: Vec<Vec<u8>>,
    /// Attributes of keys that modules need not report.
    pub(crate) unreported_accepted: Vec<String>,
}

/// Limits on what one caller can ask of the agent.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Largest document, bytes.
    pub(crate) document: u64,
    /// Most memory of a process that looks at a document, beside the document itself, MiB.
    pub(crate) document_worker_mib: u64,
    /// Longest time such a process may compute, whole seconds.
    pub(crate) document_worker: Duration,
    /// All documents in the spool together, bytes.
    pub(crate) spool: u64,
    /// Documents of the open requests that one person brought, and of what they are bringing, bytes.
    pub(crate) spool_per_person: u64,
    /// Open requests that one person brought.
    pub(crate) requests_per_person: u32,
    /// Longest pause within an upload.
    pub(crate) upload_idle: Duration,
    /// What an upload has to carry on the average, bytes a second.
    pub(crate) upload_rate: u64,
    /// Longest time of any call but an upload.
    pub(crate) call: Duration,
    /// Longest time a token may take for one call.
    pub(crate) token: Duration,
    /// Longest time a person may take to type a PIN on a token.
    pub(crate) pin_pad: Duration,
    /// Uses in progress at once; further ones wait.
    pub(crate) uses_at_once: u32,
    /// Calls of one person at once, uploads not counted; further ones are refused.
    pub(crate) calls_per_caller: u32,
    /// Uploads of one person at once; further ones are refused.
    pub(crate) uploads_per_caller: u32,
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not TOML of the expected shape.
    #[error("{path}: {message}")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// A value that cannot be used.
    #[error("{key}: {message}")]
    Value {
        /// Dotted key.
        key: String,
        /// What is wrong and what it must be.
        message: String,
    },
}

fn value(key: impl Into<String>, message: impl std::fmt::Display) -> ConfigError {
    ConfigError::Value { key: key.into(), message: message.to_string() }
}

fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

impl Config {
    /// Reads `agent.toml` in the agent's home and everything it names. Relative paths count from the home.
    pub(crate) fn load(home: &Path, own_uid: u32) -> Result<Config, ConfigError> {
        let path = home.join(FILE);
        let syntax = |message| ConfigError::Syntax { path: path.clone(), message };
        let text = String::from_utf8(read(&path)?).map_err(|_| syntax("not UTF-8".into()))?;
        let raw: RawConfig =
            toml::from_str(&text).map_err(|error| syntax(error.to_string().trim_end().to_owned()))?;
        if raw.version != 1 {
            return Err(value("version", "this agent reads version 1"));
        }
        let limits = limits(&raw)?;
        let mut modules = Vec::new();
        for (index, module) in raw.modules.into_iter().enumerate() {
            let key = format!("modules[{index}]");
            let path = check_module_path(&home.join(&module.path), own_uid)
                .map_err(|error| value(format!("{key}.path"), error))?;
            for (name, setting) in &module.environment {
                if name.is_empty() || name.contains(['=', '\0']) || setting.contains('\0') {
                    return Err(value(format!("{key}.environment"), "not an environment variable"));
                }
            }
            if module.name.parse::<sealkeeper_journal::Id>().is_err() {
                return Err(value(format!("{key}.name"), "1 to 320 bytes, no control characters"));
            }
            // Records tell modules by their names.
            if modules.iter().any(|other: &ModulePath| other.name == module.name) {
                return Err(value(format!("{key}.name"), "another module has this name"));
            }
            // The same shared object may stand for several tokens, but never twice for the same ones.
            if modules
                .iter()
                .any(|other: &ModulePath| other.path == path && other.environment == module.environment)
            {
                return Err(value(
                    format!("{key}.path"),
                    "another module has this path and environment; its tokens would be there twice",
                ));
            }
            let within = |name: &str, given: u64, least: u64, most: u64| {
                if (least..=most).contains(&given) {
                    Ok(given)
                } else {
                    Err(value(format!("{key}.{name}"), format!("from {least} to {most}")))
                }
            };
            modules.push(ModulePath {
                name: module.name,
                path,
                environment: module.environment,
                calls_at_once: u32::try_from(within("calls_at_once", module.calls_at_once, 1, 64)?)
                    .unwrap_or(1),
                memory_mib: within("memory_mib", module.memory_mib, 64, 1 << 20)?,
            });
        }
        let seals = raw
            .seals
            .into_iter()
            .enumerate()
            .map(|(index, seal)| registered(home, index, seal))
            .collect::<Result<Vec<_>, _>>()?;
        check_distinct(&seals)?;
        let key = |name: &str| format!("office.{name}");
        let office = OfficeSeals {
            issuers: certificates(home, &raw.office.issuers, &key("issuers"))?,
            unreported_accepted: may_be_unreported(raw.office.accept_unreported, &key("accept_unreported"))?,
        };
        let socket = raw.agent.socket.map(|socket| home.join(socket));
        let remote = raw.remote.map(|remote| remote::resolved(home, own_uid, remote)).transpose()?;
        Ok(Config { socket, limits, modules, seals, office, remote })
    }
}

/// The certificates in these PEM files, DER.
fn certificates(home: &Path, files: &[PathBuf], key: &str) -> Result<Vec<Vec<u8>>, ConfigError> {
    let mut certificates = Vec::new();
    for path in files {
        let file = read(&home.join(path))?;
        let chain = Certificate::load_pem_chain(&file)
            .map_err(|error| value(key, format!("{}: {error}", path.display())))?;
        for certificate in chain {
            certificates.push(certificate.to_der().map_err(|error| value(key, error))?);
        }
    }
    Ok(certificates)
}

fn may_be_unreported(names: Vec<String>, key: &str) -> Result<Vec<String>, ConfigError> {
    match names.iter().find(|name| !MAY_BE_UNREPORTED.contains(&name.as_str())) {
        Some(unknown) => {
            let those = MAY_BE_UNREPORTED.join(", ");
            Err(value(key, format!("{unknown:?} is none of {those}")))
        }
        None => Ok(names),
    }
}

fn limits(raw: &RawConfig) -> Result<Limits, ConfigError> {
    let within = |key: &str, given: u64, most: u64| {
        if (1..=most).contains(&given) {
            Ok(given)
        } else {
            Err(value(format!("limits.{key}"), format!("from 1 to {most}")))
        }
    };
    let limits = &raw.limits;
    let count =
        |key, given: u32| within(key, given.into(), 1024).map(|count| u32::try_from(count).unwrap_or(1024));
    let seconds = |key, given| within(key, given, 86_400).map(Duration::from_secs);
    Ok(Limits {
        document: within("document_mib", limits.document_mib, 16_384)? << 20,
        document_worker_mib: match limits.document_worker_mib {
            // Below that there is no room for the stack that decoding takes.
            mib @ 128..=1_048_576 => mib,
            _ => return Err(value("limits.document_worker_mib", "from 128 to 1048576")),
        },
        document_worker: within("document_worker_seconds", limits.document_worker_seconds, 3600)
            .map(Duration::from_secs)?,
        spool: within("spool_mib", limits.spool_mib, 1 << 24)? << 20,
        spool_per_person: within("spool_per_person_mib", limits.spool_per_person_mib, 1 << 24)? << 20,
        requests_per_person: u32::try_from(within(
            "requests_per_person",
            limits.requests_per_person.into(),
            1_000_000,
        )?)
        .unwrap_or(1),
        upload_idle: seconds("upload_idle_seconds", limits.upload_idle_seconds)?,
        upload_rate: within("upload_kib_per_second", limits.upload_kib_per_second, 1 << 20)? << 10,
        call: seconds("call_seconds", limits.call_seconds)?,
        token: seconds("token_seconds", limits.token_seconds)?,
        pin_pad: seconds("pin_pad_seconds", limits.pin_pad_seconds)?,
        uses_at_once: count("uses_at_once", limits.uses_at_once)?,
        calls_per_caller: count("calls_per_caller", limits.calls_per_caller)?,
        uploads_per_caller: count("uploads_per_caller", limits.uploads_per_caller)?,
    })
}

fn registered(home: &Path, index: usize, raw: RawSeal) -> Result<RegisteredSeal, ConfigError> {
    let key = |name: &str| format!("seals[{index}].{name}");
    let text = |name: &str, text: &str| {
        if (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(text.to_owned())
        } else {
            Err(value(key(name), "1 to 128 characters, none of them control characters"))
        }
    };
    let uri = |name: &str, text: &str, kind: ObjectKind| {
        let uri = ObjectUri::parse(text).map_err(|error| value(key(name), error))?;
        match uri.kind {
            Some(given) if given != kind => Err(value(key(name), "names an object of another type")),
            _ => Ok(uri),
        }
    };
    let um = |name: &str, mm: f64| {
        let um = (mm * 1000.0).round();
        // Checked against SealSize next; NaN and what does not fit become 0, which it refuses.
        if um.is_finite() && (0.0..=f64::from(u32::MAX)).contains(&um) {
            Ok(um as u32)
        } else {
            Err(value(key(name), "a length in mm"))
        }
    };
    let size = SealSize::new(um("width_mm", raw.width_mm)?, um("height_mm", raw.height_mm)?)
        .ok_or_else(|| value(key("width_mm"), "a seal is 1 to 58 mm wide and high (A5)"))?;
    let seal = Seal {
        id: raw.id.parse().map_err(|error| value(key("id"), error))?,
        name: text("name", &raw.name)?,
        unit: text("unit", &raw.unit)?,
        size,
        key: uri("key", &raw.key, ObjectKind::Private)?,
        certificate: uri("certificate", &raw.certificate, ObjectKind::Certificate)?,
    };
    if seal.key.serial != seal.certificate.serial {
        return Err(value(key("certificate"), "lies on another token than the key"));
    }
    let picture_file = read(&home.join(&raw.picture))?;
    if picture_file.len() > PICTURE_BYTES {
        return Err(value(key("picture"), "larger than 4 MiB"));
    }
    let picture = SealPicture::from_png(&picture_file).map_err(|error| value(key("picture"), error))?;
    let issuers = certificates(home, &raw.issuers, &key("issuers"))?;
    let picture_digest = Digest::of(&picture_file);
    let unreported_accepted = may_be_unreported(raw.accept_unreported, &key("accept_unreported"))?;
    Ok(RegisteredSeal {
        seal,
        picture_file,
        picture_digest,
        picture,
        unreported_accepted,
        issuers,
        custodian: None,
        form: SealForm::Configured,
    })
}

/// Attributes that PKCS#11 v2.40 and later have and some modules do not report. The others tell what the key is now, and every module does.
const MAY_BE_UNREPORTED: [&str; 3] = ["CKA_ALWAYS_SENSITIVE", "CKA_NEVER_EXTRACTABLE", "CKA_LOCAL"];

/// One id, one name within a unit, one seal per key (A4).
fn check_distinct(seals: &[RegisteredSeal]) -> Result<(), ConfigError> {
    let (mut ids, mut names, mut keys) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (index, RegisteredSeal { seal, .. }) in seals.iter().enumerate() {
        let twice = |name: &str, what: &str| Err(value(format!("seals[{index}].{name}"), what));
        if !ids.insert(seal.id.as_str()) {
            return twice("id", "stands twice");
        }
        if !names.insert((&seal.unit, &seal.name)) {
            return twice("name", "this unit has a seal of this name already (A4)");
        }
        if !keys.insert((&seal.key.serial, &seal.key.id, &seal.key.label)) {
            return twice("key", "another seal has this key already (A4)");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: &[u8] = include_bytes!("../../fixtures/seal.png");
    const SEAL: &str = r#"
[[seals]]
id = "contract"
name = "合同专用章"
unit = "示例科技有限公司"
picture = "seal.png"
width_mm = 40
height_mm = 29.7
key = "pkcs11:serial=1;id=%01;type=private"
certificate = "pkcs11:serial=1;id=%01;type=cert"
"#;

    fn load(seals: &str) -> Result<Config, ConfigError> {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(FILE), format!("{TEMPLATE}{seals}")).unwrap();
        fs::write(home.path().join("seal.png"), PICTURE).unwrap();
        Config::load(home.path(), rustix::process::geteuid().as_raw())
    }

    fn refused(seals: &str) -> String {
        load(seals).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_template_is_accepted_and_sizes_are_exact() {
        let config = load(SEAL).unwrap();
        assert_eq!(config.limits.document, 1 << 30);
        assert_eq!((config.limits.spool_per_person, config.limits.upload_rate), (2 << 30, 64 << 10));
        assert_eq!((config.limits.calls_per_caller, config.limits.uploads_per_caller), (64, 4));
        assert_eq!(config.limits.document_worker_mib, 512);
        assert_eq!(config.limits.document_worker, Duration::from_secs(8));
        let size = config.seals[0].seal.size;
        assert_eq!((size.width_um(), size.height_um()), (40_000, 29_700));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_key() {
        assert!(refused(&SEAL.replace("width_mm", "widht_mm")).contains("widht_mm"));
        assert!(refused(&SEAL.replace("= 40", "= 58.1")).contains("1 to 58 mm"));
        assert!(refused(&SEAL.replace("= 40", "= nan")).contains("seals[0].width_mm"));
        assert!(refused(&SEAL.replace("%01;type=private", "%01?pin-value=1")).contains("seals[0].key"));
        assert!(
            refused(&SEAL.replace("serial=1;id=%01;type=cert", "serial=2;id=%01")).contains("another token")
        );
        assert!(refused(&SEAL.replace("seal.png", "none.png")).contains("none.png"));
        assert!(refused("[[modules]]\nname = \"x\"\npath = \"/none.so\"\n").contains("modules[0].path"));
    }

    #[test]
    fn a_name_in_two_units_is_ambiguous_and_an_id_never() {
        use crate::{pipeline::ports::registry::SealRegistry, registry::ConfiguredSeals};
        use sealkeeper_domain::reason::Reason;
        let second = SEAL
            .replace("contract", "branch")
            .replace("示例科技有限公司", "分公司")
            .replace("%01;type=private", "%02;type=private");
        let found = |seals: &str, name| {
            let registry = ConfiguredSeals::new(load(seals).unwrap().seals);
            registry.find(name).map(|found| found.seal.id.to_string())
        };
        assert_eq!(found(SEAL, "合同专用章"), Ok("contract".into()));
        let both = format!("{SEAL}{second}");
        assert_eq!(found(&both, "合同专用章"), Err(Reason::SealAmbiguous));
        assert_eq!(found(&both, "branch"), Ok("branch".into()));
        assert_eq!(found(&both, "公章"), Err(Reason::SealUnknown));
    }

    #[test]
    fn a_module_is_named_once() {
        let module = |name: &str, rest: &str| {
            format!("[[modules]]\nname = \"{name}\"\npath = \"/proc/../bin/sh\"\n{rest}\n")
        };
        let a = module("a", "");
        let first = load(&a).unwrap().modules.remove(0);
        assert_eq!((first.calls_at_once, first.memory_mib), (8, 1024));
        assert!(refused(&format!("{a}{}", module("b", ""))).contains("modules[1].path"));
        // With another environment it drives other tokens.
        let other = "environment = { CONF = \"other\" }";
        assert_eq!(load(&format!("{a}{}", module("b", other))).unwrap().modules.len(), 2);
        assert!(refused(&format!("{a}{}", module("a", other))).contains("modules[1].name"));
        assert!(refused(&module("a", "calls_at_once = 65")).contains("modules[0].calls_at_once"));
        assert!(refused(&module("a", "memory_mib = 8")).contains("modules[0].memory_mib"));
    }

    #[test]
    fn only_what_modules_leave_out_may_be_unreported() {
        let accepting = |name: &str| format!("{SEAL}accept_unreported = [\"{name}\"]\n");
        let config = load(&accepting("CKA_LOCAL")).unwrap();
        assert_eq!(config.seals[0].unreported_accepted, ["CKA_LOCAL"]);
        assert!(refused(&accepting("CKA_SENSITIVE")).contains("accept_unreported"));
    }

    #[test]
    fn one_seal_for_a_name_and_a_key() {
        let second = |id: &str, name: &str, key: &str| {
            SEAL.replace("contract", id).replace("合同专用章", name).replace("%01;type=private", key)
        };
        assert!(refused(&format!("{SEAL}{SEAL}")).contains("seals[1].id"));
        assert!(
            refused(&format!("{SEAL}{}", second("b", "合同专用章", "%02;type=private")))
                .contains("seals[1].name")
        );
        assert!(
            refused(&format!("{SEAL}{}", second("b", "公章", "%01;type=private"))).contains("seals[1].key")
        );
        assert_eq!(
            load(&format!("{SEAL}{}", second("b", "公章", "%02;type=private"))).unwrap().seals.len(),
            2
        );
    }
}
