//! `seal token watch`

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sealkeeper_client::TokenEvent;
use serde_json::json;
use tokio_stream::StreamExt as _;

use crate::failure::Failure;
use crate::screen::{self, padded};
use crate::{Session, token};

/// Width of the longest event, `inserted`.
const EVENT_CELLS: usize = 9;

/// Watch tokens come and go: those present now, then each change as it happens, until the agent ends
#[derive(Args)]
pub(crate) struct Watch {}

impl Watch {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let mut events = session.connect().await?.watch_tokens().await?;
        while let Some(event) = events.next().await {
            let event = event?;
            let printed = if session.json {
                let token = token::as_json(event.token());
                screen::try_print_json(&json!({ "event": name(&event), "token": token }))
            } else {
                screen::try_print(line(session, &event))
            };
            // Nobody reads any more.
            if printed.is_err() {
                break;
            }
        }
        Ok(())
    }
}

fn name(event: &TokenEvent) -> &'static str {
    match event {
        TokenEvent::Present(_) => "present",
        TokenEvent::Inserted(_) => "inserted",
        TokenEvent::Removed(_) => "removed",
        _ => "changed",
    }
}

fn line(session: &Session, event: &TokenEvent) -> String {
    let word = match event {
        TokenEvent::Present(_) => session.say("已在", "present"),
        TokenEvent::Inserted(_) => session.say("插入", "inserted"),
        TokenEvent::Removed(_) => session.say("拔出", "removed"),
        _ => session.say("变化", "changed"),
    };
    let time = Timestamp::now().to_zoned_datetime(TimeZone::system());
    format!(
        "{}  {}{}",
        time.strftime("%H:%M:%S"),
        padded(word, EVENT_CELLS),
        token::line(session, event.token())
    )
}
