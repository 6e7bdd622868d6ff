//! The rows: variant, code, class, clause; text and hint in Chinese, then English.

use super::{Class, Row};

macro_rules! reasons {
    ($($variant:ident $code:literal $class:ident $clause:literal
        $zh:literal $en:literal $hint_zh:literal $hint_en:literal;)*) => {
        /// A reason code with its row of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $(#[doc = $en] $variant,)*
        }

        impl Reason {
            /// Every reason, in the order of the table.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)*];

            pub(super) fn row(self) -> Row {
                match self {
                    $(Reason::$variant => Row {
                        code: $code, class: Class::$class, clause: $clause,
                        zh: $zh, en: $en, hint_zh: $hint_zh, hint_en: $hint_en,
                    },)*
                }
            }
        }
    };
}

reasons! {
    // Who and what
    PersonUnknown "person-unknown" Rule "G1"
        "来者不是登记在册的人员" "the caller is not a registered person"
        "请用登记的系统用户运行" "run it as the system user that is registered";
    NotCustodian "not-custodian" Rule "C1"
        "只有保管人可以解锁和确认用印" "only the custodian may unlock the token and confirm a use"
        "请保管人本人操作" "have the custodian do it in person";
    SealUnknown "seal-unknown" Rule "U1"
        "没有这枚印章" "there is no such seal"
        "用 `seal seals` 查看可用印章" "see `seal seals` for the seals there are";
    SealAmbiguous "seal-ambiguous" Rule "U1"
        "有多个单位的印章叫这个名称" "seals of several units bear this name"
        "请用印章编号（见 `seal seals`）指明" "name it by its id (see `seal seals`)";
    ReasonMissing "reason-missing" Rule "U9"
        "没有写明用印事由" "no reason for the use is given"
        "请用 --reason 写明事由" "state it with --reason";
    ReasonTooLong "reason-too-long" Usage "U9"
        "用印事由超过 1000 个字符" "the reason is longer than 1000 characters"
        "请缩短事由" "shorten it";
    FileNameBad "file-name-bad" Usage "U9"
        "文件名为空、过长或含有路径或控制字符" "the file name is empty, too long, or holds a path or control characters"
        "请只给出文件名本身，不超过 255 字节" "give the bare name, at most 255 bytes";
    ClassUnknown "class-unknown" Rule "U2"
        "制度文件里没有这个文件类别" "the policy knows no such document class"
        "请使用 policy.toml 中列出的类别" "use one of the classes in policy.toml";
    CopiesOutOfRange "copies-out-of-range" Rule "U1"
        "份数超出允许范围" "the number of copies is out of range"
        "请减少份数或分次申请" "ask for fewer copies, or in several requests";
    PlacementMissing "placement-missing" Rule "U7"
        "没有指明用印位置" "no placement is given"
        "请用 --at 指明位置" "state it with --at";
    PlacementBad "placement-bad" Usage "U7"
        "用印位置写法不对" "the placement is malformed"
        "例如 --at page=last,x=120mm,y=230mm" "for example --at page=last,x=120mm,y=230mm";
    SeveralPlacementsUnsupported "several-placements-unsupported" Rule "U7"
        "暂不支持一次盖多处" "several placements in one use are not supported yet"
        "请一次只给一个位置" "give one placement";
    KeywordUnsupported "keyword-unsupported" Rule "U7"
        "暂不支持按关键字定位" "placement by keyword is not supported yet"
        "请用坐标定位" "place it by coordinates";
    FieldUnsupported "field-unsupported" Rule "U7"
        "暂不支持按签名域定位" "placement by signature field is not supported yet"
        "请用坐标定位" "place it by coordinates";
    PageSetUnsupported "page-set-unsupported" Rule "U7"
        "暂不支持一次盖在多页上" "placement on a set of pages is not supported yet"
        "请写一个页码或 last" "name one page, or last";
    EdgeSealUnsupported "edge-seal-unsupported" Rule "U7"
        "暂不支持骑缝章" "edge seals are not supported yet"
        "请改用普通用印" "stamp without an edge seal";
    TicketsUnsupported "tickets-unsupported" Rule "U2"
        "暂不支持审批单" "tickets are not supported yet"
        "单人模式下不需要审批单" "a solo journal needs none";
    PageUnknown "page-unknown" Rule "U7"
        "文件没有这一页" "the document has no such page"
        "请核对页码" "check the page number";
    PlacementOutsidePage "placement-outside-page" Rule "U7"
        "印章不完整地落在可见页面之内" "the seal does not lie whole inside the visible page"
        "请移动位置；坐标指印章中心" "move it; the position names the seal's centre";
    PlacementOverSignature "placement-over-signature" Rule "U7"
        "印章压住了另一个签名域" "the seal would cover another signature's field"
        "请换一个位置" "choose another place";

    // The upload
    DocumentEmpty "document-empty" Rule "U4"
        "文件是空的" "the document is empty"
        "请选择正确的文件" "choose the right file";
    DocumentTooLarge "document-too-large" Rule "U4"
        "文件超过大小上限" "the document is larger than the limit"
        "请压缩或拆分文件，或由管理员调高 agent.toml 中的上限" "make it smaller, or have the limit in agent.toml raised";
    DocumentSizeMismatch "document-size-mismatch" Usage "U6"
        "收到的字节数与申报不符" "the number of bytes received is not the number announced"
        "文件可能正在被改动，请重试" "the file may be changing; try again";
    DocumentDigestMismatch "document-digest-mismatch" Usage "U6"
        "收到的文件与申报的 SHA-256 不符" "the document received does not match the SHA-256 announced"
        "文件可能正在被改动，请重试" "the file may be changing; try again";
    UploadIdle "upload-idle" Usage ""
        "上传中断过久" "the upload stood still for too long"
        "请重新提交" "submit it again";
    UploadOutOfOrder "upload-out-of-order" Usage ""
        "上传消息的顺序或大小不对" "the upload's messages are out of order or of the wrong size"
        "见 PROTOCOL.md" "see PROTOCOL.md";
    DocumentGone "document-gone" Availability ""
        "暂存的文件已不在" "the document is no longer in the spool"
        "请重新提交" "submit it again";
    SpoolFull "spool-full" Availability ""
        "暂存空间不足" "there is no room for the document in the spool"
        "请清理磁盘或等待其他申请结束" "free some disk space, or wait for other requests to end";

    // The document
    PdfNotAPdf "pdf-not-a-pdf" Rule "U7"
        "这不是 PDF 文件" "this is not a PDF"
        "请先导出为 PDF" "export it as PDF first";
    PdfDamaged "pdf-damaged" Rule "U4"
        "PDF 结构已损坏，不同阅读器可能看到不同内容" "the PDF's structure is damaged; readers may disagree on what it shows"
        "请从原程序重新导出" "export it again from the program it came from";
    PdfEncrypted "pdf-encrypted" Rule "U4"
        "PDF 已加密" "the PDF is encrypted"
        "请先去除加密" "remove the encryption first";
    PdfHybrid "pdf-hybrid" Rule "U4"
        "PDF 使用混合交叉引用，阅读器看法不一" "the PDF has hybrid cross-references, on which readers differ"
        "请从原程序重新导出，勿用兼容旧版的选项" "export it again without the option for old readers";
    PdfTooComplex "pdf-too-complex" Rule "U4"
        "PDF 超出处理上限" "the PDF exceeds a limit of what is processed"
        "请从原程序重新导出" "export it again from the program it came from";
    PdfNoPages "pdf-no-pages" Rule "U4"
        "PDF 没有页面" "the PDF has no pages"
        "请核对文件" "check the file";
    PdfCertified "pdf-certified" Rule "U4"
        "PDF 已被认证，不允许再加印章" "the PDF is certified against this change"
        "请向出具方索取未锁定的文件" "ask whoever certified it for one that may be signed";
    PdfXfa "pdf-xfa" Rule "U4"
        "PDF 含 XFA 表单" "the PDF holds an XFA form"
        "请打印成普通 PDF 后再用印" "print it to a plain PDF first";
    PdfA1Transparency "pdf-a1-transparency" Rule "U7"
        "PDF/A-1 不允许透明印章，暂不支持" "PDF/A-1 forbids transparency; stamping it is not supported yet"
        "请改用 PDF/A-2 或普通 PDF" "use PDF/A-2 or plain PDF";
    PdfTooLarge "pdf-too-large" Rule "U4"
        "PDF 过大，无法再追加修订" "the PDF is too large for another revision"
        "请压缩或拆分文件" "make it smaller, or split it";
    PdfNoSuchPage "pdf-no-such-page" Rule "U7"
        "文件没有这一页" "the document has no such page"
        "请核对页码" "check the page number";
    PdfPageUnusable "pdf-page-unusable" Rule "U7"
        "页面的尺寸或旋转无法使用" "the page's size or rotation is unusable"
        "请从原程序重新导出" "export it again from the program it came from";
    PictureInvisible "picture-invisible" Fault "A5"
        "印章图片完全透明" "nothing of the seal's picture is visible"
        "请管理员检查 agent.toml 中的图片" "have the picture in agent.toml checked";
    PictureNotPng "picture-not-png" Fault "A5"
        "印章图片不是 PNG" "the seal's picture is not a PNG"
        "请管理员检查 agent.toml 中的图片" "have the picture in agent.toml checked";
    PictureTooLarge "picture-too-large" Fault "A5"
        "印章图片过大" "the seal's picture is too large"
        "请管理员缩小 agent.toml 中的图片" "have the picture in agent.toml made smaller";

    // The request
    RequestUnknown "request-unknown" Rule ""
        "没有这份用印申请" "there is no such request"
        "申请可能已结束，请重新提交" "it may have ended; submit it again";
    RequestExpired "request-expired" Rule "U2"
        "用印申请已过期" "the request has expired"
        "请重新提交" "submit it again";
    CopiesUsedUp "copies-used-up" Rule "U2"
        "批准的份数已用完" "all copies of this request are used up"
        "需要更多份时请重新申请" "make a new request for more";
    ConfirmationMismatch "confirmation-mismatch" Rule "U5"
        "确认的内容与将要用印的内容不一致" "what was confirmed is not what would be stamped"
        "请重新审阅后再确认" "review it again, then confirm";
    UseIdBad "use-id-bad" Usage ""
        "use_id 不是 UUID" "the use_id is no UUID"
        "请为每一份生成新的 UUID" "make a new UUID for each copy";
    UseIdTaken "use-id-taken" Usage ""
        "use_id 已用于另一份申请" "the use_id belongs to another request"
        "请生成新的 UUID" "make a new UUID";
    UseUnknown "use-unknown" Rule ""
        "没有这次用印" "there is no such use"
        "请核对 use_id" "check the use_id";
    UseNotComplete "use-not-complete" Rule ""
        "这次用印没有完成，没有可取的结果" "this use did not complete; there is nothing to fetch"
        "用 `seal log` 查看原因" "see `seal log` for the cause";
    UseAcknowledged "use-acknowledged" Rule ""
        "结果已确认收到，不再保留" "the result was acknowledged and is no longer kept"
        "请使用已保存的文件" "use the file that was saved";

    // Seal, token, key, PIN
    TokenAbsent "token-absent" Availability "C3"
        "没有找到印章所在的载体" "the seal's token is not present"
        "请插入 USBKey 后重试" "plug it in and try again";
    TokenAmbiguous "token-ambiguous" Fault "C3"
        "有多个载体的序列号相同" "several tokens have the same serial number"
        "请拔掉多余的载体" "remove the ones not meant";
    TokenLocked "token-locked" Availability "U5"
        "载体未解锁" "the token is locked"
        "请保管人用 `seal token unlock` 解锁" "have the custodian run `seal token unlock`";
    TokenPinWrong "token-pin-wrong" Availability "C1"
        "PIN 不正确" "the PIN is wrong"
        "请仔细核对，不要反复尝试，以免锁死" "check it with care; repeated tries lock the token";
    TokenPinFinalTry "token-pin-final-try" Availability "C1"
        "PIN 只剩最后一次机会，已拒绝尝试" "only one try of the PIN is left, so it was not tried"
        "请联系印章管理部门；确信 PIN 无误时可加 --final-try（如 `seal token unlock --final-try`），再错一次即锁死" "ask the seal office; if you have checked the PIN with care, --final-try has it tried (as in `seal token unlock --final-try`), and a wrong one locks it";
    TokenPinWrongRepeatedly "token-pin-wrong-repeatedly" Availability "C1"
        "PIN 已连续多次输错，且载体不报告剩余次数，已拒绝尝试" "several wrong PINs were given in a row and the token does not tell how many tries are left, so it was not tried"
        "请先核对 PIN；确信无误时可用 `seal token unlock --final-try`" "check the PIN; if you are sure of it, `seal token unlock --final-try` tries it";
    TokenPinLocked "token-pin-locked" Availability "C1"
        "PIN 已锁死" "the PIN is locked"
        "请联系印章管理部门重置" "ask the seal office to reset it";
    TokenPinNotInitialized "token-pin-not-initialized" Availability "C1"
        "载体尚未设置 PIN" "the token has no user PIN yet"
        "请联系印章管理部门" "ask the seal office";
    TokenPinUnusable "token-pin-unusable" Usage "C1"
        "PIN 为空、过长或含有不允许的字符" "the PIN is empty, too long or holds characters the token refuses"
        "请输入 1 到 255 字节的 PIN" "give a PIN of 1 to 255 bytes";
    TokenPinExpired "token-pin-expired" Availability "C1"
        "PIN 已过期，须先修改" "the PIN has expired and must be changed first"
        "请用 `seal token change-pin` 或供应商的工具修改 PIN，或联系印章管理部门" "change it with `seal token change-pin` or the vendor's tool, or ask the seal office";
    TokenPinNeeded "token-pin-needed" Availability "C1"
        "这枚印章的密钥每次签名都要 PIN" "the seal's key asks for the PIN at each signature"
        "请随本次操作一并给出 PIN" "give the PIN with what is to be signed";
    TokenPinPad "token-pin-pad" Usage "C1"
        "PIN 在载体自己的键盘上输入，不接受发来的 PIN" "the PIN is typed on the token's own PIN pad; none may be sent"
        "请不要给出 PIN，按载体的提示输入" "send none, and type it on the token when it asks";
    TokenPinPadMissing "token-pin-pad-missing" Usage "C1"
        "载体没有密码键盘，而没有给出 PIN" "the token has no PIN pad, and no PIN was given"
        "请给出 PIN" "give the PIN";
    TokenPinPadCancelled "token-pin-pad-cancelled" Availability "C1"
        "在载体的密码键盘上取消了输入，或没有及时输入 PIN" "typing the PIN on the token's PIN pad was cancelled, or not done in time"
        "请重试，并在载体上输入 PIN" "try again, and type the PIN on the token";
    TokenPinRefused "token-pin-refused" Availability "C1"
        "载体不接受新 PIN：长度或字符不合要求" "the token does not take the new PIN: its length or characters are not as it demands"
        "请按载体的要求另选 PIN" "choose another one, as the token demands";
    TokenSoPinWrong "token-so-pin-wrong" Availability "C1"
        "安全管理员 PIN 不正确" "the security officer's PIN is wrong"
        "请仔细核对，再错可能使载体无法重置" "check it with care; once it is locked the token may be past resetting";
    TokenSoPinLocked "token-so-pin-locked" Availability "C1"
        "安全管理员 PIN 已锁死" "the security officer's PIN is locked"
        "请联系供应商，或更换载体" "ask the vendor, or replace the token";
    UnlockBeyondPolicy "unlock-beyond-policy" Rule "C1"
        "解锁次数或时长超出制度规定" "the unlock asks for more uses or time than the policy allows"
        "请减少次数或时长" "ask for less";
    KeyAbsent "key-absent" Availability "A3"
        "载体上没有印章的密钥" "the seal's key is not on the token"
        "请核对 agent.toml 中的密钥 URI" "check the key URI in agent.toml";
    KeyAmbiguous "key-ambiguous" Fault "A3"
        "密钥 URI 对应多个密钥" "the key URI matches several keys"
        "请在 URI 中写明 id" "name the id in the URI";
    KeyUnfit "key-unfit" Rule "A3"
        "密钥属性不合要求：必须敏感、不可导出、在载体上生成" "the key is not sensitive, never extractable and made on the token"
        "请在载体上重新生成密钥" "generate a key on the token";
    KeyAlgorithmUnsupported "key-algorithm-unsupported" Rule "A3"
        "不支持这种密钥，只支持 P-256、P-384 和 2048 至 4096 位 RSA" "keys of this kind are not supported, only P-256, P-384 and RSA of 2048 to 4096 bits"
        "请使用其中一种密钥" "use a key of one of these kinds";
    KeyMayNotSign "key-may-not-sign" Availability "A3"
        "载体不允许（或不再允许）用印章的密钥签名" "the token does not, or no longer, let the seal's key sign"
        "请联系印章管理部门换发密钥" "ask the seal office for a new key";
    KeyExists "key-exists" Rule "A4"
        "载体上已有这个编号的密钥" "the token has a key of this id already"
        "请换一个编号，或使用已有的密钥" "choose another id, or use the key there is";
    KeyGenerationRefused "key-generation-refused" Fault "A3"
        "载体没有生成密钥" "the token did not generate the key"
        "请核对载体支持的密钥种类，或联系供应商" "check which kinds of key it makes, or ask the vendor";
    CertificateAbsent "certificate-absent" Availability "A3"
        "载体上没有印章的证书" "the seal's certificate is not on the token"
        "请导入证书或核对证书 URI" "import it, or check the certificate URI";
    CertificateAmbiguous "certificate-ambiguous" Fault "A3"
        "证书 URI 对应多张证书" "the certificate URI matches several certificates"
        "请在 URI 中写明 id 或 object" "name id or object in the URI";
    CertificateNotDer "certificate-not-der" Rule "A3"
        "证书不是规范的 X.509 DER" "the certificate is not proper X.509 DER"
        "请联系印章管理部门重新导入" "ask the seal office to import it again";
    CertificateKeyUnsupported "certificate-key-unsupported" Rule "A3"
        "不支持证书的密钥种类，只支持 P-256、P-384 和 2048 至 4096 位 RSA" "the certificate's kind of key is not supported, only P-256, P-384 and RSA of 2048 to 4096 bits"
        "请使用其中一种密钥的证书" "use a certificate for a key of one of these kinds";
    CertificateBad "certificate-bad" Rule "A3"
        "证书无法读取或不能用于签名" "the certificate cannot be read or is not for signing"
        "请联系印章管理部门" "ask the seal office";
    CertificateMismatch "certificate-mismatch" Rule "A3"
        "证书与密钥不匹配" "the certificate does not match the key"
        "请核对密钥和证书 URI" "check the key and certificate URIs";
    CertificateExists "certificate-exists" Rule "A3"
        "载体上已有这把密钥的证书" "the token has a certificate of this key already"
        "确要替换时，请明确要求替换" "say explicitly that it is to be replaced, if it is";
    CertificateNotForKey "certificate-not-for-key" Rule "A3"
        "载体上没有与证书匹配的私钥" "no private key on this token matches the certificate"
        "请核对证书，或插入申请证书时所用的载体" "check the certificate, or plug in the token it was requested with";
    CertificateUnreadable "certificate-unreadable" Usage "A3"
        "给出的不是 X.509 证书" "what was given is no X.509 certificate"
        "请给出一张证书（DER，命令行也接受 PEM）" "give one certificate, in DER (the command line takes PEM too)";
    CertificateNotYetValid "certificate-not-yet-valid" Rule "U8"
        "证书尚未生效" "the certificate is not valid yet"
        "请核对系统时间" "check the clock";
    CertificateExpired "certificate-expired" Rule "U8"
        "证书已过期" "the certificate has expired"
        "请联系印章管理部门换发" "ask the seal office for a new one";
    TokenBusy "token-busy" Availability "C3"
        "载体正被占用，或没有空余的会话或内存" "the token is in use elsewhere, or has no session or memory to spare"
        "请关闭其他使用载体的程序后重试" "close other programs that use it, then try again";
    TokenCancelled "token-cancelled" Availability "C3"
        "操作在载体或其密码键盘上被取消" "it was cancelled on the token or its PIN pad"
        "如属误按，请重试" "try again if that was not meant";
    TokenWriteProtected "token-write-protected" Availability "C3"
        "载体处于写保护状态" "the token is write-protected"
        "请解除写保护后重新插入" "switch the protection off and plug it in again";
    TokenMechanismMissing "token-mechanism-missing" Availability "C3"
        "载体不支持所需的签名机制或功能" "the token lacks the signature mechanism or a function it takes"
        "请向印章管理部门申请支持密钥所需签名机制的载体" "ask the seal office for a token that signs with keys of this kind";
    TokenDeviceError "token-device-error" Fault "C3"
        "载体或读卡器没有完成操作" "the token or its reader failed to do what was asked"
        "请拔下重插后重试；若再次发生，请联系供应商" "plug it in again and retry; ask the vendor if it happens again";
    TokenTimeout "token-timeout" Fault "C3"
        "载体没有在时限内应答" "the token did not answer in time"
        "请拔下重插，或重启 seal-agent" "plug it in again, or restart seal-agent";
    TokenFault "token-fault" Fault "C3"
        "载体或其驱动报告错误" "the token or its module reported an error"
        "请查看 seal-agent 的日志，或联系供应商" "see seal-agent's log, or ask the vendor";
    ModuleUnusable "module-unusable" Fault "C6"
        "PKCS#11 模块无法加载" "the PKCS#11 module cannot be loaded"
        "请核对 agent.toml 中的模块路径" "check the module's path in agent.toml";
    ModuleCrashed "module-crashed" Fault "C3"
        "PKCS#11 模块的进程在操作中途退出，载体已重新锁定" "the PKCS#11 module's process ended while it was asked; the token is locked again"
        "进程会自动重启，请解锁后重试；若再次发生，请联系供应商" "it is started anew: unlock the token and try again; ask the vendor if it happens again";
    ModuleStarting "module-starting" Availability "C3"
        "PKCS#11 模块刚刚出错，暂不重试" "the PKCS#11 module failed just now and is not tried again for a moment"
        "请稍候重试；若一直如此，请联系供应商" "try again shortly; ask the vendor if it stays like this";

    // Inspection (C3): what stands against a use, and what is found
    InspectionOverdue "inspection-overdue" Rule "C3"
        "载体超过期限没有检查" "the token's inspection is overdue"
        "请保管人检查载体，通过后即可用印" "have the custodian inspect the token; once it passes, its seals can be used";
    InspectionFailed "inspection-failed" Rule "C3"
        "载体最近一次检查没有通过" "the token did not pass its last inspection"
        "请排除检查中发现的问题，再检查一次" "remove what was found, then inspect it again";
    InspectionDue "inspection-due" Rule "C3"
        "载体该检查了" "the token is due for inspection"
        "请保管人在期限内检查" "have the custodian inspect it before it is overdue";
    FirmwareChanged "firmware-changed" Rule "C6"
        "载体的固件版本与上次检查不同" "the token's firmware is not the one of its last inspection"
        "请确认固件是由供应商更新的" "make sure that the vendor updated it";
    KeyAttributesNotTold "key-attributes-not-told" Rule "A3"
        "载体没有报告密钥的部分属性，无法据此判断密钥能否导出" "the token does not tell some of the key's attributes, so they say nothing of whether it can be copied"
        "请向供应商索取密钥不可导出的书面证明" "have the vendor state in writing that its keys cannot be exported";
    TestSignatureNotMade "test-signature-not-made" Availability "C3"
        "没有做试签名" "no test signature was made"
        "请解锁载体后再检查一次；密钥每次都要 PIN 时请一并给出" "unlock the token and inspect it again, with the PIN where the key asks for it each time";
    TestSignatureWrong "test-signature-wrong" Fault "C3"
        "试签名用证书验证不通过" "the test signature does not verify with the certificate"
        "请停止使用该载体并联系供应商" "stop using the token and ask the vendor";
    CertificateExpiresSoon "certificate-expires-soon" Rule "U8"
        "证书即将过期" "the certificate expires soon"
        "请联系印章管理部门换发" "ask the seal office for a new one";
    CertificateSeveral "certificate-several" Rule "A3"
        "这把密钥有多张证书，使用其中最新的有效证书" "the key has several certificates; the newest valid one is used"
        "请删除不用的证书，或在证书 URI 中写明" "remove those not meant, or name the one meant in the certificate URI";
    TokenPinTriesFew "token-pin-tries-few" Availability "C1"
        "PIN 曾输错，剩余次数不多" "a wrong PIN was given, few tries are left"
        "请仔细核对 PIN；输对一次即恢复" "check the PIN with care; a right one restores the tries";
    TokenPinTriesOne "token-pin-tries-one" Availability "C1"
        "PIN 只剩最后一次机会" "only one try of the PIN is left"
        "请联系印章管理部门" "ask the seal office";

    // What `seal doctor` finds of modules and machine
    ModuleCrashedLately "module-crashed-lately" Fault "C3"
        "PKCS#11 模块最近出过错" "the PKCS#11 module failed not long ago"
        "用 `seal log` 查看；若反复发生，请联系供应商" "see `seal log`; ask the vendor if it happens again and again";
    ModuleMissing "module-missing" Availability "C6"
        "agent.toml 没有配置 PKCS#11 模块" "agent.toml names no PKCS#11 module"
        "请在 agent.toml 中写明载体供应商的模块" "name the token vendor's module in agent.toml";
    SealMissing "seal-missing" Availability "A1"
        "agent.toml 没有配置印章" "agent.toml names no seal"
        "请在 agent.toml 中写明印章" "describe the seals in agent.toml";
    ClockImplausible "clock-implausible" Fault "U9"
        "系统时间早于最后一条用印记录，或明显不对" "the clock shows a time before the last journal record, or one that cannot be"
        "请校准系统时间" "set the clock right";
    HomePermissions "home-permissions" Fault "U6"
        "其他用户可以读写代理的目录或其中的文件" "others can read or write the agent's home or a file in it"
        "请收回其他用户的权限" "take the permissions of others away";
    SocketPermissions "socket-permissions" Fault "U6"
        "其他用户可以打开代理的套接字" "others can open the agent's socket"
        "请收回其他用户的权限，然后重启 seal-agent" "take the permissions of others away, then restart seal-agent";
    SpoolNearlyFull "spool-nearly-full" Availability ""
        "暂存空间快用完了" "the spool is nearly full"
        "请清理磁盘，或由管理员调高 agent.toml 中的 spool_mib" "free some disk space, or have spool_mib in agent.toml raised";

    // Outcomes after an intent
    SignRefused "sign-refused" Fault "U9"
        "载体拒绝签名，没有签出" "the token refused to sign; nothing was signed"
        "份数已退回；排除原因后可重新用印" "the copy is given back; remove the cause and stamp anew";
    AbandonedCrash "abandoned-crash" Fault "U9"
        "用印途中代理停止，载体可能已签名，未放出任何结果" "the agent stopped in mid-use; the token may have signed, nothing was released"
        "请重新申请，并告知监督人员" "make a new request, and tell the auditor";
    AbandonedTimeout "abandoned-timeout" Fault "U9"
        "载体超时，可能已签名，未放出任何结果" "the token timed out; it may have signed, nothing was released"
        "请检查载体后重新申请" "check the token, then make a new request";
    AbandonedTokenFault "abandoned-token-fault" Fault "U9"
        "载体出错，可能已签名，未放出任何结果" "the token failed; it may have signed, nothing was released"
        "请检查载体后重新申请" "check the token, then make a new request";
    AbandonedSignature "abandoned-signature" Fault "U9"
        "载体返回的签名用证书验证不通过" "the signature the token returned does not verify with the certificate"
        "请停止使用该载体并联系供应商" "stop using the token and ask the vendor";
    AbandonedFault "abandoned-fault" Fault "U9"
        "代理在签名之后出现故障，未放出任何结果" "the agent failed after the token had signed; nothing was released"
        "请查看 seal-agent 的日志并报告" "see seal-agent's log and report it";
    AbandonedResult "abandoned-result" Fault "U9"
        "生成的文件复验不通过，未放出" "the finished document did not verify, so it was not released"
        "请报告此问题" "report this as a fault";

    // Verification of a file's signatures
    SignatureByteRange "signature-byte-range" Rule ""
        "签名没有覆盖完整的修订" "the signature does not cover a whole revision"
        "不要信任此文件" "do not rely on this file";
    SignatureMalformed "signature-malformed" Rule ""
        "签名结构无法读取" "the signature cannot be read"
        "不要信任此文件" "do not rely on this file";
    SignatureDigestMismatch "signature-digest-mismatch" Rule ""
        "文件在签名之后被改动" "the document was changed after it was signed"
        "不要信任此文件" "do not rely on this file";
    SignatureWrongCertificate "signature-wrong-certificate" Rule ""
        "签名没有指明所附的证书" "the signature does not name the certificate it comes with"
        "不要信任此文件" "do not rely on this file";
    SignatureInvalid "signature-invalid" Rule ""
        "签名值用签名人的证书验证不通过" "the signature value does not verify with the signer's certificate"
        "不要信任此文件" "do not rely on this file";
    SignatureKindNotJudged "signature-kind-not-judged" Rule ""
        "不判断这种签名" "signatures of this kind are not judged"
        "请用其他工具验证" "have it verified by other means";
    SignatureAlgorithmNotJudged "signature-algorithm-not-judged" Rule ""
        "不判断这种签名算法" "the signature's algorithm is not judged"
        "请用其他工具验证" "have it verified by other means";
    SignatureCertificateMissing "signature-certificate-missing" Rule ""
        "签名没有附带签名人的证书" "the signer's certificate is not embedded"
        "请用其他工具验证" "have it verified by other means";
    SignatureEncodingNotJudged "signature-encoding-not-judged" Rule ""
        "不判断这种编码的签名" "the signature's encoding is not judged"
        "请用其他工具验证" "have it verified by other means";

    // On the client's side; the agent never sends these
    AgentUnreachable "agent-unreachable" Availability ""
        "无法连接印章代理" "the seal agent cannot be reached"
        "请用 `seal-agent run` 启动代理，或用 --socket 指明它的套接字"
        "start it with `seal-agent run`, or name its socket with --socket";
    SocketPathTooLong "socket-path-too-long" Usage ""
        "套接字路径过长，系统无法连接" "the socket's path is longer than the system can connect to"
        "请让代理使用较短的路径，并用 --socket 或 SEALKEEPER_SOCKET 指明"
        "have the agent serve on a shorter path, and name it with --socket or SEALKEEPER_SOCKET";
    AgentForeign "agent-foreign" Availability ""
        "套接字属于另一个用户，没有发送任何内容" "the socket is served by another user; nothing was sent"
        "请核对 --socket 和 SEALKEEPER_SOCKET，并告知管理员" "check --socket and SEALKEEPER_SOCKET, and tell the administrator";
    AgentNotSetUp "agent-not-set-up" Availability ""
        "这里还没有设置印章代理" "no seal agent has been set up here"
        "请用 `seal-agent init` 设置，再用 `seal-agent run` 启动" "set it up with `seal-agent init`, then start it with `seal-agent run`";
    HomeUnreadable "home-unreadable" Availability ""
        "无法读取代理的目录" "the agent's home cannot be read"
        "请用代理的系统用户运行，或用 --home 指明代理的目录" "run this as the agent's system user, or name the home with --home";
    ConnectionLost "connection-lost" Availability ""
        "与印章代理的连接中断" "the connection to the seal agent was lost"
        "请确认代理在运行后重试；同一 use_id 不会重复用印"
        "see that the agent runs and try again; the same use_id never stamps twice";
    AnswerBad "answer-bad" Fault ""
        "印章代理的应答不合约定" "the seal agent's answer is not as the contract says"
        "请核对代理与命令行的版本" "check that agent and command line are of the same version";
    InputUnreadable "input-unreadable" Usage ""
        "无法读取文件" "the file cannot be read"
        "请核对路径和权限" "check its path and permissions";
    InputChanged "input-changed" Usage ""
        "文件在用印途中被改动" "the file was changed while it was being stamped"
        "请等改动结束后重新用印" "stamp it again once nobody changes it";
    OutputExists "output-exists" Usage ""
        "目标文件已存在，不会覆盖" "the output file exists and is never overwritten"
        "请用 -o 指定另一个文件名" "name another one with -o";
    OutputUnwritable "output-unwritable" Usage ""
        "无法写入目标文件" "the output file cannot be written"
        "请核对目录、权限和磁盘空间" "check the folder, its permissions and the free space";
    ResultMismatch "result-mismatch" Fault ""
        "合成的文件与代理给出的 SHA-256 不符，已丢弃" "the joined file does not have the SHA-256 the agent gave, so it was dropped"
        "原文件未变；请重试，若再次发生请报告" "the input is unchanged; try again, and report it if it happens again";
    RecordMismatch "record-mismatch" Fault ""
        "收到的用印记录与其叶哈希不符" "a journal record received does not have its leaf hash"
        "请报告此问题" "report this as a fault";
    PinUnreadable "pin-unreadable" Usage ""
        "没有读到 PIN" "no PIN could be read"
        "请在终端上运行，或用 --pinentry 打开对话框，或用 --pin-fd 给出可读的描述符"
        "run it on a terminal, open a dialog with --pinentry, or give a readable descriptor with --pin-fd";
    TokenChoiceNeeded "token-choice-needed" Usage ""
        "需要指明载体的序列号" "the token's serial number is needed"
        "用 `seal token list` 查看" "see `seal token list`";
    PinEntryCancelled "pin-entry-cancelled" Availability "C1"
        "PIN 输入已取消或超时，没有尝试任何 PIN" "the PIN dialog was cancelled or not answered in time; no PIN was tried"
        "如属误按，请重试" "try again if that was not meant";
    PinEntryDiffers "pin-entry-differs" Usage "C1"
        "两次输入的新 PIN 不一致，没有更改" "the new PIN was not the same the second time; nothing was changed"
        "请重新输入" "enter it anew";

    // The agent
    BadArgument "bad-argument" Usage ""
        "请求参数不合约定" "an argument is not as the contract says"
        "见 PROTOCOL.md" "see PROTOCOL.md";
    RecordUnknown "record-unknown" Rule ""
        "用印记录里没有这一条" "the journal has no such record"
        "用 `seal log` 查看" "see `seal log`";
    JournalFailed "journal-failed" Fault "U9"
        "用印记录写入失败，已停止用印" "the journal could not be written; stamping has stopped"
        "请检查磁盘后重启 seal-agent" "check the disk, then restart seal-agent";
    JournalUnreadable "journal-unreadable" Fault "U9"
        "用印记录无法读取" "the journal cannot be read"
        "请检查磁盘，并查看 seal-agent 的日志" "check the disk, and see seal-agent's log";
    JournalInconsistent "journal-inconsistent" Fault "U9"
        "用印记录自相矛盾，可能被改动" "the journal contradicts itself; it may have been tampered with"
        "请保留现状并告知监督人员" "leave it as it is and tell the auditor";
    AgentStopping "agent-stopping" Availability ""
        "代理正在停止" "the agent is stopping"
        "请稍后重试" "try again shortly";
    TooManyCalls "too-many-calls" Availability ""
        "同一用户同时进行的调用过多" "this user has too many calls in progress"
        "请等其他调用结束后重试，或由管理员调高 agent.toml 中的 calls_per_caller"
        "try again once others have ended, or have calls_per_caller in agent.toml raised";
    TooManyUploads "too-many-uploads" Availability ""
        "同一用户同时上传的文件过多" "this user has too many uploads in progress"
        "请等其他上传结束后重试，或由管理员调高 agent.toml 中的 uploads_per_caller"
        "try again once others have ended, or have uploads_per_caller in agent.toml raised";
    WatchBehind "watch-behind" Availability ""
        "接收载体变化过慢，已停止发送" "the caller read the tokens' changes too slowly, so they are no longer sent"
        "请重新开始监视" "begin to watch anew";
    CallTimeout "call-timeout" Availability ""
        "调用超过时限" "the call took longer than its limit"
        "请重试；同一 use_id 不会重复用印" "try again; the same use_id never stamps twice";
    Internal "internal" Fault ""
        "代理内部故障" "a fault inside the agent"
        "请查看 seal-agent 的日志并报告" "see seal-agent's log and report it";
}
