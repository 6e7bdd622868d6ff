//! Reasons that arise on the client's side only; the agent never sends them. Those of the contract stand in
//! [`sealkeeper_domain::reason`], and these follow the same form.

use sealkeeper_domain::reason::{Class, Language};

macro_rules! local_reasons {
    ($($variant:ident $code:literal $class:ident
        $zh:literal $en:literal $hint_zh:literal $hint_en:literal;)*) => {
        /// A reason code of the client with its texts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum LocalReason {
            $(#[doc = $en] $variant,)*
        }

        impl LocalReason {
            /// Every reason.
            pub const ALL: &'static [LocalReason] = &[$(LocalReason::$variant,)*];

            /// Stable code, kebab-case.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Who has to act.
            pub fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)* }
            }

            /// What happened, one sentence without its full stop.
            pub fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::Chinese) => $zh, (Self::$variant, Language::English) => $en,)*
                }
            }

            /// What to do, one sentence without its full stop.
            pub fn hint(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::Chinese) => $hint_zh,
                      (Self::$variant, Language::English) => $hint_en,)*
                }
            }
        }
    };
}

local_reasons! {
    AgentUnreachable "agent-unreachable" Availability
        "无法连接印章代理" "the seal agent cannot be reached"
        "请用 `seal-agent run` 启动代理，或用 --socket 指明它的套接字"
        "start it with `seal-agent run`, or name its socket with --socket";
    AgentForeign "agent-foreign" Availability
        "套接字属于另一个用户，没有发送任何内容" "the socket is served by another user; nothing was sent"
        "请核对 --socket 和 SEALKEEPER_SOCKET，并告知管理员" "check --socket and SEALKEEPER_SOCKET, and tell the administrator";
    ConnectionLost "connection-lost" Availability
        "与印章代理的连接中断" "the connection to the seal agent was lost"
        "请确认代理在运行后重试；同一 use_id 不会重复用印"
        "see that the agent runs and try again; the same use_id never stamps twice";
    AnswerBad "answer-bad" Fault
        "印章代理的应答不合约定" "the seal agent's answer is not as the contract says"
        "请核对代理与命令行的版本" "check that agent and command line are of the same version";
    InputUnreadable "input-unreadable" Usage
        "无法读取文件" "the file cannot be read"
        "请核对路径和权限" "check its path and permissions";
    InputChanged "input-changed" Usage
        "文件在用印途中被改动" "the file was changed while it was being stamped"
        "请等改动结束后重新用印" "stamp it again once nobody changes it";
    OutputExists "output-exists" Usage
        "目标文件已存在，不会覆盖" "the output file exists and is never overwritten"
        "请用 -o 指定另一个文件名" "name another one with -o";
    OutputUnwritable "output-unwritable" Usage
        "无法写入目标文件" "the output file cannot be written"
        "请核对目录、权限和磁盘空间" "check the folder, its permissions and the free space";
    ResultMismatch "result-mismatch" Fault
        "合成的文件与代理给出的 SHA-256 不符，已丢弃" "the joined file does not have the SHA-256 the agent gave, so it was dropped"
        "原文件未变；请重试，若再次发生请报告" "the input is unchanged; try again, and report it if it happens again";
    RecordMismatch "record-mismatch" Fault
        "收到的用印记录与其叶哈希不符" "a journal record received does not have its leaf hash"
        "请报告此问题" "report this as a fault";
    PinUnreadable "pin-unreadable" Usage
        "没有读到 PIN" "no PIN could be read"
        "请在终端上运行，或用 --pin-fd 给出可读的描述符" "run it on a terminal, or give a readable descriptor with --pin-fd";
    TokenChoiceNeeded "token-choice-needed" Usage
        "需要指明载体的序列号" "the token's serial number is needed"
        "用 `seal token list` 查看" "see `seal token list`";
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealkeeper_domain::reason::Reason;

    #[test]
    fn codes_are_unique_in_both_tables() {
        let mut seen = std::collections::BTreeSet::new();
        for reason in LocalReason::ALL {
            assert!(seen.insert(reason.code()), "{}", reason.code());
            assert_eq!(Reason::from_code(reason.code()), None, "{}", reason.code());
        }
    }

    #[test]
    fn every_text_exists_in_both_languages() {
        let has_han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for reason in LocalReason::ALL {
            for text in [reason.text(Language::Chinese), reason.hint(Language::Chinese)] {
                assert!(has_han(text) && !text.ends_with('。'), "{text}");
            }
            for text in [reason.text(Language::English), reason.hint(Language::English)] {
                assert!(!text.is_empty() && !has_han(text) && !text.ends_with('.'), "{text}");
            }
        }
    }
}
