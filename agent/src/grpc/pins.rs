//! ChangePin and SetPin.

use std::sync::Arc;

use sealkeeper_domain::{pin::Pin, reason::Reason};
use tonic::Status;

use super::{Admitted, status, within};
use crate::{
    pipeline::ports::token::TokenState,
    service::{PinChangeAsked, Service},
};

/// Changes a PIN. Not cut off half-way: what the token has taken must be on record.
pub(super) async fn change(
    service: &Arc<Service>,
    caller: Admitted,
    asked: PinChangeAsked,
) -> Result<Option<TokenState>, Status> {
    let working = service.clone();
    let changing = tokio::spawn(async move { working.change_pin(&caller, asked).await });
    within(service.limits.call, async {
        let changed = changing.await.map_err(|_| status::of_reason(Reason::Internal))?;
        changed.map_err(|failure| status::of_failure(&failure))
    })
    .await
}

/// The PIN that allows it and the new one, moved out of their message; none where both are typed on the token. One alone is no pair.
pub(super) fn both_or_pad(by: Vec<u8>, new: Vec<u8>) -> Result<Option<(Pin, Pin)>, Reason> {
    if by.is_empty() && new.is_empty() {
        return Ok(None);
    }
    // Both are taken over before either is judged, so that both are wiped.
    let (by, new) = (Pin::new(by), Pin::new(new));
    Ok(Some((by?, new?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_pins_are_sent_or_neither() {
        let pair = |by: &[u8], new: &[u8]| both_or_pad(by.to_vec(), new.to_vec()).map(|pins| pins.is_some());
        assert_eq!(pair(b"", b""), Ok(false));
        assert_eq!(pair(b"1234", b"5678"), Ok(true));
        for (by, new) in [(&b""[..], &b"5678"[..]), (b"1234", b""), (b"12\n4", b"5678"), (b"1234", &[0xff])] {
            assert_eq!(pair(by, new), Err(Reason::TokenPinUnusable));
        }
    }
}
