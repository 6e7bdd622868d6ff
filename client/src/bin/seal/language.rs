//! The language of all texts.

use std::env;

use sealkeeper_domain::reason::Language;

/// `zh` or `en`, as `--lang` takes it.
pub(crate) fn parse(text: &str) -> Result<Language, String> {
    match text {
        "zh" => Ok(Language::Chinese),
        "en" => Ok(Language::English),
        _ => Err("zh / en".to_owned()),
    }
}

/// By the first of LC_ALL, LC_MESSAGES and LANG that is set and not empty (POSIX.1-2017 §8.2): Chinese if it begins
/// with `zh`, else English.
pub(crate) fn of_environment() -> Language {
    of_locale(["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| env::var(name).unwrap_or_default()))
}

/// Of the two texts the one in this language.
pub(crate) fn choose<'a>(language: Language, chinese: &'a str, english: &'a str) -> &'a str {
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}

fn of_locale(settings: [String; 3]) -> Language {
    match settings.into_iter().find(|setting| !setting.is_empty()) {
        Some(locale) if locale.starts_with("zh") => Language::Chinese,
        _ => Language::English,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_setting_decides() {
        let of = |settings: [&str; 3]| of_locale(settings.map(str::to_owned));
        assert_eq!(of(["", "", "zh_CN.UTF-8"]), Language::Chinese);
        assert_eq!(of(["C", "zh_CN", "zh_CN"]), Language::English);
        assert_eq!(of(["", "zh", "en_US"]), Language::Chinese);
        assert_eq!(of(["", "", ""]), Language::English);
    }
}
