//! Names as people read them: which characters no name has, and when two names look alike.

use unicode_normalization::UnicodeNormalization;

/// Whether a character shows nothing by itself, or turns what stands around it: with one, a name can look like another's.
///
/// General category Cf (UAX #44) as of Unicode 16, line and paragraph separators, and letters that are blank: the Hangul and Khmer fillers, the
/// combining grapheme joiner, the empty Braille cell.
pub fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether a person may take one name for the other: compatibility forms (UAX #15, NFKC), white space, the case of letters, variation selectors
/// and what is hidden make none a name of its own.
pub fn look_alike(one: &str, other: &str) -> bool {
    one == other || bare(one).eq(bare(other))
}

fn bare(name: &str) -> impl Iterator<Item = char> + '_ {
    let is_variation = |c: &char| matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    let seen = name.nfkc().filter(move |c| !c.is_whitespace() && !is_hidden(*c) && !is_variation(c));
    seen.flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_look_alike_whatever_width_spacing_or_radical_they_are_written_with() {
        for (one, other) in [
            ("合同专用章", "合同专用章 "),
            ("合同专用章", "\u{3000}合 同专用章"),
            ("合同专用章", "合同\u{200b}专用章"),
            ("合同专用章（１）", "合同专用章(1)"),
            ("法定代表人章", "法定代表⼈章"),
            ("法定代表人章", "法定代表人\u{fe00}章"),
            ("Ａcme Ltd", "ACME LTD"),
        ] {
            assert!(look_alike(one, other), "{one} {other}");
        }
        for (one, other) in [("合同专用章", "合同专用章2"), ("合同专用章", "公章"), ("(1)", "(2)")]
        {
            assert!(!look_alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_people_write_is_not_hidden() {
        assert!(!"张三·Müller（采购部）שלום 🖋 é 𠮷".chars().any(is_hidden));
        for hidden in
            ['\u{ad}', '\u{200d}', '\u{202e}', '\u{2066}', '\u{2028}', '\u{3164}', '\u{feff}', '\u{e0041}']
        {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
    }
}
