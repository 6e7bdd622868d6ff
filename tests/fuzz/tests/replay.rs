//! Every seed, and every input that once broke a property, through its target.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says over which seed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sealkeeper_fuzz::{Reach, TARGETS, Target};

/// Seeds are small, so that chance soon changes what matters in them.
const MOST_BYTES: usize = 20_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds")
}

fn seeds(target: &Target) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder().join(target.name)).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect()
}

#[test]
fn every_seed_keeps_to_all_properties() {
    for target in TARGETS {
        for (name, seed) in seeds(&target) {
            println!("{} {name}", target.name);
            let reach = (target.run)(&seed);
            if name.starts_with("good-") {
                assert_eq!(reach, Reach::Accepted, "{} {name}", target.name);
            }
        }
    }
}

#[test]
fn every_target_has_seeds_that_are_accepted_and_seeds_that_are_not() {
    for target in TARGETS {
        let seeds = seeds(&target);
        assert!(seeds.iter().any(|(name, _)| name.starts_with("good-")), "{}", target.name);
        assert!(seeds.iter().any(|(_, seed)| (target.run)(seed) == Reach::Refused), "{}", target.name);
        for (name, seed) in seeds {
            assert!(seed.len() <= MOST_BYTES, "{} {name}", target.name);
        }
    }
}

#[test]
fn every_folder_of_seeds_belongs_to_a_target() {
    let folders: BTreeSet<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, TARGETS.iter().map(|target| target.name.to_owned()).collect());
}
