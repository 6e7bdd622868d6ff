//! The control file as it is written, and how it is checked. The crate's documentation describes it for its writers.

use std::{path::Path, time::Duration};

use cryptoki_sys::*;
use serde::Deserialize;

use super::{
    Action, AttributeRule, Calls, Control, Fault, Garble, PinPad, PinRules, Shown, Since, SlotEvents,
    TokenRule, When,
};
use crate::{
    functions::NAMES,
    names::{ATTRIBUTES, RETURN_VALUES, TOKEN_FLAGS, number},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ControlFile {
    module: Option<String>,
    log: Option<String>,
    slot_events: Option<SlotEventsWritten>,
    #[serde(default)]
    always_authenticate: bool,
    #[serde(default)]
    refused_sign_stays_open: bool,
    #[serde(default)]
    pin: Pin,
    #[serde(default)]
    token: Vec<Token>,
    #[serde(default)]
    attribute: Vec<Attribute>,
    #[serde(default)]
    fault: Vec<FaultWritten>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SlotEventsWritten {
    Own,
    Unsupported,
    Forward,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    tries: Option<u32>,
    so_tries: Option<u32>,
    last_wrong: Option<Number>,
    flags: Option<bool>,
    pad: Option<String>,
    pad_new: Option<String>,
    #[serde(default)]
    pad_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    serial: Option<String>,
    present: Option<bool>,
    #[serde(default)]
    insertion: u64,
    #[serde(default)]
    slot_goes: bool,
    gone: Option<Number>,
    as_serial: Option<String>,
    as_label: Option<String>,
    #[serde(default)]
    set_flags: Vec<String>,
    #[serde(default)]
    clear_flags: Vec<String>,
    max_sessions: Option<CK_ULONG>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    r#type: Number,
    class: Option<Class>,
    value: Option<Value>,
    unavailable: Option<Number>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Class {
    PrivateKey,
    PublicKey,
    Certificate,
    Any,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Boolean(bool),
    Integer(CK_ULONG),
    Hex(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultWritten {
    on: OneOrMany<String>,
    call: Option<OneOrMany<u64>>,
    from: Option<u64>,
    #[serde(default)]
    since: SinceWritten,
    #[serde(default)]
    queries: bool,
    times: Option<u64>,
    when: Option<WhenWritten>,
    r#do: Do,
    rv: Option<Number>,
    ms: Option<u64>,
    forever: Option<bool>,
    code: Option<i32>,
    mib: Option<usize>,
    text: Option<String>,
    with: Option<With>,
    length: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SinceWritten {
    #[default]
    Change,
    Load,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WhenWritten {
    Before,
    After,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Do {
    Return,
    Delay,
    Hang,
    Abort,
    Segfault,
    Exit,
    Leak,
    Print,
    ShortBuffer,
    Garble,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum With {
    Random,
    Zero,
    OtherData,
    Length,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

/// A PKCS#11 number: its name, or the number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(CK_ULONG),
    Name(String),
}

impl Number {
    fn of(self, table: &[(&str, CK_ULONG)]) -> Result<CK_ULONG, String> {
        match self {
            Number::Number(number) => Ok(number),
            Number::Name(name) => number(table, &name).ok_or_else(|| format!("unknown name {name}")),
        }
    }
}

impl ControlFile {
    pub(super) fn resolve(self, folder: &Path) -> Result<Control, String> {
        Ok(Control {
            generation: 0,
            digest: 0,
            module: self.module.map(|path| folder.join(path)),
            log: self.log.map(|path| folder.join(path)),
            slot_events: match self.slot_events {
                None | Some(SlotEventsWritten::Own) => SlotEvents::Own,
                Some(SlotEventsWritten::Unsupported) => SlotEvents::Unsupported,
                Some(SlotEventsWritten::Forward) => SlotEvents::Forward,
            },
            always_authenticate: self.always_authenticate,
            refused_sign_stays_open: self.refused_sign_stays_open,
            pin: self.pin.resolve()?,
            tokens: self.token.into_iter().map(Token::resolve).collect::<Result<_, _>>()?,
            attributes: self.attribute.into_iter().map(Attribute::resolve).collect::<Result<_, _>>()?,
            faults: self.fault.into_iter().map(FaultWritten::resolve).collect::<Result<_, _>>()?,
        })
    }
}

impl Pin {
    fn resolve(self) -> Result<PinRules, String> {
        if self.tries == Some(0) || self.so_tries == Some(0) {
            return Err("a PIN with no tries at all".into());
        }
        let pad = self.pad.map(|pin| PinPad {
            new_pin: self.pad_new.unwrap_or_else(|| pin.clone()),
            pin,
            takes: Duration::from_millis(self.pad_ms),
        });
        Ok(PinRules {
            tries: self.tries,
            so_tries: self.so_tries,
            last_wrong: self.last_wrong.map_or(Ok(CKR_PIN_INCORRECT), |rv| rv.of(RETURN_VALUES))?,
            flags: self.flags.unwrap_or(true),
            pad,
        })
    }
}

impl Token {
    fn resolve(self) -> Result<TokenRule, String> {
        let too_long = |text: &Option<String>, limit| text.as_ref().is_some_and(|text| text.len() > limit);
        if too_long(&self.as_serial, 16) || too_long(&self.as_label, 32) {
            return Err("a serial number has 16 bytes at most, a label 32".into());
        }
        Ok(TokenRule {
            serial: self.serial,
            present: self.present.unwrap_or(true),
            insertion: self.insertion,
            slot_goes: self.slot_goes,
            gone: self.gone.map_or(Ok(CKR_DEVICE_REMOVED), |rv| rv.of(RETURN_VALUES))?,
            as_serial: self.as_serial,
            as_label: self.as_label,
            set_flags: flags(self.set_flags)?,
            clear_flags: flags(self.clear_flags)?,
            max_sessions: self.max_sessions,
        })
    }
}

fn flags(names: Vec<String>) -> Result<CK_FLAGS, String> {
    names.into_iter().try_fold(0, |flags, name| Ok(flags | Number::Name(name).of(TOKEN_FLAGS)?))
}

impl Attribute {
    fn resolve(self) -> Result<AttributeRule, String> {
        let shown = match (self.value, self.unavailable) {
            (Some(Value::Boolean(value)), None) => Shown::Value(vec![value.into()]),
            (Some(Value::Integer(value)), None) => Shown::Value(value.to_ne_bytes().to_vec()),
            (Some(Value::Hex(value)), None) => Shown::Value(hex::decode(value).map_err(|e| e.to_string())?),
            (None, Some(rv)) => Shown::Unavailable(rv.of(RETURN_VALUES)?),
            _ => return Err("an attribute needs either `value` or `unavailable`".into()),
        };
        let class = match self.class {
            None | Some(Class::PrivateKey) => Some(CKO_PRIVATE_KEY),
            Some(Class::PublicKey) => Some(CKO_PUBLIC_KEY),
            Some(Class::Certificate) => Some(CKO_CERTIFICATE),
            Some(Class::Any) => None,
        };
        Ok(AttributeRule { attribute: self.r#type.of(ATTRIBUTES)?, class, shown })
    }
}

impl FaultWritten {
    fn resolve(mut self) -> Result<Fault, String> {
        let action = self.action()?;
        if self.rv.is_some() || self.ms.is_some() || self.forever.is_some() || self.code.is_some() {
            return Err("a fault has `rv`, `ms`, `forever` or `code`, which go with another `do`".into());
        }
        if self.mib.is_some() || self.text.is_some() || self.with.is_some() || self.length.is_some() {
            return Err("a fault has `mib`, `text`, `with` or `length`, which go with another `do`".into());
        }
        let on = self.on.into_vec();
        if let Some(unknown) = on.iter().find(|name| *name != "*" && !NAMES.contains(&name.as_str())) {
            return Err(format!("no function of PKCS#11 v2.40: {unknown}"));
        }
        let calls = match (self.call, self.from) {
            (None, None) => Calls::Every,
            (Some(numbers), None) => Calls::These(numbers.into_vec()),
            (None, Some(first)) => Calls::From(first),
            (Some(_), Some(_)) => return Err("a fault has either `call` or `from`".into()),
        };
        let since = match self.since {
            SinceWritten::Change => Since::Change,
            SinceWritten::Load => Since::Load,
        };
        let when = match self.when {
            None | Some(WhenWritten::Before) => When::Before,
            Some(WhenWritten::After) => When::After,
        };
        if when == When::After && matches!(action, Action::ShortBuffer | Action::Garble(_)) {
            return Err(
                "`short-buffer` and `garble` have their own moment: `when` does not go with them".into()
            );
        }
        Ok(Fault { on, calls, since, queries: self.queries, times: self.times, when, action })
    }

    /// Takes what belongs to the action, so that what is left belongs to none.
    fn action(&mut self) -> Result<Action, String> {
        Ok(match self.r#do {
            Do::Return => Action::Return(self.rv.take().ok_or("`return` needs `rv`")?.of(RETURN_VALUES)?),
            Do::Delay => Action::Delay(Duration::from_millis(self.ms.take().ok_or("`delay` needs `ms`")?)),
            Do::Hang => Action::Hang { forever: self.forever.take().unwrap_or(false) },
            Do::Abort => Action::Abort,
            Do::Segfault => Action::Segfault,
            Do::Exit => Action::Exit(self.code.take().unwrap_or(0)),
            Do::Leak => {
                let mib = self.mib.take().ok_or("`leak` needs `mib`")?;
                Action::Leak { bytes: mib.checked_mul(1 << 20).ok_or("`mib` is too large")? }
            }
            Do::Print => Action::Print(self.text.take().ok_or("`print` needs `text`")?),
            Do::ShortBuffer => Action::ShortBuffer,
            Do::Garble => Action::Garble(match self.with.take().ok_or("`garble` needs `with`")? {
                With::Random => Garble::Random,
                With::Zero => Garble::Zero,
                With::OtherData => Garble::OtherData,
                With::Length => {
                    Garble::Length(self.length.take().ok_or("`with = \"length\"` needs `length`")?)
                }
            }),
        })
    }
}
