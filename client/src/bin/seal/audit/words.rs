//! What a report says, in words.

use sealkeeper_client::audit::Names;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::reason::Reason;
use sealkeeper_journal::Severity;
use sealkeeper_journal::audit::{Item, Kind};

use crate::office::{report_in_words, role_in_words};
use crate::screen::padded;
use crate::{Session, facts, finding};

/// Width of the longest severity.
const SEVERITY_CELLS: usize = 9;

/// Tells items to people.
pub(super) struct Teller<'a> {
    pub(super) session: &'a Session,
    pub(super) names: &'a Names,
    /// How a time in µs is written.
    pub(super) time: fn(u64) -> String,
}

impl Teller<'_> {
    /// An item on one line, safe to show.
    pub(super) fn line(&self, item: &Item) -> String {
        let code = match item.severity {
            Severity::Note => "note",
            Severity::Warn => "warn",
            Severity::Refuse => "refuse",
        };
        let severity = padded(finding::severity(self.session, code), SEVERITY_CELLS);
        let seq = item.seq.map(|seq| format!("#{seq}")).unwrap_or_default();
        let mut line = format!("{}  {severity}{seq:>7}  {}", (self.time)(item.time_us), self.kind(item.kind));
        let about = [self.seal(item), self.person(item)];
        let sentence = self.sentence(item);
        for word in about.into_iter().chain([sentence]).filter(|word| !word.is_empty()) {
            line += "  ";
            line += &for_terminal(&word);
        }
        format!("{line}  [{}]", item.kind)
    }

    pub(super) fn seal_name(&self, item: &Item) -> String {
        let name = item.seal.as_ref().and_then(|seal| self.names.seals.get(seal));
        name.cloned().unwrap_or_default()
    }

    pub(super) fn person_name(&self, item: &Item) -> String {
        let name = item.person.as_ref().and_then(|person| self.names.people.get(person));
        name.cloned().unwrap_or_default()
    }

    fn seal(&self, item: &Item) -> String {
        facts::with_note(&self.seal_name(item), item.seal.as_deref().unwrap_or_default())
    }

    fn person(&self, item: &Item) -> String {
        facts::with_note(&self.person_name(item), item.person.as_deref().unwrap_or_default())
    }

    /// What kind of thing it is.
    pub(super) fn kind(&self, kind: Kind) -> &'static str {
        let (chinese, english) = match kind {
            Kind::TicketWithoutStamp => ("有审批无用印", "ticket without a stamp"),
            Kind::TicketNotOnRecord => ("所依审批不在案", "ticket not on record"),
            Kind::StampWithoutOutcome => ("用印无结果", "stamp without an outcome"),
            Kind::UseAbandoned => ("用印作废", "abandoned use"),
            Kind::UseOutsideHours => ("时段外用印", "use outside hours"),
            Kind::UsedFromAfar => ("异地用印", "used from afar"),
            Kind::InspectionFailed => ("检查未通过", "inspection not passed"),
            Kind::InspectionOverdue => ("检查逾期", "inspection overdue"),
            Kind::WrongPin => ("PIN 错误", "wrong PIN"),
            Kind::UnlockWithoutUse => ("解锁未用", "unlock without a use"),
            Kind::Refusals => ("拒绝", "refusals"),
            Kind::RolesInConflict => ("角色冲突", "roles in conflict"),
            Kind::PolicyChanged => ("制度变更", "policy changed"),
            Kind::PolicyRejected => ("制度未采用", "policy not taken"),
            Kind::ModuleFailed => ("模块故障", "module failed"),
            Kind::NoticeOpen => ("报告未确认", "notice open"),
            Kind::FindingOpen => ("整改未答复", "finding open"),
            Kind::FindingOverdue => ("整改逾期", "finding overdue"),
            Kind::FindingAnswered => ("整改已答复", "finding answered"),
            Kind::CustodianLeft => ("保管人已离职", "custodian has left"),
            Kind::VersionChanged => ("版本变更", "version changed"),
            Kind::TrainingMissing => ("保管人缺培训", "training missing"),
            Kind::CertificateNotRevoked => ("证书未吊销", "certificate not revoked"),
            _ => ("其他", "other"),
        };
        crate::language::choose(self.session.language, chinese, english)
    }

    /// What is counted.
    pub(super) fn count(&self, name: &str) -> &'static str {
        let (chinese, english) = match name {
            "records" => ("记录", "records"),
            "requests" => ("申请", "requests"),
            "expiries" => ("到期未用完的申请", "requests expired"),
            "intents" => ("用印", "uses"),
            "complete" => ("完成", "complete"),
            "failed" => ("未签出", "failed"),
            "abandoned" => ("作废", "abandoned"),
            "acts" => ("签批", "acts"),
            "tickets" => ("审批单", "tickets"),
            "refusals" => ("拒绝", "refusals"),
            "wrong-pins" => ("PIN 错误", "wrong PINs"),
            "unlocks" => ("解锁", "unlocks"),
            "inspections" => ("检查", "inspections"),
            _ => ("其他", "other"),
        };
        crate::language::choose(self.session.language, chinese, english)
    }

    /// The particulars in one sentence; not yet safe to show.
    pub(super) fn sentence(&self, item: &Item) -> String {
        let param = |name: &str| item.params.get(name).cloned().unwrap_or_default();
        let time = |name: &str| param(name).parse().map(self.time).unwrap_or_default();
        let say = |chinese: String, english: String| self.session.say(&chinese, &english).to_owned();
        match item.kind {
            Kind::TicketWithoutStamp => self.ticket(&param("state"), &time("expires-us"), item),
            Kind::TicketNotOnRecord => {
                let (act, seq) = (param("act"), param("ticket-seq"));
                say(format!("记录 #{seq} 不是审批单 {act}"), format!("record #{seq} is not the ticket {act}"))
            }
            Kind::StampWithoutOutcome => match param("state").as_str() {
                "left" => {
                    say("代理重启后仍无结果".into(), "the agent was started anew and did not end it".into())
                }
                _ => say("尚未结束".into(), "it has not ended yet".into()),
            },
            Kind::UseAbandoned => {
                let cause = param("cause");
                say(format!("载体可能已签名 ({cause})"), format!("the token may have signed ({cause})"))
            }
            Kind::UseOutsideHours => {
                let clock = |name: &str| {
                    param(name).parse().map(|minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60))
                };
                let [at, from, until] =
                    ["minute", "from-minute", "until-minute"].map(|name| clock(name).unwrap_or_default());
                match param("by").as_str() {
                    "grant" => say(
                        format!("{at} 用印，现行授权时段 {from}-{until}"),
                        format!("stamped at {at}, the grant as it is now allows {from}-{until}"),
                    ),
                    _ => say(
                        format!("{at} 用印，时段 {from}-{until}"),
                        format!("stamped at {at}, outside {from}-{until}"),
                    ),
                }
            }
            Kind::UsedFromAfar => say("在另一台机器上确认".into(), "confirmed on another machine".into()),
            Kind::InspectionFailed => {
                let (token, codes) = (param("token"), self.reasons(&param("codes")));
                match param("state").as_str() {
                    "stands" => say(
                        format!("载体 {token}：{codes}；此后没有通过过"),
                        format!("token {token}: {codes}; not passed since"),
                    ),
                    _ => say(
                        format!("载体 {token}：{codes}；此后已通过"),
                        format!("token {token}: {codes}; passed since"),
                    ),
                }
            }
            Kind::InspectionOverdue => {
                let (token, due, made) = (param("token"), time("due-us"), time("made-us"));
                if made.is_empty() {
                    say(format!("载体 {token} 应于 {due} 检查"), format!("token {token} was due on {due}"))
                } else {
                    say(
                        format!("载体 {token} 应于 {due} 检查，{made} 才检查"),
                        format!("token {token} was due on {due}, and inspected on {made} only"),
                    )
                }
            }
            Kind::WrongPin => {
                let (token, count) = (param("token"), param("count"));
                let left = match param("tries").as_str() {
                    "locked" => self.session.say("，已锁死", ", and is locked now"),
                    "final" => self.session.say("，曾只剩一次机会", ", one try was left"),
                    "low" => self.session.say("，曾剩余不多", ", few tries were left"),
                    _ => "",
                };
                say(format!("载体 {token}：{count} 次{left}"), format!("token {token}: {count} times{left}"))
            }
            Kind::UnlockWithoutUse => {
                let token = param("token");
                say(
                    format!("载体 {token} 解锁后没有使用"),
                    format!("token {token} was unlocked and not used"),
                )
            }
            Kind::Refusals => {
                let (reason, count) = (self.reasons(&param("code")), param("count"));
                match item.params.get("clause") {
                    Some(clause) => say(
                        format!("{reason}，条款 {clause} ×{count}"),
                        format!("{reason}, clause {clause} ×{count}"),
                    ),
                    None => format!("{reason} ×{count}"),
                }
            }
            Kind::RolesInConflict => {
                let roles = self.roles(&param("roles"));
                match param("state").as_str() {
                    "stands" => say(format!("兼任{roles}"), format!("is {roles}")),
                    _ => say(format!("曾登记为{roles}"), format!("was registered as {roles}")),
                }
            }
            Kind::PolicyChanged => {
                let (now, before) = (param("sha256"), param("before"));
                match param("state").as_str() {
                    "unsigned" => say(
                        format!("{before} 改为 {now}，没有管理部门的签批"),
                        format!("from {before} to {now}, without an act of the seal office"),
                    ),
                    _ => say(format!("{before} 改为 {now}"), format!("from {before} to {now}")),
                }
            }
            Kind::PolicyRejected => {
                let reason = self.reasons(&param("code"));
                facts::with_note(&reason, &param("sha256"))
            }
            Kind::ModuleFailed => format!("{} ({})", param("module"), param("cause")),
            Kind::NoticeOpen => {
                let what = param("what");
                let (what, missing) =
                    (report_in_words(self.session, &what).to_owned(), self.roles(&param("missing")));
                say(format!("{what}，待确认：{missing}"), format!("{what}, not acknowledged by: {missing}"))
            }
            Kind::FindingOpen => {
                let due = time("due-us");
                say(format!("期限 {due}"), format!("due {due}"))
            }
            Kind::FindingOverdue | Kind::FindingAnswered => {
                let (due, answered) = (time("due-us"), time("answered-us"));
                if answered.is_empty() {
                    say(format!("期限 {due}，未答复"), format!("due {due}, not answered"))
                } else {
                    say(format!("期限 {due}，{answered} 答复"), format!("due {due}, answered {answered}"))
                }
            }
            Kind::CustodianLeft => {
                let left = time("left-us");
                say(format!("{left} 离职，印章未移交"), format!("left {left}, the seal was not handed over"))
            }
            Kind::VersionChanged => {
                let what = match param("of").as_str() {
                    "agent" => say("代理".into(), "agent".into()),
                    "module" => say(format!("模块 {}", param("name")), format!("module {}", param("name"))),
                    _ => say(format!("载体 {} 固件", param("name")), format!("token {}", param("name"))),
                };
                let (before, version) = (param("before"), param("version"));
                match param("state").as_str() {
                    "same-version" => say(
                        format!("{what} 版本仍为 {version}，内容不同"),
                        format!("{what} is another, though still {version}"),
                    ),
                    _ => say(
                        format!("{what} {before} 改为 {version}"),
                        format!("{what} from {before} to {version}"),
                    ),
                }
            }
            Kind::TrainingMissing => match param("state").as_str() {
                "past" => {
                    let until = time("until-us");
                    say(format!("培训有效至 {until}"), format!("the last one counted until {until}"))
                }
                _ => say("没有培训记录".into(), "none is on record".into()),
            },
            Kind::CertificateNotRevoked => {
                let (authority, asked) = (param("authority"), time("asked-us"));
                if asked.is_empty() {
                    say("尚未向认证机构申请".into(), "its authority was not asked".into())
                } else {
                    say(
                        format!("{asked} 已向{authority}申请，尚未吊销"),
                        format!("asked of {authority} {asked}, not done yet"),
                    )
                }
            }
            _ => item
                .params
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    fn ticket(&self, state: &str, expires: &str, item: &Item) -> String {
        let (chinese, english) = match state {
            "ended" => ("申请已驳回或撤回".to_owned(), "its request was rejected or withdrawn".to_owned()),
            "void" => {
                ("印章暂停后审批作废".to_owned(), "it became void when the seal was suspended".to_owned())
            }
            "not-counted" => {
                ("用印未采用这份审批".to_owned(), "no use of its request rests on it".to_owned())
            }
            "expired" => (format!("{expires} 过期"), format!("expired {expires}")),
            _ => (format!("{expires} 前有效"), format!("good until {expires}")),
        };
        let told = self.session.say(&chinese, &english);
        match item.request {
            Some(request) => format!("{request}  {told}"),
            None => told.to_owned(),
        }
    }

    fn roles(&self, roles: &str) -> String {
        let roles: Vec<_> = roles.split(' ').map(|role| role_in_words(self.session, role)).collect();
        roles.join(self.session.say("、", " and "))
    }

    fn reasons(&self, codes: &str) -> String {
        let words =
            codes.split(' ').filter(|code| !code.is_empty()).map(|code| match Reason::from_code(code) {
                Some(reason) => format!("{} [{code}]", reason.text(self.session.language)),
                None => code.to_owned(),
            });
        words.collect::<Vec<_>>().join(self.session.say("；", "; "))
    }
}
