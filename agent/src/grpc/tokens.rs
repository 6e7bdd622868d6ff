//! TokenService.

use std::{sync::Arc, time::Duration};

use sealkeeper_domain::{identity::TokenSerial, pin::Pin, reason::Reason};
use sealkeeper_proto::v1::{
    ChangePinReply, ChangePinRequest, GenerateKeyReply, GenerateKeyRequest, ImportCertificateReply,
    ImportCertificateRequest, InspectTokenReply, InspectTokenRequest, ListTokensReply, ListTokensRequest,
    LockReply, LockRequest, RequestCertificateReply, RequestCertificateRequest, SetPinReply, SetPinRequest,
    UnlockReply, UnlockRequest, WatchTokensRequest, token_service_server::TokenService,
};
use tonic::{Request, Response, Status};

use super::{Admitted, caller, inspection, keys, pins, status, watch, wire, within};
use crate::{
    pipeline::ports::token::PinOrPad,
    service::{PinChangeAsked, Service, UnlockAsked},
};

/// The handlers.
pub(super) struct Tokens(pub(super) Arc<Service>);

#[tonic::async_trait]
impl TokenService for Tokens {
    async fn list_tokens(
        &self,
        request: Request<ListTokensRequest>,
    ) -> Result<Response<ListTokensReply>, Status> {
        within(self.0.limits.call, async {
            let call = caller(&self.0, &request, "list-tokens").await?;
            let tokens = self.0.tokens().await.map_err(|error| status::of_token_error(&error))?;
            let tokens = tokens.iter().map(|token| wire::token(token, call.holder(), &self.0)).collect();
            Ok(Response::new(ListTokensReply { tokens }))
        })
        .await
    }

    async fn unlock(&self, request: Request<UnlockRequest>) -> Result<Response<UnlockReply>, Status> {
        let caller = caller(&self.0, &request, "unlock").await?;
        let holder = caller.holder();
        let mut asked = request.into_inner();
        // The PIN moves out of the message into a type that wipes it; what is left of the message is wiped when it is dropped.
        let pin = pin_or_pad(std::mem::take(&mut asked.pin));
        let asked = UnlockAsked {
            serial: serial(&asked.token_serial)?,
            pin,
            uses: asked.uses,
            idle: Duration::from_millis(asked.idle_ms),
            lifetime: Duration::from_millis(asked.lifetime_ms),
            final_try: asked.final_try,
        };
        // Not cut off half-way: an unlock nobody knows of must not stand.
        let service = self.0.clone();
        let unlocked = tokio::spawn(async move { service.unlock(&caller, asked).await });
        within(self.0.limits.call, async {
            let state = unlocked
                .await
                .map_err(|_| status::of_reason(Reason::Internal))?
                .map_err(|failure| status::of_failure(&failure))?;
            Ok(Response::new(UnlockReply { token: Some(wire::token(&state, holder, &self.0)) }))
        })
        .await
    }

    async fn lock(&self, request: Request<LockRequest>) -> Result<Response<LockReply>, Status> {
        within(self.0.limits.call, async {
            let caller = caller(&self.0, &request, "lock").await?;
            let serial = serial(&request.get_ref().token_serial)?;
            let was_unlocked =
                self.0.lock(&caller, serial).await.map_err(|failure| status::of_failure(&failure))?;
            Ok(Response::new(LockReply { was_unlocked }))
        })
        .await
    }

    type WatchTokensStream = watch::Events;

    async fn watch_tokens(
        &self,
        request: Request<WatchTokensRequest>,
    ) -> Result<Response<Self::WatchTokensStream>, Status> {
        let Admitted { caller, permit } = caller(&self.0, &request, "watch-tokens").await?;
        // Before it is asked what is there, so that nothing happens in between unseen. What is told twice is told the same.
        let watching = self.0.watch_tokens();
        let present = within(self.0.limits.call, async {
            self.0.tokens().await.map_err(|error| status::of_token_error(&error))
        });
        Ok(Response::new(watch::events(self.0.clone(), present.await?, watching, caller, permit)))
    }

    async fn change_pin(
        &self,
        request: Request<ChangePinRequest>,
    ) -> Result<Response<ChangePinReply>, Status> {
        let caller = caller(&self.0, &request, "change-pin").await?;
        let holder = caller.holder();
        let mut asked = request.into_inner();
        let pins = (std::mem::take(&mut asked.old_pin), std::mem::take(&mut asked.new_pin));
        let asked = PinChangeAsked {
            pins: pins::both_or_pad(pins.0, pins.1),
            serial: serial(&asked.token_serial)?,
            by_officer: false,
            final_try: asked.final_try,
            one_time: false,
        };
        let token = pins::change(&self.0, caller, asked).await?;
        Ok(Response::new(ChangePinReply { token: token.map(|token| wire::token(&token, holder, &self.0)) }))
    }

    async fn set_pin(&self, request: Request<SetPinRequest>) -> Result<Response<SetPinReply>, Status> {
        let caller = caller(&self.0, &request, "set-pin").await?;
        let holder = caller.holder();
        let mut asked = request.into_inner();
        let pins = (std::mem::take(&mut asked.so_pin), std::mem::take(&mut asked.new_pin));
        let asked = PinChangeAsked {
            pins: pins::both_or_pad(pins.0, pins.1),
            serial: serial(&asked.token_serial)?,
            by_officer: true,
            final_try: asked.final_try,
            one_time: asked.one_time,
        };
        let token = pins::change(&self.0, caller, asked).await?;
        Ok(Response::new(SetPinReply { token: token.map(|token| wire::token(&token, holder, &self.0)) }))
    }

    async fn generate_key(
        &self,
        request: Request<GenerateKeyRequest>,
    ) -> Result<Response<GenerateKeyReply>, Status> {
        let caller = caller(&self.0, &request, "generate-key").await?;
        keys::generate(&self.0, caller, request.into_inner()).await.map(Response::new)
    }

    async fn request_certificate(
        &self,
        request: Request<RequestCertificateRequest>,
    ) -> Result<Response<RequestCertificateReply>, Status> {
        let caller = caller(&self.0, &request, "request-certificate").await?;
        keys::request_certificate(&self.0, caller, request.into_inner()).await.map(Response::new)
    }

    async fn import_certificate(
        &self,
        request: Request<ImportCertificateRequest>,
    ) -> Result<Response<ImportCertificateReply>, Status> {
        let caller = caller(&self.0, &request, "import-certificate").await?;
        keys::import(&self.0, caller, request.into_inner()).await.map(Response::new)
    }

    async fn inspect_token(
        &self,
        request: Request<InspectTokenRequest>,
    ) -> Result<Response<InspectTokenReply>, Status> {
        inspection::inspect_token(&self.0, request).await
    }
}

/// A PIN that was sent; an empty one is typed on the token.
pub(super) fn pin_or_pad(bytes: Vec<u8>) -> Result<PinOrPad, Reason> {
    if bytes.is_empty() { Ok(PinOrPad::Pad) } else { Pin::new(bytes).map(PinOrPad::Pin) }
}

pub(super) fn serial(text: &str) -> Result<TokenSerial, Status> {
    text.parse().map_err(|error| status::bad_argument("token_serial", error))
}
