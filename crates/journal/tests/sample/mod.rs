//! One sample of every record type, as both tests use them.
#![allow(dead_code, reason = "each test uses its part")]

use sealkeeper_journal::*;
use uuid::Uuid;

pub(crate) const START_US: u64 = 1_750_000_000_000_000;

pub(crate) fn digest(seed: &str) -> Digest {
    Digest::of(seed.as_bytes())
}

pub(crate) fn committed(value: &str) -> Commitment {
    Commitment::to(&Salt::from([0x5a; 32]), value)
}

pub(crate) fn id(text: &str) -> Id {
    text.parse().unwrap()
}

pub(crate) fn code(text: &str) -> Code {
    text.parse().unwrap()
}

pub(crate) fn use_id(number: u128) -> Uuid {
    Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0000 + number)
}

pub(crate) fn endpoint() -> Endpoint {
    Endpoint { channel: Channel::Local, host: committed("desk-7"), uid: Some(committed("1000")) }
}

pub(crate) fn actor(person: &str, name: &str) -> Actor {
    Actor { person: Person { id: id(person), name: committed(name) }, from: endpoint() }
}

pub(crate) fn started() -> RecordBody {
    RecordBody::AgentStarted(AgentStarted {
        version: id("0.1.0"),
        origin: id("localhost/seal-journal/7d3c"),
        host: committed("desk-7"),
    })
}

pub(crate) fn intent(number: u128, journal: TreeHead) -> Intent {
    Intent {
        use_id: use_id(number),
        request_id: use_id(900),
        applicant: actor("p-17", "王芳"),
        custodian: actor("p-04", "李雷"),
        host: committed("desk-7"),
        reason: committed("年度采购合同"),
        file_name: committed("合同.pdf"),
        seal: id("contract"),
        seal_object_sha256: digest("seal"),
        certificate_sha256: digest("certificate"),
        token_serial: id("9f1c2b7a00e4d311"),
        signature_algorithm: code("ecdsa-p256-sha256"),
        document_sha256: digest("document"),
        document_size: 48_211,
        byte_range_digest: MessageDigest::Sha256(*digest("byte range").as_bytes()),
        prepared_sha256: digest("prepared"),
        placements: ListDigest { count: 1, sha256: digest("placements") },
        tickets: ListDigest { count: 0, sha256: digest("[]") },
        class: id("general"),
        copy: 1,
        copies: 2,
        journal,
    }
}

pub(crate) fn complete(number: u128, intent: u64) -> RecordBody {
    RecordBody::Complete(Complete {
        use_id: use_id(number),
        intent,
        signature_sha256: digest("signature"),
        output_sha256: digest("output"),
        output_size: 91_544,
    })
}

pub(crate) fn failed(number: u128, intent: u64) -> RecordBody {
    RecordBody::Failed(Failed {
        use_id: use_id(number),
        intent,
        code: code("token-removed"),
        token_error: Some(TokenError { function: id("C_SignInit"), return_value: id("CKR_DEVICE_REMOVED") }),
    })
}

pub(crate) fn abandoned(number: u128, intent: u64) -> RecordBody {
    RecordBody::Abandoned(Abandoned {
        use_id: use_id(number),
        intent,
        cause: AbandonCause::Crash,
        code: None,
        token_error: None,
    })
}

pub(crate) fn refused() -> Refused {
    Refused {
        operation: code("submit"),
        stage: code("inspect"),
        violations: vec![
            Violation { code: code("pdf-encrypted"), clause: Some(id("U4")) },
            Violation { code: code("document-too-large"), clause: None },
        ],
        person: Some(Person { id: id("p-17"), name: committed("王芳") }),
        from: endpoint(),
        seal: Some(id("contract")),
        token_serial: None,
        request_id: None,
        use_id: None,
        document_sha256: Some(digest("document")),
        count: 3,
        first_us: START_US,
        last_us: START_US + 5_000_000,
    }
}

/// A journal that is right: every record type, each kind of outcome, in an order that can happen.
pub(crate) fn journal() -> Vec<Vec<u8>> {
    let mut writer = Writer::default();
    writer.write(started());
    writer.write(RecordBody::PolicyLoaded(PolicyLoaded { sha256: digest("policy"), act: None }));
    writer.write(RecordBody::WrongPin(WrongPin {
        token_serial: id("9f1c2b7a00e4d311"),
        by: actor("p-04", "李雷"),
        entry: PinEntry::Caller,
        pin: PinKind::User,
        tries: PinTries::Low,
    }));
    writer.write(RecordBody::TokenUnlocked(TokenUnlocked {
        token_serial: id("9f1c2b7a00e4d311"),
        by: actor("p-04", "李雷"),
        entry: PinEntry::Caller,
        uses: Some(1),
        idle_us: Some(300_000_000),
        expires_us: None,
    }));
    let head = writer.head();
    writer.write(RecordBody::Refused(refused()));
    let first = writer.write(RecordBody::Intent(Box::new(intent(1, head))));
    let second = writer.write(RecordBody::Intent(Box::new(intent(2, head))));
    writer.write(failed(2, second));
    writer.write(complete(1, first));
    writer.write(RecordBody::TokenLocked(TokenLocked {
        token_serial: id("9f1c2b7a00e4d311"),
        cause: LockCause::UsesSpent,
        by: None,
    }));
    let head = writer.head();
    let third = writer.write(RecordBody::Intent(Box::new(intent(3, head))));
    writer.write(started());
    writer.write(abandoned(3, third));
    writer.write(RecordBody::AgentStopped(AgentStopped { cause: StopCause::Request }));
    writer.records
}

pub(crate) fn inspected() -> TokenInspected {
    let finding = |severity, name, seal: Option<&str>| InspectionFinding {
        severity,
        code: code(name),
        seal: seal.map(id),
    };
    TokenInspected {
        token_serial: id("9f1c2b7a00e4d311"),
        by: Some(actor("p-04", "李雷")),
        seals: ListDigest { count: 2, sha256: digest("seals") },
        verdict: Verdict::Failed,
        findings: vec![
            finding(Severity::Refuse, "certificate-expired", Some("contract")),
            finding(Severity::Warn, "firmware-changed", None),
            finding(Severity::Note, "key-attributes-not-told", Some("finance")),
        ],
        left_out: None,
        firmware: Some(id("2.7")),
        test_signature: TestSignature::Verified,
    }
}

/// A journal with what tokens, modules and keys do beside the use of seals: all that was added after [`journal`] was final.
pub(crate) fn tokens() -> Vec<Vec<u8>> {
    let (token_serial, module) = (id("9f1c2b7a00e4d311"), id("银行 U 盾"));
    let custodian = || actor("p-04", "李雷");
    let mut writer = Writer::default();
    writer.write(started());
    writer.write(RecordBody::TokenInserted(TokenInserted {
        token_serial: token_serial.clone(),
        module: module.clone(),
        model: Some(id("ePass2003")),
        firmware: Some(id("2.7")),
    }));
    writer.write(RecordBody::PinChanged(PinChanged {
        token_serial: token_serial.clone(),
        by: custodian(),
        entry: PinEntry::PinPad,
        how: PinChange::SetBySecurityOfficer,
    }));
    writer.write(RecordBody::PinChanged(PinChanged {
        token_serial: token_serial.clone(),
        by: custodian(),
        entry: PinEntry::Caller,
        how: PinChange::Changed,
    }));
    writer.write(RecordBody::KeyGenerated(KeyGenerated {
        token_serial: token_serial.clone(),
        by: custodian(),
        key_id: id("01"),
        algorithm: code("ec-p256"),
        public_key_sha256: digest("public key"),
    }));
    writer.write(RecordBody::KeyUsed(KeyUsed {
        token_serial: token_serial.clone(),
        by: Some(custodian()),
        key_id: Some(id("01")),
        purpose: KeyPurpose::CertificateRequest,
        digest: digest("certificate request"),
    }));
    for replaced_sha256 in [vec![], vec![digest("old certificate")]] {
        writer.write(RecordBody::CertificateImported(CertificateImported {
            token_serial: token_serial.clone(),
            by: custodian(),
            key_id: id("01"),
            certificate_sha256: digest("certificate"),
            replaced_sha256,
        }));
    }
    writer.write(RecordBody::KeyUsed(KeyUsed {
        token_serial: token_serial.clone(),
        by: None,
        key_id: None,
        purpose: KeyPurpose::Inspection,
        digest: digest("challenge"),
    }));
    writer.write(RecordBody::TokenInspected(TokenInspected {
        by: None,
        verdict: Verdict::Passed,
        findings: Vec::new(),
        firmware: None,
        ..inspected()
    }));
    writer.write(RecordBody::TokenInspected(inspected()));
    writer.write(RecordBody::TokenInspected(TokenInspected {
        left_out: Some(7),
        test_signature: TestSignature::NotMade,
        ..inspected()
    }));
    let failed = |cause, signal, exit_code, in_flight| {
        RecordBody::ModuleFailed(ModuleFailed { module: module.clone(), cause, signal, exit_code, in_flight })
    };
    writer.write(failed(ModuleFailure::Crashed, Some(11), None, 3));
    writer.write(failed(ModuleFailure::TimedOut, Some(9), None, 1));
    writer.write(failed(ModuleFailure::NoMemory, None, Some(134), 0));
    writer.write(failed(ModuleFailure::Unusable, None, None, 0));
    writer.write(RecordBody::TokenRemoved(TokenRemoved { token_serial, module: module.clone() }));
    let (token_serial, module) = (id("0002"), module);
    writer.write(RecordBody::TokenInserted(TokenInserted {
        token_serial,
        module,
        model: None,
        firmware: None,
    }));
    writer.write(RecordBody::AgentStopped(AgentStopped { cause: StopCause::Request }));
    writer.records
}

#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) records: Vec<Vec<u8>>,
    tree: Frontier,
}

impl Writer {
    pub(crate) fn write(&mut self, body: RecordBody) -> u64 {
        let seq = self.tree.size();
        let record = Record { seq, time_us: START_US + seq * 1_000_000, mode: Mode::Solo, body };
        let bytes = record.encode().unwrap();
        self.tree.push(leaf_hash(&bytes));
        self.records.push(bytes);
        seq
    }

    pub(crate) fn head(&self) -> TreeHead {
        TreeHead { size: self.tree.size(), root: self.tree.root() }
    }
}
