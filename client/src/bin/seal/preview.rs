//! `seal preview`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::{Document, Order};
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::Session;
use crate::facts::{self, Row};
use crate::failure::Failure;
use crate::pages::{self, PagesOptions, Written};
use crate::stamp::parsed_placements;
use crate::{finding, screen};

/// See where the seal would be, before asking for anything
///
/// The document is judged as a request would be, and its pages are drawn with the seal in its place, struck through. Nothing is
/// asked for by it, and the agent keeps nothing.
#[derive(Args)]
pub(crate) struct Preview {
    /// The PDF that is to be stamped
    file: PathBuf,

    /// Name or id of the seal
    #[arg(long, value_name = "NAME")]
    seal: String,

    /// Where the seal's centre goes, from the top left of the page as one sees it: page=last,x=120mm,y=230mm
    ///
    /// Units are mm, cm, pt and in.
    #[arg(long, value_name = "PLACE", required = true)]
    at: Vec<String>,

    /// Class of the document by the agent's policy; the policy's default otherwise
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,

    #[command(flatten)]
    pages: PagesOptions,
}

impl Preview {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let order = Order {
            seal: self.seal,
            // It goes nowhere: what a request says is its own.
            reason: session.say("预览", "preview").to_owned(),
            placements: parsed_placements(&self.at)?,
            document_class: self.class.unwrap_or_default(),
            copies: 1,
            applicant: String::new(),
        };
        let document = Document::open(&self.file)?;
        let agent = session.connect().await?;
        let folder = self.pages.folder()?;
        let name = self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (wanted, mut written) = (self.pages.wanted(), Vec::new());
        let previewed = agent.preview(&document, &order, &wanted, |picture| {
            written.push(folder.write(&name, &picture)?);
            Ok(())
        });
        print(session, &previewed.await?, &written);
        Ok(())
    }
}

fn print(session: &Session, previewed: &v1::Previewed, written: &[Written]) {
    let facts = previewed.facts.clone().unwrap_or_default();
    if session.json {
        let findings: Vec<Value> = previewed.findings.iter().map(finding::as_json).collect();
        let boxes: Vec<Value> = previewed.boxes.iter().map(facts::box_as_json).collect();
        screen::print_json(&json!({
            "outcome": "done",
            "pages": facts.pages,
            "boxes": boxes,
            "findings": findings,
            "pictures": pages::as_json(written),
        }));
        return;
    }
    let places = previewed.boxes.iter().map(|place| Row::new("位置", "place", facts::place(session, place)));
    for row in places.chain(pages::rows(written)) {
        screen::print(row.line(session));
    }
    previewed.findings.iter().for_each(|finding| finding::print(session, finding));
}
