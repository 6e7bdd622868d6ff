//! Pictures of pages in a folder: of what is about to be stamped, or of what might be asked for.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use clap::Args;
use sealkeeper_client::error::ClientError;
use sealkeeper_client::output::write_new_with;
use sealkeeper_client::{Agent, PagePicture, Pictures};
use sealkeeper_domain::reason::Reason;
use sealkeeper_domain::viewing::{PageSet, Resolution};
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::facts::Row;
use crate::failure::Failure;

/// Pages asked for at once, fewer than an agent draws: so that each call ends in good time.
const AT_ONCE: usize = 16;
/// As the agent draws by default.
const DPI: u32 = Resolution::DEFAULT.dpi() as u32;
/// A picture shows a seal and is nobody else's.
const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// Which pages, how fine, and where to.
#[derive(Args)]
pub(crate) struct PagesOptions {
    /// Folder for the pictures, made if it is not there; a new private one by default
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Pages to be drawn: 3, 1,3-5 or all; by default those that bear a seal
    #[arg(long, value_name = "PAGES", value_parser = page_set, default_value = "", hide_default_value = true)]
    pages: String,

    /// Pixels to the inch, 36 to 300
    #[arg(long, value_name = "N", default_value_t = DPI)]
    dpi: u32,
}

fn page_set(text: &str) -> Result<String, String> {
    PageSet::parse(text).map(|_| text.to_owned()).map_err(|_| "3 / 1,3-5 / all".to_owned())
}

/// A picture that was written.
pub(crate) struct Written {
    page: u32,
    file: PathBuf,
    width: u32,
    height: u32,
    dpi: f64,
}

/// Where pictures are written to. One that was made for them goes if there were none.
pub(crate) struct Folder {
    path: PathBuf,
    is_new: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_new {
            // Only an empty one can be removed.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

impl Default for PagesOptions {
    fn default() -> Self {
        Self { output: None, pages: String::new(), dpi: DPI }
    }
}

impl PagesOptions {
    /// The folder, there by now.
    pub(crate) fn folder(&self) -> Result<Folder, Failure> {
        match &self.output {
            Some(path) => Folder::at(path),
            None => Folder::new(),
        }
    }

    /// What is asked of an agent in one call.
    pub(crate) fn wanted(&self) -> Pictures {
        Pictures { pages: self.pages.clone(), dpi: self.dpi }
    }

    /// Writes the pictures of a request that was reviewed, of exactly what was reviewed.
    pub(crate) async fn write(
        &self,
        agent: &Agent,
        id: &str,
        prepared: &v1::Prepared,
        folder: &Folder,
    ) -> Result<Vec<Written>, Failure> {
        let mut written = Vec::new();
        for pages in self.parts(prepared)? {
            let wanted = Pictures { pages, dpi: self.dpi };
            let shown = agent.show_pages(id, &prepared.prepared_sha256, &wanted, |picture| {
                written.push(folder.write(id, &picture)?);
                Ok(())
            });
            shown.await?;
        }
        Ok(written)
    }

    /// The pages call by call.
    fn parts(&self, prepared: &v1::Prepared) -> Result<Vec<String>, Failure> {
        let count = prepared.facts.as_ref().map_or(0, |facts| facts.pages);
        let sealed: Vec<u32> = prepared.boxes.iter().map(|place| place.page).collect();
        let of_pages = |reason| Failure::local(reason, &self.pages);
        let set = PageSet::parse(&self.pages).map_err(of_pages)?;
        let numbers =
            set.numbers(count, &sealed, u32::MAX).map_err(|violation| of_pages(violation.reason))?;
        let part = |part: &[u32]| part.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        Ok(numbers.chunks(AT_ONCE).map(part).collect())
    }
}

impl Folder {
    /// A new one that nobody else may look into: where what is there goes when one logs out, if there is such a place.
    pub(crate) fn new() -> Result<Self, Failure> {
        let parent = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_dir());
        let parent = parent.unwrap_or_else(std::env::temp_dir);
        let private = Permissions::from_mode(PRIVATE_FOLDER);
        let made = tempfile::Builder::new().prefix("seal-pages-").permissions(private).tempdir_in(&parent);
        let path = made.map_err(|error| unwritable(&parent, &error))?.keep();
        Ok(Self { path, is_new: true })
    }

    /// This one, made if it is not there.
    fn at(path: &Path) -> Result<Self, Failure> {
        let is_new = match DirBuilder::new().mode(PRIVATE_FOLDER).create(path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => false,
            Err(error) => return Err(unwritable(path, &error)),
        };
        Ok(Self { path: path.to_owned(), is_new })
    }

    /// Writes one picture to a new file: `ID-page-0003.png`.
    pub(crate) fn write(&self, name: &str, picture: &PagePicture) -> Result<Written, ClientError> {
        let file = self.path.join(format!("{name}-page-{:04}.png", picture.number));
        write_new_with(&picture.png, &file, PRIVATE_FILE)?;
        let PagePicture { number: page, width, height, dpi, .. } = *picture;
        Ok(Written { page, file, width, height, dpi })
    }
}

/// Where they are, a line each.
pub(crate) fn rows(written: &[Written]) -> Vec<Row> {
    written.iter().map(|picture| Row::new("图片", "picture", picture.file.display().to_string())).collect()
}

/// The same for programs.
pub(crate) fn as_json(written: &[Written]) -> Value {
    let picture = |picture: &Written| {
        json!({
            "page": picture.page,
            "file": picture.file.to_string_lossy(),
            "width": picture.width,
            "height": picture.height,
            "dpi": picture.dpi,
        })
    };
    written.iter().map(picture).collect()
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::local(Reason::OutputUnwritable, format_args!("{}: {error}", path.display()))
}
