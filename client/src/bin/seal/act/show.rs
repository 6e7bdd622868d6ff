//! `seal act show`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_domain::act::Claims;
use sealkeeper_domain::act::jws::UnverifiedJws;
use serde_json::json;

use super::{malformed, text_of};
use crate::facts::{self, Row};
use crate::failure::Failure;
use crate::{Session, screen};

/// Show what an act (签批) says; its signature is not verified, for that takes the signer's registered key
#[derive(Args)]
pub(crate) struct Show {
    /// The act: a compact JWS
    file: PathBuf,
}

impl Show {
    pub(super) fn run(self, session: &Session) -> Result<(), Failure> {
        let act =
            UnverifiedJws::parse(&text_of(&self.file)?).map_err(|error| malformed(&self.file, &error))?;
        let claims = Claims::read(act.typ(), act.unverified_claims())
            .map_err(|error| malformed(&self.file, &error))?;
        if session.json {
            screen::print_json(&json!({
                "outcome": "done",
                "verified": false,
                "typ": act.typ(),
                "key_id": act.key_id(),
                "claims": act.unverified_claims(),
            }));
            return Ok(());
        }
        let mut rows = vec![
            Row::new("签批", "act", facts::with_note(&facts::act_in_words(session, act.typ()), act.typ())),
            Row::new("签批编号", "act id", claims.id.to_string()),
            Row::new("签批人", "signer", claims.issuer.to_string()),
            Row::new("密钥编号", "key id", act.key_id().to_string()),
            Row::new("用印记录", "journal", &*claims.audience),
            Row::new("签署", "signed", screen::time_s(claims.issued_s)),
            Row::new("有效至", "good until", screen::time_s(claims.expires_s)),
        ];
        rows.extend(facts::of_statement(session, &claims.statement)?);
        rows.iter().for_each(|row| screen::print(row.line(session)));
        screen::print(session.say("签名未经验证", "the signature is not verified"));
        Ok(())
    }
}
