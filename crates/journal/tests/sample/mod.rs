//! One sample of every record type, as both tests use them.
#![allow(dead_code, reason = "each test uses its part")]

use sealkeeper_journal::*;
use serde_json::json;
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
    Endpoint {
        channel: Channel::Local,
        host: committed("desk-7"),
        uid: Some(committed("1000")),
        certificate: None,
    }
}

pub(crate) fn person(person: &str, name: &str) -> Person {
    Person { id: id(person), name: committed(name) }
}

pub(crate) fn actor(id: &str, name: &str) -> Actor {
    Actor { person: person(id, name), from: endpoint() }
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
        applicant: person("p-17", "王芳"),
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
        person: Some(person("p-17", "王芳")),
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

/// A ticket, as the OA system of a company would carry it.
pub(crate) fn ticket() -> ActFiled {
    ActFiled {
        act: use_id(700),
        typ: code("request-approve"),
        signer: person("p-31", "赵敏"),
        key: id("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        issued_s: 1_750_000_000,
        expires_s: 1_750_604_800,
        text: committed("eyJ.eyJ.AA"),
        attachment_sha256: None,
        seal: Some(id("contract")),
        person: None,
        request: Some(use_id(900)),
        from: Endpoint {
            channel: Channel::Remote,
            host: committed("192.0.2.7"),
            uid: None,
            certificate: None,
        },
    }
}

/// A journal of an office: acts about a person, a seal and a request, and a use that rests on a ticket.
pub(crate) fn acts() -> Vec<Vec<u8>> {
    let mut writer = Writer { mode: Some(Mode::Office), ..Writer::default() };
    writer.write(started());
    let act = Some(committed("eyJ.eyJ.AB"));
    writer.write(RecordBody::PolicyLoaded(PolicyLoaded { sha256: digest("policy"), act }));
    writer.write(RecordBody::Act(ActFiled {
        act: use_id(701),
        typ: code("person-register"),
        signer: person("p-01", "钱多"),
        seal: None,
        person: Some(id("p-31")),
        request: None,
        from: endpoint(),
        ..ticket()
    }));
    writer.write(RecordBody::Act(ActFiled {
        act: use_id(702),
        typ: code("seal-make"),
        signer: person("p-01", "钱多"),
        attachment_sha256: Some(digest("seal object")),
        request: None,
        from: endpoint(),
        ..ticket()
    }));
    let filed = writer.write(RecordBody::Act(ticket()));
    let rows = [json!({"act": use_id(700).to_string(), "by": "p-31", "seq": filed})];
    let (tickets, _) = ListDigest::of(&rows).unwrap();
    let head = writer.head();
    let begun = writer.write(RecordBody::Intent(Box::new(Intent { tickets, ..intent(1, head) })));
    writer.write(complete(1, begun));
    writer.write(RecordBody::AgentStopped(AgentStopped { cause: StopCause::Request }));
    writer.records
}

/// A journal with the end of a seal's key, added after [`tokens`] was final: proved at its receipt, destroyed, and found again at first.
pub(crate) fn destruction() -> Vec<Vec<u8>> {
    let (token_serial, seal) = (id("9f1c2b7a00e4d311"), id("contract"));
    let ordered = |key_id: Option<&str>, act| {
        RecordBody::KeyDestructionOrdered(KeyDestructionOrdered {
            token_serial: token_serial.clone(),
            key_id: key_id.map(id),
            seal: seal.clone(),
            act: use_id(act),
            from: endpoint(),
        })
    };
    let destroyed = |key_id: Option<&str>, act, found| {
        RecordBody::KeyDestroyed(KeyDestroyed {
            token_serial: token_serial.clone(),
            key_id: key_id.map(id),
            seal: seal.clone(),
            act: use_id(act),
            found,
        })
    };
    let mut writer = Writer::default();
    writer.write(started());
    writer.write(RecordBody::KeyUsed(KeyUsed {
        token_serial: token_serial.clone(),
        by: Some(actor("p-04", "李雷")),
        key_id: Some(id("01")),
        purpose: KeyPurpose::ControlProof,
        digest: digest("challenge"),
    }));
    writer.write(ordered(Some("01"), 501));
    writer.write(destroyed(Some("01"), 501, KeySearch::Present));
    writer.write(ordered(None, 502));
    writer.write(destroyed(None, 502, KeySearch::Gone));
    writer.write(RecordBody::AgentStopped(AgentStopped { cause: StopCause::Request }));
    writer.records
}

/// A journal of an agent whose policy file was changed for the worse: one that is read, one that is not.
pub(crate) fn policies() -> Vec<Vec<u8>> {
    let mut writer = Writer::default();
    let loaded = || RecordBody::PolicyLoaded(PolicyLoaded { sha256: digest("policy"), act: None });
    let rejected = |sha256, name| RecordBody::PolicyRejected(PolicyRejected { sha256, code: code(name) });
    writer.write(started());
    writer.write(loaded());
    writer.write(rejected(Some(digest("another policy")), "policy-invalid"));
    writer.write(RecordBody::AgentStopped(AgentStopped { cause: StopCause::Request }));
    writer.write(started());
    writer.write(rejected(None, "policy-unreadable"));
    writer.write(loaded());
    writer.records
}

/// A journal of an office: two requests, of which one expired, and what was erased in the end.
pub(crate) fn requests() -> Vec<Vec<u8>> {
    let (boxes, _) = ListDigest::of(&[json!({"kind": "seal", "page": 1})]).unwrap();
    let drafted = |number, standing| {
        RecordBody::RequestDrafted(Box::new(RequestDrafted {
            request_id: use_id(number),
            applicant: person("p-17", "王芳"),
            by: actor("p-04", "李雷"),
            reason: committed("年度采购合同"),
            file_name: committed("合同.pdf"),
            seal: id("contract"),
            seal_object_sha256: digest("seal"),
            document_sha256: digest("document"),
            document_size: 4096,
            placements: boxes,
            class: id("important"),
            copies: 2,
            standing,
            expires_us: START_US + 72 * 3_600_000_000,
        }))
    };
    let expired = json!({
        "request": use_id(901).to_string(), "seal": "contract", "copies": 2, "copies_used": 0
    });
    let (requests, _) = ListDigest::of(&[expired]).unwrap();
    let mut writer = Writer { mode: Some(Mode::Office), ..Writer::default() };
    writer.write(started());
    writer.write(drafted(900, DraftStanding::Filed));
    writer.write(drafted(901, DraftStanding::Drafted));
    writer.write(RecordBody::RequestExpired(RequestExpired { requests }));
    writer.write(RecordBody::DisclosuresErased(DisclosuresErased {
        up_to: 2,
        count: 11,
        before_us: START_US,
    }));
    writer.write(RecordBody::AgentStopped(AgentStopped { cause: StopCause::Request }));
    writer.records
}

/// A journal of what its keepers owe to it: versions as they are seen and change, a one-time PIN, and a copy.
pub(crate) fn upkeep() -> Vec<Vec<u8>> {
    let seen = |of, name: Option<&str>, version, before: Option<&str>| VersionSeen {
        of,
        name: name.map(id),
        version: id(version),
        manufacturer: None,
        file_sha256: None,
        hardware: None,
        before: before.map(id),
    };
    let module = |version, file, before| {
        RecordBody::VersionSeen(VersionSeen {
            manufacturer: Some(id("OpenSC Project")),
            file_sha256: Some(digest(file)),
            ..seen(Versioned::Module, Some("银行 U 盾"), version, before)
        })
    };
    let token = |version, before| {
        let hardware = Some(id("1.0"));
        let token = seen(Versioned::Token, Some("9f1c2b7a00e4d311"), version, before);
        RecordBody::VersionSeen(VersionSeen { hardware, ..token })
    };
    let mut writer = Writer::default();
    writer.write(started());
    writer.write(RecordBody::VersionSeen(seen(Versioned::Agent, None, "0.1.0", None)));
    writer.write(module("0.26", "module", None));
    writer.write(token("2.7", None));
    writer.write(RecordBody::PinChanged(PinChanged {
        token_serial: id("9f1c2b7a00e4d311"),
        by: actor("p-04", "李雷"),
        entry: PinEntry::Caller,
        how: PinChange::SetOneTime,
    }));
    let journal = writer.head();
    // By somebody who calls from another machine.
    let certificate = Some(committed(&"5e".repeat(32)));
    let from = Endpoint { channel: Channel::Remote, host: committed("192.0.2.7"), uid: None, certificate };
    let by = Actor { person: person("p-04", "李雷"), from };
    writer.write(RecordBody::JournalBackedUp(JournalBackedUp { by, journal, sha256: digest("copy") }));
    writer.write(RecordBody::AgentStopped(AgentStopped { cause: StopCause::Request }));
    writer.write(started());
    writer.write(RecordBody::VersionSeen(seen(Versioned::Agent, None, "0.2.0", Some("0.1.0"))));
    writer.write(module("0.26", "another module", Some("0.26")));
    writer.write(token("2.8", Some("2.7")));
    writer.records
}

#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) records: Vec<Vec<u8>>,
    tree: Frontier,
    /// Solo if none is named.
    mode: Option<Mode>,
}

impl Writer {
    pub(crate) fn write(&mut self, body: RecordBody) -> u64 {
        let seq = self.tree.size();
        let record =
            Record { seq, time_us: START_US + seq * 1_000_000, mode: self.mode.unwrap_or(Mode::Solo), body };
        let bytes = record.encode().unwrap();
        self.tree.push(leaf_hash(&bytes));
        self.records.push(bytes);
        seq
    }

    pub(crate) fn head(&self) -> TreeHead {
        TreeHead { size: self.tree.size(), root: self.tree.root() }
    }
}

/// 10:00 at UTC+8 on the first day of [`audited`]; µs.
pub(crate) const AUDITED_US: u64 = 1_750_039_200_000_000;

/// The tickets that intents of [`audited`] name: the ticket of record 9, and one that is not there.
pub(crate) fn audited_tickets(intent: &Intent) -> Vec<audit::TicketRow> {
    let act = if intent.request_id == use_id(900) { use_id(700) } else { use_id(799) };
    vec![audit::TicketRow { act, by: id("p-31"), seq: 9 }]
}

/// A journal of an office in which much does not add up, over eight days.
pub(crate) fn audited() -> Vec<Record> {
    const HOUR: u64 = 3_600_000_000;
    let token = || id("9f1c2b7a00e4d311");
    let act = |number: u128, typ: &str, request: Option<u128>, person: Option<&str>| {
        RecordBody::Act(ActFiled {
            act: use_id(number),
            typ: code(typ),
            issued_s: AUDITED_US / 1_000_000,
            expires_s: AUDITED_US / 1_000_000 + 4 * 86_400,
            seal: request.map(|_| id("contract")),
            person: person.map(id),
            request: request.map(use_id),
            ..ticket()
        })
    };
    let wrong = |tries| {
        let (by, entry) = (actor("p-04", "李雷"), PinEntry::Caller);
        RecordBody::WrongPin(WrongPin { token_serial: token(), by, entry, pin: PinKind::User, tries })
    };
    let unlocked = || {
        RecordBody::TokenUnlocked(TokenUnlocked {
            token_serial: token(),
            by: actor("p-04", "李雷"),
            entry: PinEntry::Caller,
            uses: None,
            idle_us: None,
            expires_us: None,
        })
    };
    let begun = |number: u128, request: u128| {
        let head = TreeHead { size: 0, root: empty_root() };
        let about = Intent { request_id: use_id(request), ..intent(number, head) };
        let rows: Vec<_> = audited_tickets(&about)
            .iter()
            .map(|row| json!({"act": row.act.to_string(), "by": "p-31", "seq": row.seq}))
            .collect();
        let (tickets, _) = ListDigest::of(&rows).unwrap();
        RecordBody::Intent(Box::new(Intent { tickets, ..about }))
    };
    let policy = |name: &str, act| RecordBody::PolicyLoaded(PolicyLoaded { sha256: digest(name), act });
    let report = ActFiled { seal: Some(id("contract")), ..ticket() };
    let report = ActFiled { act: use_id(720), typ: code("seal-report"), request: None, ..report };
    let bodies = [
        (0, started()),
        (0, policy("policy", Some(committed("eyJ.eyJ.AB")))),
        (0, act(705, "person-register", None, Some("p-31"))),
        (
            0,
            RecordBody::TokenInserted(TokenInserted {
                token_serial: token(),
                module: id("银行 U 盾"),
                model: None,
                firmware: None,
            }),
        ),
        (
            0,
            RecordBody::TokenInspected(TokenInspected {
                verdict: Verdict::Passed,
                findings: Vec::new(),
                ..inspected()
            }),
        ),
        (24, wrong(PinTries::Low)),
        (24, wrong(PinTries::Locked)),
        (25, unlocked()),
        (
            26,
            RecordBody::TokenLocked(TokenLocked { token_serial: token(), cause: LockCause::Idle, by: None }),
        ),
        (48, act(700, "request-approve", Some(900), Some("p-17"))),
        (48, act(710, "request-approve", Some(901), Some("p-17"))),
        (48, act(711, "request-approve", Some(902), Some("p-17"))),
        (49, act(712, "request-reject", Some(902), None)),
        (72, unlocked()),
        (72, begun(1, 900)),
        (72, complete(1, 14)),
        (84, begun(2, 900)),
        (
            84,
            RecordBody::Abandoned(Abandoned {
                use_id: use_id(2),
                intent: 16,
                cause: AbandonCause::TokenLost,
                code: None,
                token_error: None,
            }),
        ),
        (96, RecordBody::Refused(refused())),
        (
            97,
            RecordBody::ModuleFailed(ModuleFailed {
                module: id("银行 U 盾"),
                cause: ModuleFailure::Crashed,
                signal: Some(11),
                exit_code: None,
                in_flight: 0,
            }),
        ),
        (120, RecordBody::TokenInspected(inspected())),
        (144, RecordBody::Act(report)),
        (144, act(730, "finding", None, Some("p-17"))),
        (168, act(740, "person-leave", None, Some("p-04"))),
        (170, begun(3, 903)),
        (192, started()),
        (192, policy("another policy", None)),
        (
            193,
            RecordBody::PolicyRejected(PolicyRejected {
                sha256: Some(digest("a third policy")),
                code: code("policy-unsigned"),
            }),
        ),
    ];
    let record = |(seq, (hours, body))| {
        let seq = u64::try_from(seq).unwrap();
        Record { seq, time_us: AUDITED_US + hours * HOUR + seq * 1_000, mode: Mode::Office, body }
    };
    bodies.into_iter().enumerate().map(record).collect()
}
