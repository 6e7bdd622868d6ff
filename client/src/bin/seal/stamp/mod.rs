//! `seal stamp`

mod batch;
mod kept;
mod making;

use std::path::{Path, PathBuf};

use clap::Args;
use sealkeeper_client::output::refuse_existing;
use sealkeeper_client::{Document, Order, placement};
use sealkeeper_domain::identity::RequestId;
use sealkeeper_proto::v1;

use crate::failure::Failure;
use crate::pages::Folder;
use crate::pin::PinOptions;
use crate::signing::missing;
use crate::{Session, review, screen};

/// Stamp a PDF, or a request (用印申请) that has its tickets, and write the result to a new file
///
/// The input is never changed and nothing is overwritten. If the token is locked, or the key asks for the PIN at each
/// use, the PIN is asked for on the terminal or in a dialog, once what is about to be stamped has been shown; the unlock
/// is good for this use only. Where the token has its own PIN pad the PIN is typed there instead.
///
/// With the id of a request, its document is fetched from the agent and one copy of what was approved is stamped. With
/// --batch, one copy of each request named, or of all that can be stamped: all are shown first, and confirmed once.
/// Whoever is asked is shown pictures of the pages that bear the seal, as they would be stamped.
#[derive(Args)]
pub(crate) struct Stamp {
    /// The PDF to be stamped, or the id of a request; with --batch any number of ids
    #[arg(value_name = "FILE|ID", required_unless_present = "batch")]
    what: Vec<PathBuf>,

    /// Name or id of the seal; for a FILE
    #[arg(long, value_name = "NAME")]
    seal: Option<String>,

    /// Why, as the journal and the signature shall say; for a FILE
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Where the seal's centre goes, from the top left of the page as one sees it: page=last,x=120mm,y=230mm
    ///
    /// For a FILE. Units are mm, cm, pt and in.
    #[arg(long, value_name = "PLACE")]
    at: Vec<String>,

    /// The new file; FILE.sealed.pdf beside the input by default, of a request in this folder
    #[arg(short, long, value_name = "OUT", conflicts_with = "batch")]
    output: Option<PathBuf>,

    /// Class of the document by the agent's policy; the policy's default otherwise; for a FILE
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,

    /// The request's document, where it is at hand; else it is fetched from the agent
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    document: Option<PathBuf>,

    /// Stamp one copy of each request named, or of all that can be stamped
    #[arg(long, conflicts_with_all = ["seal", "reason", "at", "class"])]
    batch: bool,

    /// With --batch: the folder for the new files; this one by default
    #[arg(long, value_name = "FOLDER", requires = "batch")]
    into: Option<PathBuf>,

    /// Stamp without asking; a PIN is asked for all the same
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    pin: PinOptions,
}

impl Stamp {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let ids: Vec<_> = self.what.iter().map(|what| request_id(what)).collect();
        if self.batch {
            let ids = ids.into_iter().collect::<Option<_>>().ok_or_else(|| no_id(session))?;
            let into = self.into.unwrap_or_default();
            return batch::stamp(session, ids, &into, self.yes, self.pin).await;
        }
        match (ids.as_slice(), self.what.as_slice()) {
            ([Some(id)], _) => {
                if self.seal.is_some() || self.reason.is_some() || self.class.is_some() || !self.at.is_empty()
                {
                    return Err(bound(session));
                }
                let files = kept::Files { document: self.document, output: self.output };
                kept::stamp(session, *id, files, self.yes, self.pin).await
            }
            ([None], [file]) => {
                let file = file.clone();
                self.stamp_file(session, &file).await
            }
            _ => Err(no_id(session)),
        }
    }

    async fn stamp_file(self, session: &Session, file: &Path) -> Result<(), Failure> {
        if self.document.is_some() {
            return Err(no_id(session));
        }
        let (seal, reason, at) = match (self.seal, self.reason, self.at) {
            (Some(seal), Some(reason), at) if !at.is_empty() => (seal, reason, at),
            (seal, reason, at) => {
                let options = [
                    (seal.is_none(), "--seal <NAME>"),
                    (reason.is_none(), "--reason <TEXT>"),
                    (at.is_empty(), "--at <PLACE>"),
                ];
                let options: Vec<_> = options
                    .into_iter()
                    .filter(|(is_missing, _)| *is_missing)
                    .map(|(_, option)| option)
                    .collect();
                return Err(missing(session, &options));
            }
        };
        let order = Order {
            seal,
            reason,
            placements: parsed_placements(&at)?,
            document_class: self.class.unwrap_or_default(),
            copies: 1,
            applicant: String::new(),
        };
        let target = self.output.unwrap_or_else(|| beside(file));
        refuse_existing(&target)?;
        let document = Document::open(file)?;

        let agent = session.connect().await?;
        let stamping = agent.prepare(&document, &order).await?;
        if !session.json {
            review::print_prepared(session, stamping.prepared());
        }
        if !self.yes && screen::is_interactive() {
            review::show_pages(session, &agent, &stamping, &Folder::new()?).await?;
        }
        let mut source = self.pin.source();
        let files = (&document, target.as_path());
        let stamped = making::make(session, &agent, &stamping, source.as_mut(), 1, files).await?;
        if session.json {
            screen::print_json(&review::as_json(&target, &stamped, &stamping.prepared().findings));
        } else {
            review::print_stamped(session, &target, &stamped);
        }
        Ok(())
    }
}

/// The id of a request, if that is what was named. A file of such a name is meant by `./` before it.
fn request_id(what: &Path) -> Option<RequestId> {
    what.to_str()?.parse().ok()
}

/// The placements of a command line.
pub(crate) fn parsed_placements(at: &[String]) -> Result<Vec<v1::Placement>, Failure> {
    let parsed = at.iter().map(|argument| {
        placement::parse(argument).map_err(|error| Failure::Placement { argument: argument.clone(), error })
    });
    parsed.collect()
}

fn no_id(session: &Session) -> Failure {
    Failure::Arguments {
        text: session.say("这里须给出一份申请的编号", "the id of a request has to stand here").to_owned(),
        hint: session.say("用 `seal requests` 查看申请", "see `seal requests`").to_owned(),
    }
}

/// What a request says cannot be said anew.
fn bound(session: &Session) -> Failure {
    Failure::Arguments {
        text: session
            .say(
                "申请已定下印章、事由、位置和类别，不能另行指定",
                "seal, reason, place and class are the request's and cannot be given",
            )
            .to_owned(),
        hint: session.say("请去掉这些参数", "leave them out").to_owned(),
    }
}

/// `contract.pdf` → `contract.sealed.pdf`, in the same folder.
pub(crate) fn beside(input: &Path) -> PathBuf {
    input.with_file_name(sealed_name(input, 1, 1))
}

/// The name of a stamped file: `contract.sealed.pdf`, of several copies `contract.sealed-2.pdf`.
fn sealed_name(input: &Path, copy: u32, copies: u32) -> PathBuf {
    let mut name = input.file_stem().unwrap_or_default().to_owned();
    name.push(".sealed");
    if copies > 1 {
        name.push(format!("-{copy}"));
    }
    name.push(".pdf");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_lies_beside_the_input() {
        for (input, output) in [
            ("合同.pdf", "合同.sealed.pdf"),
            ("a/b.c.PDF", "a/b.c.sealed.pdf"),
            ("/x/scan", "/x/scan.sealed.pdf"),
        ] {
            assert_eq!(beside(Path::new(input)), Path::new(output));
        }
    }

    #[test]
    fn each_copy_has_a_name_of_its_own() {
        let names = [(1, 1), (1, 3), (3, 3)].map(|(copy, of)| sealed_name(Path::new("合同.pdf"), copy, of));
        assert_eq!(names, ["合同.sealed.pdf", "合同.sealed-1.pdf", "合同.sealed-3.pdf"].map(PathBuf::from));
    }

    #[test]
    fn an_id_is_told_from_a_file() {
        let id = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
        assert!(request_id(Path::new(id)).is_some());
        for file in [format!("./{id}"), format!("{id}.pdf"), "合同.pdf".to_owned(), String::new()] {
            assert!(request_id(Path::new(&file)).is_none(), "{file}");
        }
    }
}
