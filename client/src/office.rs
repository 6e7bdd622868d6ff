//! The office: acts (签批) go in, and what they have made can be read.

use sealkeeper_domain::pin::Pin;
use sealkeeper_proto::v1::{self, file_act_reply};

use crate::Agent;
use crate::connection::answered;
use crate::error::ClientError;
use crate::tokens::bytes;

impl Agent {
    /// What a signer has to know: to which journal acts are said, how long they may be good, which policy is in force.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn describe_office(&self) -> Result<v1::DescribeOfficeReply, ClientError> {
        answered(self.office_service().describe_office(v1::DescribeOfficeRequest {}).await)
    }

    /// Files an act, a compact JWS, with what it names by digest: the seal object's DER for `seal-make`, nothing for any other.
    ///
    /// An act is taken once, so a lost answer is not asked for again here: filed anew, one that is on record is refused with
    /// `act-repeated`, and one that is not is taken.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with every rule that stands against it; a fault, or a lost connection, after which it may be on record.
    pub async fn file_act(&self, act: &str, attachment: Vec<u8>) -> Result<v1::FiledAct, ClientError> {
        self.file(v1::FileActRequest { act: act.to_owned(), attachment, pin: Vec::new(), final_try: false })
            .await
    }

    /// Files the receipt of a seal whose key asks for the user PIN at each signature, which [`file_act`](Self::file_act) answers with
    /// `token-pin-needed` ([`ClientError::is_pin_needed`]). The PIN is tried once; with `final_try` although one try is left, or several wrong
    /// ones were given in a row.
    ///
    /// # Errors
    /// Those of [`file_act`](Self::file_act), and what stands against the PIN.
    pub async fn file_act_with_pin(
        &self,
        act: &str,
        pin: Pin,
        final_try: bool,
    ) -> Result<v1::FiledAct, ClientError> {
        let (act, pin) = (act.to_owned(), bytes(Some(pin)));
        self.file(v1::FileActRequest { act, attachment: Vec::new(), pin, final_try }).await
    }

    async fn file(&self, request: v1::FileActRequest) -> Result<v1::FiledAct, ClientError> {
        match answered(self.office_service().file_act(request).await)?.result {
            Some(file_act_reply::Result::Filed(filed)) => Ok(filed),
            Some(file_act_reply::Result::Refused(refusal)) => Err(ClientError::Refused(Box::new(refusal))),
            None => Err(ClientError::answer("a filed act of no known kind")),
        }
    }

    /// People, grants, seals with their lives, notices and findings as they stand: all pages of them.
    ///
    /// # Errors
    /// A fault: `journal-solo` where there is no office, `person-unknown` where the caller is not registered. Or a lost connection.
    pub async fn show_office(&self) -> Result<v1::ShowOfficeReply, ClientError> {
        let mut whole = v1::ShowOfficeReply::default();
        loop {
            let asked = v1::ShowOfficeRequest { limit: 0, after: std::mem::take(&mut whole.next) };
            let page = answered(self.office_service().show_office(asked.clone()).await)?;
            if !page.next.is_empty() && page.next == asked.after {
                return Err(ClientError::answer("a page of the office that leads nowhere"));
            }
            whole.people.extend(page.people);
            whole.grants.extend(page.grants);
            whole.seals.extend(page.seals);
            whole.notices.extend(page.notices);
            whole.findings.extend(page.findings);
            whole.trainings.extend(page.trainings);
            if page.next.is_empty() {
                return Ok(whole);
            }
            whole.next = page.next;
        }
    }

    /// Acts on record, oldest first, as far as the caller may see them.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn acts(&self, selection: v1::ListActsRequest) -> Result<Vec<v1::ListedAct>, ClientError> {
        Ok(answered(self.office_service().list_acts(selection).await)?.acts)
    }
}
