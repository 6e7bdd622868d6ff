//! Fonts that are missing, and codes without a map to Unicode.

use crate::sheet::{Sheet, texts};

#[test]
fn only_fonts_in_use_are_missing() {
    let fonts = "/Font<</F1 5 0 R/A 20 0 R/B 21 0 R>>";
    let sheet = |content: &str| {
        Sheet::new()
            .page("/Annots[<</Type/Annot/Subtype/FreeText/Rect[50 50 350 150]/AP<</N 22 0 R>>>>]")
            .object("<</Type/Font/Subtype/TrueType/BaseFont/ABCDEF+SimSun/Encoding/WinAnsiEncoding>>")
            .object("<</Type/Font/Subtype/TrueType/BaseFont/ArialMT/Encoding/WinAnsiEncoding>>")
            .stream(&format!("/Type/XObject/Subtype/Form/BBox[0 0 300 100]/Resources<<{fonts}>>"), content)
            .look()
    };
    let look = sheet("BT /A 10 Tf 5 5 Td (contract) Tj /F1 10 Tf (!) Tj ET");
    assert_eq!(look.missing_fonts, ["SimSun"]);
    assert_eq!(texts(&look), ["contract!"]);
    assert_eq!(sheet("BT /B 10 Tf 5 5 Td (a) Tj /A 9 Tf (b) Tj ET").missing_fonts, ["ArialMT", "SimSun"]);
    assert_eq!(sheet("BT /F1 10 Tf 5 5 Td (a) Tj ET").missing_fonts, [""; 0]);
}

#[test]
fn a_form_that_draws_itself_ends() {
    let look = Sheet::new()
        .resources("/XObject<</X 20 0 R>>")
        .stream("/Type/XObject/Subtype/Form/BBox[0 0 400 600]/Resources<</XObject<</X 20 0 R>>>>", "/X Do")
        .content("/X Do")
        .look();
    assert!(look.blank);
}
