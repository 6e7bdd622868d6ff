//! The call log: one line per call, `NUMBER PID FUNCTION OUTCOME [DETAIL]`.

use std::{fs::OpenOptions, io::Write};

use crate::calls::Call;

/// Appends a line. The outcome is a return value, or in capitals what became of a call that did not return.
pub(crate) fn write(call: &Call, outcome: &str) {
    let Some(path) = &call.control.log else { return };
    let mut line = format!("{} {} {} {outcome}", call.number, std::process::id(), call.function);
    if !call.detail.is_empty() {
        line.push(' ');
        line.push_str(call.detail);
    }
    line.push('\n');
    // One write, so that lines of several processes do not mix (O_APPEND).
    let written = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut f| f.write_all(line.as_bytes()));
    if let Err(e) = written {
        eprintln!("sealkeeper-fault-module: call log {}: {e}", path.display());
    }
}
