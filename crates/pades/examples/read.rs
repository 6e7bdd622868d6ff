//! Opens each file named on the command line and says in one line what is known about it, or why it is
//! not read.

#![allow(clippy::print_stdout, reason = "its purpose")]

use sealkeeper_pades::{Document, Facts, PageError, inspect};
use std::path::Path;

fn main() {
    for path in std::env::args().skip(1) {
        let verdict = std::fs::read(Path::new(&path)).map(|bytes| verdict(&bytes));
        match verdict {
            Ok(verdict) => println!("{path}\t{verdict}"),
            Err(error) => println!("{path}\tcannot be opened: {error}"),
        }
    }
}

fn verdict(bytes: &[u8]) -> String {
    match read(bytes) {
        Ok((facts, sizes)) => format!("read\tpages seen, in µm: {sizes:?}\t{facts:?}"),
        Err(error) => format!("{}\t{error}", error.code()),
    }
}

fn read(bytes: &[u8]) -> Result<(Facts, Vec<(u32, u32)>), PageError> {
    let document = Document::open(bytes)?;
    let facts = inspect(&document)?;
    let size = |index| Ok(document.page(index)?.geometry()?.visible_size_um());
    let sizes = (0..facts.pages).map(size).collect::<Result<_, PageError>>()?;
    Ok((facts, sizes))
}
