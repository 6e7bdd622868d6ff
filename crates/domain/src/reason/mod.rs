//! The one table of reason codes: what is refused or goes wrong, by which clause, in Chinese and English, and what to do.
//!
//! Codes are part of the contract: they never change their meaning. A reader of a code it does not know shows the code itself.

mod table;

pub use table::Reason;

/// Who has to act, which decides exit codes and gRPC statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A rule or the document stands against it; asking again changes nothing.
    Rule,
    /// The request itself is malformed.
    Usage,
    /// Agent, token, key or PIN is not available as things stand.
    Availability,
    /// A fault inside the agent, its disk or the token's software.
    Fault,
}

struct Row {
    code: &'static str,
    class: Class,
    clause: &'static str,
    zh: &'static str,
    en: &'static str,
    hint_zh: &'static str,
    hint_en: &'static str,
}

impl Reason {
    /// The reason with this code, if the table has it.
    pub fn from_code(code: &str) -> Option<Reason> {
        Reason::ALL.iter().copied().find(|reason| reason.code() == code)
    }

    /// Stable code, kebab-case, at most 64 ASCII characters.
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// Who has to act.
    pub fn class(self) -> Class {
        self.row().class
    }

    /// Clause of the regulation, empty where the reason is technical.
    pub fn clause(self) -> &'static str {
        self.row().clause
    }

    /// What happened, one sentence without its full stop, in the language asked for.
    pub fn text(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.row().zh,
            Language::English => self.row().en,
        }
    }

    /// What to do, one sentence without its full stop.
    pub fn hint(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.row().hint_zh,
            Language::English => self.row().hint_en,
        }
    }
}

/// The languages every text exists in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// 简体中文
    Chinese,
    /// English
    English,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_kebab_case() {
        let mut seen = std::collections::BTreeSet::new();
        for reason in Reason::ALL {
            let code = reason.code();
            assert!(seen.insert(code), "{code} stands twice");
            assert!(
                code.len() <= 64
                    && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{code}"
            );
            assert_eq!(Reason::from_code(code), Some(*reason));
        }
        assert_eq!(Reason::from_code("no-such-reason"), None);
    }

    #[test]
    fn every_text_exists_in_both_languages() {
        for reason in Reason::ALL {
            for (text, chinese) in [
                (reason.text(Language::Chinese), true),
                (reason.hint(Language::Chinese), true),
                (reason.text(Language::English), false),
                (reason.hint(Language::English), false),
            ] {
                assert!(!text.is_empty(), "{reason:?}");
                let has_han = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
                assert_eq!(has_han, chinese, "{reason:?}: {text}");
                assert!(!text.ends_with(['.', '。']), "{reason:?}: {text}");
            }
        }
    }

    #[test]
    fn texts_hold_for_whoever_is_told_them() {
        let all = |reason: Reason| {
            [Language::Chinese, Language::English].map(|in_| (reason.text(in_), reason.hint(in_)))
        };
        // A watch may be one of requests; a role may be missing where nothing was signed; and nobody's act need name a person.
        for (reason, words) in [
            (Reason::WatchBehind, ["载体", "token"]),
            (Reason::RoleMissing, ["签署", "sign"]),
            (Reason::PersonNotRegistered, ["签批", "the act"]),
        ] {
            for ((text, hint), word) in all(reason).into_iter().zip(words) {
                assert!(!text.contains(word) && !hint.contains(word), "{reason:?}: {text}, {hint}");
            }
        }
        // In an office agent.toml names no seal, key or picture.
        for reason in Reason::ALL {
            let [(_, zh), (_, en)] = all(*reason);
            let of_seal = ["picture", "key URI", "the seals"].iter().any(|word| en.contains(word));
            if of_seal && en.contains("agent.toml") {
                assert!(zh.contains("单人模式") && en.contains("in a solo journal"), "{reason:?}: {en}");
            }
        }
        let [(_, zh), (_, en)] = all(Reason::TicketsUnsupported);
        assert!(zh.contains("FileAct") && en.contains("FileAct"), "where tickets go is told");
    }
}
