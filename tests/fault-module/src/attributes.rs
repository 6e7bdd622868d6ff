//! Objects: found under handles that do not outlive the token's stay, with attributes as the control file shows them.

use cryptoki_sys::*;

use crate::{
    calls::Call,
    control::{Control, Shown},
    real::real,
};

/// C_GetAttributeValue.
///
/// # Safety
///
/// As for all handlers: what PKCS#11 asks of the caller of the C function.
pub(crate) unsafe fn attribute_value(
    call: &mut Call,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> Result<CK_RV, CK_RV> {
    let real_session = call.session(session)?;
    let object = call.object(object, CKR_OBJECT_HANDLE_INVALID)?;
    let function = real!(C_GetAttributeValue);
    let untouched = call.control.attributes.is_empty() && !call.control.always_authenticate;
    let class = if untouched || template.is_null() { None } else { class_of(real_session, object)? };
    let Some(class) = class else {
        // SAFETY: the caller's arguments go on as they came.
        return Ok(unsafe { function(real_session, object, template, count) });
    };
    // SAFETY: the caller's template has `count` attributes.
    let template = unsafe { std::slice::from_raw_parts_mut(template, count as usize) };
    let always = Shown::Value(vec![CK_TRUE]);
    let (shown, mut others): (Vec<_>, Vec<_>) = template
        .iter_mut()
        .map(|attribute| {
            let rule = call.control.shown_attribute(attribute.type_, class, &always);
            (attribute, rule)
        })
        .partition(|(_, rule)| rule.is_some());
    let mut forwarded: Vec<CK_ATTRIBUTE> = others.iter().map(|(attribute, _)| **attribute).collect();
    let mut value = CKR_OK;
    if !forwarded.is_empty() {
        // SAFETY: attributes of the caller's template, with the caller's buffers.
        value =
            unsafe { function(real_session, object, forwarded.as_mut_ptr(), forwarded.len() as CK_ULONG) };
    }
    for ((attribute, _), told) in others.iter_mut().zip(forwarded) {
        attribute.ulValueLen = told.ulValueLen;
    }
    for (attribute, rule) in shown {
        let Some(rule) = rule else { continue };
        let told = show(attribute, rule);
        if value == CKR_OK {
            value = told;
        }
    }
    Ok(value)
}

/// C_FindObjects.
pub(crate) unsafe fn find_objects(
    call: &mut Call,
    session: CK_SESSION_HANDLE,
    list: *mut CK_OBJECT_HANDLE,
    room: CK_ULONG,
    count: *mut CK_ULONG,
) -> Result<CK_RV, CK_RV> {
    let real_session = call.session(session)?;
    // SAFETY: the caller's arguments go on as they came.
    let value = unsafe { real!(C_FindObjects)(real_session, list, room, count) };
    if value == CKR_OK {
        // SAFETY: the real module has written `count` handles to the list.
        let found = unsafe { std::slice::from_raw_parts_mut(list, *count as usize) };
        found.iter_mut().for_each(|handle| *handle = call.shown(*handle));
    }
    Ok(value)
}

impl Control {
    /// What an attribute of an object of this class shows instead of its value; `always` where it is the one by which a
    /// private key asks for a login before each signature.
    fn shown_attribute<'a>(
        &'a self,
        attribute: CK_ATTRIBUTE_TYPE,
        class: CK_OBJECT_CLASS,
        always: &'a Shown,
    ) -> Option<&'a Shown> {
        let rule = self
            .attributes
            .iter()
            .find(|rule| rule.attribute == attribute && rule.class.is_none_or(|wanted| wanted == class));
        let is_always = attribute == CKA_ALWAYS_AUTHENTICATE && class == CKO_PRIVATE_KEY;
        rule.map(|rule| &rule.shown).or((is_always && self.always_authenticate).then_some(always))
    }
}

/// The class of an object; `None` where the real module does not tell, whatever its reason: it will tell the caller.
fn class_of(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> Result<Option<CK_OBJECT_CLASS>, CK_RV> {
    let mut class: CK_OBJECT_CLASS = 0;
    let mut attribute = CK_ATTRIBUTE {
        type_: CKA_CLASS,
        pValue: (&raw mut class).cast(),
        ulValueLen: size_of::<CK_OBJECT_CLASS>() as CK_ULONG,
    };
    // SAFETY: one attribute with room for its value.
    let value = unsafe { real!(C_GetAttributeValue)(session, object, &raw mut attribute, 1) };
    Ok((value == CKR_OK).then_some(class))
}

/// Gives the caller a value as C_GetAttributeValue does (PKCS#11 §5.7).
fn show(attribute: &mut CK_ATTRIBUTE, shown: &Shown) -> CK_RV {
    let bytes = match shown {
        Shown::Value(bytes) => bytes,
        Shown::Unavailable(value) => {
            attribute.ulValueLen = CK_UNAVAILABLE_INFORMATION;
            return *value;
        }
    };
    let room = std::mem::replace(&mut attribute.ulValueLen, bytes.len() as CK_ULONG);
    if attribute.pValue.is_null() {
        return CKR_OK;
    }
    if room < bytes.len() as CK_ULONG {
        attribute.ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    // SAFETY: the caller's buffer has room for that many bytes.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), attribute.pValue.cast(), bytes.len()) };
    CKR_OK
}
