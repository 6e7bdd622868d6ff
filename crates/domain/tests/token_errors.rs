//! `docs/token-errors.md` is the table of return values as a page; this test writes it again and compares.
//! `UPDATE_GENERATED=1 cargo test -p sealkeeper-domain` writes it anew after a change of the table.

use std::{collections::BTreeSet, fs, path::Path};

use sealkeeper_domain::{
    reason::Language::{Chinese, English},
    return_value::ReturnValue,
};

const HEAD: &str = "\
# 载体错误 / Token errors

<!-- Generated from crates/domain/src/return_value.rs: UPDATE_GENERATED=1 cargo test -p sealkeeper-domain -->

载体（USBKey 或加密机）通过 PKCS#11 返回的每一个 `CK_RV` 的含义和办法。原返回值和函数名保留在 `return-value` 和 `function` 中。
厂商自定义的值（`0x80000000` 起）和标准未定义的值属于供应商故障，以数字显示，例如 `0x80000001`，原因代码为 `token-fault`。

What each `CK_RV` a token (USB key or HSM) returns through PKCS#11 means, and what to do. Return value and function are kept, in
`return-value` and `function`. Vendors' own values (from `0x80000000`) and those the standard does not assign are a vendor's fault,
shown as numbers, such as `0x80000001`, with the reason code `token-fault`.

A signing call that failed after the token may have signed is told as `abandoned-token-fault`, and one refused with `token-fault`
as `sign-refused`; the return value is kept in the journal's record.
载体可能已签名的失败以 `abandoned-token-fault` 告知，签名前以 `token-fault` 拒绝的以 `sign-refused` 告知；返回值保留在用印记录中。
";

fn page() -> String {
    let mut page = String::from(HEAD);
    page += "\n## 原因 / Reasons\n\n";
    page +=
        "| 原因代码 / reason | 类别 / action | 含义和办法 | meaning and what to do |\n|---|---|---|---|\n";
    let reasons: BTreeSet<_> = ReturnValue::NAMED.iter().map(|row| (row.action, row.reason)).collect();
    for (action, reason) in reasons {
        let told = |language, stop| format!("{}{stop}{}", reason.text(language), reason.hint(language));
        let (code, action) = (reason.code(), action.code());
        let (chinese, english) = (told(Chinese, "。"), told(English, "; "));
        page += &format!("| `{code}` | `{action}` | {chinese} | {english} |\n");
    }
    page += "\n## 返回值 / Return values\n\n";
    page += "| CK_RV | 名称 / name | 原因代码 / reason | 怎么办 | what to do |\n|---|---|---|---|---|\n";
    for row in ReturnValue::NAMED {
        let (number, code) = (row.number, row.reason.code());
        let (chinese, english) = (row.action.text(Chinese), row.action.text(English));
        page += &format!("| `{number:#010x}` | `{row}` | `{code}` | {chinese} | {english} |\n");
    }
    page
}

#[test]
fn the_page_is_that_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/token-errors.md");
    let fresh = page();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(
        kept == fresh,
        "docs/token-errors.md is stale: run UPDATE_GENERATED=1 cargo test -p sealkeeper-domain"
    );
}
