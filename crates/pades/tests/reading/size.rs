//! Opening reads the structure, not the file.

use crate::seed::{Place, Seed, TRAILER};
use sealkeeper_pades::Document;
use std::time::Instant;

#[test]
fn a_file_of_many_pages_is_read_in_seconds() {
    let count = 60_000u32;
    let mut seed = Seed::new().object(1, "<</Type/Catalog/Pages 2 0 R>>");
    // All under one node, which is the worst for inheritance.
    let kids: String = (0..count).map(|page| format!("{} 0 R ", page + 3)).collect();
    seed = seed.object(2, &format!("<</Type/Pages/Count {count}/MediaBox[0 0 595 842]/Kids[{kids}]>>"));
    for page in 0..count {
        seed = seed.object(page + 3, "<</Type/Page/Parent 2 0 R/Resources<<>>>>");
    }
    let bytes = seed.table(TRAILER);
    let started = Instant::now();
    let document = Document::open(&bytes).unwrap();
    let opened = started.elapsed();
    assert_eq!(document.page_count(), Ok(count as usize));
    for index in 0..count as usize {
        let page = document.page(index).unwrap();
        assert_eq!(page.geometry().unwrap().visible_size_um(), (209_903, 297_039));
    }
    println!(
        "{} MB, {count} pages: opened in {opened:?}, all pages after {:?}",
        bytes.len() >> 20,
        started.elapsed()
    );
    assert!(started.elapsed().as_secs() < 30);
}

#[test]
fn the_data_of_streams_are_not_looked_at() {
    // 256 MB of stream data that would not decode: opening must not depend on their size.
    let mut seed = crate::seed::one_page();
    seed.places.push((4, Place::Offset(seed.bytes.len())));
    let length = 256usize << 20;
    seed = seed.raw(&format!("4 0 obj<</Filter/FlateDecode/Length {length}>>stream\n"));
    seed.bytes.resize(seed.bytes.len() + length, b'%');
    let bytes = seed.raw("\nendstream endobj\n").table(TRAILER);
    let started = Instant::now();
    let document = Document::open(&bytes).unwrap();
    assert_eq!(document.page_count(), Ok(1));
    println!("256 MB: opened in {:?}", started.elapsed());
    assert!(started.elapsed().as_millis() < 500, "took {:?}", started.elapsed());
}
