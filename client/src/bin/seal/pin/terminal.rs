//! What is asked for, from the terminal, without echo.

use std::io;

use sealkeeper_domain::reason::Language;
use zeroize::Zeroizing;

use super::{Asked, Missing};
use crate::failure::Failure;
use crate::language::choose;

/// Asks for it, a new one twice.
pub(super) fn ask(asked: &dyn Asked, language: Language) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let prompted = |prompt: &str| {
        let unreadable = |error: io::Error| Failure::local(asked.without_it(Missing::Unreadable), error);
        rpassword::prompt_password(prompt).map(|typed| Zeroizing::new(typed.into_bytes())).map_err(unreadable)
    };
    let typed = prompted(&prompt(asked, language))?;
    if asked.is_new() {
        let again = format!("{}{}", asked.again(language), choose(language, "：", ": "));
        if *prompted(&again)? != *typed {
            return Err(asked.without_it(Missing::Differs).into());
        }
    }
    Ok(typed)
}

/// What is asked for and what it is for, on one line.
fn prompt(asked: &dyn Asked, language: Language) -> String {
    let facts = asked.facts(language).into_iter().map(|(name, value)| format!("{name} {value}"));
    let facts = facts.collect::<Vec<_>>().join(choose(language, "，", ", "));
    let name = asked.name(language);
    match language {
        Language::Chinese => format!("{name}（{facts}）："),
        Language::English => format!("{name} ({facts}): "),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{locked_token, stamping};
    use super::*;
    use crate::pin::{PinAsked, PinKind};

    #[test]
    fn the_prompt_tells_what_the_pin_is_for() {
        let token = locked_token();
        let asked = stamping(&token);
        assert_eq!(
            prompt(&asked, Language::English),
            "PIN (token 00aa11 Test, seal 合同专用章, document 合同.pdf): "
        );
        assert_eq!(
            prompt(&asked, Language::Chinese),
            "PIN（载体 00aa11 Test，印章 合同专用章，文件 合同.pdf）："
        );
        let asked = PinAsked { which: PinKind::SecurityOfficer, seal: None, document: None, ..asked };
        assert_eq!(prompt(&asked, Language::English), "security officer's PIN (token 00aa11 Test): ");
    }
}
