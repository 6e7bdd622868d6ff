//! A PKCS#11 v2.40 module for tests: it forwards every function to a real module, and misbehaves as a control file tells it.
//!
//! Load `libsealkeeper_fault_module.so` in place of the real module. Two environment variables matter, both read once:
//!
//! | variable | meaning |
//! |---|---|
//! | `SEALKEEPER_FAULTS` | path of the control file; unset, or no such file: everything is forwarded |
//! | `SEALKEEPER_REAL_MODULE` | path of the real module, unless the control file names it |
//!
//! The control file is TOML, read again on each call, so a change takes effect with the next one. Replace it by renaming
//! ([`ControlFile::write`] does). While it is not valid every call returns [`CONTROL_INVALID`] and says why on standard
//! error: a test must not pass because its fault was misspelt. Relative paths in it start from its folder.
//!
//! # The control file
//!
//! ```toml
//! module = "/usr/lib/softhsm/libsofthsm2.so"   # the real module; read when C_GetFunctionList is called first
//! log = "calls.log"                            # the call log, see below
//! slot_events = "own"                          # own | unsupported (CKR_FUNCTION_NOT_SUPPORTED) | forward
//! always_authenticate = true                   # see "Always authenticate"
//! refused_sign_stays_open = false
//!
//! [pin]                    # see "PINs"
//! tries = 3                # wrong user PINs in a row until it is locked; without it: never
//! so_tries = 3             # the same for the security officer
//! last_wrong = "CKR_PIN_LOCKED"   # what the try that locks returns (CKR_PIN_INCORRECT)
//! flags = true             # false: C_GetTokenInfo tells nothing of it, as some modules do
//! pad = "12345678"         # a PIN pad on which this PIN is typed
//! pad_new = "87654321"     # and this one where a new PIN is asked for
//! pad_ms = 500             # after so long
//!
//! [[token]]                # see "Tokens"; the first that fits a token counts
//! serial = "cd0de19fd8fcb66a"     # the real token meant; without it: every initialised one
//! present = false          # pulled out (true)
//! insertion = 1            # another number than before: pulled out and put back in at once
//! slot_goes = false        # true: the slot goes away with the token, like a key that is its own reader
//! gone = "CKR_DEVICE_REMOVED"     # what its sessions return while it is away
//! as_serial = "0000000000000002"  # another token in the same slot
//! as_label = "another"
//! set_flags = ["CKF_PROTECTED_AUTHENTICATION_PATH"]   # of CK_TOKEN_INFO
//! clear_flags = ["CKF_USER_PIN_INITIALIZED"]
//! max_sessions = 2         # shown, and CKR_SESSION_COUNT beyond
//!
//! [[attribute]]            # what C_GetAttributeValue shows instead; the first that fits counts
//! type = "CKA_LOCAL"       # or a number
//! class = "private-key"    # private-key (without it) | public-key | certificate | any
//! value = false            # true and false: CK_BBOOL; a number: CK_ULONG; text: bytes in hexadecimal
//!
//! [[attribute]]
//! type = "CKA_NEVER_EXTRACTABLE"
//! unavailable = "CKR_ATTRIBUTE_TYPE_INVALID"          # no value, and this return value
//!
//! [[fault]]                # see "Faults"
//! on = "C_Sign"            # or ["C_Sign", "C_SignFinal"], or "*"
//! call = 2                 # the second call; or [2, 5]; or `from = 2`; without either: every call
//! since = "change"         # counted since the file changed (any change), or since "load" in this process
//! times = 1                # at most once over all processes, kept in the state file; without it: no end
//! queries = false          # true: length queries count and are struck like other calls
//! when = "before"          # before | after the call was forwarded
//! do = "return"            # what happens
//! rv = "CKR_DEVICE_ERROR"  # a name or a number
//! ```
//!
//! # Faults
//!
//! | `do` | with | what happens |
//! |---|---|---|
//! | `return` | `rv` | before: returned instead of forwarding; after: forwarded (the token did it), then returned instead |
//! | `delay` | `ms` | takes so much longer |
//! | `hang` | `forever` | does not go on as long as the control file has any `hang` for this function; `forever = true`: never |
//! | `abort`, `segfault` | | the process dies by SIGABRT, SIGSEGV |
//! | `exit` | `code` | the module calls exit() (0) |
//! | `leak` | `mib` | so many MiB are allocated, written to and never freed |
//! | `print` | `text` | written to standard output, as some modules do |
//! | `short-buffer` | | CKR_BUFFER_TOO_SMALL, and twice the length it was given; not forwarded |
//! | `garble` | `with = "random"` or `"zero"` | the bytes returned, in their right length |
//! | | `with = "length"`, `length` | so many bytes: cut off, or random bytes added; the length query says so too |
//! | | `with = "other-data"` | C_Sign and C_SignUpdate work on data that differs in one bit: a valid signature, of something else |
//!
//! All faults that are due on one call happen: those before forwarding, then those after, in their order in the file. After a
//! `return` before forwarding no further ones before it do.
//!
//! Functions that return bytes are called twice by most callers, first without a buffer to learn the length. Such a length
//! query is neither counted nor struck, unless `queries = true`: "the first C_Sign" is the one that signs. (C_GetSlotList,
//! C_GetMechanismList and C_GetAttributeValue return no bytes in that sense; each of their calls counts.) With `on = "*"` calls
//! of all functions are counted together, otherwise each function's own.
//!
//! # PINs
//!
//! C_Login as user or context-specific and C_SetPIN count CKR_PIN_INCORRECT; success and C_InitPIN by the security officer
//! start anew. C_GetTokenInfo shows CKF_USER_PIN_COUNT_LOW after a wrong try, CKF_USER_PIN_FINAL_TRY when one is left,
//! CKF_USER_PIN_LOCKED when none is (CKF_SO_… alike); then the real module is not asked any more. Counts stand, by the serial
//! number shown, in the state file beside the control file (`CONTROL.state`), so they survive the process. With `pad` the token has a
//! protected authentication path: the PIN must be NULL_PTR, otherwise CKR_ARGUMENTS_BAD.
//!
//! # Tokens
//!
//! A token that is pulled out takes its sessions and its login with it. While it is away calls on its sessions return
//! `gone`, others on the slot CKR_TOKEN_NOT_PRESENT; once it is back, old session handles are CKR_SESSION_HANDLE_INVALID
//! and old object handles CKR_OBJECT_HANDLE_INVALID (CKR_KEY_HANDLE_INVALID where a key is meant). A change of `insertion` or `as_serial`
//! pulls it out and puts it in at once. It is noticed by the next call of any function; C_WaitForSlotEvent tells each slot once for what happened since
//! C_Initialize, and notices within 10 ms when it blocks. Slots with a rule are removable.
//!
//! # Always authenticate
//!
//! Private keys show CKA_ALWAYS_AUTHENTICATE true. After C_SignInit, C_Sign (also its length query), C_SignUpdate and C_SignFinal return
//! CKR_USER_NOT_LOGGED_IN until C_Login as CKU_CONTEXT_SPECIFIC succeeded with the PIN that the user logged in with. A refused
//! operation has ended, or with `refused_sign_stays_open` has not: the next C_SignInit then returns CKR_OPERATION_ACTIVE.
//!
//! # The call log
//!
//! One line per call when it returns: `NUMBER PID FUNCTION OUTCOME [DETAIL]`. NUMBER grows by one with each call in the process, in the
//! order in which they began; OUTCOME is the return value's name, or `HANGS`, `ABORTS`, `SEGFAULTS`, `EXITS` when that begins; DETAIL is C_Login's user
//! type, or `length` for a length query. [`read_log`] reads it. PINs and data are never logged.
//!
//! # Limits
//!
//! Only C_GetFunctionList is exported; there are no functions of PKCS#11 v3. Sessions have handles of this module's own; what the
//! real module passes to a notification callback is its own handle. All tokens share one `[pin]`. State is per control file: two processes
//! with the same file share PIN tries and spent faults, but count calls each for itself. The real module stays loaded for
//! ever, and so does this one.
#![allow(
    unsafe_code,
    reason = "a PKCS#11 module is a C interface: pointers from its caller, pointers to the real module"
)]

mod attributes;
mod calls;
mod control;
mod faults;
mod functions;
mod harness;
mod log;
mod names;
mod pin;
mod presence;
mod real;
mod sessions;
mod signing;
mod slots;
mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::{
    control::{CONTROL_INVALID, CONTROL_VARIABLE},
    functions::C_GetFunctionList,
    harness::{ControlFile, LoggedCall, module_path, read_log},
    real::MODULE_VARIABLE,
};

/// Locks what no panic can leave half changed. No lock is held while a call is forwarded, hangs or waits; only loading the
/// real module holds one, since nothing can be forwarded before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
