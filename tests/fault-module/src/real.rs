//! The real module that everything is forwarded to.

use std::sync::Mutex;

use cryptoki_sys::*;
use libloading::Library;

use crate::{control::Control, lock};

/// Environment variable with the path of the real module; `module` in the control file comes first.
pub const MODULE_VARIABLE: &str = "SEALKEEPER_REAL_MODULE";

struct Real {
    /// Never closed: its functions are called as long as the process lives.
    _library: Library,
    functions: CK_FUNCTION_LIST,
}

static REAL: Mutex<Option<Real>> = Mutex::new(None);

/// The function of the real module, or a return from the function this stands in.
macro_rules! real {
    ($name:ident) => {
        $crate::real::functions()?.$name.ok_or(cryptoki_sys::CKR_FUNCTION_NOT_SUPPORTED)?
    };
}
pub(crate) use real;

/// The real module's functions. Nobody can come here before [`load`], which C_GetFunctionList calls.
pub(crate) fn functions() -> Result<CK_FUNCTION_LIST, CK_RV> {
    lock(&REAL).as_ref().map(|real| real.functions).ok_or(CKR_GENERAL_ERROR)
}

/// Loads the real module, if it has not been loaded yet.
pub(crate) fn load(control: &Control) -> Result<(), CK_RV> {
    let mut real = lock(&REAL);
    if real.is_none() {
        *real = Some(open(control).map_err(|why| {
            eprintln!("sealkeeper-fault-module: no real module: {why}");
            CKR_GENERAL_ERROR
        })?);
    }
    Ok(())
}

fn open(control: &Control) -> Result<Real, String> {
    let path = control.module.clone().or_else(|| std::env::var_os(MODULE_VARIABLE).map(Into::into));
    let path = path.ok_or_else(|| format!("neither `module` in the control file nor {MODULE_VARIABLE}"))?;
    // SAFETY: whoever runs the tests says that this is a PKCS#11 module, whose initialisers are sound.
    let library = unsafe { Library::new(&path) }.map_err(|e| e.to_string())?;
    // SAFETY: PKCS#11 gives this symbol this type.
    let list = unsafe {
        library.get::<unsafe extern "C" fn(*mut *mut CK_FUNCTION_LIST) -> CK_RV>(b"C_GetFunctionList\0")
    };
    let list = list.map_err(|e| e.to_string())?;
    let mut functions = std::ptr::null_mut();
    // SAFETY: it takes the address of a pointer.
    let rv = unsafe { list(&raw mut functions) };
    if rv != CKR_OK || functions.is_null() {
        return Err(format!("C_GetFunctionList returned 0x{rv:x}"));
    }
    // SAFETY: a module that returned CKR_OK has set the pointer to its list, which it never frees.
    let functions = unsafe { *functions };
    Ok(Real { _library: library, functions })
}
