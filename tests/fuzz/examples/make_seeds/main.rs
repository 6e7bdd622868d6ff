//! Makes the seeds, and the document the CMS target signs. `found-…` stays as it is.
//!
//! ```text
//! cargo run --package sealkeeper-fuzz --example make_seeds
//! ```
//! A seed's name begins with `good-` if its target accepts it, else with `odd-`: what was good must stay so (`tests/replay.rs`).

#![allow(clippy::print_stdout, reason = "a command line program")]

mod outlines;
mod pdf;
mod plain;
#[path = "../../../../crates/pades/tests/support/token.rs"]
mod token;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use sealkeeper_fuzz::{Reach, outline, target};

type Anyhow<T> = Result<T, Box<dyn Error>>;

fn main() -> Anyhow<()> {
    let (template, prepared) = (folder().join("template/prepared.pdf"), pdf::prepared()?);
    if fs::read(&template).ok().as_ref() != Some(&prepared) {
        fs::write(&template, prepared)?;
        println!("the document that the CMS target signs is another one now; please run this again");
        return Ok(());
    }
    for (name, text) in outlines::OUTLINES {
        for target in ["strict_reader", "revision_writer", "inspection"] {
            seed(target, &format!("{name}.outline"), text.as_bytes())?;
        }
        seed("strict_reader", &format!("{name}.pdf"), &outline::file(text.as_bytes()))?;
    }
    seed("inspection", "nothing.outline", b"")?;
    pdf::signed()?;
    plain::all()
}

/// Writes one seed, and says so.
fn seed(name: &str, file: &str, bytes: &[u8]) -> Anyhow<()> {
    let run = target(name).ok_or("no such target")?.run;
    let prefix = if run(bytes) == Reach::Accepted { "good" } else { "odd" };
    let seeds = folder().join("seeds").join(name);
    fs::create_dir_all(&seeds)?;
    fs::write(seeds.join(format!("{prefix}-{file}")), bytes)?;
    println!("{name} {prefix}-{file}: {} bytes", bytes.len());
    Ok(())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
