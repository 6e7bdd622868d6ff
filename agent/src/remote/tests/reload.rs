//! Files that change while the agent runs.

use std::{fs, os::unix::fs::PermissionsExt};

use proptest::prelude::*;
use tokio_rustls::rustls::{ClientConnection, ServerConnection, pki_types::ServerName};

use super::{
    authority::{Authority, Folder},
    handshake::{Door, has_ended},
};
use crate::remote::{TlsDesk, files::Tls, reload::Look};

/// A handshake in memory: what the server makes of this client.
fn shakes(tls: &Tls, folder: &Folder, shown: Option<&super::authority::Leaf>) -> Result<(), String> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(folder.client(shown).into(), name).unwrap();
    let mut server = ServerConnection::new(tls.config.clone()).unwrap();
    for _ in 0..8 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut wire = wire.as_slice();
        while !wire.is_empty() {
            server.read_tls(&mut wire).unwrap();
            server.process_new_packets().map_err(|error| error.to_string())?;
        }
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut wire = wire.as_slice();
        while !wire.is_empty() {
            client.read_tls(&mut wire).unwrap();
            client.process_new_packets().map_err(|error| format!("client: {error}"))?;
        }
    }
    if server.is_handshaking() { Err("no end".into()) } else { Ok(()) }
}

#[test]
fn what_is_wrong_with_the_files_is_told_by_which_it_is() {
    let folder = Folder::new();
    assert!(folder.read().is_ok());
    let wrong = |told: &str| {
        let error = folder.read().unwrap_err();
        assert!(error.contains(told), "{told}: {error}");
    };
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("server.key", 0o640);
    wrong("server.key: the key must be readable by its owner only");
    mode("server.key", 0o600);
    mode("ca.pem", 0o664);
    wrong("ca.pem: must be a regular file that only root or the agent's user can write");
    mode("ca.pem", 0o644);
    assert!(folder.read().is_ok());

    folder.put("ca.pem", "nothing");
    wrong("ca.pem: no certificate (PEM) in it");
    folder.put("ca.pem", &folder.ours.certificate.pem());
    folder.put("server.pem", &folder.ours.server(9).certificate.pem());
    wrong("keys may not be consistent");
    folder.put_server(&folder.ours.server(9));
    fs::remove_file(folder.path().join("server.key")).unwrap();
    wrong("server.key: ");
    fs::create_dir(folder.path().join("server.key")).unwrap();
    wrong("server.key: must be a regular file");
}

#[test]
fn of_revocation_lists_one_is_as_bad_as_all() {
    let folder = Folder::with_list(&[], 2090);
    assert_eq!(folder.read().unwrap().lists_until_s, Some(3_786_912_000), "2090-01-01");
    folder.put("crl.pem", &format!("{}{}", folder.ours.list(&[], 2090), folder.ours.list(&[1], 2070)));
    assert_eq!(folder.read().unwrap().lists_until_s, Some(3_155_760_000), "2070-01-01");
    folder.put("crl.pem", "");
    assert!(folder.read().unwrap_err().contains("crl.pem: no X509 CRL (PEM) in it"));
    fs::remove_file(folder.path().join("crl.pem")).unwrap();
    assert!(folder.read().is_err(), "a list that is gone is not a list that revokes nobody");
}

#[test]
fn an_older_revocation_list_is_refused_and_the_one_in_force_stays() {
    let folder = Folder::with_list(&[], 2090);
    let (person, list) =
        (folder.ours.person(8), |revoked: &[u64], age| folder.ours.list_of_age(revoked, 2090, age));
    let desk = TlsDesk::open(folder.files.clone()).unwrap();
    let let_in = || shakes(&desk.now(), &folder, Some(&person)).is_ok();
    assert!(let_in());
    folder.put("crl.pem", &list(&[8], (256, 2022)));
    assert_eq!(desk.look(false), Look::Taken { hung_up: true });
    assert!(!let_in());
    // A lower number, be it of a later time; an earlier time, be it of a higher number; and before it a file that has another one first.
    let newer = list(&[8], (257, 2023));
    for older in [list(&[], (255, 2022)), list(&[], (255, 2023)), list(&[], (300, 2021))] {
        for file in [older.clone(), format!("{older}{newer}")] {
            folder.put("crl.pem", &file);
            assert_eq!(desk.look(false), Look::Kept);
            let trouble = desk.state().trouble.unwrap();
            assert!(trouble.contains("crl.pem: the revocation list of CN=ours"), "{trouble}");
            assert!(
                trouble.contains("is older than the one in force (number 0x0100 of 1640995200 s)"),
                "{trouble}"
            );
            assert_eq!(desk.look(true), Look::Kept, "also if it is told to");
            assert!(!let_in());
        }
    }
    // The same one again is none, and what is newer is taken.
    folder.put("crl.pem", &list(&[8], (256, 2022)));
    desk.look(false);
    assert_eq!(desk.state().trouble, None);
    folder.put("crl.pem", &list(&[], (257, 2022)));
    assert_eq!(desk.look(false), Look::Taken { hung_up: true });
    assert!(let_in());
}

#[tokio::test]
async fn a_revoked_certificate_ends_now_and_the_others_come_back() {
    let mut door = Door::of(Folder::with_list(&[], 2090)).await;
    let (stays, goes) = (door.folder.ours.person(5), door.folder.ours.person(6));
    let (_kept, mut first) = door.admit(&stays).await;
    let (_gone, mut second) = door.admit(&goes).await;
    assert_eq!(door.tls.look(false), Look::Same);
    door.folder.put("crl.pem", &door.folder.ours.list(&[6], 2090));
    assert_eq!(door.tls.look(false), Look::Taken { hung_up: true });
    assert!(has_ended(&mut first).await && has_ended(&mut second).await);
    drop((first, second));
    assert!(door.refused(Some(&goes)).await.contains("Revoked"));
    let (_again, mut third) = door.admit(&stays).await;
    assert_eq!(door.tls.look(true), Look::Taken { hung_up: false }, "the same lists, read anew");
    assert!(!has_ended(&mut third).await);
    // What let it in was replaced by what is the same; the next revocation ends it all the same.
    door.folder.put("crl.pem", &door.folder.ours.list(&[5, 6], 2090));
    assert_eq!(door.tls.look(false), Look::Taken { hung_up: true });
    assert!(has_ended(&mut third).await);
}

#[tokio::test]
async fn a_new_certificate_of_the_agents_own_ends_nothing() {
    let mut door = Door::of(Folder::new()).await;
    let person = door.folder.ours.person(5);
    let (_client, mut standing) = door.admit(&person).await;
    door.folder.put_server(&door.folder.ours.server(44));
    assert_eq!(door.tls.look(false), Look::Taken { hung_up: false });
    assert!(!has_ended(&mut standing).await);
    let (client, _connection) = door.admit(&person).await;
    let shown = client.get_ref().1.peer_certificates().unwrap()[0].clone();
    let on_disk = fs::read_to_string(door.folder.path().join("server.pem")).unwrap();
    let new = x509_cert::Certificate::load_pem_chain(on_disk.as_bytes()).unwrap().remove(0);
    assert_eq!(x509_cert::der::Encode::to_der(&new).unwrap(), shown.to_vec());
}

#[test]
fn a_bad_set_changes_nothing_and_is_told_until_a_good_one_comes() {
    let folder = Folder::with_list(&[8], 2090);
    let (good, revoked) = (folder.ours.person(7), folder.ours.person(8));
    let desk = TlsDesk::open(folder.files.clone()).unwrap();
    folder.put("crl.pem", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
    assert_eq!(desk.look(false), Look::Kept);
    assert_eq!(desk.look(false), Look::Same, "told once");
    let trouble = desk.state().trouble.unwrap();
    assert!(trouble.contains("crl.pem"), "{trouble}");
    assert!(shakes(&desk.now(), &folder, Some(&good)).is_ok());
    assert!(shakes(&desk.now(), &folder, Some(&revoked)).is_err());
    folder.put("crl.pem", &folder.ours.list(&[7, 8], 2090));
    assert_eq!(desk.look(false), Look::Taken { hung_up: true });
    assert_eq!(desk.state().trouble, None);
    assert!(shakes(&desk.now(), &folder, Some(&good)).is_err());
}

/// What may happen to one of the files.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Emptied(usize),
    Gone(usize),
    Cut(usize, usize),
    Restored(usize),
    ListEmptied,
}

const NAMES: [&str; 4] = ["server.pem", "server.key", "ca.pem", "crl.pem"];

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0..4usize).prop_map(Happening::Emptied),
        (0..4usize).prop_map(Happening::Gone),
        (0..4usize, 1..2000usize).prop_map(|(file, at)| Happening::Cut(file, at)),
        (0..4usize).prop_map(Happening::Restored),
        (0..4usize).prop_map(Happening::Restored),
        Just(Happening::ListEmptied),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    /// Whatever becomes of the files, what is in force asks for a certificate, and takes none of another authority.
    #[test]
    fn it_is_never_without_a_verifier(happenings in proptest::collection::vec(happening(), 1..12)) {
        let folder = Folder::with_list(&[8], 2090);
        let good: Vec<_> = NAMES.iter().map(|name| fs::read_to_string(folder.path().join(name)).unwrap()).collect();
        let person = folder.ours.person(7);
        let foreign = Authority::new("another").person(7);
        let desk = TlsDesk::open(folder.files.clone()).unwrap();
        for happening in happenings {
            match happening {
                Happening::Emptied(file) => folder.put(NAMES[file], ""),
                Happening::Gone(file) => { let _ = fs::remove_file(folder.path().join(NAMES[file])); }
                Happening::Cut(file, at) => folder.put(NAMES[file], &good[file][..at.min(good[file].len() - 30)]),
                Happening::Restored(file) => folder.put(NAMES[file], &good[file]),
                Happening::ListEmptied => folder.put("crl.pem", &folder.ours.list(&[], 2090)),
            }
            desk.look(false);
            let tls = desk.now();
            prop_assert!(shakes(&tls, &folder, None).is_err());
            prop_assert!(shakes(&tls, &folder, Some(&foreign)).is_err());
            prop_assert_eq!(shakes(&tls, &folder, Some(&person)), Ok(()));
        }
    }
}
