//! The agent's token: one, with a PIN, a key and whatever the test gives it.

use std::time::Duration;

use sealkeeper_proto::v1::{self, token_service_server::TokenService};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use x509_cert::der::{Decode as _, Document, Encode as _};
use x509_cert::request::CertReq;

use super::{Events, PIN, SERIAL, SO_PIN, Service, Trouble, Watched, status};

/// A certificate request by another implementation.
pub(crate) const REQUEST_PEM: &str = include_str!("../../files/request.pem");

fn request_der() -> Vec<u8> {
    Document::from_pem(REQUEST_PEM).unwrap().1.into_vec()
}

impl Service {
    fn token(&self) -> v1::Token {
        let state = self.state();
        let is_unlocked = !state.locked;
        let asking = state.key_asks_pin && state.tells_key_asks_pin && is_unlocked;
        v1::Token {
            serial: SERIAL.into(),
            label: "Test".into(),
            unlocked: is_unlocked,
            uses_left: u32::from(is_unlocked),
            locks_at_us: if is_unlocked { 1_800_000_000_000_000 } else { 0 },
            expires_at_us: if is_unlocked { 1_800_000_600_000_000 } else { 0 },
            pin_initialized: true,
            pin_count_low: state.final_try,
            pin_final_try: state.final_try,
            protected_authentication_path: state.has_pin_pad,
            seals: vec!["合同专用章".into()],
            seals_asking_pin: if asking { vec!["合同专用章".into()] } else { vec![] },
            module: "softhsm".into(),
            ..state.token.clone()
        }
    }

    /// What may go wrong with any call once it was made.
    pub(super) async fn trouble(&self) -> Result<(), Status> {
        let next = self.state().trouble.front().copied();
        match next {
            Some(Trouble::FaultToken(code)) => {
                self.state().trouble.pop_front();
                Err(status(code))
            }
            Some(Trouble::LoseToken) => {
                self.state().trouble.pop_front();
                self.cut().await;
                Ok(())
            }
            Some(Trouble::SlowFingers(milliseconds)) => {
                self.state().trouble.pop_front();
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The contract's rules of a PIN that comes along, or does not.
    fn check(&self, given: &[u8], right: &[u8], wrong: &str) -> Result<(), Status> {
        match (self.state().has_pin_pad, given) {
            (true, []) => Ok(()),
            (true, _) => Err(status("token-pin-pad")),
            (false, []) => Err(status("token-pin-pad-missing")),
            (false, given) if given != right => Err(status(wrong)),
            (false, _) => Ok(()),
        }
    }

    /// The same for a key that asks for the PIN at each use.
    fn check_use(&self, given: &[u8]) -> Result<(), Status> {
        let (asks, has_pin_pad) = {
            let state = self.state();
            (state.key_asks_pin, state.has_pin_pad)
        };
        match (asks && !has_pin_pad, given) {
            (true, []) => Err(status("token-pin-needed")),
            (true, given) if given != PIN => Err(status("token-pin-wrong")),
            _ => Ok(()),
        }
    }
}

#[tonic::async_trait]
impl TokenService for Service {
    type WatchTokensStream = Events<v1::TokenEvent>;

    async fn list_tokens(
        &self,
        _: Request<v1::ListTokensRequest>,
    ) -> Result<Response<v1::ListTokensReply>, Status> {
        Ok(Response::new(v1::ListTokensReply { tokens: vec![self.token()] }))
    }

    async fn unlock(&self, request: Request<v1::UnlockRequest>) -> Result<Response<v1::UnlockReply>, Status> {
        let request = request.into_inner();
        let uses = self.state().desk.kept.len().max(1);
        assert!(
            request.token_serial == SERIAL && (1..=uses).contains(&(request.uses as usize)),
            "{}",
            request.uses
        );
        self.state().pins.push(request.pin.clone());
        self.state().final_tries.push(request.final_try);
        self.state().unlocks.push(request.clone());
        self.trouble().await?;
        self.check(&request.pin, PIN, "token-pin-wrong")?;
        self.state().locked = false;
        Ok(Response::new(v1::UnlockReply { token: Some(self.token()) }))
    }

    async fn lock(&self, _: Request<v1::LockRequest>) -> Result<Response<v1::LockReply>, Status> {
        let was_unlocked = !std::mem::replace(&mut self.state().locked, true);
        Ok(Response::new(v1::LockReply { was_unlocked }))
    }

    async fn watch_tokens(
        &self,
        _: Request<v1::WatchTokensRequest>,
    ) -> Result<Response<Self::WatchTokensStream>, Status> {
        let watched = self.state().watched.clone();
        let (sender, receiver) = mpsc::channel(1);
        let service = self.clone();
        tokio::spawn(async move {
            for step in watched {
                let event = match step {
                    Watched::Event(event) => Ok(v1::TokenEvent { event: Some(*event) }),
                    Watched::Unknown => Ok(v1::TokenEvent { event: None }),
                    Watched::Fault(code) => Err(status(code)),
                    Watched::End => return,
                    Watched::Cut => {
                        // What was sent before is on its way still.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        service.cut().await;
                        return;
                    }
                };
                let is_last = event.is_err();
                let _ = sender.send(event).await;
                if is_last {
                    return;
                }
            }
            sender.closed().await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn change_pin(
        &self,
        request: Request<v1::ChangePinRequest>,
    ) -> Result<Response<v1::ChangePinReply>, Status> {
        let request = request.into_inner();
        self.state().pin_changes.push(request.clone());
        self.trouble().await?;
        self.check(&request.old_pin, PIN, "token-pin-wrong")?;
        Ok(Response::new(v1::ChangePinReply { token: Some(self.token()) }))
    }

    async fn set_pin(
        &self,
        request: Request<v1::SetPinRequest>,
    ) -> Result<Response<v1::SetPinReply>, Status> {
        let request = request.into_inner();
        self.state().pins_set.push(request.clone());
        self.state().locked = true;
        self.trouble().await?;
        self.check(&request.so_pin, SO_PIN, "token-so-pin-wrong")?;
        Ok(Response::new(v1::SetPinReply { token: Some(self.token()) }))
    }

    async fn generate_key(
        &self,
        request: Request<v1::GenerateKeyRequest>,
    ) -> Result<Response<v1::GenerateKeyReply>, Status> {
        self.state().keys.push(request.into_inner());
        self.trouble().await?;
        let public_key_der = CertReq::from_der(&request_der()).unwrap().info.public_key.to_der().unwrap();
        Ok(Response::new(v1::GenerateKeyReply {
            key_uri: format!("pkcs11:serial={SERIAL};id=%02;type=private"),
            public_key_der,
            journal_seq: 11,
        }))
    }

    async fn request_certificate(
        &self,
        request: Request<v1::RequestCertificateRequest>,
    ) -> Result<Response<v1::RequestCertificateReply>, Status> {
        let request = request.into_inner();
        self.state().requested.push(request.clone());
        self.trouble().await?;
        self.check_use(&request.pin)?;
        Ok(Response::new(v1::RequestCertificateReply { request_der: request_der(), journal_seq: 12 }))
    }

    async fn import_certificate(
        &self,
        request: Request<v1::ImportCertificateRequest>,
    ) -> Result<Response<v1::ImportCertificateReply>, Status> {
        self.state().imported.push(request.into_inner());
        self.trouble().await?;
        let warnings = self.state().findings.clone();
        Ok(Response::new(v1::ImportCertificateReply {
            certificate_uri: format!("pkcs11:serial={SERIAL};id=%02;type=cert"),
            key_uri: format!("pkcs11:serial={SERIAL};id=%02;type=private"),
            warnings,
            journal_seq: 13,
        }))
    }

    async fn inspect_token(
        &self,
        request: Request<v1::InspectTokenRequest>,
    ) -> Result<Response<v1::InspectTokenReply>, Status> {
        self.state().inspected.push(request.into_inner());
        self.trouble().await?;
        let findings = self.state().findings.clone();
        let passed = findings.iter().all(|finding| finding.severity != "refuse");
        let token = Some(self.token());
        Ok(Response::new(v1::InspectTokenReply { passed, findings, journal_seq: 14, token }))
    }
}
