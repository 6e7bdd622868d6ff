//! Predictors (ISO 32000-2 §7.4.4.4): TIFF 6.0 section 14 and PNG filters (ISO/IEC 15948 clause 9).

use super::{FilterError, Parameters};

/// A row may have this many bytes.
const MAX_ROW: i64 = 1 << 24;

/// Undoes the prediction that the parameters name.
pub(super) fn undo(data: Vec<u8>, parameters: &Parameters) -> Result<Vec<u8>, FilterError> {
    match parameters.predictor {
        1 => Ok(data),
        2 => {
            let shape = Shape::new(parameters)?;
            tiff(data, parameters, shape)
        }
        // With any of these, each row names its own filter.
        10..=15 => png(&data, Shape::new(parameters)?),
        _ => Err(FilterError::Malformed),
    }
}

#[derive(Clone, Copy)]
struct Shape {
    /// Bytes in a row of pixels.
    row: usize,
    /// Bytes in a pixel, at least 1.
    pixel: usize,
}

impl Shape {
    fn new(parameters: &Parameters) -> Result<Shape, FilterError> {
        let Parameters { colors, bits_per_component, columns, .. } = *parameters;
        let sane = (1..=1_024).contains(&colors)
            && matches!(bits_per_component, 1 | 2 | 4 | 8 | 16)
            && (1..=MAX_ROW).contains(&columns);
        if !sane {
            return Err(FilterError::Malformed);
        }
        let pixel_bits = colors * bits_per_component;
        let row = (pixel_bits * columns + 7) / 8;
        if row > MAX_ROW {
            return Err(FilterError::Malformed);
        }
        let size = |bytes: i64| usize::try_from(bytes).map_err(|_| FilterError::Malformed);
        Ok(Shape { row: size(row)?, pixel: size((pixel_bits + 7) / 8)? })
    }
}

/// Horizontal differences. Components of 8 and 16 bits; smaller ones occur in images only.
fn tiff(mut data: Vec<u8>, parameters: &Parameters, shape: Shape) -> Result<Vec<u8>, FilterError> {
    let wide = match parameters.bits_per_component {
        8 => false,
        16 => true,
        _ => return Err(FilterError::Malformed),
    };
    for row in data.chunks_mut(shape.row) {
        let mut left = vec![0u8; shape.pixel];
        for pixel in row.chunks_mut(shape.pixel) {
            if wide {
                for (component, left) in pixel.chunks_exact_mut(2).zip(left.chunks_exact(2)) {
                    let (Ok(here), Ok(left)) = (<[u8; 2]>::try_from(&*component), <[u8; 2]>::try_from(left))
                    else {
                        return Err(FilterError::Malformed);
                    };
                    let sum = u16::from_be_bytes(here).wrapping_add(u16::from_be_bytes(left));
                    component.copy_from_slice(&sum.to_be_bytes());
                }
            } else {
                for (component, left) in pixel.iter_mut().zip(&left) {
                    *component = component.wrapping_add(*left);
                }
            }
            for (left, component) in left.iter_mut().zip(pixel.iter()) {
                *left = *component;
            }
        }
    }
    Ok(data)
}

/// Each row begins with the number of its filter. A last row may be short.
fn png(data: &[u8], shape: Shape) -> Result<Vec<u8>, FilterError> {
    let mut plain = Vec::with_capacity(data.len());
    let mut above = vec![0u8; shape.row];
    for tagged in data.chunks(shape.row + 1) {
        let Some((tag, filtered)) = tagged.split_first() else { break };
        let mut row = vec![0u8; shape.row];
        for (index, byte) in filtered.iter().enumerate() {
            let back = index.checked_sub(shape.pixel);
            let at = |row: &[u8], index: Option<usize>| index.and_then(|i| row.get(i)).copied().unwrap_or(0);
            let (left, up, corner) = (at(&row, back), at(&above, Some(index)), at(&above, back));
            let predicted = match tag {
                0 => 0,
                1 => left,
                2 => up,
                3 => left.midpoint(up),
                4 => paeth(left, up, corner),
                _ => return Err(FilterError::Malformed),
            };
            if let Some(here) = row.get_mut(index) {
                *here = byte.wrapping_add(predicted);
            }
        }
        plain.extend_from_slice(row.get(..filtered.len()).unwrap_or_default());
        above = row;
    }
    Ok(plain)
}

/// ISO/IEC 15948 §9.4.
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let estimate = a + b - c;
    let (to_a, to_b, to_c) = ((estimate - a).abs(), (estimate - b).abs(), (estimate - c).abs());
    if to_a <= to_b && to_a <= to_c {
        left
    } else if to_b <= to_c {
        up
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(predictor: i64, colors: i64, bits_per_component: i64, columns: i64) -> Parameters {
        Parameters { predictor, colors, bits_per_component, columns, early_change: 1 }
    }

    #[test]
    fn each_png_filter() {
        let data = [0, 1, 2, 3, 1, 1, 1, 1, 2, 1, 1, 1, 3, 2, 2, 2, 4, 1, 1, 1];
        let expected = [1, 2, 3, 1, 2, 3, 2, 3, 4, 3, 5, 6, 4, 6, 7];
        assert_eq!(undo(data.to_vec(), &parameters(12, 1, 8, 3)), Ok(expected.to_vec()));
    }

    #[test]
    fn a_pixel_of_several_bytes_looks_a_pixel_back() {
        let data = [1, 1, 2, 3, 1, 1, 1];
        assert_eq!(undo(data.to_vec(), &parameters(15, 3, 8, 2)), Ok(vec![1, 2, 3, 2, 3, 4]));
    }

    #[test]
    fn tiff_differences() {
        assert_eq!(
            undo(vec![1, 2, 3, 4, 9, 1, 1, 1], &parameters(2, 2, 8, 2)),
            Ok(vec![1, 2, 4, 6, 9, 1, 10, 2])
        );
        assert_eq!(undo(vec![0, 255, 0, 2], &parameters(2, 1, 16, 2)), Ok(vec![0, 255, 1, 1]));
    }

    #[test]
    fn absurd_parameters_are_refused() {
        for bad in [
            parameters(12, 0, 8, 1),
            parameters(12, 1, 7, 1),
            parameters(12, 1, 8, i64::MAX),
            parameters(9, 1, 8, 1),
        ] {
            assert_eq!(undo(vec![0; 8], &bad), Err(FilterError::Malformed));
        }
        assert_eq!(undo(vec![7, 1], &parameters(12, 1, 8, 1)), Err(FilterError::Malformed));
    }
}
