//! Dates and times of day as arguments give them.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use sealkeeper_domain::act::statement::Hours;

/// The last second of a day, `2027-12-31`, on the clock of this machine; or the moment itself, `2027-12-31T12:00:00Z`. Seconds since
/// the Unix epoch.
pub(crate) fn until(text: &str) -> Result<u64, String> {
    let wrong = || "2027-12-31 / 2027-12-31T12:00:00Z".to_owned();
    let seconds = match text.parse::<Date>() {
        Ok(day) if text.len() == 10 => {
            let next = day.tomorrow().and_then(|next| next.to_zoned_datetime(TimeZone::system()));
            next.map_err(|_| wrong())?.timestamp().as_second() - 1
        }
        _ => text.parse::<Timestamp>().map_err(|_| wrong())?.as_second(),
    };
    u64::try_from(seconds).map_err(|_| wrong())
}

/// The first second of a day, `2027-12-31`, on the clock of this machine; or the moment itself. Seconds since the Unix epoch.
pub(crate) fn since(text: &str) -> Result<u64, String> {
    let wrong = || "2027-12-31 / 2027-12-31T12:00:00Z".to_owned();
    let seconds = match text.parse::<Date>() {
        Ok(day) if text.len() == 10 => {
            let begins = day.to_zoned_datetime(TimeZone::system());
            begins.map_err(|_| wrong())?.timestamp().as_second()
        }
        _ => text.parse::<Timestamp>().map_err(|_| wrong())?.as_second(),
    };
    u64::try_from(seconds).map_err(|_| wrong())
}

/// Minutes east of UTC: `+08:00`.
pub(crate) fn utc_offset(text: &str) -> Result<i32, String> {
    let parsed = text.split_at_checked(1).and_then(|(sign, clock)| {
        let minutes = i32::try_from(minute(clock)?).ok().filter(|minutes| *minutes <= 14 * 60)?;
        match sign {
            "+" => Some(minutes),
            "-" => Some(-minutes),
            _ => None,
        }
    });
    parsed.ok_or_else(|| "+08:00".to_owned())
}

/// Hours of the day: `09:00-18:00`; `24:00` is the end of the day.
pub(crate) fn hours(text: &str) -> Result<Hours, String> {
    let parsed = text.split_once('-').and_then(|(from, until)| {
        let (from_minute, until_minute) = (minute(from)?, minute(until)?);
        (from_minute < until_minute).then_some(Hours { from_minute, until_minute })
    });
    parsed.ok_or_else(|| "09:00-18:00".to_owned())
}

fn minute(text: &str) -> Option<u32> {
    if text == "24:00" {
        return Some(24 * 60);
    }
    let time = Time::strptime("%H:%M", text).ok().filter(|_| text.len() == 5)?;
    u32::try_from(time.hour())
        .ok()
        .zip(u32::try_from(time.minute()).ok())
        .map(|(hour, minute)| hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_with_its_last_second() {
        let end = Timestamp::from_second(i64::try_from(until("2027-12-31").unwrap()).unwrap()).unwrap();
        let end = end.to_zoned_datetime(TimeZone::system());
        assert_eq!(end.strftime("%Y-%m-%d %H:%M:%S").to_string(), "2027-12-31 23:59:59");
        assert_eq!(until("2027-01-15T08:00:00Z"), Ok(1_800_000_000));
        for wrong in ["", "2027-13-01", "2027-12-31 10:00", "31.12.2027", "1969-01-01T00:00:00Z"] {
            assert!(until(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_begins_where_the_one_before_ends() {
        assert_eq!(since("2027-12-31").unwrap(), until("2027-12-30").unwrap() + 1);
        assert_eq!(since("2027-01-15T08:00:00Z"), Ok(1_800_000_000));
        assert!(since("yesterday").is_err());
    }

    #[test]
    fn clocks_are_east_or_west_of_utc() {
        assert_eq!((utc_offset("+08:00"), utc_offset("-03:30")), (Ok(480), Ok(-210)));
        for wrong in ["08:00", "+8", "+14:01", "", "＋08:00"] {
            assert!(utc_offset(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hours_are_a_span_within_one_day() {
        assert_eq!(hours("09:00-17:30"), Ok(Hours { from_minute: 540, until_minute: 1_050 }));
        assert_eq!(hours("00:00-24:00"), Ok(Hours { from_minute: 0, until_minute: 1_440 }));
        for wrong in ["", "9:00-18:00", "18:00-09:00", "09:00-09:00", "09:00", "09:00-25:00", "24:00-24:00"] {
            assert!(hours(wrong).is_err(), "{wrong}");
        }
    }
}
