//! What happens around every call: faults before, the call itself, faults after, a line in the log.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use cryptoki_sys::*;

use crate::{
    control::{self, CONTROL_INVALID, Control},
    faults::Plan,
    log, presence,
    sessions::{self, Open},
};

/// A call in progress.
pub(crate) struct Call {
    pub(crate) function: &'static str,
    /// Grows by one with each call in this process.
    pub(crate) number: u64,
    /// What the control file says at this moment of the call.
    pub(crate) control: Arc<Control>,
    /// The session it is about, once that is looked up.
    pub(crate) open: Option<Open>,
    /// Where the caller wants bytes.
    pub(crate) output: Output,
    /// Where the real module writes instead, when those bytes shall get another length.
    pub(crate) scratch: Option<Box<Scratch>>,
    /// Whether the function shall work on other data than it was given.
    pub(crate) other_data: bool,
    /// What the log says besides.
    pub(crate) detail: &'static str,
}

/// The buffer and the length that functions which return bytes are given.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    pub(crate) buffer: *mut CK_BYTE,
    pub(crate) length: *mut CK_ULONG,
    /// What stood in `length` when the call began.
    pub(crate) capacity: CK_ULONG,
}

/// An argument as far as it matters for [`Output`].
pub(crate) enum Part {
    Buffer(*mut CK_BYTE),
    Length(*mut CK_ULONG),
    Other,
}

pub(crate) struct Scratch {
    pub(crate) bytes: Vec<CK_BYTE>,
    pub(crate) length: CK_ULONG,
}

/// Runs the call `body`, which forwards, with all that the control file says of `function`.
pub(crate) fn run(
    function: &'static str,
    output: Output,
    body: impl FnOnce(&mut Call) -> Result<CK_RV, CK_RV>,
) -> CK_RV {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let control = match control::current() {
        Ok(control) => control,
        Err(why) => {
            eprintln!("sealkeeper-fault-module: {function}: the control file is not valid: {why}");
            return CONTROL_INVALID;
        }
    };
    let detail = if output.is_query() { "length" } else { "" };
    let plan = Plan::of(&control, function, output.is_query());
    let mut call =
        Call { function, number, control, open: None, output, scratch: None, other_data: false, detail };
    let value = match plan.before(&mut call) {
        Some(value) => value,
        None => {
            // The token may have been pulled out while a fault took its time.
            call.control = control::current().unwrap_or(call.control);
            presence::observe(&call.control);
            body(&mut call).unwrap_or_else(|value| value)
        }
    };
    let value = plan.after(&mut call, value);
    log::write(&call, &crate::names::return_value_name(value));
    value
}

impl Output {
    /// Of the arguments of a call.
    pub(crate) fn of(parts: &[Part]) -> Self {
        let mut output = Output { buffer: std::ptr::null_mut(), length: std::ptr::null_mut(), capacity: 0 };
        for part in parts {
            match part {
                Part::Buffer(buffer) => output.buffer = *buffer,
                Part::Length(length) => output.length = *length,
                Part::Other => {}
            }
        }
        if !output.length.is_null() {
            // SAFETY: PKCS#11 §5.2: the caller gives a pointer to a CK_ULONG there.
            output.capacity = unsafe { *output.length };
        }
        output
    }

    /// PKCS#11 §5.2: without a buffer the function only tells how long its result is.
    pub(crate) fn is_query(&self) -> bool {
        self.buffer.is_null() && !self.length.is_null()
    }

    /// Tells the caller a length.
    pub(crate) fn tell(&self, length: usize) {
        if !self.length.is_null() {
            // SAFETY: as in `of`; PKCS#11 lets the function write there.
            unsafe { *self.length = length as CK_ULONG };
        }
    }
}

/// How arguments reach the real module.
impl Call {
    /// The real handle of a session, and all that is known of it in `self.open`.
    pub(crate) fn session(&mut self, handle: CK_SESSION_HANDLE) -> Result<CK_SESSION_HANDLE, CK_RV> {
        let open = sessions::find(handle)?;
        self.open = Some(open);
        Ok(open.real)
    }

    /// A slot that must hold a token.
    pub(crate) fn slot(&self, slot: CK_SLOT_ID) -> Result<CK_SLOT_ID, CK_RV> {
        if presence::is_absent(slot) { Err(CKR_TOKEN_NOT_PRESENT) } else { Ok(slot) }
    }

    /// The real handle of an object; handles from before the token was last pulled out name nothing: `invalid`.
    pub(crate) fn object(&self, handle: CK_OBJECT_HANDLE, invalid: CK_RV) -> Result<CK_OBJECT_HANDLE, CK_RV> {
        let epoch = self.open.map_or(0, |open| open.epoch);
        match handle {
            // PKCS#11 §3.2: never a valid handle; some functions take it for "none".
            CK_INVALID_HANDLE => Ok(handle),
            _ if handle >> EPOCH_SHIFT == epoch => Ok(handle & ((1 << EPOCH_SHIFT) - 1)),
            _ => Err(invalid),
        }
    }

    /// The handle that the caller sees of an object.
    pub(crate) fn shown(&self, handle: CK_OBJECT_HANDLE) -> CK_OBJECT_HANDLE {
        handle | (self.open.map_or(0, |open| open.epoch) << EPOCH_SHIFT)
    }

    pub(crate) fn buffer(&mut self, buffer: *mut CK_BYTE) -> *mut CK_BYTE {
        self.scratch.as_mut().map_or(buffer, |scratch| scratch.bytes.as_mut_ptr())
    }

    pub(crate) fn length(&mut self, length: *mut CK_ULONG) -> *mut CK_ULONG {
        self.scratch.as_mut().map_or(length, |scratch| &raw mut scratch.length)
    }
}

/// How often its token was pulled out stands in the upper half of an object handle.
const EPOCH_SHIFT: u32 = CK_ULONG::BITS / 2;
