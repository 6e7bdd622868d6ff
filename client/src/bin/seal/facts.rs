//! What acts and requests say, in words: for whoever is to sign, and for whoever looks them up.

use sealkeeper_client::acts;
use sealkeeper_client::error::ClientError;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::key::ActKey;
use sealkeeper_domain::act::statement::{Binding, BoundBox};
use sealkeeper_proto::v1;
use serde_json::{Map, Value, json};

use crate::Session;
use crate::screen::{self, label, millimetres};

/// A name and a value on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    chinese: String,
    english: String,
    value: String,
}

impl Row {
    /// A row; the value may come from anywhere.
    pub(crate) fn new(chinese: &str, english: &str, value: impl Into<String>) -> Self {
        Self { chinese: chinese.to_owned(), english: english.to_owned(), value: value.into() }
    }

    /// The line, safe to show.
    pub(crate) fn line(&self, session: &Session) -> String {
        let name = label(session.say(&self.chinese, &self.english));
        format!("{}{}", for_terminal(&name), for_terminal(&self.value))
    }
}

/// What else is known of a request and is not signed: names for ids, and what its class means.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Names<'a> {
    pub(crate) seal: &'a str,
    pub(crate) applicant: &'a str,
    pub(crate) importance: &'a str,
    pub(crate) secrecy: &'a str,
}

/// Everything a request stands for.
pub(crate) fn of_binding(session: &Session, binding: &Binding, names: Names<'_>) -> Vec<Row> {
    let axes = [importance(session, names.importance), secrecy(session, names.secrecy)];
    let axes: Vec<_> = axes.into_iter().filter(|word| !word.is_empty()).collect();
    let mut rows = vec![
        Row::new("申请", "request", binding.request.to_string()),
        Row::new("文件", "document", &*binding.file_name),
        Row::new("SHA-256", "SHA-256", binding.document_sha256.to_string()),
        Row::new("印章", "seal", with_note(names.seal, binding.seal.as_str())),
        Row::new("印章对象", "seal object", binding.seal_object_sha256.to_string()),
    ];
    rows.extend(binding.boxes.iter().map(|place| Row::new("位置", "place", bound_place(session, place))));
    rows.extend([
        Row::new("类别", "class", with_note(&binding.class, &axes.join(session.say("，", ", ")))),
        Row::new("份数", "copies", binding.copies.to_string()),
        Row::new("事由", "reason", &*binding.reason),
        Row::new("用印人", "applicant", with_note(names.applicant, binding.applicant.as_str())),
    ]);
    rows
}

/// `合同专用章 (contract)`; the one of both that is there.
pub(crate) fn with_note(text: &str, note: &str) -> String {
    match (text, note) {
        ("", note) => note.to_owned(),
        (text, "") => text.to_owned(),
        (text, note) => format!("{text} ({note})"),
    }
}

/// What any statement says, member by member.
pub(crate) fn of_statement(session: &Session, statement: &Statement) -> Result<Vec<Row>, ClientError> {
    Ok(match statement {
        Statement::RequestFile(binding) | Statement::RequestApprove(binding) => {
            of_binding(session, binding, Names::default())
        }
        other => of_members(&acts::members(other)?),
    })
}

/// Members as they stand, those this version has a word for with that word.
pub(crate) fn of_members(members: &Map<String, Value>) -> Vec<Row> {
    let row = |(name, value): (&String, &Value)| {
        let (chinese, english) = member_in_words(name);
        Row::new(chinese, english, value_in_words(name, value))
    };
    members.iter().map(row).collect()
}

/// Times, lengths and keys as people know them; anything else as it stands.
fn value_in_words(name: &str, value: &Value) -> String {
    let number = value.as_u64();
    match (name, value, number) {
        (_, Value::String(text), _) => text.clone(),
        ("until_s" | "due_s", _, Some(seconds)) => screen::time_s(seconds),
        ("width_um" | "height_um", _, Some(um)) => {
            format!("{} mm", millimetres(i64::try_from(um).unwrap_or(i64::MAX)))
        }
        ("keys", Value::Array(keys), _) => keys.iter().map(key_in_words).collect::<Vec<_>>().join(" "),
        (_, Value::Array(items), _) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        (_, other, _) => other.to_string(),
    }
}

/// A key by its id, which is what its owner can compare.
fn key_in_words(key: &Value) -> String {
    ActKey::from_jwk(&key.to_string()).map_or_else(|_| key.to_string(), |key| key.thumbprint().to_string())
}

fn member_in_words(name: &str) -> (&str, &str) {
    match name {
        "about" => ("所指签批", "about"),
        "answer" => ("答复", "answer"),
        "applicant" => ("用印人", "applicant"),
        "authority" => ("认证机构", "authority"),
        "carrier" => ("载体", "carrier"),
        "certificate" => ("证书", "certificate"),
        "classes" => ("文件类别", "classes"),
        "certificate_sha256" => ("证书摘要", "cert digest"),
        "copies_per_request" => ("每次份数", "copies"),
        "custodian" => ("保管人", "custodian"),
        "due_s" => ("期限", "due"),
        "from" => ("移交人", "from"),
        "height_um" => ("高", "height"),
        "hours" => ("时段", "hours"),
        "identity" => ("证件", "identity"),
        "key" => ("密钥", "key"),
        "key_sha256" => ("公钥摘要", "key digest"),
        "keys" => ("公钥", "public keys"),
        "kind" => ("种类", "kind"),
        "name" => ("名称", "name"),
        "object_sha256" => ("印章对象", "seal object"),
        "person" => ("人员", "person"),
        "physical" => ("实物印章", "physical seal"),
        "picture_kind" => ("图片格式", "picture"),
        "picture_sha256" => ("图片摘要", "picture SHA"),
        "purpose" => ("用途", "purpose"),
        "reason" => ("事由", "reason"),
        "request" => ("申请", "request"),
        "roles" => ("角色", "roles"),
        "scope" => ("使用范围", "scope"),
        "seal" => ("印章", "seal"),
        "step" => ("进度", "step"),
        "text" => ("说明", "text"),
        "to" => ("接收人", "to"),
        "topic" => ("培训内容", "topic"),
        "unit" => ("单位", "unit"),
        "until_s" => ("截止", "until"),
        "uses_per_day" => ("每日份数", "uses a day"),
        "what" => ("情况", "what"),
        "width_um" => ("宽", "width"),
        other => (other, other),
    }
}

/// What kind of act it is; its type where this version has no word for it.
pub(crate) fn act_in_words(session: &Session, typ: &str) -> String {
    let (chinese, english) = match typ {
        "person-register" => ("登记人员", "register a person"),
        "training" => ("登记培训", "record a training"),
        "person-leave" => ("人员离职", "a person has left"),
        "grant" => ("授予用印权限", "grant the use of a seal"),
        "grant-end" => ("收回用印权限", "end a grant"),
        "policy" => ("启用制度文件", "put a policy in force"),
        "seal-apply" => ("申请刻制印章", "apply for a seal"),
        "seal-approve" => ("批准印章申请", "approve a seal's application"),
        "seal-refuse" => ("驳回印章申请", "refuse a seal's application"),
        "seal-review" => ("审核印章申请", "review a seal's application"),
        "seal-make" => ("制作印章", "make a seal"),
        "seal-issue" => ("发放印章", "issue a seal"),
        "seal-receive" => ("签收印章", "receive a seal"),
        "seal-offer" => ("提出移交", "offer a seal"),
        "seal-accept" => ("接受移交", "accept a seal"),
        "seal-hand-over" => ("登记移交", "register a hand-over"),
        "seal-suspend" => ("暂停使用", "suspend a seal"),
        "seal-report" => ("报告异常", "report damage, loss or a leaked PIN"),
        "notice-acknowledge" => ("确认知悉", "take note of a report"),
        "seal-resume" => ("恢复使用", "resume a seal"),
        "seal-retire" => ("申请注销", "ask for a seal's revocation"),
        "seal-retire-approve" => ("批准注销", "approve a seal's revocation"),
        "seal-revoke" => ("注销印章", "revoke a seal"),
        "seal-destroy" => ("销毁印章", "destroy a seal"),
        "certificate-revocation" => ("登记证书吊销", "a certificate's revocation"),
        "request-file" => ("提出用印申请", "file a request"),
        "request-approve" => ("批准用印", "approve a request"),
        "request-reject" => ("驳回用印", "reject a request"),
        "request-withdraw" => ("撤回申请", "withdraw a request"),
        "finding" => ("提出整改", "a finding"),
        "finding-answer" => ("答复整改", "answer a finding"),
        other => return other.to_owned(),
    };
    session.say(chinese, english).to_owned()
}

/// A box as a person measures it.
pub(crate) fn place(session: &Session, place: &v1::Box) -> String {
    let (left, top) = (millimetres(place.left_um), millimetres(place.top_um));
    let (width, height) = (millimetres(place.width_um.into()), millimetres(place.height_um.into()));
    let page = place.page;
    let chinese = format!("第 {page} 页，距左 {left} mm，距上 {top} mm，{width}×{height} mm");
    let english = format!("page {page}, {left} mm from the left, {top} mm from the top, {width}×{height} mm");
    session.say(&chinese, &english).to_owned()
}

/// A box for programs.
pub(crate) fn box_as_json(place: &v1::Box) -> Value {
    json!({
        "page": place.page,
        "left_um": place.left_um,
        "top_um": place.top_um,
        "width_um": place.width_um,
        "height_um": place.height_um,
    })
}

fn bound_place(session: &Session, bound: &BoundBox) -> String {
    let BoundBox { page, left_um, top_um, width_um, height_um } = *bound;
    place(session, &v1::Box { page, left_um, top_um, width_um, height_um })
}

fn importance<'a>(session: &'a Session, code: &'a str) -> &'a str {
    match code {
        "ordinary" => session.say("一般", "ordinary"),
        "important" => session.say("重要", "important"),
        "major" => session.say("重大", "major"),
        other => other,
    }
}

fn secrecy<'a>(session: &'a Session, code: &'a str) -> &'a str {
    match code {
        "public" => session.say("公开", "public"),
        "internal" => session.say("内部", "internal"),
        "confidential" => session.say("机密", "confidential"),
        "secret" => session.say("绝密", "secret"),
        other => other,
    }
}

#[cfg(test)]
mod tests {

    use sealkeeper_domain::reason::Language;
    use serde_json::json;

    use super::*;

    fn session(language: Language) -> Session {
        Session::with_no_agent(language)
    }

    fn binding() -> Binding {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        serde_json::from_value(json!({
            "request": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
            "document_sha256": digest,
            "file_name": "gpj.\u{202e}fdp",
            "seal": "contract",
            "seal_object_sha256": digest,
            "boxes": [
                {"page": 5, "left_um": 46_000, "top_um": 68_500, "width_um": 40_000, "height_um": 40_000},
                {"page": 6, "left_um": -250, "top_um": 0, "width_um": 45_000, "height_um": 30_000},
            ],
            "class": "contract",
            "copies": 2,
            "reason": "年度采购",
            "applicant": "li",
        }))
        .unwrap()
    }

    #[test]
    fn whoever_signs_reads_every_member() {
        let names =
            Names {
                seal: "合同专用章", applicant: "李四", importance: "important", secrecy: "internal"
            };
        let lines = |language| {
            let session = session(language);
            let rows = of_binding(&session, &binding(), names);
            rows.iter().map(|row| row.line(&session)).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(
            lines(Language::English),
            "request      6f9619ff-8b86-4d01-b42d-00cf4fc964ff\n\
             document     gpj.\\u{202e}fdp\n\
             SHA-256      ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n\
             seal         合同专用章 (contract)\n\
             seal object  ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n\
             place        page 5, 46 mm from the left, 68.5 mm from the top, 40×40 mm\n\
             place        page 6, -0.25 mm from the left, 0 mm from the top, 45×30 mm\n\
             class        contract (important, internal)\n\
             copies       2\n\
             reason       年度采购\n\
             applicant    李四 (li)"
        );
        let chinese = lines(Language::Chinese);
        for line in
            ["位置         第 5 页，距左 46 mm，距上 68.5 mm，40×40 mm", "类别         contract (重要，内部)"]
        {
            assert!(chinese.lines().any(|shown| shown == line), "{chinese}");
        }
        // A member that is added later must be shown too.
        let members = serde_json::to_value(binding()).unwrap().as_object().unwrap().len();
        assert_eq!(members, 10, "show the new member to whoever signs");
    }

    #[test]
    fn any_other_statement_is_shown_member_by_member() {
        let members = json!({"person": "li", "reason": "离职", "uid": 7});
        let statement = acts::statement(
            "person-leave",
            &serde_json::from_value(json!({"person": "li", "reason": "离职"})).unwrap(),
        )
        .unwrap();
        let session = session(Language::English);
        let lines: Vec<_> =
            of_statement(&session, &statement).unwrap().iter().map(|row| row.line(&session)).collect();
        assert_eq!(lines, ["person       li", "reason       离职"]);
        assert_eq!(of_members(members.as_object().unwrap()).len(), 3);
        for (name, value, words) in [
            ("width_um", json!(40_500), "40.5 mm"),
            ("classes", json!(["contract", "invoice"]), "contract invoice"),
            ("uid", json!(7), "7"),
            ("keys", json!([{"kty": "EC"}]), r#"{"kty":"EC"}"#),
        ] {
            assert_eq!(value_in_words(name, &value), words);
        }
    }

    #[test]
    fn every_act_has_words_in_both_languages() {
        for typ in Statement::TYPES {
            for language in [Language::Chinese, Language::English] {
                assert_ne!(act_in_words(&session(language), typ), *typ);
            }
        }
    }
}
