//! `seal seals acknowledge`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::NamedAct;
use sealkeeper_domain::identity::ActId;
use sealkeeper_domain::reason::Reason;

use crate::Session;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::signing::SigningOptions;

/// Take note of a report of damage, loss or a leaked PIN (C4); by the head of the unit and the seal office, both
#[derive(Args)]
pub(super) struct Acknowledge {
    /// Id of the report's act, as `seal seals list` shows it; or the seal, where one report of it is open
    #[arg(value_name = "REPORT|SEAL")]
    what: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Acknowledge {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let about = match self.what.parse::<ActId>() {
            Ok(act) => act,
            Err(_) => open_report(session, &self.what).await?,
        };
        self.signing.say(session, Statement::NoticeAcknowledge(NamedAct { about })).await
    }
}

/// The one report of a seal that somebody has still to take note of.
async fn open_report(session: &Session, named: &str) -> Result<ActId, Failure> {
    let office = session.connect().await?.show_office().await?;
    let seal = SealEntry::among(office.seals, named)?.id;
    let mut open = office.notices.iter().filter(|notice| {
        notice.seal_id == seal.as_str() && !(notice.head_acknowledged && notice.office_acknowledged)
    });
    match (open.next(), open.next()) {
        (Some(notice), None) => {
            notice.act_id.parse().map_err(|error| Failure::local(Reason::AnswerBad, error))
        }
        _ => Err(Failure::Arguments {
            text: session
                .say("这枚印章没有待确认的报告，或不止一份", "of this seal no report is open, or several are")
                .to_owned(),
            hint: session
                .say("用 `seal seals list` 查看报告编号", "see `seal seals list` for the ids of reports")
                .to_owned(),
        }),
    }
}
