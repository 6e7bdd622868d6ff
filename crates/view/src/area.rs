//! Positions as a person sees them: integer µm from the top left corner of the visible page, after /Rotate, /CropBox and /UserUnit; x
//! grows to the right, y downwards. The same as in `sealkeeper_pades::geometry`, so that a hit can be placed on.

use hayro::kurbo::Rect;
use serde::{Deserialize, Serialize};

/// Micrometres in 1/72 inch.
pub(crate) const UM_PER_POINT: f64 = 25_400.0 / 72.0;

/// A box on the page as seen, in µm. It may reach beyond the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Area {
    /// From the page's left edge to the box's.
    pub x_um: i64,
    /// From the page's top edge to the box's.
    pub y_um: i64,
    /// To the right.
    pub width_um: i64,
    /// Downwards.
    pub height_um: i64,
}

impl Area {
    /// Of a box in units of `unit_um` µm from the top left of the page.
    pub(crate) fn of(rect: Rect, unit_um: f64) -> Area {
        // A number beyond the range of i64 ends at its bounds, NaN at 0: such a box is on no page.
        let um = |value: f64| (value * unit_um).round() as i64;
        Area {
            x_um: um(rect.x0),
            y_um: um(rect.y0),
            width_um: um(rect.x1).saturating_sub(um(rect.x0)),
            height_um: um(rect.y1).saturating_sub(um(rect.y0)),
        }
    }

    /// The box around both.
    #[must_use]
    pub fn union(self, other: Area) -> Area {
        let x_um = self.x_um.min(other.x_um);
        let y_um = self.y_um.min(other.y_um);
        let right = self.right_um().max(other.right_um());
        let bottom = self.bottom_um().max(other.bottom_um());
        Area { x_um, y_um, width_um: right.saturating_sub(x_um), height_um: bottom.saturating_sub(y_um) }
    }

    /// The box's centre, from the left and from the top: what a seal's position names.
    #[must_use]
    pub fn centre_um(self) -> (i64, i64) {
        (self.x_um.saturating_add(self.width_um / 2), self.y_um.saturating_add(self.height_um / 2))
    }

    /// From the page's left edge to the box's right one.
    #[must_use]
    pub fn right_um(self) -> i64 {
        self.x_um.saturating_add(self.width_um)
    }

    /// From the page's top edge to the box's lower one.
    #[must_use]
    pub fn bottom_um(self) -> i64 {
        self.y_um.saturating_add(self.height_um)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inch_is_25_400_micrometres() {
        let area = Area::of(Rect::new(72.0, 36.0, 144.0, 72.0), UM_PER_POINT);
        assert_eq!(area, Area { x_um: 25_400, y_um: 12_700, width_um: 25_400, height_um: 12_700 });
        assert_eq!(area.centre_um(), (38_100, 19_050));
    }

    #[test]
    fn a_union_holds_both() {
        let area = |x_um, y_um| Area { x_um, y_um, width_um: 10, height_um: 20 };
        let both = area(0, 0).union(area(100, -50));
        assert_eq!(both, Area { x_um: 0, y_um: -50, width_um: 110, height_um: 70 });
    }

    #[test]
    fn absurd_boxes_do_not_overflow() {
        let area = Area::of(Rect::new(f64::NEG_INFINITY, f64::NAN, f64::INFINITY, 1e300), UM_PER_POINT);
        assert_eq!(area.union(area), area);
    }
}
