//! Stream filters (ISO 32000-2 §7.4), as far as structure is kept behind them: Flate, LZW, ASCIIHex, ASCII85, RunLength, and the
//! predictors. Image filters are never needed; what uses one is not decoded.
//!
//! Every filter stops at a limit, so that a small file cannot make a large one in memory.

mod ascii;
mod flate;
mod lzw;
mod predictor;
mod run_length;

use crate::object::{Dictionary, Name};

/// Why data were not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilterError {
    /// The data are malformed, or the filter is unknown.
    Malformed,
    /// The limit was met.
    TooLong,
}

/// Filters in one chain; real files have one or two.
pub(crate) const MAX_FILTERS: usize = 8;

/// Parameters of Flate and LZW (ISO 32000-2 Table 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) predictor: i64,
    pub(crate) colors: i64,
    pub(crate) bits_per_component: i64,
    pub(crate) columns: i64,
    pub(crate) early_change: i64,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters { predictor: 1, colors: 1, bits_per_component: 8, columns: 1, early_change: 1 }
    }
}

impl Parameters {
    /// From a decode parameter dictionary, whose values must be direct.
    pub(crate) fn read(dictionary: &Dictionary<'_>) -> Result<Parameters, FilterError> {
        let value = |key: &str, default: i64| match dictionary.get(key) {
            Ok(object) if object.is_null() => Ok(default),
            Ok(object) => object.as_integer().ok_or(FilterError::Malformed),
            Err(_) => Err(FilterError::Malformed),
        };
        Ok(Parameters {
            predictor: value("Predictor", 1)?,
            colors: value("Colors", 1)?,
            bits_per_component: value("BitsPerComponent", 8)?,
            columns: value("Columns", 1)?,
            early_change: value("EarlyChange", 1)?,
        })
    }
}

/// Undoes one filter. The result has at most `limit` bytes.
pub(crate) fn decode(
    filter: &Name<'_>,
    parameters: &Parameters,
    data: &[u8],
    limit: usize,
) -> Result<Vec<u8>, FilterError> {
    let predicted = |plain: Vec<u8>| predictor::undo(plain, parameters);
    match filter.bytes().as_ref() {
        b"FlateDecode" | b"Fl" => flate::decode(data, limit).and_then(predicted),
        b"LZWDecode" | b"LZW" => lzw::decode(data, parameters.early_change != 0, limit).and_then(predicted),
        b"ASCIIHexDecode" | b"AHx" => ascii::hexadecimal(data, limit),
        b"ASCII85Decode" | b"A85" => ascii::base85(data, limit),
        b"RunLengthDecode" | b"RL" => run_length::decode(data, limit),
        _ => Err(FilterError::Malformed),
    }
}

/// Output that refuses to grow beyond a limit.
struct Bounded {
    out: Vec<u8>,
    limit: usize,
}

impl Bounded {
    fn new(limit: usize) -> Bounded {
        Bounded { out: Vec::new(), limit }
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), FilterError> {
        if bytes.len() > self.limit - self.out.len() {
            return Err(FilterError::TooLong);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }
}
