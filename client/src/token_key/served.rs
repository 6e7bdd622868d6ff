//! The process that drives a module, from its own side.

use std::fs::File;
use std::io;
use std::path::Path;

use sealkeeper_pkcs11::process::{end, end_with_asker, own_pipes};

use super::module::Module;
use super::wire::{self, Reply};

/// Loads the module and answers on standard output what [`KeyToken`](super::KeyToken) asks on standard input, until it is closed; then logs out
/// and ends this process. For a program that was started for nothing else, see [`TokenProgram`](super::TokenProgram).
///
/// # Errors
/// Where the pipes are none. A module that cannot be loaded is told through them.
pub fn serve_module(path: &Path) -> io::Result<()> {
    let (questions, answers) = own_pipes()?;
    end_with_asker(questions.try_clone()?)?;
    let (mut questions, mut answers) = (File::from(questions), File::from(answers));
    let mut module = match Module::load(path) {
        Ok(module) => module,
        Err(failed) => return wire::answer(&mut answers, &Reply::Failed(failed)),
    };
    wire::answer(&mut answers, &Reply::Loaded)?;
    while let Ok(Some((question, pin))) = wire::asked(&mut questions) {
        let reply = module.answer(question, pin).unwrap_or_else(Reply::Failed);
        if wire::answer(&mut answers, &reply).is_err() {
            break;
        }
    }
    end(|| module.finish())
}
