//! Faults of single calls: which are due, and what they do.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Arc, Mutex},
    thread::sleep,
    time::Duration,
};

use cryptoki_sys::*;

use crate::{
    calls::{Call, Scratch},
    control::{self, Action, Calls, Control, Fault, Garble, Since, When},
    lock, log, state,
};

/// How often a hanging call looks whether it may go on.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Room for the result of any signature or digest.
const SCRATCH: usize = 1 << 14;

/// The faults that are due on one call.
pub(crate) struct Plan {
    control: Arc<Control>,
    /// Indices into the control's faults.
    due: Vec<usize>,
    query: bool,
}

impl Plan {
    /// Counts the call and finds what is due. A length query is told apart by `query`.
    pub(crate) fn of(control: &Arc<Control>, function: &'static str, query: bool) -> Self {
        let counts = count(control.generation, function, query);
        let due = control.faults.iter().enumerate().filter(|(_, fault)| fault.covers(function));
        let due = due.filter(|(_, fault)| fault.is_due(&counts, query));
        let due = due.map(|(index, _)| index).filter(|index| spend(control, *index, query)).collect();
        Plan { control: Arc::clone(control), due, query }
    }

    /// What comes before forwarding; a return value where the call is not forwarded.
    pub(crate) fn before(&self, call: &mut Call) -> Option<CK_RV> {
        for fault in self.at(When::Before) {
            match &fault.action {
                Action::Return(value) => return Some(*value),
                Action::ShortBuffer => {
                    call.output.tell((call.output.capacity as usize).saturating_mul(2));
                    return Some(CKR_BUFFER_TOO_SMALL);
                }
                Action::Garble(Garble::OtherData) => call.other_data = true,
                Action::Garble(Garble::Length(_)) if !call.output.buffer.is_null() => {
                    let bytes = vec![0; SCRATCH];
                    call.scratch = Some(Box::new(Scratch { bytes, length: SCRATCH as CK_ULONG }));
                }
                Action::Garble(_) => {}
                action => happen(action, call),
            }
        }
        None
    }

    /// What comes after forwarding, or after what was returned instead.
    pub(crate) fn after(&self, call: &mut Call, mut value: CK_RV) -> CK_RV {
        for fault in self.at(When::Before) {
            if let Action::Garble(how) = fault.action
                && value == CKR_OK
            {
                value = garble(call, how, self.query);
            }
        }
        for fault in self.at(When::After) {
            match &fault.action {
                Action::Return(other) => value = *other,
                action => happen(action, call),
            }
        }
        value
    }

    fn at(&self, when: When) -> impl Iterator<Item = &Fault> {
        self.due.iter().filter_map(|index| self.control.faults.get(*index)).filter(move |f| f.when == when)
    }
}

impl Fault {
    fn covers(&self, function: &str) -> bool {
        self.on.iter().any(|name| name == "*" || name == function)
    }

    fn is_due(&self, counts: &Counts, query: bool) -> bool {
        // What announces another length must also announce it to whoever asks for the length.
        let announces = matches!(self.action, Action::Garble(Garble::Length(_)));
        if query && !self.queries && !announces {
            return false;
        }
        let all = self.on.iter().any(|name| name == "*");
        let tally = match (all, self.since) {
            (false, Since::Change) => &counts.own_since_change,
            (false, Since::Load) => &counts.own_since_load,
            (true, Since::Change) => &counts.all_since_change,
            (true, Since::Load) => &counts.all_since_load,
        };
        let number = match (self.queries, query) {
            (true, _) => tally.with_queries,
            (false, false) => tally.calls,
            (false, true) => tally.calls + 1,
        };
        match &self.calls {
            Calls::Every => true,
            Calls::These(numbers) => numbers.contains(&number),
            Calls::From(first) => number >= *first,
        }
    }
}

/// Whether the fault may strike once more, which is noted.
fn spend(control: &Control, index: usize, query: bool) -> bool {
    let Some(fault) = control.faults.get(index) else { return false };
    let Some(times) = fault.times else { return true };
    state::update(|state| {
        let spent = state.spent.entry(format!("{:016x}-{index}", control.digest)).or_default();
        let may = *spent < times;
        // The announcement of a length is not yet what was announced.
        let counts = fault.queries || !query;
        *spent += u64::from(may && counts);
        may
    })
}

#[derive(Clone, Copy, Default)]
struct Tally {
    calls: u64,
    with_queries: u64,
}

#[derive(Clone, Copy)]
struct Counts {
    own_since_change: Tally,
    own_since_load: Tally,
    all_since_change: Tally,
    all_since_load: Tally,
}

fn count(generation: u64, function: &'static str, query: bool) -> Counts {
    struct Counters {
        generation: u64,
        since_change: BTreeMap<&'static str, Tally>,
        since_load: BTreeMap<&'static str, Tally>,
    }
    static COUNTERS: Mutex<Counters> =
        Mutex::new(Counters { generation: 0, since_change: BTreeMap::new(), since_load: BTreeMap::new() });
    let counters = &mut *lock(&COUNTERS);
    // A call that read the file before it changed may come after one that read the new content.
    if generation > counters.generation {
        counters.generation = generation;
        counters.since_change.clear();
    }
    let step = |tallies: &mut BTreeMap<_, Tally>, name| {
        let tally = tallies.entry(name).or_default();
        tally.with_queries += 1;
        tally.calls += u64::from(!query);
        *tally
    };
    Counts {
        own_since_change: step(&mut counters.since_change, function),
        own_since_load: step(&mut counters.since_load, function),
        all_since_change: step(&mut counters.since_change, "*"),
        all_since_load: step(&mut counters.since_load, "*"),
    }
}

/// What does not touch the call's return value.
fn happen(action: &Action, call: &Call) {
    match action {
        Action::Delay(time) => sleep(*time),
        Action::Hang { forever } => {
            log::write(call, "HANGS");
            while *forever || still_hangs(call.function) {
                sleep(LOOK_AGAIN);
            }
        }
        Action::Abort => {
            log::write(call, "ABORTS");
            std::process::abort();
        }
        Action::Segfault => {
            log::write(call, "SEGFAULTS");
            // SAFETY: none. The first page is never mapped, so this ends the process by SIGSEGV, which is its purpose.
            unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(0) };
        }
        Action::Exit(code) => {
            log::write(call, "EXITS");
            std::process::exit(*code);
        }
        // Written to, so that the pages are really there.
        Action::Leak { bytes } => std::mem::forget(vec![0xa5_u8; *bytes]),
        Action::Print(text) => {
            let mut out = std::io::stdout();
            // A closed standard output is no reason to fail: nobody wants to read it.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
        Action::Return(_) | Action::ShortBuffer | Action::Garble(_) => {}
    }
}

/// Whether the control file, as it is now, still says that the function hangs. One that cannot be read ends nothing.
fn still_hangs(function: &str) -> bool {
    control::current().map_or(true, |control| {
        control.faults.iter().any(|f| matches!(f.action, Action::Hang { .. }) && f.covers(function))
    })
}

/// Spoils the bytes of a call that succeeded.
fn garble(call: &mut Call, how: Garble, query: bool) -> CK_RV {
    let output = call.output;
    match how {
        Garble::OtherData => CKR_OK,
        Garble::Length(length) if query => {
            output.tell(length);
            CKR_OK
        }
        Garble::Length(length) => {
            let Some(scratch) = call.scratch.take() else { return CKR_OK };
            let mut bytes = scratch.bytes;
            bytes.truncate(scratch.length as usize);
            let mut more = vec![0; length.saturating_sub(bytes.len())];
            fill_randomly(&mut more);
            bytes.extend(more);
            bytes.truncate(length);
            output.tell(length);
            if output.capacity < length as CK_ULONG {
                return CKR_BUFFER_TOO_SMALL;
            }
            // SAFETY: the caller has room for `capacity` bytes there, which are enough.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), output.buffer, length) };
            CKR_OK
        }
        Garble::Random | Garble::Zero => {
            if query || output.buffer.is_null() || output.length.is_null() {
                return CKR_OK;
            }
            // SAFETY: the function succeeded, so it wrote `length` bytes to the buffer.
            let bytes = unsafe { std::slice::from_raw_parts_mut(output.buffer, *output.length as usize) };
            bytes.fill(0);
            if how == Garble::Random {
                fill_randomly(bytes);
            }
            CKR_OK
        }
    }
}

fn fill_randomly(bytes: &mut [u8]) {
    // Without a source of randomness the bytes stay zero, which is garbage too.
    let _ = getrandom::fill(bytes);
}
