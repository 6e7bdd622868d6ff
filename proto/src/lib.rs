//! The gRPC contract `sealkeeper.v1` (see `PROTOCOL.md` beside this crate) and its generated code.
//!
//! The files under `sealkeeper/v1/` are the contract; `src/generated/` is made from them by a test that also keeps
//! the two equal.

pub mod socket;

/// Messages, clients and servers of the package `sealkeeper.v1`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::restriction)]
pub mod v1 {
    include!("generated/sealkeeper.v1.rs");

    /// Prints what it concerns only: a PIN has no place in any output.
    macro_rules! debug_without_pin {
        ($($message:ident { $($field:ident),* })*) => {
            $(impl std::fmt::Debug for $message {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.debug_struct(stringify!($message))$(.field(stringify!($field), &self.$field))*.finish_non_exhaustive()
                }
            })*
        };
    }

    debug_without_pin! {
        UnlockRequest { token_serial }
        ChangePinRequest { token_serial }
        SetPinRequest { token_serial }
        RequestCertificateRequest { key_uri, subject }
        InspectTokenRequest { token_serial }
        StampRequest { request_id, use_id }
        FileActRequest { act }
    }
}

/// Largest chunk of a document in one `SubmitRequest`, in bytes.
pub const MAX_CHUNK: usize = 1 << 20;

/// Largest chunk of appended bytes in one `FetchEvent`, in bytes.
pub const FETCH_CHUNK: usize = 1 << 16;

/// Largest message either side accepts, in bytes: a chunk, or a seal's picture with its certificates.
pub const MAX_MESSAGE: usize = 8 << 20;

/// Domain of every `google.rpc.ErrorInfo` the agent sends.
pub const ERROR_DOMAIN: &str = "sealkeeper";

#[cfg(test)]
mod tests {
    use super::v1;

    #[test]
    fn no_pin_is_printed() {
        let pin = || b"sesame-7".to_vec();
        let name = || "0f1e".to_owned();
        let messages: [Box<dyn std::fmt::Debug>; 7] = [
            Box::new(v1::UnlockRequest {
                token_serial: name(),
                pin: pin(),
                uses: 1,
                idle_ms: 0,
                final_try: false,
                lifetime_ms: 0,
            }),
            Box::new(v1::ChangePinRequest {
                token_serial: name(),
                old_pin: pin(),
                new_pin: pin(),
                final_try: false,
            }),
            Box::new(v1::SetPinRequest {
                token_serial: name(),
                so_pin: pin(),
                new_pin: pin(),
                final_try: false,
                one_time: false,
            }),
            Box::new(v1::RequestCertificateRequest {
                key_uri: name(),
                subject: "CN=x".into(),
                pin: pin(),
                final_try: false,
            }),
            Box::new(v1::InspectTokenRequest { token_serial: name(), pin: pin(), final_try: false }),
            Box::new(v1::StampRequest {
                request_id: name(),
                use_id: "7".into(),
                confirmed_sha256: vec![],
                pin: pin(),
                final_try: false,
            }),
            Box::new(v1::FileActRequest { act: name(), attachment: vec![], pin: pin(), final_try: false }),
        ];
        let bytes = format!("{:?}", pin());
        for message in messages {
            let printed = format!("{message:?}");
            assert!(printed.contains("0f1e"), "{printed}");
            assert!(!printed.contains("sesame") && !printed.contains(&bytes), "{printed}");
        }
    }
}
