//! `docs/rules.md` is the tables of rules as a page; this test writes it again and compares, and looks for each test the page names.
//! `UPDATE_GENERATED=1 cargo test -p sealkeeper-domain` writes it anew after a change of the tables.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use sealkeeper_domain::{
    reason::Language::{Chinese, English},
    rule::{self, Row},
};

const HEAD: &str = "\
# 规则 / Rules

<!-- Generated from crates/domain/src/rule: UPDATE_GENERATED=1 cargo test -p sealkeeper-domain -->

制度中由人员、签批、印章、文件内容和用印申请决定的每一条规则：编号、条款、拒绝时的原因代码和含义、所在的测试。一次拒绝列出不符合的全部规则。
签批的格式和签名（算法、头部、种类、密钥、签名值）由 `crates/domain/src/act/jws.rs` 先行判断；文件的结构（损坏、加密、认证）由 `crates/pades` 判断。
文件内容的规则（U4、U7、U8 各行）轻重由制度文件的 `[document]` 决定：拒绝、警告或告知。

Every rule of the regulation that people, acts, seals, what documents hold and requests decide: id, clause, the reason codes it refuses with
and what they mean, and the test that holds it. A refusal lists all broken rules at once. Form and signature of an act (algorithm, header,
type, key, signature value) are decided before that, in `crates/domain/src/act/jws.rs`; a document's structure (damaged, encrypted, certified)
is judged by `crates/pades`. How grave it is what a document holds, `[document]` of the policy says: it is refused, warned of, or noted.

| 规则 / rule | 条款 / clause | 原因代码 / code | 含义 | meaning | 测试 / tested |
|---|---|---|---|---|---|
";

fn page() -> String {
    let mut page = String::from(HEAD);
    for Row { id, clause, reasons, tested } in rule::rows() {
        let of = |cell: &dyn Fn(&sealkeeper_domain::reason::Reason) -> String| {
            reasons.iter().map(cell).collect::<Vec<_>>().join("<br>")
        };
        let codes = of(&|reason| format!("`{}`", reason.code()));
        let chinese = of(&|reason| reason.text(Chinese).to_owned());
        let english = of(&|reason| reason.text(English).to_owned());
        page += &format!("| `{id}` | {clause} | {codes} | {chinese} | {english} | `{tested}` |\n");
    }
    page
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_page_is_that_of_the_tables() {
    let path = root().join("docs/rules.md");
    let fresh = page();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(kept == fresh, "docs/rules.md is stale: run UPDATE_GENERATED=1 cargo test -p sealkeeper-domain");
}

#[test]
fn every_rule_has_an_id_of_its_own_and_names_a_test_that_exists() {
    let mut ids = BTreeSet::new();
    let mut files = BTreeMap::new();
    for row in rule::rows() {
        assert!(ids.insert(row.id), "{} stands twice", row.id);
        assert!(row.id.starts_with(&format!("{}.", row.clause)), "{}: {}", row.id, row.clause);
        assert!(!row.reasons.is_empty(), "{}", row.id);
        let (file, test) = row.tested.split_once("::").unwrap();
        let text = files.entry(file).or_insert_with(|| fs::read_to_string(root().join(file)).unwrap());
        let named = format!("    #[test]\n    fn {test}()");
        assert!(
            text.contains(&named) || text.contains(&named.replace("    ", "")),
            "{}: no test {}",
            row.id,
            row.tested
        );
    }
}

#[test]
fn every_reason_a_rule_may_give_is_provoked_in_a_test() {
    let folders =
        ["crates/domain/src/office/tests", "crates/domain/src/office", "crates/domain/src/document"];
    let mut tests = String::new();
    for folder in folders {
        for entry in fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap) {
            let is_test = folder.ends_with("tests")
                || ["authenticate.rs", "tests.rs"].map(Into::into).contains(&entry.file_name());
            if is_test && entry.path().is_file() {
                tests += &fs::read_to_string(entry.path()).unwrap();
            }
        }
    }
    for row in rule::rows() {
        for reason in row.reasons {
            assert!(tests.contains(reason.code()), "{}: nothing provokes {}", row.id, reason.code());
        }
    }
}
