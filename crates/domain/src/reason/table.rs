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
        "审批单不随申请一起提交" "tickets do not come along with a request"
        "请由审批人各自签署，再用 `seal act file`（FileAct）提交；单人模式不需要审批单"
        "have each approver sign one, and file it with `seal act file` (FileAct); a solo journal needs none";
    PageUnknown "page-unknown" Rule "U7"
        "文件没有这一页" "the document has no such page"
        "请核对页码" "check the page number";
    PlacementOutsidePage "placement-outside-page" Rule "U7"
        "印章不完整地落在可见页面之内" "the seal does not lie whole inside the visible page"
        "请移动位置；坐标指印章中心" "move it; the position names the seal's centre";
    PlacementOverSignature "placement-over-signature" Rule "U7"
        "印章压住了另一个签名域" "the seal would cover another signature's field"
        "请换一个位置" "choose another place";

    // Acts: what a person signed
    ActMalformed "act-malformed" Rule "G3"
        "签批不是合乎规定的 JWS" "the act is not a JWS in the form laid down"
        "请用 `seal` 或按 PROTOCOL.md 重新签发" "have it signed anew, with `seal` or as PROTOCOL.md says";
    ActTooLarge "act-too-large" Rule "G3"
        "签批超过 16 KiB" "the act is longer than 16 KiB"
        "请缩短事由或减少位置后重新签发" "have it signed anew with less in it";
    ActAlgorithmRefused "act-algorithm-refused" Rule "G3"
        "签批的签名算法不是 ES256" "the act is not signed with ES256"
        "请用登记的 P-256 密钥和 ES256 重新签发" "have it signed anew with ES256 and the P-256 key that is registered";
    ActHeaderRefused "act-header-refused" Rule "G3"
        "签批的头部含有不允许的成员" "the act's header has a member that is not allowed"
        "头部只写 alg、typ、kid" "put nothing but alg, typ and kid into the header";
    ActTypeUnknown "act-type-unknown" Rule "G3"
        "签批的 typ 不是已知的种类" "the act's typ is none that is known"
        "请核对 typ，并核对签发方与代理的版本" "check the typ, and that signer and agent are of the same version";
    ActKeyUnknown "act-key-unknown" Rule "G3"
        "签批所指的密钥没有登记" "the key the act names is not registered"
        "请印章管理部门登记此人的密钥" "have the seal office register this person's key";
    ActKeyMismatch "act-key-mismatch" Rule "G3"
        "签批指明的是另一个密钥" "the act names another key"
        "请由登记此密钥的人重新签发" "have it signed anew by the person whose key it is to be";
    ActSignatureBad "act-signature-bad" Rule "G3"
        "签批的签名验证不通过" "the act's signature does not verify"
        "不要采信此签批；请本人重新签发" "do not rely on it; have the person sign it anew";
    ActKeyUnfit "act-key-unfit" Rule "G3"
        "这不是 P-256 公钥" "this is no P-256 public key"
        "请给出 JWK、PEM 或 DER 格式的 P-256 公钥" "give a P-256 public key as JWK, PEM or DER";
    ActKeyPrivate "act-key-private" Rule "G3"
        "给出的是私钥；私钥不得交给任何人" "a private key was given; it must not be handed to anybody"
        "只交公钥；此私钥若已传出，请作废并另生成一对" "give the public key alone; if the private one went anywhere, give it up and make a new pair";

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
    RefusalsSeveral "refusals-several" Availability ""
        "此人一分钟内被拒绝的情形过多，其余合并计数" "this caller was refused for too many different things within a minute; the rest is counted together"
        "请查看此人的程序出了什么问题" "see what is wrong with what this caller runs";
    UploadSlow "upload-slow" Usage ""
        "上传过慢，已超出此文件大小所允许的时间" "the upload took longer than a document of this size may take"
        "请换用较快的网络重新提交，或由管理员调整 agent.toml 中的 upload_kib_per_second" "submit it again over a faster line, or have upload_kib_per_second in agent.toml changed";
    UploadOutOfOrder "upload-out-of-order" Usage ""
        "上传消息的顺序或大小不对" "the upload's messages are out of order or of the wrong size"
        "见 PROTOCOL.md" "see PROTOCOL.md";
    DocumentGone "document-gone" Availability ""
        "暂存的文件已不在" "the document is no longer in the spool"
        "请重新提交" "submit it again";
    SpoolShareFull "spool-share-full" Availability ""
        "此人未结束的申请和正在上传的文件所占的暂存空间已达上限" "this person's open requests and uploads take all the room one person may have"
        "请等待其他申请结束，或撤回不需要的申请" "wait for other requests to end, or withdraw those not needed";
    RequestsTooMany "requests-too-many" Availability ""
        "此人未结束的申请过多" "this person has too many open requests"
        "请等待其他申请结束，或撤回不需要的申请" "wait for other requests to end, or withdraw those not needed";
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
    BlankDocument "blank-document" Rule "U4"
        "文件是空白的，没有一页有可见内容" "the document is blank: no page shows anything"
        "请选择正确的文件；空白文件不得用印" "choose the right file; nothing blank is stamped";
    StampOnBlankPage "stamp-on-blank-page" Rule "U4"
        "印章落在空白页上" "the seal would stand on a blank page"
        "请把印章移到有内容的页上" "move it to a page that shows something";
    DraftMarker "draft-marker" Rule "U4"
        "文件带有草稿标记，不是定稿" "the document bears the mark of a draft, so it is not final"
        "请去除标记，导出定稿后再申请" "export the final version without it";
    Placeholder "placeholder" Rule "U4"
        "文件中有尚未填写的括号" "the document has brackets that were not filled in"
        "请填写完整后再申请" "fill them in, then ask again";
    UnderlineGap "underline-gap" Rule "U4"
        "文件中有尚未填写的下划线" "the document has underlines that were not filled in"
        "请核对；签名和日期处的空白通常无妨" "check them; beside a place for a signature or a date they are usual";
    ActiveContent "active-content" Rule "U4"
        "文件含有会执行动作的内容（脚本、启动程序、提交或导入数据等）" "the document holds content that acts: scripts, programs to launch, data to submit or import"
        "请打印成普通 PDF 后再用印" "print it to a plain PDF first";
    HiddenLayer "hidden-layer" Rule "U4"
        "文件含有可隐藏的图层，不同的人可能看到不同的内容" "the document has layers that can be hidden; people may not see the same"
        "请合并图层后再用印" "merge the layers first";
    EmbeddedFile "embedded-file" Rule "U4"
        "文件内嵌了其他文件" "other files are embedded in the document"
        "请核对；内嵌的文件不因用印而得到认可" "check them; a seal on the document does not speak for them";
    ExternalContent "external-content" Rule "U4"
        "文件引用了外部内容，内容可能改变" "the document shows content from outside it, which may change"
        "请把内容放进文件后再用印" "have it put into the document first";
    FontMissing "font-missing" Rule "U7"
        "文件没有嵌入字体，各处显示可能不同" "a font is not embedded; the document may look different elsewhere"
        "请嵌入全部字体后重新导出" "export it again with all fonts embedded";
    FormFields "form-fields" Rule "U7"
        "文件含有可填写的表单域" "the document has form fields that can be filled in"
        "请核对填写的内容；需要时先固化表单" "check what is filled in, and flatten the form if need be";
    BrokenSignature "broken-signature" Rule "U8"
        "文件中已有的签名验证不通过" "a signature in the document does not verify"
        "请向签署方索取完好的文件" "ask whoever signed it for one that is intact";
    PdfTooLarge "pdf-too-large" Rule "U4"
        "PDF 过大，无法再追加修订" "the PDF is too large for another revision"
        "请压缩或拆分文件" "make it smaller, or split it";
    PdfNoSuchPage "pdf-no-such-page" Rule "U7"
        "文件没有这一页" "the document has no such page"
        "请核对页码" "check the page number";
    PdfPageUnusable "pdf-page-unusable" Rule "U7"
        "页面的尺寸或旋转无法使用" "the page's size or rotation is unusable"
        "请从原程序重新导出" "export it again from the program it came from";
    DocumentTooHardMemory "document-too-hard-memory" Rule "U4"
        "显示文件所需的内存超过上限" "showing the document takes more memory than it may"
        "请从原程序重新导出，或由管理员调高 agent.toml 中的 document_worker_mib"
        "export it again from the program it came from, or have document_worker_mib in agent.toml raised";
    DocumentTooHardTime "document-too-hard-time" Rule "U4"
        "显示文件所需的时间超过上限" "showing the document takes longer than it may"
        "请从原程序重新导出，或由管理员调高 agent.toml 中的 document_worker_seconds"
        "export it again from the program it came from, or have document_worker_seconds in agent.toml raised";
    DocumentTooHardCrash "document-too-hard-crash" Rule "U4"
        "显示文件的程序因这个文件而崩溃" "the document crashes the program that shows it"
        "请从原程序重新导出；不要对看不到内容的文件用印"
        "export it again from the program it came from; do not stamp what cannot be shown";
    DocumentWorkersBusy "document-workers-busy" Availability ""
        "正在查看其他文件，没有空闲的工作进程" "other documents are being looked at, and no worker is free"
        "请稍后重试" "try again shortly";
    DocumentWorkerUnusable "document-worker-unusable" Fault ""
        "查看文件的工作进程无法启动" "the process that looks at documents cannot be started"
        "请查看 seal-agent 的日志；内存上限见 agent.toml 中的 document_worker_mib"
        "see seal-agent's log; its memory is bounded by document_worker_mib in agent.toml";
    DocumentWorkerUnconfined "document-worker-unconfined" Availability ""
        "内核不支持 landlock 或 seccomp，查看文件的进程只受资源上限约束"
        "the kernel lacks landlock or seccomp; the process that looks at documents is bounded by limits alone"
        "请使用 Linux 5.13 或更新的内核，并启用 landlock 与 seccomp"
        "run a kernel of Linux 5.13 or later with landlock and seccomp enabled";
    PictureInvisible "picture-invisible" Fault "A5"
        "印章图片完全透明" "nothing of the seal's picture is visible"
        "单人模式请检查 agent.toml 中的图片；否则请印章管理部门用完好的图样重新制作"
        "check the picture in agent.toml in a solo journal; in an office ask the seal office to make the seal anew with a good one";
    PictureNotPng "picture-not-png" Fault "A5"
        "印章图片不是 PNG" "the seal's picture is not a PNG"
        "单人模式请检查 agent.toml 中的图片；否则请印章管理部门用 PNG 图样重新制作"
        "check the picture in agent.toml in a solo journal; in an office ask the seal office to make the seal anew with a PNG";
    PictureTooLarge "picture-too-large" Fault "A5"
        "印章图片过大" "the seal's picture is too large"
        "单人模式请缩小 agent.toml 中的图片；否则请印章管理部门用较小的图样重新制作"
        "make the picture in agent.toml smaller in a solo journal; in an office ask the seal office to make the seal anew with a smaller one";

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
    RequestChanged "request-changed" Rule "U2"
        "申请在用印前被撤回、驳回或有新的审批" "the request was withdrawn, rejected or given another ticket before it was stamped"
        "请重新审阅后再确认" "review it again, then confirm";
    ConfirmationMismatch "confirmation-mismatch" Rule "U5"
        "确认的内容与将要用印的内容不一致" "what was confirmed is not what would be stamped"
        "请重新审阅后再确认" "review it again, then confirm";
    PagesBad "pages-bad" Usage "U5"
        "页码写法不对" "the pages are not named as they have to be"
        "例如 3、1,3-5 或 all，页码从 1 起" "for example 3, 1,3-5 or all; pages count from 1";
    PicturesTooMany "pictures-too-many" Usage "U5"
        "一次要看的页数超过上限" "more pages are to be shown at once than may be"
        "请分几次查看" "ask for some of them, then for the others";
    DpiOutOfRange "dpi-out-of-range" Usage "U5"
        "图片分辨率超出允许范围" "the pictures' resolution is out of range"
        "请用 36 到 300 dpi" "take 36 to 300 dpi";
    PagePictureTooLarge "page-picture-too-large" Usage "U5"
        "页面的图片超过上限" "the picture of a page is larger than it may be"
        "请降低 dpi" "take fewer dpi";
    PicturesTooLarge "pictures-too-large" Usage "U5"
        "一次查看的图片合计超过上限" "the pictures of one call are larger together than they may be"
        "请降低 dpi，或分几次查看" "take fewer dpi, or ask for fewer pages at once";
    PreviewForAnother "preview-for-another" Rule "U1"
        "只能为本人预览，不能替别人预览" "one previews for oneself, not for somebody else"
        "请用印人本人预览" "have the applicant do it in person";
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

    // Acts
    ActRepeated "act-repeated" Rule "G3"
        "这份签批已经提交过" "this act was filed before"
        "签批只生效一次；需要时请重新签发" "an act takes effect once; sign a new one if it is needed";
    // Acts: who signed, when, and whether they may
    ActAudienceWrong "act-audience-wrong" Rule "G3"
        "签批是写给另一份用印记录的" "the act is said to another journal"
        "请以这里的用印记录为 aud 重新签署" "sign it anew with this journal's origin as its aud";
    ActIssuerWrong "act-issuer-wrong" Rule "G3"
        "签批的签发人不是签名密钥的主人" "the act names another person than the one whose key signed it"
        "请签发人本人用自己登记的密钥签署" "have the person it names sign it with a key of their own";
    ActExpired "act-expired" Rule "G3"
        "签批已过期" "the act has expired"
        "请重新签署" "sign it anew";
    ActTooEarly "act-too-early" Rule "G3"
        "签批的签署时间在将来" "the act was signed at a time that is yet to come"
        "请校准签署人或代理的时钟，相差不得超过 5 分钟" "set the signer's or the agent's clock right; they may differ by 5 minutes";
    ActLifetimeTooLong "act-lifetime-too-long" Rule "G3"
        "签批的有效期过长" "the act is good for longer than an act may be"
        "请缩短有效期后重新签署" "sign it anew with an earlier exp";
    ActSuperseded "act-superseded" Rule "G3"
        "同一事项已有签署时间更晚的签批" "a newer act says how this is to be"
        "请以最新的签批为准；需要时重新签署" "the newest one counts; sign anew if it is to be otherwise";
    ActTextBad "act-text-bad" Usage "G1"
        "签批中的文字为空、过长或含有控制字符，或名称中有看不见的字符" "a text in the act is empty, too long, or holds control characters, or a name holds hidden ones"
        "请改正后重新签署" "correct it and sign it anew";
    ActAttachmentMissing "act-attachment-missing" Usage "A3"
        "签批没有附上它所指的文件" "the file the act speaks of was not filed with it"
        "请连同文件一起提交" "file it together with the act";
    ActAttachmentWrong "act-attachment-wrong" Rule "A3"
        "所附文件与签批中的 SHA-256 不符" "the file filed with the act is not the one whose SHA-256 it names"
        "请附上原来的文件，或重新签署" "file the right one, or sign the act anew";
    ActAboutWrong "act-about-wrong" Rule "A2"
        "签批所指的不是这枚印章当前的申请、停用或注销申请" "the act follows another act than the one that stands"
        "请查看印章的现状后重新签署" "see how the seal stands and sign it anew";
    ActDoneAlready "act-done-already" Rule "A2"
        "这一步已经做过" "this step was taken already"
        "无需再做" "there is nothing more to do";
    RoleMissing "role-missing" Rule "G2"
        "此人没有做这件事的角色" "this person has not the role this takes"
        "请由有该角色的人办理" "have somebody do it who has";
    AuditorOnlyReads "auditor-only-reads" Rule "G2"
        "监督检查人员不得提交文件" "the auditor brings no documents"
        "请由用印人或保管人提交" "have the applicant or the custodian submit it";
    RolesIncompatible "roles-incompatible" Rule "G2"
        "印章管理与保管不能由一人兼任，监督检查人员不能兼任其他角色，也不能用印" "nobody is both seal office and custodian, and an auditor has no other role and uses no seal"
        "请把角色分给不同的人" "give the roles to different people";
    PersonNotRegistered "person-not-registered" Rule "G1"
        "所指的人没有登记" "the person named is not registered"
        "请先由印章管理部门登记" "have the seal office register them first";
    PersonLeft "person-left" Rule "C1"
        "此人已离职" "this person is no longer a member of staff"
        "请由在职人员办理，或重新登记" "have a member of staff do it, or register them again";
    KeyTaken "key-taken" Rule "G3"
        "这把签名密钥已是另一个人的" "this signing key is another person's"
        "请为每个人生成自己的密钥" "make a key for each person";
    KeysTooMany "keys-too-many" Rule "G3"
        "一个人登记的密钥不能超过 8 把" "a person has at most 8 keys"
        "请去掉不用的密钥" "leave out those not in use";
    UidTaken "uid-taken" Rule "G1"
        "这个系统用户已是另一个人的" "this system user is another person's"
        "请为每个人使用各自的系统用户" "give each person a system user of their own";
    CertificateTaken "certificate-taken" Rule "U10"
        "这张客户端证书已是另一个人的" "this client certificate is another person's"
        "请为每个人签发各自的证书" "have one issued to each person";
    CertificatesTooMany "certificates-too-many" Rule "U10"
        "一个人登记的客户端证书不能超过 8 张" "a person has at most 8 client certificates"
        "请去掉不用的证书" "leave out those not in use";
    SealOfficeLast "seal-office-last" Rule "G2"
        "印章管理部门不能没有能签署的人" "the seal office would be left without anybody who can sign"
        "请先登记接替的人" "register who takes over first";
    CustodianKeepsSeals "custodian-keeps-seals" Rule "C1"
        "此人还保管着印章，不能取消保管人角色" "this person keeps seals and cannot stop being a custodian"
        "请先办理移交" "have the seals handed over first";
    SecondPersonNeeded "second-person-needed" Rule "G2"
        "这件事须由两个人办理，同一个人不算两次" "this takes two persons, and one of them counts once"
        "请由另一个人签署" "have another person sign it";
    UnitForeign "unit-foreign" Rule "A1"
        "签署人不属于印章的单位" "who signed is not of the seal's unit"
        "请由该单位的在职人员签署" "have a member of that unit sign it";

    // The life of a seal
    SealStateWrong "seal-state-wrong" Rule "A2"
        "印章当前的状态不能办理这一步" "the seal's state does not allow this step"
        "请按顺序办理；用 `seal seals` 查看状态" "take the steps in their order; see `seal seals` for the state";
    SealNotYetActive "seal-not-yet-active" Rule "A6"
        "印章尚未启用" "the seal is not in use yet"
        "请先办完制作、发放和签收" "have it made, issued and received first";
    SealRefused "seal-refused" Rule "A2"
        "印章的申请没有通过" "the application for this seal was refused"
        "请用另一枚印章，或以新编号重新申请" "use another seal, or apply anew under another id";
    SealSuspended "seal-suspended" Rule "C4"
        "印章已停用" "the seal is suspended"
        "请等待检查通过并由两人恢复" "wait until it has passed an inspection and two persons have resumed it";
    SealRevoked "seal-revoked" Rule "R1"
        "印章已注销" "the seal is revoked"
        "请使用另一枚印章" "use another seal";
    SealDestroyed "seal-destroyed" Rule "R2"
        "印章已销毁" "the seal is destroyed"
        "请使用另一枚印章" "use another seal";
    SealNotYetValid "seal-not-yet-valid" Rule "U8"
        "印章尚未到有效期" "the seal is not valid yet"
        "请核对系统时间" "check the clock";
    SealExpired "seal-expired" Rule "U8"
        "印章已过有效期" "the seal has expired"
        "请联系印章管理部门换发" "ask the seal office for a new one";
    SealPartMissing "seal-part-missing" Rule "A1"
        "印章申请缺少一项内容" "the application for a seal lacks a part"
        "请补全后重新申请" "complete it and apply anew";
    SealSizeBad "seal-size-bad" Rule "A5"
        "印章尺寸须不小于 1 毫米，且不超出制度规定（至多 58 毫米）" "a seal measures at least 1 mm a side and at most what the policy allows, which is never more than 58 mm"
        "请改正尺寸" "correct the size";
    SealPictureTooLarge "seal-picture-too-large" Rule "A5"
        "印章图样的文件超出制度规定的大小" "the file of the seal's picture is larger than the policy allows"
        "请压缩图样后重新申请" "make it smaller and apply anew";
    SealPictureCoarse "seal-picture-coarse" Rule "A5"
        "印章图样按所申请的尺寸分辨率不足" "the seal's picture has too few dots for the size that is applied for"
        "请提供更清晰的图样，或申请较小的尺寸" "give a finer picture, or apply for a smaller size";
    SealSizeUncommon "seal-size-uncommon" Rule "A5"
        "印章的尺寸不是常用尺寸" "the size is not one that seals usually have"
        "请核对尺寸；确属需要的，可以照此办理" "check the size; if it is what is wanted, go on";
    SealIdTaken "seal-id-taken" Rule "A4"
        "印章编号已被使用过" "a seal has or had this id"
        "请换一个编号" "choose another id";
    SealNameTaken "seal-name-taken" Rule "A4"
        "该单位已有一枚同名或名称看起来相同的印章" "the unit has a live seal of this name, or of one that looks the same"
        "请先注销原来的印章，或换一个名称" "have that one revoked first, or choose another name";
    SealKeyTaken "seal-key-taken" Rule "A4"
        "这把密钥已用于另一枚印章" "another live seal has this key"
        "请生成新的密钥" "generate a new key";
    CertificateRevoked "certificate-revoked" Rule "U8"
        "这把密钥的证书已被吊销，或已向认证机构申请吊销" "a certificate of this key was revoked, or its authority was asked to revoke it"
        "请生成新的密钥并申请新的证书" "generate a new key and have a new certificate issued";
    KeyCompromised "key-compromised" Rule "U8"
        "这把密钥可能已落入他人之手：它所属的印章因此注销" "this key may be in other hands: a seal that had it ended for that"
        "请生成新的密钥并申请新的证书" "generate a new key and have a new certificate issued";
    CustodianUnfit "custodian-unfit" Rule "C1"
        "此人不是在职的保管人" "this person is not a custodian and member of staff"
        "请指定在职的保管人" "name one who is";
    SealObjectDiffers "seal-object-differs" Rule "A3"
        "印章数据与申请或签批不一致" "the seal object is not what was applied for, or not what the act says"
        "请按申请重新制作" "make it as it was applied for";
    SealObjectUnverified "seal-object-unverified" Rule "A3"
        "印章数据验证不通过" "the seal object does not verify"
        "请用印章管理部门登记的密钥重新制作" "make it anew with the seal office's registered key";
    SealPictureBad "seal-picture-bad" Rule "A5"
        "印章图样无法使用" "the picture in the seal object cannot be drawn"
        "请用带透明度的 PNG 图样重新制作" "make it anew with a PNG with transparency";
    CertificateNotInSeal "certificate-not-in-seal" Rule "U8"
        "载体上的证书不在印章的证书列表里" "the certificate on the token is not in the seal's list"
        "请插入印章的载体，或请印章管理部门换发印章" "plug in the seal's own token, or have the seal office make the seal anew";
    JournalSolo "journal-solo" Rule "G3"
        "这是单人试用的用印记录，没有印章管理部门" "this is a solo journal; it has no seal office"
        "请用 `seal-agent init --office-key` 建立正式的用印记录" "make one with `seal-agent init --office-key`";
    SealUriBad "seal-uri-bad" Usage "A3"
        "密钥或证书的 URI 不合要求，或不在同一载体上" "the URI of key or certificate cannot be read, or they are on different tokens"
        "请按 RFC 7512 写明 serial 和 id" "write them by RFC 7512, with serial and id";
    TokenCustodianDiffers "token-custodian-differs" Rule "C2"
        "这个载体上的其他印章由另一个人保管" "another person keeps the other seals on this token"
        "请换一个载体，或先移交其他印章" "use another token, or have the others handed over first";
    HandOverMissing "hand-over-missing" Rule "C2"
        "没有相应的移交，或接收人尚未接受" "there is no such hand-over, or it was not accepted yet"
        "请先由移交人提出、接收人接受" "have the outgoing custodian offer and the incoming one accept it first";
    HandOverIncomplete "hand-over-incomplete" Rule "C2"
        "同一载体上的其他印章没有一并移交" "the other seals on this token are not handed over with it"
        "请把该载体上的印章都移交给同一人" "hand all seals on it over to the same person";
    PinNotOwn "pin-not-own" Rule "C2"
        "载体的 PIN 不是保管人自己的：移交前的 PIN，或尚未更改的一次性 PIN" "the token's PIN is not the custodian's own: it is from before a hand-over, or a one-time PIN that was not changed yet"
        "请保管人用 `seal token change-pin` 换成自己的 PIN，或由安全管理员用 `seal token set-pin` 重设" "give it one of your own with `seal token change-pin`, or have the security officer set one with `seal token set-pin`";
    IdentityDocumentBad "identity-document-bad" Rule "A6"
        "没有写明所核对的身份证件" "the identity document that was checked is not named as it must be"
        "请写明证件种类和号码末 2 至 6 位" "give its kind and the last 2 to 6 characters of its number";
    TokenControlUnproved "token-control-unproved" Rule "A6"
        "没有证明控制着印章的载体" "control of the seal's token was not proved"
        "请插入载体，解锁后再签收" "plug it in, unlock it and file the receipt again";
    InspectionNeeded "inspection-needed" Rule "C4"
        "恢复前须有一次通过的检查" "it is resumed only after an inspection that it passed"
        "请保管人检查载体" "have the custodian inspect the token";
    CertificateAuthorityDiffers "certificate-authority-differs" Rule "R1"
        "吊销证书的不是申请时所写的认证机构" "the certificate authority is not the one that was asked"
        "请写明所申请的认证机构；换了机构时请先重新登记申请" "name the one that was asked; where another one was, put that on record first";
    DestructionDiffers "destruction-differs" Rule "R2"
        "两人对载体处置的说法不一致" "the two do not say the same of what became of the carrier"
        "请核对后由两人签署同样的内容" "have both sign the same";
    KeyStillThere "key-still-there" Rule "R2"
        "没有确认密钥已从载体上消失" "it is not confirmed that the key is gone from the token"
        "请插入载体，由代理销毁密钥后再试；载体已失效时请说明其处置" "plug it in, so that the agent can destroy the key; where the token is dead, state how it was destroyed";

    // Grants
    GrantMissing "grant-missing" Rule "U1"
        "没有使用这枚印章的授权" "there is no grant for this person to use this seal"
        "请向印章管理部门申请授权" "ask the seal office for one";
    GrantTermsBad "grant-terms-bad" Usage "U1"
        "授权的内容不合要求" "the grant's terms are not as they must be"
        "请改正类别、份数、次数、时段或期限" "correct its classes, copies, uses, hours or end";
    GrantBeyondScope "grant-beyond-scope" Rule "U3"
        "授权的类别超出印章的使用范围" "the grant names a class outside the seal's scope"
        "请去掉该类别" "leave that class out";
    GrantClass "grant-class" Rule "U1"
        "授权不包括这一类文件" "the grant does not cover documents of this class"
        "请向印章管理部门申请" "ask the seal office";
    GrantCopies "grant-copies" Rule "U1"
        "份数超出授权" "the grant does not cover so many copies"
        "请减少份数" "ask for fewer";
    GrantDayUsedUp "grant-day-used-up" Rule "U1"
        "今天的用印次数已用完" "the uses the grant allows for a day are used up"
        "请明天再用" "stamp it tomorrow";
    GrantHours "grant-hours" Rule "U1"
        "现在不在授权的用印时段" "the grant does not cover this time of the day"
        "请在授权时段内用印" "stamp it within the hours granted";
    GrantExpired "grant-expired" Rule "U1"
        "授权已到期" "the grant has ended"
        "请向印章管理部门申请延期" "ask the seal office for another";
    ClassOutsideScope "class-outside-scope" Rule "U3"
        "这一类文件不在印章的使用范围内" "documents of this class lie outside the seal's scope"
        "请使用适当的印章" "use the seal that is for them";

    // Filing and approval
    NotApplicant "not-applicant" Rule "U2"
        "只有用印人本人可以提交或撤回申请" "only the applicant may file or withdraw the request"
        "请用印人本人签署" "have them sign it in person";
    RequestNotFiled "request-not-filed" Rule "U2"
        "用印人还没有提交申请" "the applicant has not filed the request"
        "请用印人签署后再办理" "have them sign it first";
    RequestFiledAlready "request-filed-already" Rule "U2"
        "申请已经提交过" "the request is filed already"
        "无需再次提交" "there is nothing more to file";
    RequestRejected "request-rejected" Rule "U2"
        "申请已被审批人驳回" "an approver has rejected the request"
        "请按意见修改后重新申请" "make a new one that meets what they said";
    RequestWithdrawn "request-withdrawn" Rule "U2"
        "申请已被用印人撤回" "the applicant has withdrawn the request"
        "需要时请重新申请" "make a new one if it is needed";
    TicketDocumentChanged "ticket-document-changed" Rule "U2"
        "文件与所批准的不同" "the document is not the one that was signed for"
        "请按现在的文件重新签署" "have it signed for anew as it is now";
    TicketFileNameChanged "ticket-file-name-changed" Rule "U2"
        "文件名与申请的不同" "the file name is not the one that was asked for"
        "请按现在的文件名重新签署" "have it signed for anew as it is now";
    TicketSealOther "ticket-seal-other" Rule "U2"
        "印章不是所批准的那一枚" "the seal is not the one that was signed for"
        "请按现在的印章重新签署" "have it signed for anew as it is now";
    TicketSealChanged "ticket-seal-changed" Rule "U2"
        "印章数据与所批准的不同" "the seal object is not the one that was signed for"
        "请按现在的印章重新签署" "have it signed for anew as it is now";
    TicketPlacementChanged "ticket-placement-changed" Rule "U2"
        "用印位置与所批准的不同" "the placement is not the one that was signed for"
        "请按现在的位置重新签署" "have it signed for anew as it is now";
    TicketClassChanged "ticket-class-changed" Rule "U2"
        "文件类别与申请的不同" "the document class is not the one that was asked for"
        "请核对类别；审批人不同意时请驳回" "check it; an approver who does not agree rejects the request";
    TicketCopiesChanged "ticket-copies-changed" Rule "U2"
        "份数与申请的不同" "the number of copies is not the one that was asked for"
        "请按申请的份数签署" "sign for the number that was asked for";
    TicketReasonChanged "ticket-reason-changed" Rule "U2"
        "事由与申请的不同" "the reason is not the one that was asked for"
        "请按申请的事由签署" "sign for the reason as it was given";
    TicketApplicantChanged "ticket-applicant-changed" Rule "U2"
        "用印人与申请的不同" "the applicant is not the one who asked"
        "请核对申请" "check the request";
    TicketLifetimeTooLong "ticket-lifetime-too-long" Rule "U2"
        "审批单的有效期超出制度规定" "the ticket is good for longer than the policy allows"
        "请缩短有效期后重新签署" "sign it anew with an earlier exp";
    ApproverIsApplicant "approver-is-applicant" Rule "U2"
        "不能审批自己的申请" "nobody approves what they asked for themselves"
        "请由另一位审批人签署" "have another person approve it";
    ApproverIsCustodian "approver-is-custodian" Rule "U2"
        "保管人不能审批自己所保管印章的使用" "a custodian does not approve uses of the seal they keep"
        "请由另一位审批人签署" "have another person approve it";
    ApproverNotEntitled "approver-not-entitled" Rule "U2"
        "此人不是这类文件的审批人" "this approver is none for documents of this class"
        "请由制度文件为该类别指定的审批人签署" "have one sign whom the policy names for this class";
    ApprovedAlready "approved-already" Rule "U2"
        "此人已经批准过，一人只算一票" "this person has approved it already; one person has one vote"
        "请由另一位审批人签署" "have another person approve it";
    TicketsMissing "tickets-missing" Rule "U2"
        "有效的审批单不够" "the request has not as many valid tickets as its class needs"
        "请向其他审批人申请批准" "ask more approvers";

    // Use from afar (U10)
    RemoteNotAllowed "remote-not-allowed" Rule "U10"
        "制度不允许异地用印" "the policy does not allow use from afar"
        "请保管人在代理所在的机器上确认；确需异地用印时由印章管理部门修改制度" "have the custodian confirm on the agent's own machine, or the seal office change the policy";
    PinNotFresh "pin-not-fresh" Availability "U10"
        "异地用印须刚刚输入过 PIN" "a use from afar takes a PIN that was given just now"
        "请保管人随确认一并输入 PIN" "have the custodian give the PIN with the confirmation";
    NotFromAfar "not-from-afar" Rule "U10"
        "这项操作不能从其他机器办理" "this cannot be done from another machine"
        "请在代理所在的机器上操作载体" "do it on the agent's own machine, where the token is";

    // Supervision
    NoticeUnknown "notice-unknown" Rule "C4"
        "没有这份报告" "there is no such report"
        "请核对编号" "check its id";
    FindingUnknown "finding-unknown" Rule "S3"
        "没有这项整改意见" "there is no such finding"
        "请核对编号" "check its id";
    FindingOfAnother "finding-of-another" Rule "S3"
        "这项整改意见须由另一个人答复" "this finding is another person's to answer"
        "请由所指的人签署答复" "have the person it names answer it";
    FindingDueBad "finding-due-bad" Rule "S3"
        "整改期限已经过去" "the date a finding is to be answered by has passed"
        "请给出将来的期限" "give one that is yet to come";

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
        "请核对是否插错载体；单人模式核对 agent.toml 中的密钥 URI，否则请印章管理部门核对"
        "check whether it is the right token; then the key URI in agent.toml in a solo journal, or ask the seal office";
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
    KeyDestructionRefused "key-destruction-refused" Fault "R2"
        "载体没有销毁密钥" "the token did not destroy the key"
        "请用供应商的工具销毁后重试，或销毁载体并附上说明" "destroy it with the vendor's tool and try again, or destroy the token and state how";
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
    TrainingEnded "training-ended" Usage "C6"
        "培训的有效期已经过去" "the training counts no longer already"
        "请给出将来的期限" "give a date that is yet to come";
    TrainingMissing "training-missing" Rule "C6"
        "保管人没有有效的培训记录" "no training of this custodian counts"
        "请印章管理部门安排培训，并用 `seal people train` 登记" "have the seal office train them, and put it on record with `seal people train`";
    BackupOverdue "backup-overdue" Rule "C6"
        "用印记录很久没有备份" "the journal was not backed up for long"
        "请用 `seal log backup` 备份，并存放在另一台机器上" "back it up with `seal log backup`, and keep the copy on another machine";
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
        "还没有印章" "there is no seal yet"
        "单人模式请在 agent.toml 中写明印章；否则请用 `seal seals apply` 申请" "describe the seals in agent.toml in a solo journal; in an office apply for one with `seal seals apply`";
    ClockBehind "clock-behind" Rule "U9"
        "系统时间比最后一条用印记录早五分钟以上" "the clock is more than five minutes behind the last journal record"
        "请校准系统时间；若是当时的时间错了，由印章管理部门签署 [clock] behind = \"warn\" 的制度文件，恢复后再改回" "set the clock right; if it was wrong at that record, the seal office signs a policy with [clock] behind = \"warn\", and then back";
    ClockImplausible "clock-implausible" Fault "U9"
        "系统时间早于最后一条用印记录，或明显不对" "the clock shows a time before the last journal record, or one that cannot be"
        "请校准系统时间" "set the clock right";
    HomePermissions "home-permissions" Fault "U6"
        "其他用户可以读写代理的目录或其中的文件" "others can read or write the agent's home or a file in it"
        "请收回其他用户的权限" "take the permissions of others away";
    SocketPermissions "socket-permissions" Fault "U6"
        "其他用户可以打开代理的套接字" "others can open the agent's socket"
        "请收回其他用户的权限，然后重启 seal-agent" "take the permissions of others away, then restart seal-agent";
    RemoteFilesBad "remote-files-bad" Fault "U6"
        "远程接入的证书、密钥或吊销列表有误，沿用上一份有效的" "certificate, key, issuers or revocation lists for callers from afar are not good; the last good ones stay in force"
        "请核对 agent.toml 中 [remote] 所列的文件；改正后几秒内自动生效" "see to the files that [remote] in agent.toml names; they are taken within seconds once they are good";
    RemoteCertificateEnds "remote-certificate-ends" Availability "U6"
        "代理的 TLS 证书已经或即将过期，过期后无法远程接入" "the agent's TLS certificate has expired or soon will; nobody connects from afar then"
        "请更换 agent.toml 中 remote.certificate 和 remote.key 所指的文件" "replace the files of remote.certificate and remote.key in agent.toml";
    RemoteListEnds "remote-list-ends" Availability "U6"
        "证书吊销列表已经或即将过期，过期后不再接纳新的远程连接" "a revocation list has expired or soon will; nobody new is let in from afar then"
        "请放入签发机构最新的吊销列表（agent.toml 中的 remote.revocation_lists）" "put the issuer's newest list in its place (remote.revocation_lists in agent.toml)";
    PolicyUnreadable "policy-unreadable" Availability ""
        "读不到制度文件，沿用上一份有效的制度" "the policy file cannot be read; the last good policy stays in force"
        "请核对代理目录中的 policy.toml，然后重新载入（systemctl --user reload seal-agent）" "see to policy.toml in the agent's home, then reload it (systemctl --user reload seal-agent)";
    PolicyInvalid "policy-invalid" Usage ""
        "制度文件有误，沿用上一份有效的制度" "the policy file is wrong; the last good policy stays in force"
        "请用 `seal-agent check-policy` 查看错处，改正后重新载入" "see what is wrong with `seal-agent check-policy`, then mend and reload it";
    PolicyUnsigned "policy-unsigned" Rule "G3"
        "制度文件未经印章管理部门签署，沿用上一份有效的制度" "the policy file is not the one the seal office signed; the last good policy stays in force"
        "请印章管理部门签署这份文件，或恢复已签署的文件" "have the seal office sign for this file, or put back the one it signed";
    PolicyNotLoaded "policy-not-loaded" Availability ""
        "制度文件已改动，尚未载入" "the policy file was changed and is not in force yet"
        "请重新载入（systemctl --user reload seal-agent，或向 seal-agent 发送 SIGHUP）" "reload it (systemctl --user reload seal-agent, or send SIGHUP to seal-agent)";
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
    SignatureChangedAfterwards "signature-changed-afterwards" Rule ""
        "签名之后的修订改动了页面内容" "a later revision changed what the signed pages show"
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
        "请用 `seal-agent run` 启动代理，或用 --socket 或 --remote 指明它在哪里"
        "start it with `seal-agent run`, or say where it is with --socket or --remote";
    SocketPathTooLong "socket-path-too-long" Usage ""
        "套接字路径过长，系统无法连接" "the socket's path is longer than the system can connect to"
        "请让代理使用较短的路径，并用 --socket 或 SEALKEEPER_SOCKET 指明"
        "have the agent serve on a shorter path, and name it with --socket or SEALKEEPER_SOCKET";
    AgentForeign "agent-foreign" Availability ""
        "应答的不是自己的印章代理，没有发送任何内容" "whoever answers is not the seal agent meant; nothing was sent"
        "请核对 --socket 和 SEALKEEPER_SOCKET，或远程连接文件中的 address、server_name 和 issuers，并告知管理员"
        "check --socket and SEALKEEPER_SOCKET, or address, server_name and issuers in the file of --remote, and tell the administrator";
    ClientCertificateRefused "client-certificate-refused" Availability ""
        "远程的印章代理不接受这张客户端证书" "the remote seal agent does not accept this client certificate"
        "请核对证书是否过期、被吊销，以及是否由代理认可的机构签发" "see whether it expired, was revoked, or is of an authority the agent does not take";
    RemoteFileBad "remote-file-bad" Usage ""
        "远程连接文件有误" "the file of the remote agent is wrong"
        "请写明 address、issuers、certificate 和 key，见 docs/remote.md" "it names address, issuers, certificate and key; see docs/remote.md";
    RemoteFilePermissions "remote-file-permissions" Usage ""
        "其他用户可以改写远程连接文件或签发机构的证书，没有使用" "others can change the file of the remote agent or its issuers, so it was not used"
        "请用 chmod go-w 收回其他用户的权限，并核对其内容" "take the permissions of others away with chmod go-w, and check what it says";
    ClientKeyMismatch "client-key-mismatch" Usage ""
        "密钥不是这张客户端证书的" "the key is not that of the client certificate"
        "请核对远程连接文件中的 certificate 和 key" "check certificate and key in the file of the remote agent";
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

    // A person's key file, on the client's side too
    PassphraseUnreadable "passphrase-unreadable" Usage ""
        "没有读到口令" "no passphrase could be read"
        "请在终端上运行，或用 --pinentry 打开对话框，或用 --passphrase-fd 给出可读的描述符，或用 --passphrase-file 给出可读的文件"
        "run it on a terminal, open a dialog with --pinentry, or give a readable descriptor or file with --passphrase-fd or --passphrase-file";
    PassphraseUnusable "passphrase-unusable" Usage ""
        "口令为空、超过 255 字节或含有控制字符" "the passphrase is empty, longer than 255 bytes, or holds control characters"
        "请重新输入" "enter it anew";
    PassphraseTooShort "passphrase-too-short" Usage ""
        "新口令不足 8 个字符，没有写入" "the new passphrase has fewer than 8 characters; nothing was written"
        "请选用更长的口令" "choose a longer one";
    PassphraseWrong "passphrase-wrong" Availability ""
        "口令不正确，或密钥文件已损坏" "the passphrase is wrong, or the key file is damaged"
        "请重新输入；若确信口令无误，请取用密钥文件的备份" "try again; if it is surely right, take the key file from its backup";
    PassphraseEntryCancelled "passphrase-entry-cancelled" Availability ""
        "口令输入已取消或超时" "the passphrase dialog was cancelled or not answered in time"
        "如属误按，请重试" "try again if that was not meant";
    PassphraseEntryDiffers "passphrase-entry-differs" Usage ""
        "两次输入的新口令不一致，没有写入" "the new passphrase was not the same the second time; nothing was written"
        "请重新输入" "enter it anew";
    KeyFileExists "key-file-exists" Usage ""
        "密钥文件或其公钥文件已存在，不会覆盖" "the key file or its public half exists and is never overwritten"
        "请指定另一个文件名；只换口令请用 `seal key passphrase`"
        "name another file; `seal key passphrase` gives a key file there is a new passphrase";
    KeyFilePermissions "key-file-permissions" Usage ""
        "其他用户可以读写这个密钥文件，没有使用" "others can read or write the key file, so it was not used"
        "请用 chmod 600 收回其他用户的权限；若文件可能已被他人读取，请更换密钥"
        "take the permissions of others away with chmod 600; make a new key if somebody may have read it";
    KeyFileUnencrypted "key-file-unencrypted" Usage ""
        "密钥文件没有加密，不会使用" "the key file is not encrypted, so it is not used"
        "请用 `openssl pkcs8 -topk8 -scrypt -in 旧文件 -out 新文件` 加密，再用 chmod 600 限制权限，并删除旧文件"
        "encrypt it with `openssl pkcs8 -topk8 -scrypt -in OLD -out NEW`, take the permissions of others away with chmod 600, and delete the old one";
    KeyFileUnsupported "key-file-unsupported" Usage ""
        "不支持这种密钥或加密方式" "the key or its encryption is of a kind that is not supported"
        "请用 `seal key new` 生成密钥；已有的 P-256 密钥可用 `openssl pkcs8 -topk8 -scrypt` 重新加密"
        "make a key with `seal key new`, or encrypt a P-256 key there is anew with `openssl pkcs8 -topk8 -scrypt`";
    KeyFileDamaged "key-file-damaged" Usage ""
        "文件里没有可读取的私钥" "the file holds no private key that can be read"
        "请核对文件，或取用其备份" "check that it is the right file, or take it from its backup";

    // A person's own key on a token, on the client's side
    OwnModuleMissing "own-module-missing" Usage ""
        "没有指明密钥所在载体的 PKCS#11 模块" "the PKCS#11 module of the key's token is not named"
        "请用 --module 或环境变量 SEALKEEPER_MODULE 给出模块的路径" "name it with --module, or in the environment as SEALKEEPER_MODULE";
    OwnModuleUntrusted "own-module-untrusted" Usage ""
        "其他用户可以改动这个 PKCS#11 模块或它所在的目录，没有加载" "others can change the PKCS#11 module or a folder above it, so it was not loaded"
        "请使用只有 root 和本人可写的模块文件" "name a module that nobody but root and you can write";
    OwnModuleUnusable "own-module-unusable" Availability ""
        "PKCS#11 模块无法加载" "the PKCS#11 module cannot be loaded"
        "请核对 --module 或 SEALKEEPER_MODULE 给出的路径" "check the path given with --module or SEALKEEPER_MODULE";
    OwnModuleCrashed "own-module-crashed" Fault ""
        "PKCS#11 模块的进程在操作中途退出" "the PKCS#11 module's process ended while it was asked"
        "请重试；若再次发生，请联系供应商" "try again; ask the vendor if it happens again";
    OwnTokenTimeout "own-token-timeout" Fault ""
        "载体没有在时限内应答" "the token did not answer in time"
        "请拔下重插后重试；若再次发生，请联系供应商" "plug it in again and retry; ask the vendor if it happens again";
    OwnTokenAbsent "own-token-absent" Availability ""
        "没有找到密钥所在的载体" "the token that the key lies on is not present"
        "请插入载体，并核对密钥 URI 中的 serial" "plug it in, and check the serial in the key's URI";
    OwnTokenFault "own-token-fault" Fault ""
        "载体或其模块报告错误" "the token or its module reported an error"
        "请拔下重插后重试；若再次发生，请联系供应商" "plug it in again and retry; ask the vendor if it happens again";
    OwnKeyUriBad "own-key-uri-bad" Usage ""
        "密钥的 URI 不对" "the key's URI is malformed"
        "例如 pkcs11:serial=0123456789abcdef;id=%01;type=private" "for example pkcs11:serial=0123456789abcdef;id=%01;type=private";
    OwnKeyAbsent "own-key-absent" Availability ""
        "载体上没有这把密钥" "the token has no such key"
        "请核对密钥 URI 中的 id 和 object；新的密钥用 `seal key new --token` 生成" "check id and object in the key's URI; `seal key new --token` makes a new one";
    OwnKeyUnfit "own-key-unfit" Rule "G3"
        "密钥可以读出或导出，或不能签名，没有使用" "the key can be read or taken out of the token, or may not sign, so it was not used"
        "请用 `seal key new --token` 在载体上生成密钥" "make a key on the token with `seal key new --token`";
    OwnKeyUnsupported "own-key-unsupported" Rule "G3"
        "签署签批只能用 P-256 的密钥" "acts are signed with keys of P-256 only"
        "请用 `seal key new --token` 在载体上生成密钥" "make a key on the token with `seal key new --token`";
    OwnSignatureWrong "own-signature-wrong" Fault ""
        "载体给出的签名与公钥不符，没有使用" "the token's signature is not one of its key, so it was not used"
        "请联系供应商，不要再用这个载体签署" "ask the vendor, and sign nothing more with this token";

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
        "接收变化过慢，已停止发送" "the caller read the changes too slowly, so they are no longer sent"
        "请重新开始监视" "begin to watch anew";
    CallTimeout "call-timeout" Availability ""
        "调用超过时限" "the call took longer than its limit"
        "请重试；同一 use_id 不会重复用印" "try again; the same use_id never stamps twice";
    Internal "internal" Fault ""
        "代理内部故障" "a fault inside the agent"
        "请查看 seal-agent 的日志并报告" "see seal-agent's log and report it";
}
