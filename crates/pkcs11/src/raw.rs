//! What PKCS#11 offers and `cryptoki` does not: C_Sign apart from C_SignInit, between which a key may ask for the PIN (PKCS#11 v3.0 §5.6.8,
//! CKU_CONTEXT_SPECIFIC), and new PINs that are typed on the token.

#![allow(unsafe_code, reason = "these are calls through the C interface of PKCS#11")]

use std::path::Path;

use cryptoki::{
    context::Function,
    error::{Error, Rv},
    session::Session,
    slot::Slot,
};
use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CK_TOKEN_INFO, CK_ULONG, CK_UTF8CHAR};
use sealkeeper_domain::pin::Pin;

use super::token_info::TokenInfo;

/// Longest signature value of any algorithm here: RSA with 4096 bits has 512 bytes. With room to spare, so that no length is asked for first:
/// that would be one more call, in which some tokens sign already.
const LONGEST_SIGNATURE: usize = 1024;

/// The module's function list, beside the one `cryptoki` keeps to itself. Every call fails with what the module returned, or where it lacks the
/// function.
pub struct Raw {
    list: CK_FUNCTION_LIST,
}

impl Raw {
    /// Asks the module, which `cryptoki` has loaded from the same path, for its list.
    ///
    /// # Errors
    /// Where the file is no module any more.
    pub fn of(path: &Path) -> Result<Self, Error> {
        // SAFETY: the shared object is loaded already, so nothing of it is run that was not run before.
        let library = unsafe { cryptoki_sys::Pkcs11::new(path) }.map_err(Error::LibraryLoading)?;
        let list_of =
            library.C_GetFunctionList.as_ref().map_err(|_| Error::MissingSymbol("C_GetFunctionList"))?;
        let mut list = std::ptr::null_mut();
        // SAFETY: C_GetFunctionList writes a pointer to the place it is given, and may be called at any time (PKCS#11 v3.0 §5.4.4).
        Rv::from(unsafe { list_of(&mut list) }).into_result(Function::GetFunctionList)?;
        // SAFETY: what it wrote is null or points to a list that lives as long as the module is loaded.
        let list = unsafe { list.as_ref() }.ok_or(Error::NullFunctionPointer)?;
        let list = *list;
        // Stays loaded with the process: the file may be another one by the next call, and the list is of this one.
        std::mem::forget(library);
        Ok(Raw { list })
    }

    /// C_GetTokenInfo.
    ///
    /// # Errors
    /// What the module returned.
    pub fn token_info(&self, slot: Slot) -> Result<TokenInfo, Error> {
        let token_info = self.list.C_GetTokenInfo.ok_or(Error::NullFunctionPointer)?;
        let mut info = CK_TOKEN_INFO::default();
        // SAFETY: C_GetTokenInfo fills the structure it is given.
        Rv::from(unsafe { token_info(slot.into(), &mut info) }).into_result(Function::GetTokenInfo)?;
        Ok(TokenInfo::from(&info))
    }

    /// C_Sign, of an operation that C_SignInit has begun.
    ///
    /// # Errors
    /// What the module returned.
    pub fn sign(&self, session: &Session, data: &[u8]) -> Result<Vec<u8>, Error> {
        let sign = self.list.C_Sign.ok_or(Error::NullFunctionPointer)?;
        let mut signature = vec![0; LONGEST_SIGNATURE];
        let mut length = CK_ULONG::try_from(signature.len())?;
        let data_length = CK_ULONG::try_from(data.len())?;
        // SAFETY: the session is open; both buffers have the lengths told, and the module does not write to the data, though it is not
        // declared so.
        let returned: CK_RV = unsafe {
            sign(session.handle(), data.as_ptr().cast_mut(), data_length, signature.as_mut_ptr(), &mut length)
        };
        Rv::from(returned).into_result(Function::Sign)?;
        signature.truncate(usize::try_from(length)?);
        Ok(signature)
    }

    /// C_SetPIN; without PINs they are typed on the token.
    ///
    /// # Errors
    /// What the module returned.
    pub fn set_pin(&self, session: &Session, pins: Option<(&Pin, &Pin)>) -> Result<(), Error> {
        let set_pin = self.list.C_SetPIN.ok_or(Error::NullFunctionPointer)?;
        let (old, old_length) = parts(pins.map(|(old, _)| old))?;
        let (new, new_length) = parts(pins.map(|(_, new)| new))?;
        // SAFETY: the session is open; the PINs live until the call returns and have the lengths told.
        let returned = unsafe { set_pin(session.handle(), old, old_length, new, new_length) };
        Rv::from(returned).into_result(Function::SetPIN)
    }

    /// C_InitPIN; without a PIN it is typed on the token.
    ///
    /// # Errors
    /// What the module returned.
    pub fn init_pin(&self, session: &Session, pin: Option<&Pin>) -> Result<(), Error> {
        let init_pin = self.list.C_InitPIN.ok_or(Error::NullFunctionPointer)?;
        let (pin, length) = parts(pin)?;
        // SAFETY: as for C_SetPIN.
        let returned = unsafe { init_pin(session.handle(), pin, length) };
        Rv::from(returned).into_result(Function::InitPIN)
    }
}

/// A PIN as the C interface takes it; none is NULL_PTR.
fn parts(pin: Option<&Pin>) -> Result<(*mut CK_UTF8CHAR, CK_ULONG), Error> {
    match pin {
        Some(pin) => {
            let bytes = pin.expose().as_bytes();
            Ok((bytes.as_ptr().cast_mut(), CK_ULONG::try_from(bytes.len())?))
        }
        None => Ok((std::ptr::null_mut(), 0)),
    }
}
