//! The PIN from the terminal, without echo.

use std::io;

use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::{Language, Reason};

use super::PinAsked;
use crate::failure::Failure;
use crate::language::choose;

/// Asks for it, a new one twice.
pub(super) fn ask(asked: &PinAsked<'_>, language: Language) -> Result<Pin, Failure> {
    let pin = prompted(&prompt(asked, language))?;
    if asked.which.is_new() {
        let again = format!("{}{}", asked.which.again(language), choose(language, "：", ": "));
        if prompted(&again)?.expose() != pin.expose() {
            return Err(Reason::PinEntryDiffers.into());
        }
    }
    Ok(pin)
}

fn prompted(prompt: &str) -> Result<Pin, Failure> {
    let unreadable = |error: io::Error| Failure::local(Reason::PinUnreadable, error);
    Ok(Pin::new(rpassword::prompt_password(prompt).map_err(unreadable)?.into_bytes())?)
}

/// What is asked for and what it is for, on one line.
fn prompt(asked: &PinAsked<'_>, language: Language) -> String {
    let facts = asked.facts(language).into_iter().map(|(name, value)| format!("{name} {value}"));
    let facts = facts.collect::<Vec<_>>().join(choose(language, "，", ", "));
    let name = asked.which.name(language);
    match language {
        Language::Chinese => format!("{name}（{facts}）："),
        Language::English => format!("{name} ({facts}): "),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{locked_token, stamping};
    use super::*;
    use crate::pin::PinKind;

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
