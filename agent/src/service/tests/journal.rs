//! Who may read the journal.

use sealkeeper_domain::act::key::ActKey;

use super::*;
use crate::{
    config::OfficeSeals,
    office::{OfficeDesk, Sealed},
    pipeline::{identify::Person, ports::ledger::OfficeRoot},
};

/// RFC 7517, appendix A.1.
const KEY: &str = r#"{"crv":"P-256","kty":"EC","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

struct One(&'static str);

impl People for One {
    fn by_uid(&self, _: u32) -> Option<Person> {
        Some(Person { id: self.0.parse().unwrap(), name: "某".into(), custodian: false })
    }
    fn by_certificate(&self, _: Digest) -> Option<Person> {
        None
    }
}

/// A caller who is the person of this id.
fn who(id: &'static str) -> Caller {
    identify(Origin::Local { uid: UID }, &One(id)).unwrap()
}

/// The same house, kept by an office whose only person is `p-1`, of the seal office.
async fn of_an_office(mut house: House) -> House {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let (id, key) = ("p-1".parse().unwrap(), ActKey::from_jwk(KEY).unwrap());
    let root =
        Root::Office(Box::new(OfficeRoot { id, name: "钱多".into(), unit: "印章办".into(), key }));
    create(&path, &Identity { origin: "localhost/seal-journal/office".into(), root }).unwrap();
    let store = Store::open(&path, house.clock.clone()).unwrap();
    let sealed = Sealed(OfficeSeals { issuers: Vec::new(), unreported_accepted: Vec::new() });
    let desk = OfficeDesk::open(sealed, &store).await.unwrap();
    let mut service = Arc::into_inner(house.service).unwrap();
    service.office = Some(Arc::new(desk));
    house.service = Arc::new(service);
    house
}

#[tokio::test]
async fn the_records_of_an_office_are_for_those_who_oversee_it() {
    let house = of_an_office(house(Manner::Signs)).await;
    house.service.may_read_journal(&who("p-1"), "list-records").await.unwrap();
    assert!(house.refusals().await.is_empty());

    let refused = house.service.may_read_journal(&who("p-2"), "list-records").await.unwrap_err();
    assert!(reasons(refused).contains("role-missing"));
    let [on_record] = &house.refusals().await[..] else { panic!("not one refusal") };
    assert_eq!(on_record.operation.as_str(), "list-records");
    assert_eq!(on_record.violations[0].code.as_str(), "role-missing");
    assert_eq!(on_record.person.as_ref().unwrap().id.as_str(), "p-2");
}

#[tokio::test]
async fn a_solo_journal_is_read_by_whoever_is_registered() {
    let house = house(Manner::Signs);
    house.service.may_read_journal(&visitor(), "list-records").await.unwrap();
    assert!(house.refusals().await.is_empty());
}
