//! What holds for any text, however it is cut and wherever it stands.

use proptest::prelude::*;
use sealkeeper_view::{find, gaps, markers, placeholders};

use crate::sheet::{Sheet, hex, texts};

/// Words of a few Chinese characters and punctuation.
fn words() -> impl Strategy<Value = String> {
    "[甲乙方合同草稿章（），。【】]{1,20}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_line_reads_the_same_however_it_is_cut_and_in_whatever_order(
        text in words(), cuts in proptest::collection::vec(any::<bool>(), 20), backwards: bool, size in 6.0..18.0_f64,
    ) {
        let mut pieces: Vec<(usize, String)> = Vec::new();
        for (at, c) in text.chars().enumerate() {
            match pieces.last_mut() {
                Some((_, piece)) if !cuts[at] => piece.push(c),
                _ => pieces.push((at, c.to_string())),
            }
        }
        if backwards {
            pieces.reverse();
        }
        let sheet = pieces.into_iter().fold(Sheet::new(), |sheet, (at, piece)| {
            sheet.write(20.0 + at as f64 * size, 300.0, size, &piece)
        });
        let look = sheet.look();
        prop_assert_eq!(texts(&look), [text.as_str()]);
        prop_assert_eq!(find(&look, &text).len(), 1);
    }

    #[test]
    fn a_line_reads_the_same_in_any_direction(text in words(), degrees in 0..360_i32) {
        let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
        let turned = format!("BT /F2 6 Tf {cos:.6} {sin:.6} {:.6} {cos:.6} 200 300 Tm {} Tj ET", -sin, hex(&text));
        let look = Sheet::new().content(turned).look();
        prop_assert_eq!(texts(&look), [text.as_str()]);
        // Clockwise as seen
        prop_assert_eq!((i32::from(look.lines[0].angle) + degrees).rem_euclid(360), 0);
    }

    #[test]
    fn hits_lie_within_their_lines(lines in proptest::collection::vec(words(), 1..6)) {
        let sheet = lines.iter().enumerate().fold(Sheet::new(), |sheet, (at, text)| {
            sheet.write(20.0, 550.0 - 30.0 * at as f64, 12.0, text)
        });
        let look = sheet.look();
        prop_assert_eq!(texts(&look), lines.iter().map(String::as_str).collect::<Vec<_>>());
        let areas = find(&look, "合同").into_iter().map(|hit| hit.area)
            .chain(markers(&look, &["草稿"]).into_iter().map(|hit| hit.area))
            .chain(placeholders(&look).into_iter().map(|hit| hit.area))
            .chain(gaps(&look).into_iter().map(|hit| hit.area));
        for area in areas {
            prop_assert!(look.lines.iter().any(|line| line.area.union(area) == line.area), "{:?}", area);
        }
        let expected: usize = lines.iter().map(|text| text.matches("合同").count()).sum();
        prop_assert_eq!(find(&look, "合同").len(), expected);
        let brackets: usize = lines.iter().map(|text| text.matches("【】").count()).sum();
        prop_assert_eq!(placeholders(&look).len(), brackets);
    }

    #[test]
    fn any_content_is_looked_at_without_panic(operators in "([0-9. ]{0,8}(re|f|W n|cm|q|Q|Tj|Tf|BT|ET|Tm|Tr|Do|gs|S|l|m) ){0,40}") {
        let look = Sheet::new().content(&operators).look();
        prop_assert!(look.lines.len() <= 40);
    }
}
