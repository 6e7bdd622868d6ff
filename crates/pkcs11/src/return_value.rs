//! What a module returned, by the names and numbers of the standard (PKCS#11 v3.0 §5.1).

use cryptoki::error::RvError;
use sealkeeper_domain::return_value::ReturnValue;

/// The row of the table. `cryptoki` gives numbers only of what it has no name for, which the standard may have.
pub fn return_value(rv: &RvError) -> Option<ReturnValue> {
    match rv {
        RvError::VendorDefined(number) | RvError::UnknownErrorCode(number) => {
            Some(ReturnValue::from_number(*number))
        }
        named => ReturnValue::from_name(&standard_name(named)),
    }
}

/// `PinIncorrect` → `CKR_PIN_INCORRECT`.
pub fn standard_name(rv: &RvError) -> String {
    let mut name = String::from("CKR");
    for c in format!("{rv:?}").chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use cryptoki::error::Rv;

    use super::*;

    /// `Rv::from` is where every `RvError` comes from, so its named values are those of all numbers below the vendors'.
    #[test]
    fn every_name_of_cryptoki_has_its_row() {
        let mut named = 0;
        for number in 1..0x1000_u64 {
            let Rv::Error(rv) = Rv::from(number) else { panic!("{number:#x} is no error") };
            if matches!(rv, RvError::UnknownErrorCode(_)) {
                continue;
            }
            let row = return_value(&rv).unwrap_or_else(|| panic!("{rv:?} has no row"));
            assert_eq!(row, ReturnValue::from_number(number), "{rv:?}");
            assert!(row.name.is_some(), "{rv:?}");
            named += 1;
        }
        assert_eq!(named, 93);
    }
}
