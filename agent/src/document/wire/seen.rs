//! What was seen of a page, on its way through the pipe.

use prost::Message;
use sealkeeper_view::{Area, draft::Standing};

use super::Unreadable;
use crate::pipeline::ports::document::{Hit, Marker, PageLook, Placeholder};

/// What was seen of a page, as the port's [`PageLook`] says.
#[derive(Message)]
pub(in super::super) struct Page {
    /// From 1.
    #[prost(uint32, tag = "1")]
    pub(in super::super) number: u32,
    #[prost(double, tag = "2")]
    width_pt: f64,
    #[prost(double, tag = "3")]
    height_pt: f64,
    #[prost(bool, tag = "4")]
    blank: bool,
    #[prost(uint32, tag = "5")]
    ink_ppm: u32,
    #[prost(string, repeated, tag = "6")]
    missing_fonts: Vec<String>,
    #[prost(uint32, tag = "7")]
    undecoded: u32,
    #[prost(bool, tag = "8")]
    truncated: bool,
    #[prost(message, repeated, tag = "9")]
    markers: Vec<Found>,
    #[prost(message, repeated, tag = "10")]
    placeholders: Vec<Found>,
    #[prost(message, repeated, tag = "11")]
    gaps: Vec<Found>,
    #[prost(message, repeated, tag = "12")]
    hits: Vec<Found>,
}

/// A place on the page. What else is told of it depends on what was found there.
#[derive(Message)]
struct Found {
    /// µm from the left edge.
    #[prost(sint64, tag = "1")]
    x: i64,
    /// µm from the top edge.
    #[prost(sint64, tag = "2")]
    y: i64,
    /// µm.
    #[prost(sint64, tag = "3")]
    width: i64,
    /// µm.
    #[prost(sint64, tag = "4")]
    height: i64,
    /// The draft word, the keyword or the opening bracket.
    #[prost(string, tag = "5")]
    what: String,
    /// Of a draft word: whether it stands as a watermark.
    #[prost(bool, tag = "6")]
    watermark: bool,
    /// Of a keyword: degrees clockwise.
    #[prost(sint32, tag = "7")]
    angle: i32,
}

impl Found {
    fn at(area: Area) -> Found {
        Found { x: area.x_um, y: area.y_um, width: area.width_um, height: area.height_um, ..Found::default() }
    }

    fn area(&self) -> Area {
        Area { x_um: self.x, y_um: self.y, width_um: self.width, height_um: self.height }
    }
}

impl From<PageLook> for Page {
    fn from(look: PageLook) -> Self {
        let marker = |marker: Marker| Found {
            what: marker.word,
            watermark: marker.standing == Standing::Watermark,
            ..Found::at(marker.area)
        };
        let placeholder =
            |found: Placeholder| Found { what: found.bracket.to_string(), ..Found::at(found.area) };
        let hit = |hit: Hit| Found { what: hit.keyword, angle: hit.angle.into(), ..Found::at(hit.area) };
        Page {
            number: look.number,
            width_pt: look.width_pt,
            height_pt: look.height_pt,
            blank: look.blank,
            ink_ppm: look.ink_ppm,
            missing_fonts: look.missing_fonts,
            undecoded: look.undecoded,
            truncated: look.truncated,
            markers: look.markers.into_iter().map(marker).collect(),
            placeholders: look.placeholders.into_iter().map(placeholder).collect(),
            gaps: look.gaps.into_iter().map(Found::at).collect(),
            hits: look.hits.into_iter().map(hit).collect(),
        }
    }
}

impl TryFrom<Page> for PageLook {
    type Error = Unreadable;

    fn try_from(page: Page) -> Result<Self, Unreadable> {
        let marker = |found: Found| Marker {
            area: found.area(),
            standing: if found.watermark { Standing::Watermark } else { Standing::Alone },
            word: found.what,
        };
        let placeholder = |found: Found| {
            let area = found.area();
            found.what.parse().map(|bracket| Placeholder { bracket, area }).map_err(|_| Unreadable)
        };
        let hit = |found: Found| {
            let (area, angle) = (found.area(), i16::try_from(found.angle).map_err(|_| Unreadable)?);
            Ok(Hit { keyword: found.what, area, angle })
        };
        Ok(PageLook {
            number: page.number,
            width_pt: page.width_pt,
            height_pt: page.height_pt,
            blank: page.blank,
            ink_ppm: page.ink_ppm,
            missing_fonts: page.missing_fonts,
            undecoded: page.undecoded,
            truncated: page.truncated,
            markers: page.markers.into_iter().map(marker).collect(),
            placeholders: page.placeholders.into_iter().map(placeholder).collect::<Result<_, _>>()?,
            gaps: page.gaps.iter().map(Found::area).collect(),
            hits: page.hits.into_iter().map(hit).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> PageLook {
        let area = Area { x_um: -1, y_um: 20_000, width_um: 30_000, height_um: 4_000 };
        let marker = |standing| Marker { word: "草稿".to_owned(), standing, area };
        PageLook {
            number: 300,
            width_pt: 595.2,
            height_pt: 841.8,
            blank: false,
            ink_ppm: 17,
            missing_fonts: vec!["SimSun".to_owned()],
            undecoded: 3,
            truncated: true,
            markers: vec![marker(Standing::Alone), marker(Standing::Watermark)],
            placeholders: vec![Placeholder { bracket: '【', area }],
            gaps: vec![area],
            hits: vec![Hit { keyword: "甲方".to_owned(), area, angle: -90 }],
        }
    }

    #[test]
    fn what_was_seen_arrives_as_it_was() {
        let bytes = Page::from(look()).encode_to_vec();
        assert_eq!(PageLook::try_from(Page::decode(bytes.as_slice()).unwrap()), Ok(look()));
    }

    #[test]
    fn a_bracket_is_one_character_and_an_angle_is_a_number_of_degrees() {
        let mut page = Page::from(look());
        page.placeholders[0].what = "【】".to_owned();
        assert_eq!(PageLook::try_from(page), Err(Unreadable));
        let mut page = Page::from(look());
        page.hits[0].angle = 40_000;
        assert_eq!(PageLook::try_from(page), Err(Unreadable));
    }
}
