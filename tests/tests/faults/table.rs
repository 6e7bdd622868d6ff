//! The table: what each case does to the token's module, what is asked meanwhile, and what must come of it.

use std::{collections::BTreeMap, fs, path::Path};

use sealkeeper_tests::records::{Expected, Pattern};
use serde::Deserialize;

use crate::step::Step;

/// A case.
#[derive(Debug)]
pub struct Case {
    /// Theme and name, such as `hangs: in C_Sign`.
    pub name: String,
    /// Lines of `[limits]`.
    pub limits: String,
    /// Lines of the module's table.
    pub module: String,
    /// Whether the control file without a name is in force before the agent starts, which is before the request is made, and the records
    /// from its start on count.
    pub from_start: bool,
    /// Control files by name; the one without a name is in force from the first step on. `{PIN}` stands for the token's PIN.
    pub controls: BTreeMap<String, String>,
    /// In order.
    pub steps: Vec<Step>,
    /// All records of this token and this module, from the first step to the agent's end.
    pub records: Vec<Expected>,
    /// Outcomes of all calls of a function of the module, over all processes.
    pub calls: BTreeMap<String, Vec<String>>,
}

/// A file of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    case: Vec<CaseWritten>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseWritten {
    name: String,
    #[serde(default)]
    limits: String,
    #[serde(default)]
    module: String,
    #[serde(default)]
    from_start: bool,
    control: Option<String>,
    #[serde(default)]
    controls: BTreeMap<String, String>,
    steps: Vec<String>,
    records: Vec<ExpectedWritten>,
    #[serde(default)]
    calls: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ExpectedWritten {
    One(String),
    AnyOrder(Vec<String>),
}

/// Reads the files of a folder, by name.
///
/// # Panics
/// Where one is not as it must be.
pub fn read(folder: &Path) -> Vec<Case> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let theme = file.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let written: Written =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for case in written.case {
            let name = format!("{theme}: {}", case.name);
            assert!(cases.iter().all(|other: &Case| other.name != name), "{name:?} stands twice");
            cases.push(case.read(&name).unwrap_or_else(|error| panic!("{name}: {error}")));
        }
    }
    cases
}

impl CaseWritten {
    fn read(self, name: &str) -> Result<Case, String> {
        let mut controls = self.controls;
        controls.insert(String::new(), self.control.unwrap_or_default());
        controls.insert("none".to_owned(), String::new());
        let steps: Vec<_> = self.steps.iter().map(|step| Step::parse(step)).collect::<Result<_, _>>()?;
        for step in &steps {
            if let crate::step::Action::Control(control) = &step.action
                && !controls.contains_key(control)
            {
                return Err(format!("step \"{step}\": no such control file"));
            }
        }
        Ok(Case {
            name: name.to_owned(),
            limits: self.limits,
            module: self.module,
            from_start: self.from_start,
            controls,
            steps,
            records: self.records.into_iter().map(ExpectedWritten::read).collect::<Result<_, _>>()?,
            calls: self.calls,
        })
    }
}

impl ExpectedWritten {
    fn read(self) -> Result<Expected, String> {
        Ok(match self {
            Self::One(text) => Expected::One(Pattern::parse(&text)?),
            Self::AnyOrder(texts) => {
                Expected::AnyOrder(texts.iter().map(|text| Pattern::parse(text)).collect::<Result<_, _>>()?)
            }
        })
    }
}
