//! Many requests, one copy of each: shown together, confirmed once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sealkeeper_client::escape::for_terminal;
use sealkeeper_client::output::refuse_existing;
use sealkeeper_client::{Agent, RequestFilter, Stamped, Stamping};
use sealkeeper_domain::identity::RequestId;
use sealkeeper_domain::reason::Class;

use super::kept::{Job, target};
use crate::failure::{self, Failure};
use crate::pages::Folder;
use crate::pin::PinOptions;
use crate::signing::confirmed;
use crate::{Session, review, screen};

/// What there is to stamp, or why it cannot be.
struct Item {
    id: String,
    reviewed: Result<(Stamping, PathBuf), Failure>,
}

/// Stamps each, tells of each, and ends as the worst of them.
pub(super) async fn stamp(
    session: &Session,
    ids: Vec<RequestId>,
    into: &Path,
    is_settled: bool,
    pin: PinOptions,
) -> Result<(), Failure> {
    let agent = session.connect().await?;
    let ids = match ids.is_empty() {
        false => ids.iter().map(RequestId::to_string).collect(),
        true => {
            let requests = agent.requests(RequestFilter::ToStamp, false).await?;
            requests.into_iter().map(|request| request.request_id).collect::<Vec<_>>()
        }
    };
    let items = reviewed(&agent, ids, into).await;
    let is_settled = is_settled || !screen::is_interactive();
    if !session.json || !is_settled {
        show(session, &items);
    }
    if !is_settled {
        let folder = Folder::new()?;
        for (stamping, _) in items.iter().filter_map(|item| item.reviewed.as_ref().ok()) {
            review::show_pages(session, &agent, stamping, &folder).await?;
        }
    }
    if items.iter().any(|item| item.reviewed.is_ok()) {
        let count = items.iter().filter(|item| item.reviewed.is_ok()).count();
        let chinese = format!("为以上 {count} 份申请盖章");
        let english = format!("stamp the {count} above");
        confirmed(session, is_settled, session.say(&chinese, &english))?;
    }
    let mut uses = uses_of_seals(&items);
    let mut source = pin.source();
    let mut worst = None;
    for Item { id, reviewed } in items {
        let stamped = match reviewed {
            Err(failure) => Err(failure),
            Ok((stamping, target)) => {
                // As many as this seal's token has still to sign: its PIN is asked for once.
                let left = uses.entry(stamping.prepared().seal_id.clone()).or_insert(1);
                let job = Job { stamping: &stamping, document: None, target: &target, uses: (*left).max(1) };
                let stamped = job.make(session, &agent, source.as_mut()).await;
                *left = left.saturating_sub(1);
                stamped.map(|stamped| (stamping, target, stamped))
            }
        };
        match stamped {
            Ok((stamping, target, stamped)) => tell(session, &stamping, &target, &stamped),
            Err(failure) => {
                worst = worse(worst, failure.class());
                tell_failed(session, &id, &failure);
                // Interrupted, the agent is gone, or a PIN was wrong, which is not to be tried on and on: the rest is left alone.
                let is_lost = matches!(&failure, Failure::Client(error) if error.is_lost());
                if is_lost || failure.is_about_pin() {
                    screen::note(session.say("其余申请没有处理", "the rest was left alone"));
                    break;
                }
            }
        }
    }
    worst.map_or(Ok(()), |class| Err(Failure::Told(class)))
}

async fn reviewed(agent: &Agent, ids: Vec<String>, into: &Path) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for id in ids {
        let reviewed = async {
            let stamping = agent.prepare_kept(&id).await?;
            let target = target(&stamping, into);
            let is_taken = |item: &Item| matches!(&item.reviewed, Ok((_, other)) if *other == target);
            // Two documents of one name: the second says which request it is of.
            let target = match items.iter().any(is_taken) {
                true => {
                    let name = target.file_name().unwrap_or_default().to_string_lossy();
                    target.with_file_name(format!("{id}.{name}"))
                }
                false => target,
            };
            refuse_existing(&target)?;
            Ok((stamping, target))
        };
        let reviewed = reviewed.await;
        items.push(Item { id, reviewed });
    }
    items
}

/// How many uses each seal's token is needed for.
fn uses_of_seals(items: &[Item]) -> BTreeMap<String, u32> {
    let mut uses = BTreeMap::new();
    for (stamping, _) in items.iter().filter_map(|item| item.reviewed.as_ref().ok()) {
        *uses.entry(stamping.prepared().seal_id.clone()).or_insert(0) += 1;
    }
    uses
}

fn show(session: &Session, items: &[Item]) {
    for (index, item) in items.iter().enumerate() {
        screen::note(format_args!("{}. {}", index + 1, for_terminal(&item.id)));
        match &item.reviewed {
            Ok((stamping, _)) => review::print_prepared(session, stamping.prepared()),
            Err(failure) => screen::note(failure::in_words(failure, session.language).trim_end()),
        }
    }
    if items.is_empty() {
        screen::note(session.say("没有可以用印的申请", "there is no request that can be stamped"));
    }
}

fn tell(session: &Session, stamping: &Stamping, target: &Path, stamped: &Stamped) {
    if session.json {
        screen::print_json(&review::as_json(target, stamped, &stamping.prepared().findings));
    } else {
        review::print_stamped(session, target, stamped);
    }
}

fn tell_failed(session: &Session, id: &str, failure: &Failure) {
    if session.json {
        let mut told = failure::as_json(failure, session.language);
        if let Some(members) = told.as_object_mut() {
            members.insert("request_id".to_owned(), id.into());
        }
        screen::print_json(&told);
    } else {
        let not = session.say("未用印：", "not stamped: ");
        screen::note(format_args!("{not}{}", for_terminal(id)));
        screen::note(failure::in_words(failure, session.language).trim_end());
    }
}

/// Of two classes the one whose exit code tells of the graver thing: a fault, then what is not available, usage, a rule.
fn worse(worst: Option<Class>, class: Class) -> Option<Class> {
    let rank = |class: Class| match class {
        Class::Rule => 0,
        Class::Usage => 1,
        Class::Availability => 2,
        Class::Fault => 3,
    };
    match worst {
        Some(worst) if rank(worst) >= rank(class) => Some(worst),
        _ => Some(class),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_ends_as_the_worst_of_its_uses() {
        let of = |classes: &[Class]| classes.iter().fold(None, |worst, class| worse(worst, *class));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[Class::Rule]), Some(Class::Rule));
        assert_eq!(of(&[Class::Availability, Class::Rule]), Some(Class::Availability));
        assert_eq!(of(&[Class::Usage, Class::Fault, Class::Availability]), Some(Class::Fault));
    }
}
