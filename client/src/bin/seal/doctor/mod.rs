//! `seal doctor`

mod from_afar;
mod from_here;

use std::path::PathBuf;

use clap::Args;
use sealkeeper_domain::reason::Class;
use sealkeeper_proto::v1;
use serde_json::json;

use crate::failure::Failure;
use crate::place::Place;
use crate::{Session, finding, screen};

/// Look at everything that stamping needs: what is right, what is wrong, and what to do about it
///
/// The agent looks at clock, permissions, journal, modules, tokens, keys and certificates; nothing is changed, signed or
/// unlocked. Where no agent answers, what can be seen from here is: its socket and its home, or of one afar the certificate
/// that one shows it. Exit code 0 if all is well, 1 if something has to be done, 3 if no agent answers.
#[derive(Args)]
pub(crate) struct Doctor {
    /// The agent's home, to look at if no agent answers; by default where `seal-agent init` puts it
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
}

impl Doctor {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match session.connect().await {
            Ok(agent) => {
                let v1::DiagnoseReply { agent_version, mut checks } = agent.diagnose().await?;
                let found = match &session.place {
                    Place::Socket(socket) => vec![from_here::answering(&socket.display(), &agent_version)],
                    Place::Remote(file, _) => from_afar::answering(file, &agent, &agent_version)?,
                };
                checks.splice(0..0, found);
                let is_well = !checks.iter().any(needs_attention);
                let outcome = if is_well { "well" } else { "wrong" };
                tell(session, outcome, Some(&agent_version), &checks);
                if is_well { Ok(()) } else { Err(Failure::Told(Class::Rule)) }
            }
            Err(unreachable) => {
                let checks = match &session.place {
                    Place::Socket(socket) => from_here::checks(socket, &unreachable, self.home),
                    Place::Remote(file, _) => from_afar::checks(file, &unreachable),
                };
                tell(session, "unavailable", None, &checks);
                Err(Failure::Told(Class::Availability))
            }
        }
    }
}

/// What a severity of a later version means nobody here knows, so it does.
fn needs_attention(check: &v1::Check) -> bool {
    !matches!(check.severity.as_str(), "ok" | "note")
}

fn tell(session: &Session, outcome: &str, agent_version: Option<&str>, checks: &[v1::Check]) {
    if session.json {
        let checks: Vec<_> = checks.iter().map(finding::check_as_json).collect();
        let told = json!({ "outcome": outcome, "agent_version": agent_version, "checks": checks });
        return screen::print_json(&told);
    }
    checks.iter().for_each(|check| finding::print_check(session, check));
    let (wrong, all) = (checks.iter().filter(|check| needs_attention(check)).count(), checks.len());
    let chinese = format!("{all} 项检查中有 {wrong} 项需要处理");
    let english = format!("{wrong} of {all} checks need attention");
    screen::print(if wrong == 0 {
        session.say("一切正常", "all is well")
    } else {
        session.say(&chinese, &english)
    });
}
