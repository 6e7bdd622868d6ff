//! Times: seconds since 1970 (UTC, no leap seconds) on our side, GeneralizedTime with seconds and `Z` in the structure.

use std::time::Duration;

use der::asn1::GeneralizedTime;

use crate::SesError;

pub(crate) fn to_generalized(seconds: i64) -> Result<GeneralizedTime, SesError> {
    u64::try_from(seconds)
        .ok()
        .and_then(|since_1970| GeneralizedTime::from_unix_duration(Duration::from_secs(since_1970)).ok())
        .ok_or(SesError::TimeOutOfRange(seconds))
}

pub(crate) fn from_generalized(time: GeneralizedTime) -> i64 {
    // The year 9999 ends long before 2^63 s.
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_years_1970_to_9999_fit() {
        for good in [0, 1, 951_782_400, 253_402_300_799] {
            assert_eq!(from_generalized(to_generalized(good).unwrap()), good);
        }
        for bad in [-1, i64::MIN, 253_402_300_800, i64::MAX] {
            assert_eq!(to_generalized(bad), Err(SesError::TimeOutOfRange(bad)));
        }
    }
}
