//! Policy files.

use sealkeeper_domain::policy::{Authority, Policy, changes};

use crate::Reach;

pub(crate) fn run(input: &[u8]) -> Reach {
    let Ok(text) = std::str::from_utf8(input) else { return Reach::Refused };
    let (solo, office) =
        (Policy::from_toml(text, Authority::Solo), Policy::from_toml(text, Authority::Office));
    if let Ok(solo) = &solo {
        assert_eq!(office.as_ref(), Ok(solo), "what one person may have, an office may");
    }
    match office {
        Ok(_) => {
            assert_eq!(changes(text, text), Ok(Vec::new()), "a policy does not differ from itself");
            assert!(changes(Policy::OFFICE_TOML, text).is_ok(), "its changes can be told");
            Reach::Accepted
        }
        Err(_) => Reach::Refused,
    }
}
