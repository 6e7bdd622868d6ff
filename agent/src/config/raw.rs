//! agent.toml as written; unknown keys are refused.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) version: u32,
    #[serde(default)]
    pub(super) agent: RawAgent,
    #[serde(default)]
    pub(super) limits: RawLimits,
    #[serde(default)]
    pub(super) modules: Vec<RawModule>,
    #[serde(default)]
    pub(super) office: RawOffice,
    pub(super) remote: Option<RawRemote>,
    #[serde(default)]
    pub(super) seals: Vec<RawSeal>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawOffice {
    pub(super) issuers: Vec<PathBuf>,
    pub(super) accept_unreported: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRemote {
    pub(super) listen: String,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) client_issuers: Vec<PathBuf>,
    #[serde(default)]
    pub(super) revocation_lists: Vec<PathBuf>,
    #[serde(default = "default_connections")]
    pub(super) connections: u32,
    #[serde(default = "default_connections_per_address")]
    pub(super) connections_per_address: u32,
    #[serde(default = "default_handshake_seconds")]
    pub(super) handshake_seconds: u64,
}

fn default_connections() -> u32 {
    128
}

fn default_connections_per_address() -> u32 {
    16
}

fn default_handshake_seconds() -> u64 {
    10
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAgent {
    pub(super) socket: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLimits {
    pub(super) document_mib: u64,
    pub(super) document_worker_mib: u64,
    pub(super) document_worker_seconds: u64,
    pub(super) spool_mib: u64,
    pub(super) spool_per_person_mib: u64,
    pub(super) requests_per_person: u32,
    pub(super) upload_idle_seconds: u64,
    pub(super) upload_kib_per_second: u64,
    pub(super) call_seconds: u64,
    pub(super) token_seconds: u64,
    pub(super) pin_pad_seconds: u64,
    pub(super) uses_at_once: u32,
    pub(super) calls_per_caller: u32,
    pub(super) uploads_per_caller: u32,
}

impl Default for RawLimits {
    fn default() -> Self {
        RawLimits {
            document_mib: 1024,
            document_worker_mib: 512,
            document_worker_seconds: 8,
            spool_mib: 8192,
            spool_per_person_mib: 2048,
            requests_per_person: 1000,
            upload_idle_seconds: 30,
            upload_kib_per_second: 64,
            call_seconds: 120,
            token_seconds: 30,
            pin_pad_seconds: 90,
            uses_at_once: 64,
            calls_per_caller: 64,
            uploads_per_caller: 4,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawModule {
    pub(super) name: String,
    pub(super) path: PathBuf,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    #[serde(default = "default_calls_at_once")]
    pub(super) calls_at_once: u64,
    #[serde(default = "default_memory_mib")]
    pub(super) memory_mib: u64,
}

fn default_calls_at_once() -> u64 {
    8
}

fn default_memory_mib() -> u64 {
    1024
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSeal {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) picture: PathBuf,
    pub(super) width_mm: f64,
    pub(super) height_mm: f64,
    pub(super) key: String,
    pub(super) certificate: String,
    #[serde(default)]
    pub(super) issuers: Vec<PathBuf>,
    #[serde(default)]
    pub(super) accept_unreported: Vec<String>,
}
