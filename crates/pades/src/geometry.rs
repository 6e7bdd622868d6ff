//! A page as a person sees it, and where on it something goes: pure arithmetic, no file.
//!
//! Outside, positions are integer micrometres from the top left corner of the visible page, after /Rotate, /CropBox and /UserUnit;
//! x grows to the right, y downwards. Inside, they are PDF user space: units of 1/72 inch times /UserUnit, y upwards, before
//! /Rotate (ISO 32000-2 §8.3.2.3, §7.7.3.3, §14.11.2).

/// Micrometres in 1/72 inch.
const UM_PER_POINT: f64 = 25_400.0 / 72.0;

/// A box may leave the page by this much, so that one computed from the page's rounded size can lie flush with its edge.
const TOLERANCE_UM: f64 = 1.0;

/// Why a page has no usable geometry, or a box no place on it.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum GeometryError {
    /// A page whose boxes, rotation or user unit make no visible area that readers agree on.
    #[error("the page has no usable visible area")]
    Unusable,
    /// The box is empty, or does not lie wholly inside the visible page.
    #[error("the box does not lie inside the visible page of {width_um} by {height_um} µm")]
    OutsidePage {
        /// Width of the visible page in µm.
        width_um: u32,
        /// Height of the visible page in µm.
        height_um: u32,
    },
}

impl GeometryError {
    /// The stable reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            GeometryError::Unusable => "pdf-page-unusable",
            GeometryError::OutsidePage { .. } => "placement-outside-page",
        }
    }
}

/// How far the page is turned clockwise to be seen (/Rotate).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// Not at all.
    None,
    /// A quarter turn clockwise.
    Quarter,
    /// Half a turn.
    Half,
    /// Three quarters of a turn clockwise.
    ThreeQuarters,
}

impl Rotation {
    /// From degrees clockwise: any multiple of 90, also negative or beyond 360.
    #[must_use]
    pub fn from_degrees(degrees: i64) -> Option<Rotation> {
        match degrees.rem_euclid(360) {
            0 => Some(Rotation::None),
            90 => Some(Rotation::Quarter),
            180 => Some(Rotation::Half),
            270 => Some(Rotation::ThreeQuarters),
            _ => None,
        }
    }

    /// In degrees clockwise: 0, 90, 180 or 270.
    #[must_use]
    pub fn degrees(self) -> u16 {
        match self {
            Rotation::None => 0,
            Rotation::Quarter => 90,
            Rotation::Half => 180,
            Rotation::ThreeQuarters => 270,
        }
    }

    /// Whether width and height change places.
    #[must_use]
    pub fn swaps_sides(self) -> bool {
        matches!(self, Rotation::Quarter | Rotation::ThreeQuarters)
    }
}

/// The visible part of a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageGeometry {
    /// Visible box in user space: left, bottom, right, top, with left < right and bottom < top.
    visible: [f64; 4],
    rotation: Rotation,
    /// Length of one unit of user space in µm.
    unit_um: f64,
}

impl PageGeometry {
    /// From the page's attributes, inherited ones included. Boxes are given as in the file: two opposite corners in any order.
    /// What is seen is the crop box clipped to the media box (ISO 32000-2 §14.11.2.1); `user_unit` is in 1/72 inch.
    ///
    /// # Errors
    /// [`GeometryError::Unusable`] if nothing is left of the box, the rotation is no multiple of 90, or a number is absurd.
    pub fn new(
        media_box: [f64; 4],
        crop_box: Option<[f64; 4]>,
        rotate: i64,
        user_unit: f64,
    ) -> Result<PageGeometry, GeometryError> {
        let rotation = Rotation::from_degrees(rotate).ok_or(GeometryError::Unusable)?;
        let media = normalised(media_box);
        let visible = crop_box.map_or(media, |crop| intersection(media, normalised(crop)));
        let geometry = PageGeometry { visible, rotation, unit_um: user_unit * UM_PER_POINT };
        let [left, bottom, right, top] = visible;
        let extents = [(right - left) * geometry.unit_um, (top - bottom) * geometry.unit_um];
        // Between 1 µm and 1 km, at coordinates a double still resolves to far less than 1 µm.
        let sane = visible.iter().all(|v| v.abs() <= 1e8)
            && (1e-3..=1e5).contains(&user_unit)
            && extents.iter().all(|extent| (1.0..=1e9).contains(extent));
        if sane { Ok(geometry) } else { Err(GeometryError::Unusable) }
    }

    /// The visible box in user space: left, bottom, right, top.
    #[must_use]
    pub fn visible_box(&self) -> [f64; 4] {
        self.visible
    }

    /// How the page is turned to be seen.
    #[must_use]
    pub fn rotation(&self) -> Rotation {
        self.rotation
    }

    /// The length of one unit of user space in µm.
    #[must_use]
    pub fn unit_um(&self) -> f64 {
        self.unit_um
    }

    /// Width and height of the page as seen, in µm, rounded.
    #[must_use]
    pub fn visible_size_um(&self) -> (u32, u32) {
        let (width, height) = self.seen_size();
        // At most 1e9 by construction.
        ((width * self.unit_um).round() as u32, (height * self.unit_um).round() as u32)
    }

    /// Width and height as seen, in units of user space.
    fn seen_size(&self) -> (f64, f64) {
        let [left, bottom, right, top] = self.visible;
        let (width, height) = (right - left, top - bottom);
        if self.rotation.swaps_sides() { (height, width) } else { (width, height) }
    }

    /// The place of a box of the given size whose centre is at the given position as seen.
    ///
    /// # Errors
    /// [`GeometryError::OutsidePage`].
    pub fn place(
        &self,
        centre_x_um: i64,
        centre_y_um: i64,
        width_um: u32,
        height_um: u32,
    ) -> Result<PlacedBox, GeometryError> {
        let (page_width, page_height) = self.seen_size();
        let (limit_x, limit_y) = (page_width * self.unit_um, page_height * self.unit_um);
        let (width, height) = (f64::from(width_um), f64::from(height_um));
        // A position beyond 2^53 µm is outside of every page, rounded or not.
        let (x, y) = (centre_x_um as f64 - width / 2.0, centre_y_um as f64 - height / 2.0);
        let inside = x >= -TOLERANCE_UM
            && y >= -TOLERANCE_UM
            && x + width <= limit_x + TOLERANCE_UM
            && y + height <= limit_y + TOLERANCE_UM;
        if width_um == 0 || height_um == 0 || !inside {
            let (width_um, height_um) = self.visible_size_um();
            return Err(GeometryError::OutsidePage { width_um, height_um });
        }
        let unit = self.unit_um;
        let (first, second) = (
            self.to_user_space(x / unit, y / unit),
            self.to_user_space((x + width) / unit, (y + height) / unit),
        );
        let rect = normalised([first.0, first.1, second.0, second.1]);
        Ok(PlacedBox { rect, rotation: self.rotation, width: width / unit, height: height / unit })
    }

    /// From a point as seen (units of user space, from the top left, y downwards) to user space.
    fn to_user_space(self, x: f64, y: f64) -> (f64, f64) {
        let [left, bottom, right, top] = self.visible;
        match self.rotation {
            Rotation::None => (left + x, top - y),
            Rotation::Quarter => (left + y, bottom + x),
            Rotation::Half => (right - x, bottom + y),
            Rotation::ThreeQuarters => (right - y, top - x),
        }
    }

    /// A rectangle of user space (two opposite corners in any order, such as an annotation's /Rect) as seen: left, top, width and
    /// height in µm, rounded. It may lie outside the page.
    #[must_use]
    pub fn seen_um(&self, rect: [f64; 4]) -> [i64; 4] {
        let [x0, y0, x1, y1] = rect;
        let (first, second) = (self.to_seen(x0, y0), self.to_seen(x1, y1));
        let [x, y, right, bottom] = normalised([first.0, first.1, second.0, second.1]);
        [x, y, right - x, bottom - y].map(|value| (value * self.unit_um).round() as i64)
    }

    /// From user space to a point as seen, in units of user space.
    fn to_seen(self, x: f64, y: f64) -> (f64, f64) {
        let [left, bottom, right, top] = self.visible;
        match self.rotation {
            Rotation::None => (x - left, top - y),
            Rotation::Quarter => (y - bottom, x - left),
            Rotation::Half => (right - x, y - bottom),
            Rotation::ThreeQuarters => (top - y, right - x),
        }
    }
}

/// A box on a page, in user space.
///
/// Its content is drawn upright in a space of its own, `[0 0 width height]` with y upwards; one of the two matrices brings it to the
/// page such that it stands upright as seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlacedBox {
    /// Left, bottom, right, top in user space: an annotation's /Rect.
    pub rect: [f64; 4],
    /// How the page is turned; the content has to be turned back by as much.
    pub rotation: Rotation,
    /// Width as seen, in units of user space.
    pub width: f64,
    /// Height as seen, in units of user space.
    pub height: f64,
}

impl PlacedBox {
    /// The /Matrix of an appearance stream with /BBox `[0 0 width height]` for an annotation with this /Rect (ISO 32000-2 §12.5.5):
    /// turns the content back and keeps it in the first quadrant.
    #[must_use]
    pub fn appearance_matrix(&self) -> [f64; 6] {
        let (w, h) = (self.width, self.height);
        match self.rotation {
            Rotation::None => [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
            Rotation::Quarter => [0.0, 1.0, -1.0, 0.0, h, 0.0],
            Rotation::Half => [-1.0, 0.0, 0.0, -1.0, w, h],
            Rotation::ThreeQuarters => [0.0, -1.0, 1.0, 0.0, 0.0, w],
        }
    }

    /// The matrix (operator `cm`) that brings the content's space to its place in the page's own content.
    #[must_use]
    pub fn page_matrix(&self) -> [f64; 6] {
        let [a, b, c, d, e, f] = self.appearance_matrix();
        let [left, bottom, ..] = self.rect;
        [a, b, c, d, e + left, f + bottom]
    }
}

fn normalised([x0, y0, x1, y1]: [f64; 4]) -> [f64; 4] {
    [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)]
}

fn intersection(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    let ([l, b0, r, t], [l2, b2, r2, t2]) = (a, b);
    [l.max(l2), b0.max(b2), r.min(r2), t.min(t2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const A4: [f64; 4] = [0.0, 0.0, 595.276, 841.89];

    fn assert_close(actual: [f64; 4], expected: [f64; 4]) {
        for (a, e) in actual.iter().zip(expected) {
            assert!((a - e).abs() < 1e-6, "{actual:?} is not {expected:?}");
        }
    }

    /// Applies a PDF matrix to a point.
    fn apply([a, b, c, d, e, f]: [f64; 6], x: f64, y: f64) -> (f64, f64) {
        (a * x + c * y + e, b * x + d * y + f)
    }

    #[test]
    fn an_a4_page_measures_210_by_297_mm() {
        let page = PageGeometry::new(A4, None, 0, 1.0).unwrap();
        let (width, height) = page.visible_size_um();
        assert!(width.abs_diff(210_000) <= 1 && height.abs_diff(297_000) <= 1, "{width} × {height}");
    }

    #[test]
    fn the_centre_counts_from_the_top_left() {
        // 72 points are 25,400 µm.
        let page = PageGeometry::new([0.0, 0.0, 720.0, 720.0], None, 0, 1.0).unwrap();
        let placed = page.place(25_400, 50_800, 25_400, 12_700).unwrap();
        assert_close(placed.rect, [36.0, 720.0 - 144.0 - 18.0, 108.0, 720.0 - 144.0 + 18.0]);
    }

    #[test]
    fn a_crop_box_moves_the_origin_and_is_clipped_to_the_media_box() {
        let page = PageGeometry::new([100.0, 100.0, 500.0, 500.0], Some([600.0, 200.0, 50.0, 900.0]), 0, 1.0)
            .unwrap();
        assert_close(page.visible_box(), [100.0, 200.0, 500.0, 500.0]);
        let placed = page.place(12_700, 12_700, 25_400, 25_400).unwrap();
        assert_close(placed.rect, [100.0, 428.0, 172.0, 500.0]);
    }

    #[test]
    fn rotated_pages_swap_their_sides_and_turn_the_box() {
        // The top left corner as seen, on a page of 200 by 400 points, in a box of 20 by 10.
        let um = |points: f64| (points * UM_PER_POINT).round() as i64;
        let expected = [
            (0, [0.0, 390.0, 20.0, 400.0]),
            (90, [0.0, 0.0, 10.0, 20.0]),
            (180, [180.0, 0.0, 200.0, 10.0]),
            (270, [190.0, 380.0, 200.0, 400.0]),
            (-90, [190.0, 380.0, 200.0, 400.0]),
            (450, [0.0, 0.0, 10.0, 20.0]),
        ];
        for (rotate, rect) in expected {
            let page = PageGeometry::new([0.0, 0.0, 200.0, 400.0], None, rotate, 1.0).unwrap();
            let placed = page.place(um(10.0), um(5.0), um(20.0) as u32, um(10.0) as u32).unwrap();
            for (a, e) in placed.rect.iter().zip(rect) {
                assert!((a - e).abs() < 0.01, "/Rotate {rotate}: {:?}", placed.rect);
            }
            let (width, height) = page.visible_size_um();
            assert_eq!(width > height, rotate % 180 != 0);
        }
    }

    #[test]
    fn content_stands_upright_as_seen() {
        for rotate in [0, 90, 180, 270] {
            let page = PageGeometry::new([-50.0, 20.0, 300.0, 600.0], None, rotate, 2.0).unwrap();
            let placed = page.place(60_000, 80_000, 40_000, 20_000).unwrap();
            let matrix = placed.page_matrix();
            // The content's top left and bottom right corners, seen.
            let top_left = apply(matrix, 0.0, placed.height);
            let bottom_right = apply(matrix, placed.width, 0.0);
            let seen = |(x, y): (f64, f64)| {
                let (x, y) = page.to_seen(x, y);
                ((x * page.unit_um()).round() as i64, (y * page.unit_um()).round() as i64)
            };
            assert_eq!(seen(top_left), (40_000, 70_000), "/Rotate {rotate}");
            assert_eq!(seen(bottom_right), (80_000, 90_000), "/Rotate {rotate}");
            assert_eq!(page.seen_um(placed.rect), [40_000, 70_000, 40_000, 20_000]);
        }
    }

    #[test]
    fn the_appearance_fills_its_rectangle() {
        for rotate in [0, 90, 180, 270] {
            let page = PageGeometry::new(A4, None, rotate, 1.0).unwrap();
            let placed = page.place(60_000, 80_000, 40_000, 20_000).unwrap();
            let corners = [(0.0, 0.0), (placed.width, placed.height)]
                .map(|(x, y)| apply(placed.appearance_matrix(), x, y));
            let [(x0, y0), (x1, y1)] = corners;
            let [left, bottom, right, top] = placed.rect;
            assert_close(normalised([x0, y0, x1, y1]), [0.0, 0.0, right - left, top - bottom]);
        }
    }

    #[test]
    fn the_user_unit_scales() {
        let page = PageGeometry::new([0.0, 0.0, 72.0, 72.0], None, 0, 10.0).unwrap();
        assert_eq!(page.visible_size_um(), (254_000, 254_000));
        let placed = page.place(127_000, 127_000, 25_400, 25_400).unwrap();
        assert_close(placed.rect, [32.4, 32.4, 39.6, 39.6]);
    }

    #[test]
    fn a_box_must_lie_inside_the_page() {
        let page = PageGeometry::new([0.0, 0.0, 720.0, 720.0], None, 0, 1.0).unwrap();
        let flush = page.place(12_700, 12_700, 25_400, 25_400);
        assert!(flush.is_ok());
        for (x, y) in
            [(12_690, 12_700), (12_700, 12_690), (254_000 - 12_690, 20_000), (20_000, 254_000 - 12_690)]
        {
            let error = page.place(x, y, 25_400, 25_400).unwrap_err();
            assert_eq!(error, GeometryError::OutsidePage { width_um: 254_000, height_um: 254_000 });
            assert_eq!(error.code(), "placement-outside-page");
        }
        assert!(page.place(i64::MAX, i64::MIN, 1, 1).is_err());
        assert!(page.place(20_000, 20_000, 0, 1).is_err());
    }

    #[test]
    fn absurd_pages_are_unusable() {
        let unusable = Err(GeometryError::Unusable);
        assert_eq!(PageGeometry::new(A4, None, 45, 1.0), unusable);
        assert_eq!(PageGeometry::new([0.0, 0.0, 0.0, 100.0], None, 0, 1.0), unusable);
        assert_eq!(PageGeometry::new(A4, Some([1000.0, 1000.0, 2000.0, 2000.0]), 0, 1.0), unusable);
        assert_eq!(PageGeometry::new(A4, None, 0, 0.0), unusable);
        assert_eq!(PageGeometry::new(A4, None, 0, f64::NAN), unusable);
        assert_eq!(PageGeometry::new([0.0, 0.0, 1e300, 1e300], None, 0, 1.0), unusable);
    }
}
