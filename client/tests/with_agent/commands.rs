//! The commands that tell of tokens and seals.

use crate::bench::Bench;

#[tokio::test]
async fn tokens_are_listed_and_locked() {
    let bench = Bench::new();
    let (code, stdout, _) = bench.seal(&["token", "list"], b"").await;
    assert_eq!((code, stdout.as_str()), (0, "00aa11  Test  unlocked, 1 use left  合同专用章\n"));
    let (code, stdout, _) = bench.seal(&["token", "lock", "--lang", "zh"], b"").await;
    assert_eq!((code, stdout.as_str()), (0, "已锁定\n"));
    let (code, stdout, _) = bench.seal(&["token", "lock"], b"").await;
    assert_eq!((code, stdout.as_str()), (0, "was locked already\n"));
    let (code, _, stderr) = bench.seal(&["token", "lock", "other"], b"").await;
    assert_eq!(code, 3);
    assert!(stderr.contains("token-absent"), "{stderr}");
}
