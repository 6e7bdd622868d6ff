//! The placement argument: `page=last,x=120mm,y=230mm`.
//!
//! ```text
//! placement = part *( "," part )          each of page, x, y exactly once, in any order
//! part      = "page=" page / "x=" length / "y=" length
//! page      = "last" / number / set       a set ("1,3-5", "odd") may hold commas
//! length    = [ "-" ] 1*9DIGIT [ "." 1*9DIGIT ] ( "mm" / "cm" / "pt" / "in" )
//! ```
//!
//! Lengths become integer µm, halves rounded away from zero: 1 in = 25.4 mm = 72 pt. White space around parts,
//! keys and values is allowed.

use std::fmt;

use sealkeeper_domain::placement::{PageChoice, Placement};
use sealkeeper_domain::reason::{Language, Reason};
use sealkeeper_proto::v1;

/// Reads one placement.
///
/// # Errors
/// [`PlacementError`], which says what is wrong where.
pub fn parse(text: &str) -> Result<v1::Placement, PlacementError> {
    let mut parts = Parts::default();
    for (key, value) in assignments(text)? {
        match key {
            "page" => fill(&mut parts.page, "page", page(&value)?)?,
            "x" => fill(&mut parts.x, "x", length(&value)?)?,
            "y" => fill(&mut parts.y, "y", length(&value)?)?,
            other => return Err(PlacementError::UnknownKey(other.to_owned())),
        }
    }
    let pages = parts.page.ok_or(PlacementError::Missing("page"))?;
    let x_um = parts.x.ok_or(PlacementError::Missing("x"))?;
    let y_um = parts.y.ok_or(PlacementError::Missing("y"))?;
    if Placement::new(PageChoice::Last, x_um, y_um).is_err() {
        return Err(PlacementError::TooFar);
    }
    let position = v1::placement::Position::Coordinates(v1::Coordinates { pages, x_um, y_um });
    Ok(v1::Placement { position: Some(position) })
}

#[derive(Default)]
struct Parts {
    page: Option<String>,
    x: Option<i64>,
    y: Option<i64>,
}

/// Keys and values in order. A piece without a key goes on with the page set before it: `page=1,3-5`.
fn assignments(text: &str) -> Result<Vec<(&str, String)>, PlacementError> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for piece in text.split(',') {
        match (piece.split_once('='), found.last_mut()) {
            (Some((key, value)), _) => found.push((key.trim(), value.trim().to_owned())),
            (None, Some(("page", pages))) if !piece.trim().is_empty() => {
                pages.push(',');
                pages.push_str(piece.trim());
            }
            (None, _) => return Err(PlacementError::NoValue(piece.trim().to_owned())),
        }
    }
    Ok(found)
}

fn fill<T>(slot: &mut Option<T>, key: &'static str, value: T) -> Result<(), PlacementError> {
    if slot.replace(value).is_some() { Err(PlacementError::Repeated(key)) } else { Ok(()) }
}

/// Malformed pages are told here; sets, which are well formed, are for the agent to allow or refuse.
fn page(value: &str) -> Result<String, PlacementError> {
    match PageChoice::parse(value) {
        Err(Reason::PlacementBad) => Err(PlacementError::Page(value.to_owned())),
        Ok(_) | Err(_) => Ok(value.to_owned()),
    }
}

/// Reads one length, `40mm` or `1.5in`, into µm; None if it is none.
pub fn length_um(text: &str) -> Option<i64> {
    length(text).ok()
}

/// The most digits before and after the point: 10^9 mm is well beyond any page, and all arithmetic stays exact.
const DIGITS: usize = 9;

fn length(value: &str) -> Result<i64, PlacementError> {
    let wrong = || PlacementError::Length(value.to_owned());
    let unit_at = value.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let (number, unit) = value.split_at(unit_at);
    // µm for each unit as a fraction.
    let (per_unit, of) = match unit {
        "mm" => (1_000, 1),
        "cm" => (10_000, 1),
        "in" => (25_400, 1),
        "pt" => (25_400, 72),
        _ => return Err(wrong()),
    };
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(wrong()),
        Some(parts) => parts,
        None => (digits, ""),
    };
    let is_digits = |text: &str| text.len() <= DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return Err(wrong());
    }
    let scaled: i128 = format!("{whole}{fraction}").parse().map_err(|_| wrong())?;
    let divisor = fraction.bytes().fold(i128::from(of), |divisor, _| divisor * 10);
    let um = (scaled * per_unit * 2 + divisor) / (divisor * 2);
    i64::try_from(if negative { -um } else { um }).map_err(|_| wrong())
}

/// What is wrong with a placement argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacementError {
    /// A part that is no `key=value`.
    NoValue(String),
    /// A key there is not.
    UnknownKey(String),
    /// A key that stands twice.
    Repeated(&'static str),
    /// A key that is not there.
    Missing(&'static str),
    /// A page that is none.
    Page(String),
    /// A length that is none.
    Length(String),
    /// Beyond any page.
    TooFar,
}

impl PlacementError {
    /// The stable reason code.
    pub fn reason(&self) -> Reason {
        Reason::PlacementBad
    }

    /// What is wrong, one phrase. Holds parts of the argument as given: escape it before it is shown.
    pub fn text(&self, language: Language) -> String {
        match (language, self) {
            (Language::Chinese, Self::NoValue(part)) => format!("“{part}”不是 键=值"),
            (Language::English, Self::NoValue(part)) => format!("\"{part}\" is no key=value"),
            (Language::Chinese, Self::UnknownKey(key)) => format!("没有“{key}”这一项，只有 page、x、y"),
            (Language::English, Self::UnknownKey(key)) => {
                format!("there is no key \"{key}\", only page, x and y")
            }
            (Language::Chinese, Self::Repeated(key)) => format!("{key} 写了两次"),
            (Language::English, Self::Repeated(key)) => format!("{key} stands twice"),
            (Language::Chinese, Self::Missing(key)) => format!("缺少 {key}"),
            (Language::English, Self::Missing(key)) => format!("{key} is missing"),
            (Language::Chinese, Self::Page(page)) => format!("“{page}”不是页码，请写 last 或从 1 起的页码"),
            (Language::English, Self::Page(page)) => {
                format!("\"{page}\" is no page: write last, or a number from 1")
            }
            (Language::Chinese, Self::Length(length)) => {
                format!("“{length}”不是长度，请写数字加单位 mm、cm、pt 或 in")
            }
            (Language::English, Self::Length(length)) => {
                format!("\"{length}\" is no length: write a number with its unit mm, cm, pt or in")
            }
            (Language::Chinese, Self::TooFar) => "位置远在任何页面之外".to_owned(),
            (Language::English, Self::TooFar) => "the position lies far beyond any page".to_owned(),
        }
    }
}

impl fmt::Display for PlacementError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text(Language::English))
    }
}

impl std::error::Error for PlacementError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn coordinates(text: &str) -> Result<(String, i64, i64), PlacementError> {
        match parse(text)?.position {
            Some(v1::placement::Position::Coordinates(at)) => Ok((at.pages, at.x_um, at.y_um)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_come_in_any_order() {
        let expected = Ok(("last".to_owned(), 120_000, 230_000));
        assert_eq!(coordinates("page=last,x=120mm,y=230mm"), expected);
        assert_eq!(coordinates("y=23cm, x=120.000mm , page = last"), expected);
    }

    #[test]
    fn units_become_micrometres() {
        for (text, um) in [
            ("1mm", 1_000),
            ("0.0005mm", 1),
            ("0.00049mm", 0),
            ("-0.0005mm", -1),
            ("2.54cm", 25_400),
            ("1in", 25_400),
            ("72pt", 25_400),
            ("1pt", 353),
            ("0.5in", 12_700),
            ("-3.5mm", -3_500),
        ] {
            assert_eq!(length(text), Ok(um), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_told() {
        for text in [
            "",
            "mm",
            "1",
            "1 mm",
            "1.mm",
            ".5mm",
            "+1mm",
            "1e3mm",
            "1,5mm",
            "1MM",
            "1m",
            "--1mm",
            "1mmm",
            "1234567890mm",
            "0.1234567890mm",
            "٣mm",
            "1µm",
        ] {
            assert_eq!(length(text), Err(PlacementError::Length(text.into())), "{text}");
        }
    }

    #[test]
    fn page_sets_are_passed_on_whole() {
        assert_eq!(coordinates("page=1,3-5,x=1mm,y=2mm"), Ok(("1,3-5".to_owned(), 1_000, 2_000)));
        assert_eq!(coordinates("x=1mm,y=2mm,page=odd").unwrap().0, "odd");
        assert_eq!(coordinates("page=0,x=1mm,y=2mm"), Err(PlacementError::Page("0".into())));
        assert_eq!(coordinates("page=,x=1mm,y=2mm"), Err(PlacementError::Page(String::new())));
    }

    #[test]
    fn each_key_exactly_once() {
        assert_eq!(coordinates("page=1,x=1mm"), Err(PlacementError::Missing("y")));
        assert_eq!(coordinates("x=1mm,y=1mm"), Err(PlacementError::Missing("page")));
        assert_eq!(coordinates("page=1,x=1mm,x=1mm,y=1mm"), Err(PlacementError::Repeated("x")));
        assert_eq!(coordinates("page=1,z=1mm"), Err(PlacementError::UnknownKey("z".into())));
        assert_eq!(coordinates("page=1,x=1mm,120"), Err(PlacementError::NoValue("120".into())));
        assert_eq!(coordinates(""), Err(PlacementError::NoValue(String::new())));
        assert_eq!(coordinates("page=1,x=999999999cm,y=1mm"), Err(PlacementError::TooFar));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn no_likely_text_makes_it_panic(text in "[-pagexy=,. 0-9lastmcin]{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn whole_micrometres_are_exact(um in -9_999_999_i64..=9_999_999, page in 1_u32..5_000) {
            let sign = if um < 0 { "-" } else { "" };
            let millimetres = format!("{sign}{}.{:03}mm", um.abs() / 1000, um.abs() % 1000);
            let text = format!("page={page},x={millimetres},y={millimetres}");
            prop_assert_eq!(coordinates(&text), Ok((page.to_string(), um, um)));
        }

        #[test]
        fn rounding_is_to_the_nearest(points in 0_u32..20_000, thousandths in 0_u32..1000) {
            let um = length(&format!("{points}.{thousandths:03}pt")).unwrap();
            let exact = (f64::from(points) + f64::from(thousandths) / 1000.0) * 25_400.0 / 72.0;
            prop_assert!((um as f64 - exact).abs() <= 0.5 + 1e-6, "{} {}", um, exact);
        }
    }
}
