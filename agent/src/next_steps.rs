//! What `init` tells whoever ran it: what was made, and what comes next, in their language.

use std::path::Path;

use crate::{config, init};

/// By the first of LC_ALL, LC_MESSAGES and LANG that is set and not empty (POSIX.1-2017 §8.2).
pub(crate) fn is_chinese(setting: impl Fn(&str) -> Option<String>) -> bool {
    let mut settings = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(setting);
    settings.find(|value| !value.is_empty()).is_some_and(|locale| locale.starts_with("zh"))
}

/// After `init --solo`.
pub(crate) fn solo(home: &Path, chinese: bool) -> String {
    let (shown, config) = (home.display(), home.join(config::FILE));
    let config = config.display();
    if chinese {
        format!(
            "已建立 {shown}\n\n这是单人试用（SOLO）的用印记录：只有一个人，不需要审批；每条记录和回执都会注明。\n\n下一步：\n  \
             1. 在 {config} 里写明 PKCS#11 模块和印章\n  2. seal-agent run --home {shown}\n"
        )
    } else {
        format!(
            "made {shown}\n\nThis is a SOLO journal: one person, no approvals. Every record and receipt says so.\n\nNext:\n  \
             1. name the PKCS#11 module and the seals in {config}\n  2. seal-agent run --home {shown}\n"
        )
    }
}

/// After `init --office-key`.
pub(crate) fn office(home: &Path, office: &init::Office, chinese: bool) -> String {
    let (shown, config, policy) = (home.display(), home.join(config::FILE), home.join(init::POLICY));
    let (config, policy) = (config.display(), policy.display());
    let init::Office { origin, person, key_id } = office;
    if chinese {
        format!(
            "已建立 {shown}\n\n  用印记录  {origin}\n  印章管理  {person}，密钥 {key_id}\n\n下一步：\n  \
             1. 在 {config} 里写明 PKCS#11 模块\n  \
             2. 阅读 {policy}，按本公司制度修改\n  \
             3. seal-agent run --home {shown}\n  \
             4. 印章管理部门使制度生效：     seal policy approve --person {person} --key 密钥文件\n  \
             5. 登记保管人和其他人员：       seal people register … --person {person} --key 密钥文件\n  \
             6. 由单位申请印章：             seal seals apply …\n\n\
             第 4 步之前不能用印。\n"
        )
    } else {
        format!(
            "made {shown}\n\n  journal  {origin}\n  office   {person} with the key {key_id}\n\nNext:\n  \
             1. name the PKCS#11 module in {config}\n  \
             2. read {policy} and change what your company wants otherwise\n  \
             3. seal-agent run --home {shown}\n  \
             4. the seal office puts the policy in force:   seal policy approve --person {person} --key FILE\n  \
             5. and registers the custodian and the others: seal people register … --person {person} --key FILE\n  \
             6. a unit applies for a seal:                  seal seals apply …\n\n\
             Until step 4 no document is stamped.\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_setting_that_is_not_empty_tells_the_language() {
        let of = |settings: [(&'static str, &'static str); 2]| {
            is_chinese(|name| settings.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).into()))
        };
        assert!(of([("LC_ALL", ""), ("LANG", "zh_CN.UTF-8")]));
        assert!(!of([("LC_ALL", "C.UTF-8"), ("LANG", "zh_CN.UTF-8")]));
        assert!(!of([("HOME", "/"), ("USER", "zh")]));
    }

    #[test]
    fn what_comes_next_is_told_in_both_languages() {
        let made = init::Office {
            origin: "example.com/seal-journal/0f".into(),
            person: "office".parse().unwrap(),
            key_id: "NzbLsXh8".into(),
        };
        let told = office(Path::new("/h"), &made, false);
        assert_eq!(
            told,
            "made /h\n\n  journal  example.com/seal-journal/0f\n  office   office with the key NzbLsXh8\n\nNext:\n\
             \x20 1. name the PKCS#11 module in /h/agent.toml\n\
             \x20 2. read /h/policy.toml and change what your company wants otherwise\n\
             \x20 3. seal-agent run --home /h\n\
             \x20 4. the seal office puts the policy in force:   seal policy approve --person office --key FILE\n\
             \x20 5. and registers the custodian and the others: seal people register … --person office --key FILE\n\
             \x20 6. a unit applies for a seal:                  seal seals apply …\n\n\
             Until step 4 no document is stamped.\n"
        );
        for chinese in [office(Path::new("/h"), &made, true), solo(Path::new("/h"), true)] {
            assert!(
                chinese.starts_with("已建立 /h\n") && chinese.contains("seal-agent run --home /h"),
                "{chinese}"
            );
        }
        assert!(office(Path::new("/h"), &made, true).contains("seal policy approve --person office"));
        assert!(
            solo(Path::new("/h"), false).contains("SOLO") && solo(Path::new("/h"), true).contains("SOLO")
        );
    }
}
