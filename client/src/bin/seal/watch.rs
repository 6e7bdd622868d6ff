//! `seal watch`

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use tokio_stream::StreamExt as _;

use crate::failure::Failure;
use crate::requests::{self, Which};
use crate::{Session, screen};

/// Watch requests (用印申请): those there are, then each change as it happens, until the agent ends
#[derive(Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    which: Which,
}

impl Watch {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let mut events = session.connect().await?.watch_requests(self.which.filter()).await?;
        while let Some(request) = events.next().await {
            let request = request?;
            let printed = if session.json {
                screen::try_print_json(&json!({ "request": requests::as_json(&request) }))
            } else {
                let time = Timestamp::now().to_zoned_datetime(TimeZone::system());
                let line = requests::line(session, &request);
                screen::try_print(format_args!("{}  {line}", time.strftime("%H:%M:%S")))
            };
            // Nobody reads any more.
            if printed.is_err() {
                break;
            }
        }
        Ok(())
    }
}
