//! The modules as a diagnosis sees them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sealkeeper_domain::reason::Reason;
use tokio::time::{Instant, timeout};

use super::{Modules, keeper::Keeper};
use crate::pipeline::ports::{
    module::{ModuleLook, ModuleSeen},
    token_error::TokenError,
};

#[async_trait]
impl ModuleLook for Modules {
    async fn look(&self, deadline: Duration, patience: Duration) -> Vec<ModuleSeen> {
        // One that hangs takes no time from the others.
        let looks = self
            .keepers
            .iter()
            .map(|keeper| (keeper, tokio::spawn(look_at(keeper.clone(), deadline, patience))))
            .collect::<Vec<_>>();
        let mut seen = Vec::new();
        for (keeper, look) in looks {
            seen.push(look.await.unwrap_or_else(|_| ModuleSeen {
                name: keeper.name().to_owned(),
                library: None,
                tokens: Err(TokenError::new(Reason::Internal)),
            }));
        }
        seen
    }
}

async fn look_at(keeper: Arc<Keeper>, deadline: Duration, patience: Duration) -> ModuleSeen {
    let listed = timeout(patience, keeper.list(Instant::now() + deadline)).await;
    let tokens = listed.unwrap_or_else(|_| Err(TokenError::new(Reason::TokenTimeout)));
    ModuleSeen { name: keeper.name().to_owned(), library: keeper.library(), tokens }
}
