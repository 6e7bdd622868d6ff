//! Opens each file named on the command line and says in one line whether it is read, and why not.

#![allow(clippy::print_stdout, reason = "its purpose")]

use sealkeeper_pades::{Document, PageError};
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
        Ok(pages) => format!("read\t{pages} pages"),
        Err(error) => format!("{}\t{error}", error.code()),
    }
}

fn read(bytes: &[u8]) -> Result<usize, PageError> {
    let document = Document::open(bytes)?;
    let count = document.page_count()?;
    for index in 0..count {
        document.page(index)?.geometry()?;
    }
    Ok(count)
}
