//! Draft words, empty brackets, gaps.

use sealkeeper_view::draft::Standing;
use sealkeeper_view::{gaps, markers, placeholders};

use crate::sheet::{Sheet, hex};

const WORDS: [&str; 3] = ["草稿", "征求意见稿", "draft"];

fn found(sheet: &Sheet) -> Vec<(String, Standing)> {
    markers(&sheet.look(), &WORDS).into_iter().map(|marker| (marker.word, marker.standing)).collect()
}

fn line(text: &str) -> Sheet {
    Sheet::new().write(50.0, 500.0, 12.0, text)
}

#[test]
fn a_draft_word_alone_on_a_line_is_a_marker() {
    for text in
        ["草稿", "【草稿】", "（草 稿）", "DRAFT v2", "Draft", "草稿 1", "草稿 草稿", "－征求意见稿－"]
    {
        let hits = found(&line(text));
        assert!(!hits.is_empty(), "{text}");
        assert!(hits.iter().all(|(_, standing)| *standing == Standing::Alone), "{text}");
    }
    assert_eq!(found(&line("草稿 草稿")).len(), 2);
}

#[test]
fn a_draft_word_in_a_sentence_is_none() {
    for text in
        ["本合同草稿由甲方起草", "《合同（草稿）管理办法》", "the draft of it", "DRAFTSMAN", "状态：草稿箱"]
    {
        assert_eq!(found(&line(text)), [], "{text}");
    }
}

#[test]
fn a_sentence_that_ends_on_its_second_line_is_a_sentence() {
    let wrapped = Sheet::new().write(50.0, 500.0, 12.0, "双方确认此前交换的所有文本均为").write(
        50.0,
        482.0,
        12.0,
        "草稿。",
    );
    assert_eq!(found(&wrapped), []);
    let title = Sheet::new()
        .write(50.0, 500.0, 12.0, "双方确认此前交换的所有文本。")
        .write(50.0, 482.0, 12.0, "草稿");
    assert_eq!(found(&title).len(), 1);
}

#[test]
fn a_watermark_is_a_marker_wherever_the_word_stands_in_it() {
    let slanted = |text: &str| {
        Sheet::new().content(format!("q 0.9 g 0.8 0.6 -0.6 0.8 60 100 cm BT /F2 30 Tf {} Tj ET Q", hex(text)))
    };
    assert_eq!(found(&slanted("内部草稿请勿外传")), [("草稿".to_owned(), Standing::Watermark)]);
    let large = Sheet::new().content("BT /F1 60 Tf 50 300 Td (DRAFT only) Tj ET");
    assert_eq!(found(&large), [("draft".to_owned(), Standing::Watermark)]);
    let stamped = Sheet::new()
        .page("/Annots[<</Type/Annot/Subtype/Stamp/Rect[50 150 150 170]/AP<</N 20 0 R>>>>]")
        .stream("/Type/XObject/Subtype/Form/BBox[0 0 100 20]", "BT /F1 10 Tf 5 5 Td (a draft for you) Tj ET");
    assert_eq!(found(&stamped), [("draft".to_owned(), Standing::Watermark)]);
}

#[test]
fn a_watermark_of_single_letters_is_found() {
    let letters = ["草", "稿"].iter().enumerate().map(|(at, letter)| {
        let (x, y) = (100.0 + 48.0 * at as f64, 200.0 + 36.0 * at as f64);
        format!("q 0.8 0.6 -0.6 0.8 {x} {y} cm BT /F2 50 Tf {} Tj ET Q ", hex(letter))
    });
    assert_eq!(
        found(&Sheet::new().content(letters.collect::<String>())),
        [("草稿".to_owned(), Standing::Watermark)]
    );
}

#[test]
fn a_hidden_draft_word_is_none() {
    assert_eq!(found(&Sheet::new().content("3 Tr").write(50.0, 500.0, 60.0, "草稿")), []);
}

#[test]
fn empty_brackets_are_placeholders() {
    let brackets = |sheet: &Sheet| -> Vec<char> {
        placeholders(&sheet.look()).into_iter().map(|placeholder| placeholder.bracket).collect()
    };
    assert_eq!(brackets(&line("签订于【　　】年【 】月【】日")), ['【', '【', '【']);
    assert_eq!(brackets(&line("金额 [   ] 元，［　］")), ['[', '[']);
    assert_eq!(brackets(&line("第【一】条 [1] a[] 【甲")), []);
    // Drawn apart, with nothing between
    let apart = Sheet::new().write(50.0, 500.0, 12.0, "金额【").write(110.0, 500.0, 12.0, "】元");
    assert_eq!(brackets(&apart), ['【']);
    let placeholder = placeholders(&apart.look())[0];
    assert_eq!(placeholder.area.x_um, (74.0 * 25_400.0_f64 / 72.0).round() as i64);
    assert_eq!(placeholder.area.right_um(), (122.0 * 25_400.0_f64 / 72.0).round() as i64);
}

#[test]
fn three_underscores_are_a_gap() {
    assert_eq!(gaps(&line("签字：____ 日期：＿＿＿").look()).len(), 2);
    assert_eq!(gaps(&line("a_b__c").look()), []);
}
