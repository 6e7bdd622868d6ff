//! How an act comes to be on this side: shown, confirmed, signed with a person's key, then filed or written to a file.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use sealkeeper_client::ActSigner;
use sealkeeper_client::acts::{self, DEFAULT_LIFETIME_S, Signing};
use sealkeeper_client::escape::for_terminal;
use sealkeeper_client::output::{refuse_existing, write_new};
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::identity::PersonId;
use sealkeeper_domain::reason::Reason;
use serde_json::{Value, json};

use crate::Session;
use crate::facts::{self, Row};
use crate::failure::Failure;
use crate::own_key::{OwnKey, OwnKeyOptions};
use crate::place::Place;
use crate::usage;
use crate::{finding, receipt, screen};

/// What a command that signs lacks without a key.
const KEY: &str = "--key <FILE|URI>";

/// What every command that signs an act takes.
#[derive(Args)]
pub(crate) struct SigningOptions {
    /// The key of whoever signs: a file as `seal key new` makes it, or a key on a token, pkcs11:serial=…;id=…
    #[arg(long, value_name = "FILE|URI")]
    key: Option<PathBuf>,

    /// Id of whoever signs; else the person for whom the agent has the key on record
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,

    #[command(flatten)]
    own_key: OwnKeyOptions,

    /// For how long the act is good: 30m, 12h, 3d; 7d by default, or less where the agent allows less
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    valid_for: Option<u64>,

    /// Origin of the journal the act is for; else the agent is asked
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,

    /// Write the act to this new file instead of filing it
    #[arg(long, value_name = "ACT")]
    out: Option<PathBuf>,

    /// Sign without asking
    #[arg(short, long)]
    yes: bool,
}

fn lifetime(text: &str) -> Result<u64, String> {
    acts::lifetime(text).ok_or_else(|| "30m / 12h / 3d".to_owned())
}

/// A key that may sign, and whose it is.
pub(crate) struct Signer {
    /// The key.
    pub(crate) key: OwnKey,
    /// Who signs.
    pub(crate) person: PersonId,
}

impl SigningOptions {
    /// Whether a key was given.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Whether the act goes to a file and not to the agent.
    pub(crate) fn is_offline(&self) -> bool {
        self.out.is_some()
    }

    /// Whether no agent is needed: the act goes to a file, and the journal it is for is named.
    pub(crate) fn is_apart(&self) -> bool {
        self.is_offline() && self.origin.is_some()
    }

    /// Shows what is to be signed member by member, asks, signs, and files it.
    pub(crate) async fn say(self, session: &Session, statement: Statement) -> Result<(), Failure> {
        let rows = facts::of_statement(session, &statement)?;
        self.say_shown(session, &rows, statement, None).await
    }

    /// The same of a statement that names what is filed with it.
    pub(crate) async fn say_with(
        self,
        session: &Session,
        statement: Statement,
        attachment: Vec<u8>,
    ) -> Result<(), Failure> {
        let rows = facts::of_statement(session, &statement)?;
        self.confirm(session, &rows, statement.typ())?;
        let signer = self.signer(session).await?;
        let act = self.sign(session, &signer, statement, None).await?;
        self.deliver(session, &act, attachment).await
    }

    /// The same, shown in these words, of what may be known to be for the journal of this origin.
    pub(crate) async fn say_shown(
        self,
        session: &Session,
        rows: &[Row],
        statement: Statement,
        origin: Option<&str>,
    ) -> Result<(), Failure> {
        self.confirm(session, rows, statement.typ())?;
        let signer = self.signer(session).await?;
        let act = self.sign(session, &signer, statement, origin).await?;
        self.deliver(session, &act, Vec::new()).await
    }

    /// The same of a receipt: the seal's PIN comes from this descriptor or where else PINs come from, and is tried in any case if so told.
    pub(crate) async fn receive(
        self,
        session: &Session,
        statement: Statement,
        (pin_fd, final_try): (Option<u32>, bool),
    ) -> Result<(), Failure> {
        let rows = facts::of_statement(session, &statement)?;
        self.confirm(session, &rows, statement.typ())?;
        let signer = self.signer(session).await?;
        let act = self.sign(session, &signer, statement, None).await?;
        if self.is_offline() {
            return self.deliver(session, &act, Vec::new()).await;
        }
        let source = self.own_key.passphrase.pin_source(pin_fd);
        print_filed(session, &receipt::file(session, (&act, Vec::new()), source, final_try).await?);
        Ok(())
    }

    /// Shows what is to be signed, and asks whoever sits there.
    pub(crate) fn confirm(&self, session: &Session, rows: &[Row], typ: &str) -> Result<(), Failure> {
        if self.key.is_none() {
            return Err(missing(session, &[KEY]));
        }
        if let Some(out) = &self.out {
            refuse_existing(out)?;
        }
        let is_asked = screen::is_interactive() && !self.yes;
        if !session.json || is_asked {
            let kind = format!("{} ({typ})", facts::act_in_words(session, typ));
            screen::note(format_args!(
                "{}{}",
                screen::label(session.say("签批", "act")),
                for_terminal(&kind)
            ));
            rows.iter().for_each(|row| screen::note(row.line(session)));
        }
        confirmed(session, !is_asked, session.say("签署以上内容", "sign this"))
    }

    /// The key, ready to sign, and whose it is.
    pub(crate) async fn signer(&self, session: &Session) -> Result<Signer, Failure> {
        let Some(named) = &self.key else { return Err(missing(session, &[KEY])) };
        let key = self.own_key.open(session, named).await?;
        let person = match self.person.clone() {
            Some(person) => person,
            None => registered(session, key.signer()).await?,
        };
        Ok(Signer { key, person })
    }

    /// The act of a statement, to the journal of this origin or, if that is not known, of the agent.
    pub(crate) async fn sign(
        &self,
        session: &Session,
        signer: &Signer,
        statement: Statement,
        origin: Option<&str>,
    ) -> Result<String, Failure> {
        self.sign_as(session, signer, statement, origin, self.is_offline()).await
    }

    async fn sign_as(
        &self,
        session: &Session,
        signer: &Signer,
        statement: Statement,
        origin: Option<&str>,
        is_apart: bool,
    ) -> Result<String, Failure> {
        let known = self.origin.as_deref().or(origin);
        let (origin, most_s) = match known {
            Some(origin) if is_apart => (origin.to_owned(), 0),
            _ => {
                let office = session.connect().await?.describe_office().await?;
                let most_s = match statement {
                    Statement::RequestApprove(_) => office.ticket_lifetime_s,
                    _ => office.act_lifetime_s,
                };
                (known.map_or(office.origin, str::to_owned), most_s)
            }
        };
        let signing = Signing {
            issuer: signer.person.clone(),
            origin,
            now_s: u64::try_from(Timestamp::now().as_second()).unwrap_or_default(),
            lifetime_s: lifetime_s(self.valid_for, most_s),
        };
        signer.key.announce(session);
        Ok(acts::sign(&signing.claims(statement), signer.key.signer())?)
    }

    /// The same of an act that is not filed now: where its origin is given, no agent is asked for anything.
    pub(crate) async fn sign_apart(
        &self,
        session: &Session,
        signer: &Signer,
        statement: Statement,
    ) -> Result<String, Failure> {
        self.sign_as(session, signer, statement, None, true).await
    }

    /// Files an act, or writes it where it was asked for.
    pub(crate) async fn deliver(
        &self,
        session: &Session,
        act: &str,
        attachment: Vec<u8>,
    ) -> Result<(), Failure> {
        match &self.out {
            Some(out) => write_act(session, act, out),
            None => {
                let filed = session.connect().await?.file_act(act, attachment).await?;
                print_filed(session, &filed);
                Ok(())
            }
        }
    }
}

/// As asked; by default 7 days, or what the agent allows where that is less (0: not known).
fn lifetime_s(asked: Option<u64>, most_s: u64) -> u64 {
    match (asked, most_s) {
        (Some(asked), _) => asked,
        (None, 0) => DEFAULT_LIFETIME_S,
        (None, most_s) => DEFAULT_LIFETIME_S.min(most_s),
    }
}

/// Asks on the terminal; nothing is done but for a plain yes.
pub(crate) fn confirmed(session: &Session, is_settled: bool, question: &str) -> Result<(), Failure> {
    if is_settled || screen::is_answered_yes(session.say("？[y/N] ", "? [y/N] "), question) {
        Ok(())
    } else {
        Err(Failure::Declined)
    }
}

/// Options without which the command cannot be carried out, told as the parser of arguments tells it.
pub(crate) fn missing(session: &Session, options: &[&str]) -> Failure {
    let options = options.join(" ");
    let chinese = format!("缺少参数 {options}");
    let english = format!("the following required arguments were not provided: {options}");
    Failure::Arguments {
        text: session.say(&chinese, &english).to_owned(),
        hint: usage::hint(session.language).to_owned(),
    }
}

/// Whose key it is by what the agent has on record.
async fn registered(session: &Session, key: &dyn ActSigner) -> Result<PersonId, Failure> {
    let key_id = key.key_id().to_string();
    let people = match session.connect().await {
        Ok(agent) => agent.show_office().await.map(|office| office.people).map_err(Failure::from),
        // A place that was named is to be spoken to: why that fails is what has to be mended.
        Err(failure) if matches!(session.place, Place::Remote(..)) => return Err(failure),
        Err(failure) => Err(failure),
    };
    let owner =
        people.ok().and_then(|people| people.into_iter().find(|person| person.key_ids.contains(&key_id)));
    let person = owner.and_then(|person| person.person_id.parse().ok());
    person.ok_or_else(|| Failure::Arguments {
        text: session
            .say("查不到这个密钥登记在谁名下", "whose key this is cannot be looked up here")
            .to_owned(),
        hint: session.say("请用 --person 给出签批人的编号", "give the signer's id with --person").to_owned(),
    })
}

/// Writes an act to a new file.
pub(crate) fn write_act(session: &Session, act: &str, out: &Path) -> Result<(), Failure> {
    write_new(format!("{act}\n").as_bytes(), out)?;
    let path = out.to_string_lossy();
    if session.json {
        screen::print_json(&json!({ "outcome": "signed", "output": path, "act": act }));
    } else {
        let told = session.say("已签署，未提交：", "signed, not filed: ");
        screen::print(format_args!("{told}{}", for_terminal(&path)));
        let hint = session.say("用 `seal act file 文件` 提交", "file it with `seal act file FILE`");
        screen::note(hint);
    }
    Ok(())
}

/// Tells that an act is on record.
pub(crate) fn print_filed(session: &Session, filed: &sealkeeper_proto::v1::FiledAct) {
    if session.json {
        screen::print_json(&json!({ "outcome": "filed", "act": filed_as_json(filed) }));
        return;
    }
    let what = facts::act_in_words(session, &filed.typ);
    let told = session.say("已提交：", "filed: ");
    screen::print(format_args!("{told}{} ({})", for_terminal(&what), for_terminal(&filed.typ)));
    let rows = [
        ("签批编号", "act id", filed.act_id.clone()),
        ("签批人", "signer", filed.signer.clone()),
        ("用印记录", "journal", filed.seq.to_string()),
    ];
    for (chinese, english, value) in rows {
        screen::print(format_args!("  {}", Row::new(chinese, english, value).line(session)));
    }
    filed.findings.iter().for_each(|found| finding::print(session, found));
}

/// An act on record, for programs.
pub(crate) fn filed_as_json(filed: &sealkeeper_proto::v1::FiledAct) -> Value {
    json!({
        "act_id": filed.act_id,
        "typ": filed.typ,
        "seq": filed.seq,
        "leaf_hash": screen::hex(&filed.leaf_hash),
        "time_us": filed.time_us,
        "signer": filed.signer,
        "findings": filed.findings.iter().map(finding::as_json).collect::<Vec<_>>(),
    })
}

/// The time now, seconds since the Unix epoch.
///
/// # Errors
/// [`Reason::ClockImplausible`] before 1970.
pub(crate) fn now_s() -> Result<i64, Failure> {
    let now = Timestamp::now().as_second();
    if now > 0 { Ok(now) } else { Err(Reason::ClockImplausible.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_good_for_a_week_unless_somebody_says_otherwise() {
        assert_eq!(lifetime_s(None, 0), 604_800);
        assert_eq!(lifetime_s(None, 86_400), 86_400);
        assert_eq!(lifetime_s(None, 10_000_000), 604_800);
        // What was asked is asked: it is for the agent to refuse.
        assert_eq!(lifetime_s(Some(900_000), 86_400), 900_000);
    }
}
