//! The PIN typed on the token itself (CKF_PROTECTED_AUTHENTICATION_PATH): nothing is asked for here, so that the person looks there.

use std::pin::pin;
use std::time::Duration;

use sealkeeper_client::error::ClientError;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_proto::v1;

use crate::{Session, screen};

/// How long nothing more is said at first; after that twice as long each time.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is typed on the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnPad {
    /// The user PIN.
    Pin,
    /// The user PIN, if a key asks for it at each use.
    PinIfAsked,
    /// The old PIN and the new one.
    Change,
    /// The security officer's PIN and the user's new one.
    Reset,
}

impl OnPad {
    fn request(self, session: &Session, token: &str) -> String {
        let chinese = match self {
            Self::Pin => format!("请在载体 {token} 的键盘上输入 PIN"),
            Self::PinIfAsked => format!("如果载体 {token} 要求，请在它的键盘上输入 PIN"),
            Self::Change => format!("请在载体 {token} 的键盘上先输入旧 PIN，再输入新 PIN"),
            Self::Reset => format!("请在载体 {token} 的键盘上先输入管理员 PIN，再输入新 PIN"),
        };
        let english = match self {
            Self::Pin => format!("type the PIN on the PIN pad of token {token}"),
            Self::PinIfAsked => format!("if token {token} asks for the PIN, type it on its PIN pad"),
            Self::Change => format!("type the old PIN, then the new one, on the PIN pad of token {token}"),
            Self::Reset => {
                format!("type the security officer's PIN, then the new one, on the PIN pad of token {token}")
            }
        };
        session.say(&chinese, &english).to_owned()
    }

    /// Says what is to be typed where.
    pub(crate) fn tell(self, session: &Session, token: &v1::Token) {
        let token = format!("{} {}", for_terminal(&token.serial), for_terminal(&token.label));
        screen::note(self.request(session, token.trim_end()));
    }

    /// Makes the call that ends when the person has typed it, and shows that it waits.
    pub(crate) async fn wait<T>(
        self,
        session: &Session,
        token: &v1::Token,
        call: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        self.tell(session, token);
        let mut call = pin!(call);
        let (mut pause, mut waited) = (PATIENCE, Duration::ZERO);
        loop {
            tokio::select! {
                result = &mut call => return result,
                () = tokio::time::sleep(pause) => {
                    waited += pause;
                    let seconds = waited.as_secs();
                    let chinese = format!("仍在等待（{seconds} 秒）……");
                    let english = format!("still waiting ({seconds} s)…");
                    screen::note(session.say(&chinese, &english));
                    pause = waited;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {

    use sealkeeper_domain::reason::Language;

    use super::*;

    #[test]
    fn each_wait_says_what_is_typed_where() {
        let session = |language| Session::with_no_agent(language);
        for (what, chinese, english) in [
            (OnPad::Pin, "输入 PIN", "type the PIN on"),
            (OnPad::PinIfAsked, "如果", "if token"),
            (OnPad::Change, "旧 PIN", "the old PIN, then the new one"),
            (OnPad::Reset, "管理员 PIN", "the security officer's PIN, then the new one"),
        ] {
            for (language, words) in [(Language::Chinese, chinese), (Language::English, english)] {
                let told = what.request(&session(language), "00aa11");
                assert!(told.contains(words) && told.contains("00aa11"), "{told}");
            }
        }
    }
}
