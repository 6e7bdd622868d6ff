//! The steps of a case: `ACTION [WORDS] [=> OUTCOME [REASON] [DETAIL=VALUE …]]`. A detail's value may be `a|b`, either.

use std::{collections::BTreeMap, fmt, time::Duration};

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
    /// Stamp of one copy of it, with a use id of its own and, for a key that asks for it, with a PIN.
    Stamp(Option<Pin>),
    /// Stamps of so many copies at once, without waiting for their end.
    BeginStamps(u32),
    /// The end of the stamp that was begun first.
    EndStamp,
    /// The ends of all that were begun: each with how often it came, such as `8×complete` or `2×refused:token-locked`.
    EndStamps,
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
    /// SIGSTOP for it.
    FreezeWorker,
    /// Until the journal has so many such records, after the one awaited before.
    AwaitRecords(u32, Pattern),
    /// Until a call of this function hangs.
    AwaitHang(String),
    /// So long.
    Wait(Duration),
}

/// How to unlock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockWith {
    /// The PIN.
    pub pin: Pin,
    /// Number of uses.
    pub uses: u32,
    /// Longest time without a use, ms; 0: as the policy says.
    pub idle_ms: u64,
    /// Longest time in all, ms; 0: as the policy says.
    pub lifetime_ms: u64,
}

/// A PIN with its `final_try` of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Which PIN.
    pub choice: PinChoice,
    /// Whether it is tried although one try may be left.
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
            (
                None,
                Action::Stamp(_) | Action::EndStamp | Action::EndStamps | Action::Token | Action::CopiesLeft,
            ) => return Err(wrong("what must come of it?")),
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
            ["stamp"] => Self::Stamp(None),
            ["stamp", pin @ ..] => Self::Stamp(Some(Pin::parse(pin)?)),
            ["begin", "stamp"] => Self::BeginStamps(1),
            ["begin", count, "stamps"] => Self::BeginStamps(number(count)?),
            ["end", "stamp"] => Self::EndStamp,
            ["end", "stamps"] => Self::EndStamps,
            ["token"] => Self::Token,
            ["copies", "left"] => Self::CopiesLeft,
            ["restart"] => Self::Restart,
            ["kill", "agent"] => Self::KillAgent,
            ["kill", "worker"] => Self::KillWorker,
            ["freeze", "worker"] => Self::FreezeWorker,
            ["wait", ms, "ms"] => Self::Wait(Duration::from_millis(number(ms)?.into())),
            ["await", "hang", function] => Self::AwaitHang((*function).to_owned()),
            ["await", count, record @ ..] if count.parse::<u32>().is_ok() => {
                Self::AwaitRecords(number(count)?, Pattern::parse(&record.join(" "))?)
            }
            ["await", record @ ..] => Self::AwaitRecords(1, Pattern::parse(&record.join(" "))?),
            _ => return Err("no such action".into()),
        })
    }
}

impl UnlockWith {
    fn parse(words: &[&str]) -> Result<Self, String> {
        let mut with = Self {
            pin: Pin { choice: PinChoice::Right, final_try: false },
            uses: 10,
            idle_ms: 0,
            lifetime_ms: 0,
        };
        for word in words {
            match word.split_once('=') {
                Some(("uses", uses)) => with.uses = number(uses)?,
                Some(("idle", ms)) => with.idle_ms = number(ms)?.into(),
                Some(("lifetime", ms)) => with.lifetime_ms = number(ms)?.into(),
                _ => with.pin.take(word)?,
            }
        }
        Ok(with)
    }
}

impl Pin {
    fn parse(words: &[&str]) -> Result<Self, String> {
        let mut pin = Self { choice: PinChoice::Right, final_try: false };
        words.iter().try_for_each(|word| pin.take(word))?;
        Ok(pin)
    }

    fn take(&mut self, word: &str) -> Result<(), String> {
        match word {
            "right" => self.choice = PinChoice::Right,
            "wrong" => self.choice = PinChoice::Wrong,
            "empty" => self.choice = PinChoice::Empty,
            "final-try" => self.final_try = true,
            _ => return Err(format!("what PIN is {word}?")),
        }
        Ok(())
    }
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("no number: {text}"))
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
            && expected.details.iter().all(|(name, value)| {
                self.details.get(name).is_some_and(|came| value.split('|').any(|either| came == either))
            })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))?;
        self.details.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}
