//! Acts: every person says each of them in every state.

use std::{collections::BTreeMap, fmt};

use sealkeeper_domain::{
    act::{
        Statement,
        statement::{
            CertificateStep, EndedGrant, EndedRequest, FindingAnswer, FindingText, NamedAct, NamedPerson,
            NamedSeal, PersonEntry, RevocationStep, TrainingGiven,
        },
    },
    office::Role,
};
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    OfficeHome, Persona, Rpc,
    office::{SEAL, destruction, now_s, report, retirement, seal, with_text},
};

use crate::{
    Board,
    stage::{Known, REQUEST_STATES, Refusing, Stage, resumption},
    table::{Act, Codes, Expected, Of, everybody},
};

/// A cell that is done.
#[derive(Clone, Copy)]
pub struct Allowed<'t> {
    act: &'t Act,
    who: &'static str,
    state: &'static str,
}

impl fmt::Display for Allowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} in {}", self.act.typ, self.who, self.state)
    }
}

/// The states that an act is said in at this stage.
fn states(stage: &Stage, act: &Act) -> Vec<&'static str> {
    match (act.of, stage.name) {
        (Of::Request, "requests") => REQUEST_STATES.to_vec(),
        (Of::Office, "active") => vec!["active"],
        (Of::Seal, "requests") | (Of::Request | Of::Office, _) => vec![],
        (Of::Seal, name) => vec![name],
    }
}

/// The cells of a stage that must be done.
pub fn allowed<'t>(stage: &Stage, acts: &'t [Act]) -> Vec<Allowed<'t>> {
    let mut cells = Vec::new();
    for act in acts {
        for state in states(stage, act) {
            let may = |who: &&str| matches!(act.expected(who, state), Expected::Allowed(_));
            cells.extend(everybody().filter(may).map(|who| Allowed { act, who, state }));
        }
    }
    cells
}

/// All cells of a stage that must be refused, by one agent: nothing changes.
pub async fn refusals(board: &Board, stage: &Stage, acts: &[Act]) {
    let home = stage.home.copied();
    let mut agent = Refusing::start(&home).await;
    let before = everything(&agent.rpc, &stage.known).await;
    for act in acts {
        for state in states(stage, act) {
            for who in everybody() {
                let Expected::Refused(codes) = act.expected(who, state) else { continue };
                let (statement, attachment) = statement(&act.typ, &home, who, state, &stage.known);
                let text = home.act(&home.who(who), statement);
                let result = agent.rpc.file_with(&text, &attachment).await;
                let name = format!("{} {} by {who} in {state}", act.clause, act.typ);
                let told = agent.told(result);
                let after = everything(&agent.rpc, &stage.known).await;
                if after == before {
                    board.refused(&name, &codes, &told);
                } else {
                    board.wrong(&name, "it was refused and has changed the office");
                }
            }
        }
    }
    board.on_record(&format!("acts in {}", stage.name), agent.stop().await);
}

/// One cell that must be done, in a copy of its own; and the same act again, which must not be.
pub async fn done(board: &Board, stage: &Stage, cell: Allowed<'_>) {
    let Allowed { act, who, state } = cell;
    let Expected::Allowed(after_it) = act.expected(who, state) else { return };
    let home = stage.home.copied();
    let (daemon, rpc) = home.start().await;
    if act.typ == "seal-receive" {
        // The receipt proves the control of the token.
        rpc.unlock(&home.home.token, 5).await;
    }
    let before = everything(&rpc, &stage.known).await;
    let (statement, attachment) = statement(&act.typ, &home, who, state, &stage.known);
    let text = home.act(&home.who(who), statement);
    let name = format!("{} {} by {who} in {state}", act.clause, act.typ);
    let filed = match rpc.file_with(&text, &attachment).await {
        Ok(filed) => filed,
        Err(no) => return board.wrong(&name, &format!("it is refused: {:?}", no.reasons())),
    };
    let after = everything(&rpc, &stage.known).await;
    let state_after = match act.of {
        Of::Request => after.requests[state].state.clone(),
        _ => after.office.seals.first().map(|seal| seal.state.clone()).unwrap_or_default(),
    };
    let mut offices = rpc.offices();
    let listed = offices.list_acts(v1::ListActsRequest { from_seq: filed.seq, ..Default::default() });
    let listed = listed.await.unwrap().into_inner().acts;
    let is_filed = |listed: &v1::ListedAct| listed.filed.as_ref() == Some(&filed) && listed.act == text;
    let wrong = if state_after != after_it {
        Some(format!("afterwards it is {state_after:?}, not {after_it:?}"))
    } else if after == before && act.typ != "policy" {
        Some("nothing has changed".to_owned())
    } else if filed.typ != act.typ || filed.signer != home.who(who).id.as_str() {
        Some(format!("it is filed as {filed:?}"))
    } else if !listed.first().is_some_and(is_filed) {
        Some("it is not on record".to_owned())
    } else {
        None
    };
    match wrong {
        Some(wrong) => board.wrong(&name, &wrong),
        None => board.right(),
    }
    let again = rpc
        .file_with(&text, &attachment)
        .await
        .map_or_else(|no| no.reasons().into_iter().map(str::to_owned).collect(), |_| Codes::new());
    let name = format!("G3 {} by {who} in {state}, once more", act.typ);
    if again.contains("act-repeated") && everything(&rpc, &stage.known).await == after {
        board.right();
    } else {
        board.wrong(&name, &format!("refused for {again:?}"));
    }
    daemon.kill();
}

/// The office, and every request.
#[derive(Debug, PartialEq)]
struct Everything {
    office: v1::ShowOfficeReply,
    requests: BTreeMap<&'static str, v1::KeptRequest>,
}

async fn everything(rpc: &Rpc, known: &Known) -> Everything {
    let mut requests = BTreeMap::new();
    for (state, binding) in &known.requests {
        requests.insert(*state, rpc.show_request(&binding.request.to_string()).await.unwrap());
    }
    Everything { office: rpc.show_office().await.unwrap(), requests }
}

/// What is said, with what it names by digest: in proper form and about the seal as it is, whoever says it.
fn statement(typ: &str, home: &OfficeHome, who: &str, state: &str, known: &Known) -> (Statement, Vec<u8>) {
    let named = |about| NamedSeal { seal: seal(), about };
    let bound = || Box::new(known.requests[state].clone());
    let ended = || EndedRequest { request: known.requests[state].request, reason: "不用了".to_owned() };
    let statement = match typ {
        "seal-apply" => return home.application(),
        "seal-make" => return home.making(who, known.application),
        "policy" => home.policy(),
        "seal-approve" => Statement::SealApprove(named(known.application)),
        "seal-refuse" => Statement::SealRefuse(with_text()),
        "seal-review" => home.review(known.application),
        "seal-issue" => home.issue(),
        "seal-receive" => home.receipt(),
        "seal-offer" => Statement::SealOffer(home.hand_over()),
        "seal-accept" => Statement::SealAccept(home.hand_over()),
        "seal-hand-over" => Statement::SealHandOver(home.hand_over()),
        "seal-suspend" => Statement::SealSuspend(with_text()),
        "seal-report" => report(),
        "notice-acknowledge" => Statement::NoticeAcknowledge(NamedAct { about: known.notice }),
        "seal-resume" => resumption(known),
        "seal-retire" => retirement(),
        "seal-retire-approve" => Statement::SealRetireApprove(named(known.retirement)),
        "seal-revoke" => Statement::SealRevoke(named(known.retirement)),
        "seal-destroy" => destruction(),
        "certificate-revocation" => Statement::CertificateRevocation(CertificateStep {
            seal: seal(),
            about: known.revocation,
            step: RevocationStep::Asked,
            authority: "认证机构".to_owned(),
            text: "受理号 1".to_owned(),
        }),
        "training" => Statement::Training(TrainingGiven {
            person: home.who("keeper").id,
            topic: "印章保管规范".to_owned(),
            until_s: now_s() + 86_400,
        }),
        "grant" => Statement::Grant(home.terms("clerk")),
        "grant-end" => {
            let (person, reason) = (home.who("partner").id, "到期".to_owned());
            Statement::GrantEnd(EndedGrant { person, seal: SEAL.parse().unwrap(), reason })
        }
        "person-register" => Statement::PersonRegister(newcomer()),
        "person-leave" => {
            let (person, reason) = (home.who("third").id, "离职".to_owned());
            Statement::PersonLeave(NamedPerson { person, reason })
        }
        "finding" => Statement::Finding(FindingText {
            person: home.who("clerk").id,
            text: "台账不全".to_owned(),
            due_s: now_s() + 86_400,
        }),
        "finding-answer" => {
            let (about, text) = (known.finding, "已整改".to_owned());
            Statement::FindingAnswer(FindingAnswer { about, text })
        }
        "request-file" => Statement::RequestFile(bound()),
        "request-approve" => Statement::RequestApprove(bound()),
        "request-reject" => Statement::RequestReject(ended()),
        "request-withdraw" => Statement::RequestWithdraw(ended()),
        other => panic!("{other}?"),
    };
    (statement, Vec::new())
}

/// Somebody who is not registered yet.
pub fn newcomer() -> PersonEntry {
    let persona = Persona::named("newcomer");
    PersonEntry {
        keys: vec![persona.jwk()],
        person: persona.id,
        name: "新人".to_owned(),
        unit: "总部".to_owned(),
        roles: [Role::Applicant].into(),
        uid: None,
        certificates: Vec::new(),
    }
}
