//! What the module has been told to do: the control file, resolved and checked, read again on each call.

mod written;

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
    thread::sleep,
    time::Duration,
};

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CK_FLAGS, CK_OBJECT_CLASS, CK_RV, CK_ULONG, CKR_PIN_INCORRECT, CKR_VENDOR_DEFINED,
};

use crate::lock;

/// Environment variable with the path of the control file.
pub const CONTROL_VARIABLE: &str = "SEALKEEPER_FAULTS";

/// What every call returns while the control file cannot be understood; why is on standard error.
pub const CONTROL_INVALID: CK_RV = CKR_VENDOR_DEFINED | 0x5ea1;

/// A writer that does not rename may be met in the middle of its work; this often it is given time.
const ATTEMPTS: u32 = 10;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(10);

/// All that a control file says.
#[derive(Debug)]
pub(crate) struct Control {
    /// Grows by one with each change of the file's content; 0 without a file.
    pub(crate) generation: u64,
    /// The same for the same content, in every process.
    pub(crate) digest: u64,
    /// The real module.
    pub(crate) module: Option<PathBuf>,
    /// Where calls are logged.
    pub(crate) log: Option<PathBuf>,
    /// How C_WaitForSlotEvent behaves.
    pub(crate) slot_events: SlotEvents,
    /// Private keys ask for a context-specific login before each signature.
    pub(crate) always_authenticate: bool,
    /// Whether a signing operation that was refused for want of that login stays active.
    pub(crate) refused_sign_stays_open: bool,
    /// Counting of PIN tries.
    pub(crate) pin: PinRules,
    /// What tokens look like; the first that fits a token counts.
    pub(crate) tokens: Vec<TokenRule>,
    /// What objects look like; the first that fits an attribute counts.
    pub(crate) attributes: Vec<AttributeRule>,
    /// Faults of single calls.
    pub(crate) faults: Vec<Fault>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SlotEvents {
    /// Events for what the control file inserts and removes.
    #[default]
    Own,
    /// CKR_FUNCTION_NOT_SUPPORTED.
    Unsupported,
    /// What the real module says.
    Forward,
}

#[derive(Debug)]
pub(crate) struct PinRules {
    /// Wrong user PINs in a row until it is locked; `None`: never.
    pub(crate) tries: Option<u32>,
    /// The same for the security officer's PIN.
    pub(crate) so_tries: Option<u32>,
    /// What the wrong try that locks the PIN returns.
    pub(crate) last_wrong: CK_RV,
    /// Whether C_GetTokenInfo tells of it.
    pub(crate) flags: bool,
    /// A PIN pad.
    pub(crate) pad: Option<PinPad>,
}

/// A person at a PIN pad, who types after a while.
#[derive(Debug)]
pub(crate) struct PinPad {
    pub(crate) pin: String,
    pub(crate) new_pin: String,
    pub(crate) takes: Duration,
}

#[derive(Debug)]
pub(crate) struct TokenRule {
    /// The real token meant; `None`: every initialised one.
    pub(crate) serial: Option<String>,
    pub(crate) present: bool,
    /// A change means that it was pulled out and put back in.
    pub(crate) insertion: u64,
    /// Whether the slot (the reader) goes away with the token.
    pub(crate) slot_goes: bool,
    /// What calls on its sessions return while it is away.
    pub(crate) gone: CK_RV,
    /// The serial number shown, at most 16 bytes.
    pub(crate) as_serial: Option<String>,
    /// The label shown, at most 32 bytes.
    pub(crate) as_label: Option<String>,
    pub(crate) set_flags: CK_FLAGS,
    pub(crate) clear_flags: CK_FLAGS,
    pub(crate) max_sessions: Option<CK_ULONG>,
}

#[derive(Debug)]
pub(crate) struct AttributeRule {
    pub(crate) attribute: CK_ATTRIBUTE_TYPE,
    /// Objects of which class; `None`: all.
    pub(crate) class: Option<CK_OBJECT_CLASS>,
    pub(crate) shown: Shown,
}

#[derive(Debug)]
pub(crate) enum Shown {
    Value(Vec<u8>),
    /// No value, and C_GetAttributeValue returns this.
    Unavailable(CK_RV),
}

/// One fault: what, on which calls.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Function names, or `*` alone.
    pub(crate) on: Vec<String>,
    pub(crate) calls: Calls,
    pub(crate) since: Since,
    /// Whether length queries are calls like others.
    pub(crate) queries: bool,
    /// At most so many times over all processes.
    pub(crate) times: Option<u64>,
    pub(crate) when: When,
    pub(crate) action: Action,
}

#[derive(Debug)]
pub(crate) enum Calls {
    Every,
    /// Counted from 1.
    These(Vec<u64>),
    From(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    Change,
    Load,
}

/// Before or after the call was forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

#[derive(Debug)]
pub(crate) enum Action {
    Return(CK_RV),
    Delay(Duration),
    Hang { forever: bool },
    Abort,
    Segfault,
    Exit(i32),
    Leak { bytes: usize },
    Print(String),
    ShortBuffer,
    Garble(Garble),
}

/// What becomes of the bytes that a function returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Garble {
    Random,
    Zero,
    /// So many bytes.
    Length(usize),
    /// Made over other data than was given.
    OtherData,
}

/// The control file holds what this module does not understand.
#[derive(Debug)]
pub(crate) struct Invalid(String);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for Control {
    fn default() -> Self {
        Control {
            generation: 0,
            digest: 0,
            module: None,
            log: None,
            slot_events: SlotEvents::Own,
            always_authenticate: false,
            refused_sign_stays_open: false,
            pin: PinRules {
                tries: None,
                so_tries: None,
                last_wrong: CKR_PIN_INCORRECT,
                flags: true,
                pad: None,
            },
            tokens: Vec::new(),
            attributes: Vec::new(),
            faults: Vec::new(),
        }
    }
}

impl Control {
    /// `text` as a control file in the folder `folder`, which relative paths start from.
    fn parse(text: &str, folder: &Path) -> Result<Self, Invalid> {
        let written: written::ControlFile = toml::from_str(text).map_err(|e| Invalid(e.to_string()))?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Ok(Control { digest: hasher.finish(), ..written.resolve(folder).map_err(Invalid)? })
    }
}

/// The path in [`CONTROL_VARIABLE`] as it was at the first call.
pub(crate) fn path() -> Option<&'static Path> {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    PATH.get_or_init(|| std::env::var_os(CONTROL_VARIABLE).map(PathBuf::from)).as_deref()
}

/// What the control file says now. No file says: forward everything.
pub(crate) fn current() -> Result<Arc<Control>, Invalid> {
    static READ: Mutex<Option<(Vec<u8>, Arc<Control>)>> = Mutex::new(None);
    let Some(path) = path() else { return Ok(Arc::default()) };
    let mut attempt = 1;
    loop {
        match read_again(path, &mut lock(&READ)) {
            Err(_) if attempt < ATTEMPTS => attempt += 1,
            settled => return settled,
        }
        sleep(BETWEEN_ATTEMPTS);
    }
}

/// The whole file is read each time: time stamps are too coarse to tell two changes within a few milliseconds apart.
fn read_again(path: &Path, last: &mut Option<(Vec<u8>, Arc<Control>)>) -> Result<Arc<Control>, Invalid> {
    let content = match std::fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(|e| Invalid(e.to_string()))?,
    };
    let generation = match last {
        Some((known, control)) if *known == content => return Ok(Arc::clone(control)),
        Some((_, control)) => control.generation + 1,
        None => 1,
    };
    let text = std::str::from_utf8(&content).map_err(|e| Invalid(e.to_string()))?;
    let control = Control::parse(text, path.parent().unwrap_or(Path::new("")))?;
    let control = Arc::new(Control { generation, ..control });
    *last = Some((content, Arc::clone(&control)));
    Ok(control)
}
