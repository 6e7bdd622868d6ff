//! Looks at each file named on the command line and prints one line of JSON for each: what the strict reader says of its pages, and what a
//! reader sees of them.
//!
//! ```text
//! look FILE...
//! ```

#![allow(clippy::print_stdout, reason = "its purpose")]

use std::time::Instant;

use sealkeeper_pades::{Document as Strict, PageError};
use sealkeeper_view::{Document, PageLook, ViewError};
use serde_json::{Value, json};

fn main() {
    for path in std::env::args().skip(1) {
        let said = match std::fs::read(&path) {
            Ok(bytes) => json!({ "file": path, "strict": strict(&bytes), "seen": seen(bytes) }),
            Err(error) => json!({ "file": path, "error": error.to_string() }),
        };
        println!("{said}");
    }
}

/// Pages with visible box in user space, rotation and size in µm; or why the file is not read.
fn strict(bytes: &[u8]) -> Value {
    let read = || -> Result<Vec<Value>, PageError> {
        let document = Strict::open(bytes)?;
        let pages = sealkeeper_pades::inspect(&document)?.pages;
        let page = |index| {
            let geometry = document.page(index)?.geometry()?;
            let (width, height) = geometry.visible_size_um();
            Ok(json!({
                "box": geometry.visible_box(),
                "rotate": geometry.rotation().degrees(),
                "width_um": width,
                "height_um": height,
            }))
        };
        (0..pages).map(page).collect()
    };
    match read() {
        Ok(pages) => json!({ "pages": pages }),
        Err(error) => json!({ "error": error.code() }),
    }
}

/// What is seen of each page, and how long it took in ms.
fn seen(bytes: Vec<u8>) -> Value {
    let document = match Document::open(bytes) {
        Ok(document) => document,
        Err(error) => return json!({ "error": error.code() }),
    };
    let pages: Vec<Value> = (0..document.page_count()).map(|page| looked_at(&document, page)).collect();
    json!({ "pages": pages })
}

fn looked_at(document: &Document, page: usize) -> Value {
    let start = Instant::now();
    let look: Result<PageLook, ViewError> = document.look(page);
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    match look {
        Ok(look) => {
            let lines: Vec<&str> = look.lines.iter().map(|line| line.text.as_str()).collect();
            json!({
                "width_pt": look.width_pt,
                "height_pt": look.height_pt,
                "blank": look.blank,
                "ink_ppm": look.ink_ppm,
                "lines": lines,
                "missing_fonts": look.missing_fonts,
                "undecoded": look.undecoded,
                "undrawn": look.undrawn,
                "truncated": look.truncated,
                "ms": milliseconds,
            })
        }
        Err(error) => json!({ "error": error.code(), "ms": milliseconds }),
    }
}
