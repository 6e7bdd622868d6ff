//! `seal-agent token-worker`: the process that loads one PKCS#11 module and does what the agent asks of it.
//!
//! Whatever a vendor's code does, it does here: crash, hang, leak, print. The process holds no more than the module itself needs: no journal,
//! no documents, no other module's secrets, an environment of its own. It ends with the agent.

mod destruction;
mod events;
mod fault;
mod inbox;
mod keys;
mod mechanism;
pub(super) mod module;
mod objects;
mod pins;
mod sessions;

#[cfg(test)]
mod on_softhsm;

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use rustix::process::{Resource, Rlimit};
use sealkeeper_pkcs11::process::{end, end_with_asker, own_pipes};

use self::{inbox::Inbox, module::Module};
use super::wire::{Answer, Ask, Question, Reply, framed};

/// Loads the module and answers until it is told to finish, or the agent is gone.
pub(crate) fn run(path: &Path, calls_at_once: usize, memory_mib: u64) -> io::Result<()> {
    let (questions, answers) = own_pipes()?;
    let most = Some(memory_mib << 20);
    rustix::process::setrlimit(Resource::Data, Rlimit { current: most, maximum: most })?;
    let outbox = Outbox(Mutex::new(File::from(answers)));
    end_with_asker(questions.try_clone()?)?;
    let module = match Module::load(path) {
        Ok((module, loaded)) => {
            outbox.send(0, Reply::Loaded(loaded))?;
            Arc::new(module)
        }
        Err(failed) => return outbox.send(0, Reply::Failed(failed)),
    };
    let post = Arc::new(Post { inbox: Mutex::new(Inbox::new(File::from(questions))), outbox });
    // One more than calls, so that one of them always hears when the agent is gone. Whoever takes a question answers it, and the next one
    // listens meanwhile: no question changes hands.
    for number in 0..calls_at_once {
        let (module, post) = (module.clone(), post.clone());
        thread::Builder::new().name(format!("call-{number}")).spawn(move || answer_all(&module, &post))?;
    }
    answer_all(&module, &post);
    Ok(())
}

struct Post {
    inbox: Mutex<Inbox>,
    outbox: Outbox,
}

struct Outbox(Mutex<File>);

impl Outbox {
    fn send(&self, id: u64, reply: Reply) -> io::Result<()> {
        let frame = framed(&Answer { id, reply: Some(reply) });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&frame)
    }
}

/// One thread's work. Whatever ends it ends the process: a thread that is gone would be missed.
fn answer_all(module: &Module, post: &Post) {
    loop {
        let next = post.inbox.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(Ask { id, question: Some(question) }) = next else { end(|| module.finish()) };
        let finish = matches!(question, Question::Finish(_));
        let reply = module.answer(question);
        if post.outbox.send(id, reply).is_err() || finish {
            end(|| module.finish());
        }
    }
}
