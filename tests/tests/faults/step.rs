//! The steps of a case: `ACTION [WORDS] [=> OUTCOME [REASON] [DETAIL=VALUE …]]`.

use std::{collections::BTreeMap, fmt};

use sealkeeper_tests::records::Pattern;

/// What to do, and what must come of it.
#[derive(Clone, Debug)]
pub struct Step {
    text: String,
    /// What to do.
    pub action: Action,
    /// What must come of it.
    pub expected: Outcome,
    /// Done again until that comes: for what needs its time, such as the pause after a module died at load.
    pub eventually: bool,
}

/// What to do.
#[derive(Clone, Debug)]
pub enum Action {
    /// Has the module do what the case's control file of this name says; `none`: nothing.
    Control(String),
    /// Unlock.
    Unlock(UnlockWith),
    /// Lock; `ok`, or `nothing` if it was locked already.
    Lock,
    /// Review of the case's request.
    Review,
    /// Stamp of one copy of it, with a use id of its own.
    Stamp,
    /// The same without waiting for its end.
    BeginStamp,
    /// The end of the stamp that was begun first.
    EndStamp,
    /// How ListTokens shows the token: `absent`, or `locked` or `unlocked` with what else there is to see.
    Token,
    /// How many copies the request has left.
    CopiesLeft,
    /// SIGTERM and a new start.
    Restart,
    /// SIGKILL and a new start.
    KillAgent,
    /// SIGKILL for the process that called the module last, which must be one the agent started.
    KillWorker,
    /// Until the journal has such a record, after the one awaited before.
    AwaitRecord(Pattern),
    /// Until a call of this function hangs.
    AwaitHang(String),
}

/// How to unlock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockWith {
    /// Which PIN.
    pub pin: PinChoice,
    /// Number of uses.
    pub uses: u32,
    /// `final_try` of the contract.
    pub final_try: bool,
}

/// Which PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinChoice {
    /// The token's.
    Right,
    /// Another.
    Wrong,
    /// None, as for a token with a PIN pad.
    Empty,
}

/// What came of a step, or must come of it: words such as `abandoned abandoned-signature`, and details.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// In order.
    pub words: Vec<String>,
    /// Particulars. Of what came, all there are; of what is expected, those that matter.
    pub details: BTreeMap<String, String>,
}

impl Step {
    /// Reads a step.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("step {text:?}: {what}");
        let (to_do, expected) = match text.split_once("=>") {
            Some((to_do, expected)) => (to_do, Some(expected)),
            None => (text, None),
        };
        let (eventually, to_do) = match to_do.trim().strip_prefix("eventually ") {
            Some(rest) => (true, rest),
            None => (false, to_do.trim()),
        };
        let action = Action::parse(to_do).map_err(|what| wrong(&what))?;
        let expected = match (expected, &action) {
            (Some(expected), _) => Outcome::parse(expected),
            (None, Action::Stamp | Action::EndStamp | Action::Token | Action::CopiesLeft) => {
                return Err(wrong("what must come of it?"));
            }
            (None, _) => Outcome::of(["ok"]),
        };
        Ok(Self { text: text.to_owned(), action, expected, eventually })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Action {
    fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        Ok(match words.as_slice() {
            ["control", name] => Self::Control((*name).to_owned()),
            ["unlock", with @ ..] => Self::Unlock(UnlockWith::parse(with)?),
            ["lock"] => Self::Lock,
            ["review"] => Self::Review,
            ["stamp"] => Self::Stamp,
            ["begin", "stamp"] => Self::BeginStamp,
            ["end", "stamp"] => Self::EndStamp,
            ["token"] => Self::Token,
            ["copies", "left"] => Self::CopiesLeft,
            ["restart"] => Self::Restart,
            ["kill", "agent"] => Self::KillAgent,
            ["kill", "worker"] => Self::KillWorker,
            ["await", "hang", function] => Self::AwaitHang((*function).to_owned()),
            ["await", record @ ..] => Self::AwaitRecord(Pattern::parse(&record.join(" "))?),
            _ => return Err("no such action".into()),
        })
    }
}

impl UnlockWith {
    fn parse(words: &[&str]) -> Result<Self, String> {
        let mut with = Self { pin: PinChoice::Right, uses: 10, final_try: false };
        for word in words {
            match (*word, word.strip_prefix("uses=")) {
                ("wrong", _) => with.pin = PinChoice::Wrong,
                ("empty", _) => with.pin = PinChoice::Empty,
                ("final-try", _) => with.final_try = true,
                (_, Some(uses)) => with.uses = uses.parse().map_err(|_| format!("no number: {uses}"))?,
                _ => return Err(format!("unlock {word}?")),
            }
        }
        Ok(with)
    }
}

impl Outcome {
    /// These words, without details.
    pub fn of<const N: usize>(words: [&str; N]) -> Self {
        Self { words: words.map(str::to_owned).into(), details: BTreeMap::new() }
    }

    fn parse(text: &str) -> Self {
        let mut outcome = Self::default();
        for word in text.split_whitespace() {
            match word.split_once('=') {
                Some((name, value)) => {
                    outcome.details.insert(name.to_owned(), value.to_owned());
                }
                None => outcome.words.push(word.to_owned()),
            }
        }
        outcome
    }

    /// Whether this came where `expected` was expected.
    pub fn is(&self, expected: &Self) -> bool {
        self.words == expected.words
            && expected.details.iter().all(|(name, value)| self.details.get(name) == Some(value))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))?;
        self.details.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}
