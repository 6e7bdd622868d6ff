//! `seal log`

mod backup;

use clap::{Args, Subcommand};
use jiff::{Timestamp, tz::TimeZone};
use sealkeeper_client::escape::for_terminal;
use sealkeeper_client::{CheckedRecord, Selection};
use sealkeeper_domain::reason::Reason;
use sealkeeper_journal::{
    Channel, Id, KeyPurpose, KeySearch, ModuleFailed, ModuleFailure, PinChange, RecordBody, TokenInspected,
    Verdict, VersionSeen, Versioned,
};
use serde_json::{Value, json};

use crate::Session;
use crate::failure::Failure;
use crate::screen::{self, padded};

/// Width of the longest kind of record, `certificate imported`.
const KIND_CELLS: usize = 20;

/// Show the journal (用印记录): the newest records, or those from a position on
///
/// Each record is checked against its leaf hash, and each name or reason against the commitment it stands for.
#[derive(Args)]
pub(crate) struct Log {
    #[command(subcommand)]
    command: Option<Command>,

    /// How many records at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,

    /// Begin at this position instead of showing the newest
    #[arg(long, value_name = "SEQ")]
    from: Option<u64>,
}

#[derive(Subcommand)]
enum Command {
    Backup(backup::Backup),
}

impl Log {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        if let Some(Command::Backup(backup)) = self.command {
            return backup.run(session).await;
        }
        let selection = match self.from {
            Some(seq) => Selection::From(seq, self.limit),
            None => Selection::Newest(self.limit),
        };
        for record in session.connect().await?.records(selection).await? {
            if session.json {
                screen::print_json(&as_json(&record));
            } else {
                screen::print(line(session, &record));
            }
        }
        Ok(())
    }
}

fn as_json(record: &CheckedRecord) -> Value {
    json!({
        "seq": record.seq,
        "leaf_hash": record.leaf_hash,
        "record": record.value,
        "disclosed": record.disclosed,
        "unproven": record.unproven,
    })
}

fn line(session: &Session, record: &CheckedRecord) -> String {
    let time = record.value.get("time_us").and_then(Value::as_i64).unwrap_or_default();
    let time = Timestamp::from_microsecond(time).unwrap_or_default().to_zoned_datetime(TimeZone::system());
    format!("{:>6}  {}  {}", record.seq, time.strftime("%Y-%m-%d %H:%M:%S"), words(session, record))
}

/// The line but for position and time.
fn words(session: &Session, record: &CheckedRecord) -> String {
    let mut words = padded(&for_terminal(&kind(session, record)), KIND_CELLS);
    for word in particulars(session, record) {
        words += "  ";
        words += &for_terminal(&word);
    }
    let from = record.record.as_ref().and_then(|record| record.body.came_from());
    if from.is_some_and(|from| from.channel == Channel::Remote) {
        words += "  ";
        words += session.say("异地", "from afar");
    }
    if record.erased() {
        words += &format!(
            "  [{}]",
            session.say("披露内容已按保存期限抹除", "names and texts erased after their retention")
        );
    }
    for field in &record.unproven {
        let warning = session.say("披露内容与承诺不符", "disclosure does not open its commitment");
        words += &format!("  [{warning}: {}]", for_terminal(field));
    }
    words.trim_end().to_owned()
}

/// What happened, in one word where this version knows the type.
fn kind(session: &Session, record: &CheckedRecord) -> String {
    let known = record.record.as_ref().map(|record| &record.body);
    let (chinese, english) = match known {
        Some(RecordBody::AgentStarted(_)) => ("代理启动", "agent started"),
        Some(RecordBody::AgentStopped(_)) => ("代理停止", "agent stopped"),
        Some(RecordBody::PolicyLoaded(_)) => ("载入制度", "policy loaded"),
        Some(RecordBody::PolicyRejected(_)) => ("不载入制度", "policy rejected"),
        Some(RecordBody::TokenUnlocked(_)) => ("载体解锁", "token unlocked"),
        Some(RecordBody::TokenLocked(_)) => ("载体锁定", "token locked"),
        Some(RecordBody::WrongPin(_)) => ("PIN 错误", "wrong PIN"),
        Some(RecordBody::PinChanged(_)) => ("更换 PIN", "PIN changed"),
        Some(RecordBody::TokenInserted(_)) => ("插入载体", "token inserted"),
        Some(RecordBody::TokenRemoved(_)) => ("拔出载体", "token removed"),
        Some(RecordBody::TokenInspected(_)) => ("检查载体", "token inspected"),
        Some(RecordBody::ModuleFailed(_)) => ("模块故障", "module failed"),
        Some(RecordBody::KeyUsed(_)) => ("密钥另用", "key used"),
        Some(RecordBody::KeyGenerated(_)) => ("生成密钥", "key generated"),
        Some(RecordBody::CertificateImported(_)) => ("导入证书", "certificate imported"),
        Some(RecordBody::VersionSeen(_)) => ("版本", "version"),
        Some(RecordBody::JournalBackedUp(_)) => ("备份记录", "journal backed up"),
        Some(RecordBody::Act(_)) => ("签批", "act"),
        Some(RecordBody::RequestDrafted(_)) => ("用印申请", "request"),
        Some(RecordBody::RequestExpired(_)) => ("申请到期", "requests expired"),
        Some(RecordBody::DisclosuresErased(_)) => ("抹除个人信息", "personal data erased"),
        Some(RecordBody::KeyDestructionOrdered(_)) => ("命令销毁密钥", "destruction ordered"),
        Some(RecordBody::KeyDestroyed(_)) => ("销毁密钥", "key destruction"),
        Some(RecordBody::Refused(_)) => ("拒绝", "refused"),
        Some(RecordBody::Intent(_)) => ("用印意向", "intent"),
        Some(RecordBody::Complete(_)) => ("用印完成", "complete"),
        Some(RecordBody::Failed(_)) => ("未签出", "failed"),
        Some(RecordBody::Abandoned(_)) => ("用印作废", "abandoned"),
        _ => return record.field("type").unwrap_or_default().to_owned(),
    };
    session.say(chinese, english).to_owned()
}

fn particulars(session: &Session, record: &CheckedRecord) -> Vec<String> {
    let named = |path: &str| record.disclosed.get(path).cloned();
    let numbered = |seq: u64| format!("#{seq}");
    let Some(body) = record.record.as_ref().map(|record| &record.body) else { return Vec::new() };
    // A token, what else there is to tell of it, and whose doing it was.
    let of_token = |serial: &Id, told: Vec<Option<String>>| {
        let words = [Some(serial.to_string())].into_iter().chain(told).chain([named("by.person.name")]);
        words.flatten().collect()
    };
    match body {
        RecordBody::AgentStarted(started) => vec![started.version.to_string(), started.origin.to_string()],
        RecordBody::PolicyLoaded(loaded) => vec![loaded.sha256.to_string()],
        RecordBody::PolicyRejected(rejected) => {
            let file = rejected.sha256.as_ref().map(ToString::to_string);
            file.into_iter().chain([in_words(session, rejected.code.as_str())]).collect()
        }
        RecordBody::TokenUnlocked(unlocked) => of_token(&unlocked.token_serial, vec![]),
        RecordBody::TokenLocked(locked) => {
            let cause = record.field("cause").unwrap_or_default().to_owned();
            vec![locked.token_serial.to_string(), cause]
        }
        RecordBody::WrongPin(wrong) => of_token(&wrong.token_serial, vec![]),
        RecordBody::PinChanged(changed) => {
            let how = match changed.how {
                PinChange::Changed => session.say("凭旧 PIN", "with the old PIN"),
                PinChange::SetBySecurityOfficer => session.say("由安全管理员设置", "by the security officer"),
                PinChange::SetOneTime => {
                    session.say("由安全管理员设置一次性 PIN", "one-time PIN by the security officer")
                }
            };
            of_token(&changed.token_serial, vec![Some(how.to_owned())])
        }
        RecordBody::TokenInserted(inserted) => {
            let model = inserted.model.as_ref().map(ToString::to_string);
            of_token(&inserted.token_serial, vec![model, Some(inserted.module.to_string())])
        }
        RecordBody::TokenRemoved(removed) => {
            of_token(&removed.token_serial, vec![Some(removed.module.to_string())])
        }
        RecordBody::TokenInspected(inspected) => {
            let mut told = vec![Some(verdict(session, inspected).to_owned())];
            told.extend(inspected.findings.iter().map(|finding| {
                let words = in_words(session, finding.code.as_str());
                Some(finding.seal.as_ref().map_or(words.clone(), |seal| format!("{seal}: {words}")))
            }));
            told.push(inspected.left_out.map(|count| format!("+{count}")));
            of_token(&inspected.token_serial, told)
        }
        RecordBody::ModuleFailed(failed) => {
            vec![failed.module.to_string(), module_failure(session, failed)]
        }
        RecordBody::KeyUsed(used) => {
            let purpose = match used.purpose {
                KeyPurpose::Inspection => session.say("检查时试签名", "test signature of an inspection"),
                KeyPurpose::CertificateRequest => session.say("申请证书", "certificate request"),
                KeyPurpose::ControlProof => session.say("领用时证明控制", "proof of control at receipt"),
            };
            let key = used.key_id.as_ref().map(ToString::to_string);
            of_token(&used.token_serial, vec![key, Some(purpose.to_owned())])
        }
        RecordBody::KeyGenerated(generated) => {
            let told = vec![Some(generated.key_id.to_string()), Some(generated.algorithm.to_string())];
            of_token(&generated.token_serial, told)
        }
        RecordBody::CertificateImported(imported) => {
            let told = vec![Some(imported.key_id.to_string()), Some(imported.certificate_sha256.to_string())];
            of_token(&imported.token_serial, told)
        }
        RecordBody::VersionSeen(seen) => version(session, seen),
        RecordBody::JournalBackedUp(copy) => {
            let (size, root) = (copy.journal.size, copy.journal.root.to_string());
            let (chinese, english) = (format!("{size} 条记录"), format!("records {size}"));
            let told = [session.say(&chinese, &english).to_owned(), root, copy.sha256.to_string()];
            told.into_iter().chain(named("by.person.name")).collect()
        }
        RecordBody::Act(filed) => {
            let signer = named("signer.name").or_else(|| Some(filed.signer.id.to_string()));
            let about = [filed.seal.as_ref(), filed.person.as_ref()].map(|id| id.map(ToString::to_string));
            let request = filed.request.map(|request| request.to_string());
            [Some(filed.typ.to_string()), signer]
                .into_iter()
                .chain(about)
                .chain([request])
                .flatten()
                .collect()
        }
        RecordBody::RequestDrafted(drafted) => {
            let applicant = named("applicant.name").or_else(|| Some(drafted.applicant.id.to_string()));
            let told = [Some(drafted.seal.to_string()), named("file_name"), named("reason"), applicant];
            told.into_iter().flatten().collect()
        }
        RecordBody::RequestExpired(expired) => vec![format!("×{}", expired.requests.count)],
        RecordBody::DisclosuresErased(erased) => {
            vec![format!("≤ {}", numbered(erased.up_to)), format!("×{}", erased.count)]
        }
        RecordBody::KeyDestructionOrdered(ordered) => {
            let told =
                [Some(&ordered.seal), ordered.key_id.as_ref()].map(|told| told.map(ToString::to_string));
            of_token(&ordered.token_serial, told.into())
        }
        RecordBody::KeyDestroyed(destroyed) => {
            let found = match destroyed.found {
                KeySearch::Gone => session.say("复查已无此密钥", "looked for in vain"),
                KeySearch::Present => session.say("复查仍有此密钥", "still found"),
            };
            let key = destroyed.key_id.as_ref().map(ToString::to_string);
            of_token(
                &destroyed.token_serial,
                vec![Some(destroyed.seal.to_string()), key, Some(found.to_owned())],
            )
        }
        RecordBody::Refused(refused) => {
            let mut words: Vec<String> = refused.seal.iter().map(ToString::to_string).collect();
            words.extend(
                refused.violations.iter().map(|violation| in_words(session, violation.code.as_str())),
            );
            if refused.count > 1 {
                words.push(format!("×{}", refused.count));
            }
            words
        }
        RecordBody::Intent(intent) => {
            [Some(intent.seal.to_string()), named("file_name"), named("reason"), named("applicant.name")]
                .into_iter()
                .flatten()
                .collect()
        }
        RecordBody::Complete(complete) => vec![numbered(complete.intent), complete.output_sha256.to_string()],
        RecordBody::Failed(failed) => {
            vec![numbered(failed.intent), in_words(session, failed.code.as_str())]
        }
        RecordBody::Abandoned(abandoned) => {
            vec![numbered(abandoned.intent), record.field("cause").unwrap_or_default().to_owned()]
        }
        _ => record.field("cause").map(str::to_owned).into_iter().collect(),
    }
}

/// What has which version, and which it had.
fn version(session: &Session, seen: &VersionSeen) -> Vec<String> {
    let of = match seen.of {
        Versioned::Agent => session.say("代理", "agent"),
        Versioned::Module => session.say("模块", "module"),
        Versioned::Token => session.say("载体固件", "token's firmware"),
    };
    let version = match &seen.before {
        Some(before) if *before == seen.version => {
            let another = session.say("与以前不同", "another than before");
            format!("{before} ({another})")
        }
        Some(before) => format!("{before} → {}", seen.version),
        None => seen.version.to_string(),
    };
    let hardware = seen.hardware.as_ref().map(|hardware| {
        let (chinese, english) = (format!("硬件 {hardware}"), format!("hardware {hardware}"));
        session.say(&chinese, &english).to_owned()
    });
    let name = seen.name.as_ref().map(ToString::to_string);
    let manufacturer = seen.manufacturer.as_ref().map(ToString::to_string);
    let file = seen.file_sha256.as_ref().map(ToString::to_string);
    [Some(of.to_owned()), name, Some(version), hardware, manufacturer, file].into_iter().flatten().collect()
}

fn verdict<'s>(session: &'s Session, inspected: &TokenInspected) -> &'s str {
    match inspected.verdict {
        Verdict::Passed => session.say("通过", "passed"),
        Verdict::Failed => session.say("未通过", "not passed"),
    }
}

/// Why a module failed, and what it left unanswered.
fn module_failure(session: &Session, failed: &ModuleFailed) -> String {
    let cause = match failed.cause {
        ModuleFailure::Crashed => session.say("进程退出", "its process ended"),
        ModuleFailure::TimedOut => session.say("没有应答", "it did not answer"),
        ModuleFailure::Unusable => session.say("无法加载", "it cannot be loaded"),
        ModuleFailure::NoMemory => session.say("内存超出上限", "it took too much memory"),
    };
    let mut words = cause.to_owned();
    if let Some(signal) = failed.signal {
        words += &format!(" ({} {signal})", session.say("信号", "signal"));
    }
    if let Some(code) = failed.exit_code {
        words += &format!(" ({} {code})", session.say("退出码", "exit code"));
    }
    if failed.in_flight > 0 {
        let count = failed.in_flight;
        let chinese = format!("，{count} 个调用没有结果");
        let english = format!(", {count} call{} unanswered", if count == 1 { "" } else { "s" });
        words += session.say(&chinese, &english);
    }
    words
}

fn in_words(session: &Session, code: &str) -> String {
    match Reason::from_code(code) {
        Some(reason) => format!("{} [{code}]", reason.text(session.language)),
        None => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {

    use sealkeeper_domain::reason::Language;
    use sealkeeper_journal::Record;

    use super::*;

    /// The journal crate's own samples, as an agent would send them.
    const TOKENS: &str = include_str!("../../../../crates/journal/tests/data/tokens-v1.jsonl");
    const ACTS: &str = include_str!("../../../../crates/journal/tests/data/acts-v1.jsonl");
    const DESTRUCTION: &str = include_str!("../../../../crates/journal/tests/data/destruction-v1.jsonl");

    const REQUESTS: &str = include_str!("../../../../crates/journal/tests/data/requests-v1.jsonl");
    const UPKEEP: &str = include_str!("../../../../crates/journal/tests/data/upkeep-v1.jsonl");
    const POLICIES: &str = include_str!("../../../../crates/journal/tests/data/policies-v1.jsonl");

    fn records(lines: &'static str) -> impl Iterator<Item = CheckedRecord> {
        lines.lines().map(|line| {
            let record = Record::parse(line.as_bytes()).unwrap();
            let names = record.commitments().into_iter().map(|(path, _)| (path, "李雷".to_owned()));
            CheckedRecord {
                seq: record.seq,
                leaf_hash: String::new(),
                value: serde_json::from_str(line).unwrap(),
                bytes: line.as_bytes().to_vec(),
                lists: Default::default(),
                disclosed: names.filter(|(path, _)| !["reason", "file_name"].contains(&&**path)).collect(),
                unproven: Vec::new(),
                record: Some(record),
            }
        })
    }

    fn told(language: Language, lines: &'static str) -> String {
        let session = Session::with_no_agent(language);
        records(lines).map(|record| words(&session, &record) + "\n").collect()
    }

    #[test]
    fn every_record_of_tokens_acts_and_a_keys_end_is_told_in_both_languages() {
        for (language, lines, expected) in [
            (Language::Chinese, TOKENS, include_str!("../../../tests/log/tokens.zh.txt")),
            (Language::English, TOKENS, include_str!("../../../tests/log/tokens.en.txt")),
            (Language::Chinese, ACTS, include_str!("../../../tests/log/acts.zh.txt")),
            (Language::English, ACTS, include_str!("../../../tests/log/acts.en.txt")),
            (Language::Chinese, DESTRUCTION, include_str!("../../../tests/log/destruction.zh.txt")),
            (Language::English, DESTRUCTION, include_str!("../../../tests/log/destruction.en.txt")),
            (Language::Chinese, REQUESTS, include_str!("../../../tests/log/requests.zh.txt")),
            (Language::English, REQUESTS, include_str!("../../../tests/log/requests.en.txt")),
            (Language::Chinese, UPKEEP, include_str!("../../../tests/log/upkeep.zh.txt")),
            (Language::English, UPKEEP, include_str!("../../../tests/log/upkeep.en.txt")),
        ] {
            let told = told(language, lines);
            assert_eq!(told, expected, "{told}");
        }
    }

    #[test]
    fn a_record_whose_names_and_texts_were_erased_says_so() {
        let session = Session::with_no_agent(Language::English);
        let acts = records(ACTS).filter(|record| record.field("type") == Some("act"));
        for mut record in acts {
            assert!(!words(&session, &record).contains("erased"));
            record.disclosed.clear();
            assert!(words(&session, &record).ends_with("[names and texts erased after their retention]"));
        }
    }

    #[test]
    fn a_policy_that_was_not_taken_is_told_with_why() {
        let told = |language| -> Vec<String> {
            let session = Session::with_no_agent(language);
            let rejected = records(POLICIES).filter(|record| record.field("type") == Some("policy_rejected"));
            rejected.map(|record| words(&session, &record)).collect()
        };
        let [invalid, unreadable] = &told(Language::English)[..] else { panic!("two were not taken") };
        assert!(invalid.starts_with("policy rejected       402e741f"), "{invalid}");
        assert!(invalid.ends_with("[policy-invalid]"), "{invalid}");
        assert!(
            unreadable.starts_with("policy rejected       the policy file cannot be read"),
            "{unreadable}"
        );
        assert!(told(Language::Chinese)[1].starts_with("不载入制度            读不到制度文件"));
    }
}
