"""Everything that can go wrong, as one tree, and the table that says what each category means to the outside.

    NodeError
    ├── SettingsError       CFG   our settings, keys and files
    ├── ProfileError        PROF  partners and arrangements
    ├── CallerError         AUTH  who is calling, and for whom a paper is meant
    ├── WireError           WIRE  the shape of what crosses the border
    ├── SignatureError      SIG   signatures, seals, certificates
    ├── EncryptionError     ENC   opening and closing bodies
    ├── XmlError            XML   documents that are not the XML we accept
    ├── JsonError           JSON  documents that are not the JSON we accept
    ├── PaperError          DOC   papers: kinds, schemas, rules
    ├── OrderError          SEQ   duplicates, conflicts, chains, expiry
    ├── UseError            USE   uses of certificates
    ├── DeliveryError       DLV   calls to partners and what they answer
    ├── HubError            HUB   the domestic hub
    ├── StoreError          DB    what we remember
    ├── EvidenceError       EVD   evidence files, made and checked
    ├── LogError            LOG   logs of receipts and acts
    └── Unexpected          INT   a defect of ours

A class has a stable `code`, one `category`, a `side` that must act, and its message, remedy and 繁體中文 twins written
once, beside each other. `{names}` in the texts are the class's fields; fields never hold payload or secrets.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:  # the model stands above the errors; only the name of its type is needed here
    from node.model.document import Finding


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the category table: what gRPC, HTTP, the shell and the retry decision make of an error."""

    grpc: str
    http: int
    exit_code: int
    retry: bool


class Category(Enum):
    """The closed list of categories; the row *is* the meaning (architecture 5)."""

    MALFORMED = _Row("INVALID_ARGUMENT", 400, 65, False)
    UNSUPPORTED = _Row("UNIMPLEMENTED", 501, 65, False)
    UNTRUSTED = _Row("UNAUTHENTICATED", 403, 77, False)
    UNDETERMINED = _Row("UNAVAILABLE", 503, 75, True)
    FORBIDDEN = _Row("PERMISSION_DENIED", 403, 77, False)
    NOT_FOUND = _Row("NOT_FOUND", 404, 66, False)
    CONFLICT = _Row("FAILED_PRECONDITION", 409, 65, False)
    OVERLOADED = _Row("RESOURCE_EXHAUSTED", 429, 75, True)
    UNREACHABLE = _Row("UNAVAILABLE", 503, 69, True)
    TIMED_OUT = _Row("DEADLINE_EXCEEDED", 504, 75, True)
    MISCONFIGURED = _Row("INTERNAL", 500, 78, False)
    CORRUPT = _Row("DATA_LOSS", 500, 74, False)
    INTERNAL = _Row("INTERNAL", 500, 70, False)

    # UNDETERMINED and UNREACHABLE differ in their exit code, MISCONFIGURED and INTERNAL too: no two rows are equal,
    # so the enum has no aliases; tests/errors holds that.

    @property
    def grpc(self) -> str:
        """Name of the gRPC status code."""
        return self.value.grpc

    @property
    def http(self) -> int:
        """HTTP status."""
        return self.value.http

    @property
    def exit_code(self) -> int:
        """Exit code of the command line (after BSD sysexits)."""
        return self.value.exit_code

    @property
    def retry(self) -> bool:
        """Whether the same act may succeed later without anybody changing anything."""
        return self.value.retry


class Side(StrEnum):
    """Whose side must act."""

    OURS = "ours"
    THEIRS = "theirs"
    HUB = "hub"
    NOBODY = "nobody"


class Language(StrEnum):
    """The two languages of the catalogue (RFC 5646 tags)."""

    EN = "en"
    ZH = "zh-TW"


class NodeError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = ""
    category: ClassVar[Category] = Category.INTERNAL
    side: ClassVar[Side] = Side.OURS
    zh: ClassVar[str] = "發生錯誤。"
    remedy: ClassVar[str] = ""
    remedy_zh: ClassVar[str] = ""

    def __init__(self, **fields: object) -> None:
        self.fields: Mapping[str, str] = {name: str(value) for name, value in fields.items()}
        super().__init__(self.code)

    def message(self, language: Language = Language.EN) -> str:
        """The sentence of the catalogue with this error's fields filled in."""
        return _fill(_sentence(type(self)) if language is Language.EN else self.zh, self.fields)

    def next_step(self, language: Language = Language.EN) -> str:
        """What to do next, with fields filled in; empty when nothing needs doing."""
        return _fill(self.remedy if language is Language.EN else self.remedy_zh, self.fields)

    def __str__(self) -> str:
        return f"{self.code} {self.message()}"


class _Blanks(dict[str, str]):
    """Fields not given show as `?` instead of raising while an error is being reported."""

    def __missing__(self, name: str) -> str:
        return "?"


def _fill(template: str, fields: Mapping[str, str]) -> str:
    return template.format_map(_Blanks(fields))


def _sentence(cls: type[NodeError]) -> str:
    return " ".join((cls.__doc__ or "").split())


# --- CFG: our settings, keys and files ------------------------------------------------------------------------------


class SettingsError(NodeError):
    """The node's settings cannot be used."""

    category = Category.MISCONFIGURED


class SettingInvalid(SettingsError):
    """{where}: {detail}"""

    code = "N2N-CFG-001"
    zh = "{where}：設定錯誤：{detail}"
    remedy = "Correct that line and start again; `n2n init --help` shows what a node home holds."
    remedy_zh = "請更正該行後重新啟動；`n2n init --help` 說明節點目錄的內容。"


class KeyFileTooOpen(SettingsError):
    """The private key {path} can be read by others (mode {mode})."""

    code = "N2N-CFG-002"
    zh = "私鑰檔 {path} 可被他人讀取（模式 {mode}）。"
    remedy = "Run `chmod 600 {path}` and consider whether the key must be replaced."
    remedy_zh = "請執行 `chmod 600 {path}`，並評估是否須更換金鑰。"


class KeyFileUnusable(SettingsError):
    """The key or certificate file {path} cannot be used: {detail}."""

    code = "N2N-CFG-003"
    zh = "金鑰或憑證檔 {path} 無法使用：{detail}。"
    remedy = "Check that the file exists, is PEM, and belongs to this node and role."
    remedy_zh = "請確認檔案存在、為 PEM 格式，且屬於本節點與該用途。"


class KeyRolesShared(SettingsError):
    """The roles {first} and {second} use the same key; each role needs a key of its own."""

    code = "N2N-CFG-004"
    zh = "用途 {first} 與 {second} 使用同一把金鑰；每個用途必須有自己的金鑰。"
    remedy = "Make a separate key and certificate for one of the two roles."
    remedy_zh = "請為其中一個用途另製金鑰與憑證。"


class PortTaken(SettingsError):
    """The address {address} cannot be listened on: {detail}."""

    code = "N2N-CFG-005"
    zh = "無法在 {address} 上接聽：{detail}。"
    remedy = "Stop the other program or choose another address under [listen] in node.toml."
    remedy_zh = "請停止占用的程式，或於 node.toml 的 [listen] 改用其他位址。"


class HomeNotFound(SettingsError):
    """There is no node home at {path}."""

    code = "N2N-CFG-006"
    zh = "{path} 沒有節點目錄。"
    remedy = "Run `n2n init` first, or name the home with --home or N2N_HOME."
    remedy_zh = "請先執行 `n2n init`，或以 --home／N2N_HOME 指定目錄。"


class HomeExists(SettingsError):
    """{path} already holds a node or other files; nothing was overwritten."""

    code = "N2N-CFG-007"
    category = Category.CONFLICT
    zh = "{path} 已有節點或其他檔案；未覆寫任何內容。"
    remedy = "Choose an empty folder, or remove the old one yourself."
    remedy_zh = "請選擇空目錄，或自行移除舊目錄。"


class CodeUnknown(SettingsError):
    """No error has the code {asked}; the nearest is {nearest}."""

    code = "N2N-CFG-008"
    category = Category.NOT_FOUND
    zh = "沒有代碼為 {asked} 的錯誤；最接近的是 {nearest}。"
    remedy = "`n2n explain` lists every code."
    remedy_zh = "`n2n explain` 列出所有代碼。"


class KindPlugInBroken(SettingsError):
    """The kind {name} of the package {package} cannot be used: {detail}."""

    code = "N2N-CFG-010"
    zh = "套件 {package} 所提供之文件種類 {name} 無法使用：{detail}。"
    remedy = "Repair or remove the package and start again; docs/papers.md says what a kind from outside must bring."
    remedy_zh = "請修正或移除該套件後重新啟動；外部文件種類之要件見 docs/papers.md。"


class AlreadyRunning(SettingsError):
    """Another process is already running the node at {path}."""

    code = "N2N-CFG-009"
    category = Category.CONFLICT
    zh = "{path} 的節點已由另一個程序執行中。"
    remedy = "Stop that process first; `n2n exchange list` works beside a running node."
    remedy_zh = "請先停止該程序；`n2n exchange list` 可與執行中的節點並用。"


# --- PROF: partners and arrangements --------------------------------------------------------------------------------


class ProfileError(NodeError):
    """A partner or arrangement cannot be used."""

    category = Category.MISCONFIGURED


class ProfileInvalid(ProfileError):
    """{where}: {detail}"""

    code = "N2N-PROF-001"
    zh = "{where}：夥伴設定錯誤：{detail}"
    remedy = "Correct that line; docs/profiles.md lists every key."
    remedy_zh = "請更正該行；docs/profiles.md 列出所有項目。"


class PartnerUnknown(ProfileError):
    """No partner has the code {partner}."""

    code = "N2N-PROF-002"
    category = Category.NOT_FOUND
    zh = "沒有代碼為 {partner} 的夥伴。"
    remedy = "Check the code, or add partner_profiles/{partner}/partner.toml."
    remedy_zh = "請確認代碼，或新增 partner_profiles/{partner}/partner.toml。"


class NotAgreed(ProfileError):
    """No arrangement with {partner} admits {kind} in direction {direction}."""

    code = "N2N-PROF-003"
    category = Category.FORBIDDEN
    zh = "與 {partner} 的任何協定均未約定以 {direction} 方向交換 {kind}。"
    remedy = "The liaison officers must agree the kind in an arrangement first."
    remedy_zh = "須先由聯絡官於協定中約定此文件種類。"


class ProfilesCollide(ProfileError):
    """{what} belongs to both {first} and {second}; it must mean exactly one of them."""

    code = "N2N-PROF-004"
    zh = "{what} 同時屬於 {first} 與 {second}；必須只屬於其中之一。"
    remedy = "Remove it from one of the two files."
    remedy_zh = "請自其中一個檔案移除。"


class ArrangementSuspended(ProfileError):
    """The arrangement {arrangement} with {partner} is suspended or outside its validity."""

    code = "N2N-PROF-005"
    category = Category.UNDETERMINED
    zh = "與 {partner} 的協定 {arrangement} 已暫停或不在效期內。"
    remedy = "Papers wait; the liaison officer resumes the arrangement."
    remedy_zh = "文件將等待；由聯絡官恢復該協定。"


class CollectNotAgreed(ProfileError):
    """{partner} is called by us; papers for it are not collected."""

    code = "N2N-PROF-006"
    category = Category.FORBIDDEN
    zh = "{partner} 由本節點主動呼叫，不採取回方式。"
    remedy = 'To have papers wait here until they are collected, set [channel] kind = "pull" in partner.toml.'
    remedy_zh = '若文件應留待取回，請於 partner.toml 設定 [channel] kind = "pull"。'


class UploadsNotForPull(ProfileError):
    """Papers for {partner} wait until they are collected, and such papers have no attachments."""

    code = "N2N-PROF-007"
    category = Category.UNSUPPORTED
    zh = "給 {partner} 之文件須待其取回，此類文件不得有附件。"
    remedy = "Hand the paper in without attachments, or agree with the partner that it can be called."
    remedy_zh = "請以不含附件之方式送件，或與夥伴約定改由本節點主動呼叫。"


# --- AUTH: who is calling, and for whom -----------------------------------------------------------------------------


class CallerError(NodeError):
    """The caller may not do this."""

    category = Category.UNTRUSTED
    side = Side.THEIRS


class CallerUnknown(CallerError):
    """The client certificate is not enrolled with this node."""

    code = "N2N-AUTH-001"
    zh = "此用戶端憑證未在本節點登錄。"
    remedy = "Send the certificate's SHA-256 fingerprint to this node's liaison officer."
    remedy_zh = "請將憑證的 SHA-256 指紋送交本節點的聯絡官。"


class NotForUs(CallerError):
    """The paper is addressed to {recipient}, not to this node."""

    code = "N2N-AUTH-002"
    category = Category.FORBIDDEN
    zh = "此文件的收件方為 {recipient}，並非本節點。"
    remedy = "Send it to the node it is addressed to."
    remedy_zh = "請送往其收件節點。"


class SenderMismatch(CallerError):
    """{claimed} is named as sender, but the connection and the signing key belong to {proved}."""

    code = "N2N-AUTH-003"
    zh = "宣稱寄件方為 {claimed}，但連線與簽署金鑰屬於 {proved}。"
    remedy = "A partner may only speak for itself; alert both sides' security officers."
    remedy_zh = "夥伴僅能代表自身；請通知雙方資安人員。"


class TlsTooOld(CallerError):
    """The connection uses {version}; partners speak TLS 1.3."""

    code = "N2N-AUTH-004"
    zh = "連線使用 {version}；夥伴間須使用 TLS 1.3。"
    remedy = "Enable TLS 1.3 in the calling software."
    remedy_zh = "請於呼叫端軟體啟用 TLS 1.3。"


# --- WIRE: the shape of what crosses the border ---------------------------------------------------------------------


class WireError(NodeError):
    """What arrived does not have the agreed shape."""

    category = Category.MALFORMED
    side = Side.THEIRS


class Malformed(WireError):
    """{field} breaks the rule: {rule}."""

    code = "N2N-WIRE-001"
    zh = "{field} 違反規則：{rule}。"
    remedy = "Correct the sending software; docs/protocol.md lists the rules field by field."
    remedy_zh = "請更正發送端軟體；docs/protocol.md 逐欄列出規則。"


class NotCanonical(WireError):
    """{field} is not in the one canonical protobuf form."""

    code = "N2N-WIRE-002"
    zh = "{field} 不是唯一的 protobuf 正規形式。"
    remedy = "Serialise with fields ascending, once each, defaults omitted, no unknown fields."
    remedy_zh = "請依欄位遞增、各一次、省略預設值、無未知欄位的方式序列化。"


class TooLarge(WireError):
    """{field} is larger than {limit}."""

    code = "N2N-WIRE-003"
    zh = "{field} 超過上限 {limit}。"
    remedy = "Split the batch, or send large content by Upload."
    remedy_zh = "請分批，或以 Upload 傳送大型內容。"


class CallUnsupported(WireError):
    """This node does not serve {call} yet."""

    code = "N2N-WIRE-004"
    category = Category.UNSUPPORTED
    side = Side.NOBODY
    zh = "本節點尚未提供 {call}。"
    remedy = "Ask Describe for what this node serves."
    remedy_zh = "請以 Describe 查詢本節點所提供的呼叫。"


class UploadMissing(WireError):
    """The content {sha256}, which the paper names, has not been uploaded."""

    code = "N2N-WIRE-007"
    category = Category.UNDETERMINED
    zh = "文件所指的內容 {sha256} 尚未上傳。"
    remedy = "Send it by Upload first, then the paper again; ask Describe whether Upload is served."
    remedy_zh = "請先以 Upload 上傳再送文件；可用 Describe 查詢是否提供 Upload。"


class TooManyCalls(WireError):
    """{limit} calls of this kind are under way already; no more are taken at once."""

    code = "N2N-WIRE-008"
    category = Category.OVERLOADED
    side = Side.NOBODY
    zh = "此類呼叫已有 {limit} 個進行中；目前不再接受更多。"
    remedy = "Let some of the calls end, then call again; one caller needs only a few at once."
    remedy_zh = "請待部分呼叫結束後再試；一個呼叫端同時僅需少數呼叫。"


class RequestSlow(WireError):
    """The request had not arrived whole after {seconds} seconds."""

    code = "N2N-WIRE-009"
    category = Category.TIMED_OUT
    zh = "請求於 {seconds} 秒內未完整送達。"
    remedy = "Send smaller batches, and end the request after its one message."
    remedy_zh = "請縮小批次，並於唯一一則訊息後結束請求。"


class TooManyLookups(WireError):
    """More lookups came than {limit} a minute."""

    code = "N2N-WIRE-010"
    category = Category.OVERLOADED
    zh = "查詢次數超過每分鐘 {limit} 次。"
    remedy = "Ask again in a minute; for many answers ask for the register: it comes as papers and is asked at home."
    remedy_zh = "請於一分鐘後再查詢。大量查詢請改為索取登記簿，取得後於境內查詢。"


class UploadMisplaced(WireError):
    """The chunk begins at byte {offset} of the upload, and {held} bytes of it are held."""

    code = "N2N-WIRE-011"
    zh = "此區塊自上傳內容第 {offset} 位元組起，而已持有 {held} 位元組。"
    remedy = "Ask how much is held by a chunk without data, and go on from there, without gap and without overlap."
    remedy_zh = "請以不含資料之區塊查詢已持有之長度，並自該處接續，不得有間隙或重疊。"


class UploadUnlike(WireError):
    """All {size} bytes of the upload are here, and their SHA-256 is not the one that names it."""

    code = "N2N-WIRE-012"
    zh = "上傳內容 {size} 位元組均已送達，但其 SHA-256 與名稱不符。"
    remedy = "Nothing of it was kept. Send it anew from its first byte."
    remedy_zh = "未保留任何內容。請自第一個位元組重新上傳。"


class UploadsFull(WireError):
    """{partner} has uploads of {taken} bytes here; no more than {quota} are kept for papers still to come."""

    code = "N2N-WIRE-013"
    category = Category.OVERLOADED
    zh = "{partner} 在此之上傳內容已達 {taken} 位元組；待文件送達者至多保留 {quota} 位元組。"
    remedy = "Send the papers that name what was uploaded; what no paper names goes by itself after a day."
    remedy_zh = "請送出引用上傳內容之文件；未被引用者於一日後自動清除。"


class UploadBusy(WireError):
    """The same content is being uploaded in another call."""

    code = "N2N-WIRE-014"
    category = Category.OVERLOADED
    zh = "相同內容正由另一呼叫上傳中。"
    remedy = "Wait for that call to end, then ask how much is held."
    remedy_zh = "請待該呼叫結束後，再查詢已持有之長度。"


class TooManyRegisterRequests(WireError):
    """Registers were asked for more often than {limit} times a minute."""

    code = "N2N-WIRE-015"
    category = Category.OVERLOADED
    zh = "索取登記簿之次數超過每分鐘 {limit} 次。"
    remedy = "Wait for the papers: what was asked for once is kept and comes, and asking again brings nothing more."
    remedy_zh = "請等候文件到達：索取一次即已登錄並將送達，重複索取並無助益。"


# --- SIG: signatures, seals, certificates (security 6.9) ------------------------------------------------------------


class SignatureError(NodeError):
    """The signature cannot be accepted."""

    category = Category.UNTRUSTED
    side = Side.THEIRS
    remedy = "The signer must sign again as docs/protocol.md describes."
    remedy_zh = "簽署方須依 docs/protocol.md 重新簽署。"


class SignatureMissing(SignatureError):
    """{what} carries no signature although one is required."""

    code = "N2N-SIG-001"
    zh = "{what} 應有簽章而未附。"


class SeveralSignatures(SignatureError):
    """{what} carries more than one signature where exactly one is allowed."""

    code = "N2N-SIG-002"
    zh = "{what} 僅允許一個簽章，卻有多個。"


class SignatureMisplaced(SignatureError):
    """The signature of {what} does not stand where the agreed form puts it."""

    code = "N2N-SIG-003"
    zh = "{what} 的簽章不在約定的位置。"


class SignatureForm(SignatureError):
    """The signature of {what} departs from the agreed form: {detail}."""

    code = "N2N-SIG-004"
    zh = "{what} 的簽章不符約定形式：{detail}。"


class ReferenceRefused(SignatureError):
    """The signature of {what} refers to something other than exactly what it must cover: {detail}."""

    code = "N2N-SIG-005"
    zh = "{what} 的簽章參照與應涵蓋的內容不完全相同：{detail}。"


class TransformRefused(SignatureError):
    """The signature of {what} uses a transform that is not on the list."""

    code = "N2N-SIG-006"
    zh = "{what} 的簽章使用了未列入許可的轉換。"


class AlgorithmRefused(SignatureError):
    """The algorithm {algorithm} of {what} is not agreed."""

    code = "N2N-SIG-007"
    zh = "{what} 的演算法 {algorithm} 未經約定。"


class KeyInfoRefused(SignatureError):
    """The signature of {what} does not name its certificate in the agreed way."""

    code = "N2N-SIG-008"
    zh = "{what} 的簽章未依約定方式標示憑證。"


class SignerUnknown(SignatureError):
    """The certificate that signed {what} is not enrolled for {partner} as {role}."""

    code = "N2N-SIG-009"
    zh = "簽署 {what} 的憑證未登錄為 {partner} 的 {role} 憑證。"
    remedy = "The partner must sign with an enrolled certificate, or announce the new one first."
    remedy_zh = "夥伴須以已登錄憑證簽署，或先公告新憑證。"


class CertificateRefused(SignatureError):
    """The certificate of {partner} for {role} cannot be used: {detail}."""

    code = "N2N-SIG-010"
    zh = "{partner} 的 {role} 憑證無法使用：{detail}。"


class CertificateOutsideValidity(SignatureError):
    """The certificate of {partner} for {role} is not valid at {moment}."""

    code = "N2N-SIG-011"
    zh = "{partner} 的 {role} 憑證於 {moment} 不在效期內。"
    remedy = "Its owner must renew it and announce the new one."
    remedy_zh = "憑證持有方須更新並公告新憑證。"


class SignatureInvalid(SignatureError):
    """The signature of {what} does not verify."""

    code = "N2N-SIG-012"
    zh = "{what} 的簽章驗證不成立。"


class NotWholeRoot(SignatureError):
    """The issuer's signature does not cover the whole document {what}."""

    code = "N2N-SIG-013"
    zh = "核發機關的簽章未涵蓋整份文件 {what}。"


class SignedPropertiesRefused(SignatureError):
    """The signed properties of {what} do not bind its signer and file: {detail}."""

    code = "N2N-SIG-014"
    zh = "{what} 的簽署屬性未正確繫結簽署者與檔案：{detail}。"


class SigningTimeAhead(SignatureError):
    """{what} claims to be signed more than five minutes in the future."""

    code = "N2N-SIG-015"
    zh = "{what} 宣稱的簽署時間超前五分鐘以上。"
    remedy = "Check the clocks of both sides."
    remedy_zh = "請檢查雙方時鐘。"


class ManifestRefused(SignatureError):
    """The seal's manifest departs from the agreed form: {detail}."""

    code = "N2N-SIG-016"
    category = Category.MALFORMED
    zh = "封印清單不符約定形式：{detail}。"


class PathRefused(SignatureError):
    """The Merkle path does not lead from the paper to the seal."""

    code = "N2N-SIG-017"
    zh = "Merkle 路徑無法由文件連至封印。"


class OwnWorkFailed(SignatureError):
    """A signature we just made does not pass our own inbound verifier: {detail}."""

    code = "N2N-SIG-018"
    category = Category.INTERNAL
    side = Side.OURS
    zh = "本節點剛產生的簽章未通過自身驗證：{detail}。"
    remedy = "Nothing was sent. Check key, certificate and library versions; report the code."
    remedy_zh = "未送出任何內容。請檢查金鑰、憑證與套件版本，並回報此代碼。"


class CertificateTooShort(SignatureError):
    """Our {role} certificate expires at {not_after}, before the paper does at {expires_at}."""

    code = "N2N-SIG-019"
    category = Category.UNDETERMINED
    side = Side.OURS
    zh = "本節點的 {role} 憑證於 {not_after} 到期，早於文件效期 {expires_at}。"
    remedy = "Install a new certificate for this role; the papers wait."
    remedy_zh = "請為此用途安裝新憑證；文件將等待。"


class KeyStatementRefused(SignatureError):
    """The key statement of {node} cannot be used: {detail}."""

    code = "N2N-SIG-020"
    zh = "{node} 的金鑰聲明無法使用：{detail}。"


class CheckpointRefused(SignatureError):
    """The checkpoint of the log of {partner} cannot be used: {detail}."""

    code = "N2N-SIG-021"
    zh = "{partner} 之紀錄查核點無法使用：{detail}。"
    remedy = "Compare the checkpoint key that {partner} announces with the one it signs with; papers go on meanwhile."
    remedy_zh = "請核對 {partner} 所公告與實際簽署之查核點金鑰；其間文件照常往來。"


# --- ENC: opening and closing bodies --------------------------------------------------------------------------------


class EncryptionError(NodeError):
    """The body cannot be opened or closed."""

    category = Category.UNTRUSTED
    side = Side.THEIRS


class SuiteRefused(EncryptionError):
    """The key suite {suite} is not agreed."""

    code = "N2N-ENC-001"
    category = Category.UNSUPPORTED
    zh = "金鑰套件 {suite} 未經約定。"
    remedy = "Use a suite that the profile lists."
    remedy_zh = "請使用夥伴設定所列的套件。"


class RecipientKeyUnknown(EncryptionError):
    """No decryption key of ours has the id that was used."""

    code = "N2N-ENC-002"
    category = Category.UNDETERMINED
    zh = "本節點沒有所指識別碼的解密金鑰。"
    remedy = "Encrypt again to a key of the current key statement; the answer carries it."
    remedy_zh = "請以回覆所附的現行金鑰聲明重新加密。"


class BodyUnopenable(EncryptionError):
    """The body does not open, or does not match its digest."""

    code = "N2N-ENC-003"
    category = Category.UNDETERMINED
    zh = "內容無法開啟，或與其摘要不符。"
    remedy = "Encrypt the same paper again and resend it."
    remedy_zh = "請將同一文件重新加密後再送。"


class PartnerKeyMissing(EncryptionError):
    """We hold no usable decryption key of {partner} for an agreed suite."""

    code = "N2N-ENC-004"
    category = Category.UNDETERMINED
    side = Side.OURS
    zh = "本節點沒有 {partner} 在約定套件下可用的加密公鑰。"
    remedy = "Ask the partner for its current key statement."
    remedy_zh = "請向夥伴索取現行金鑰聲明。"


class UploadUnopenable(EncryptionError):
    """The content does not open with the key that the paper gives, or is not what the paper says."""

    code = "N2N-ENC-005"
    zh = "內容無法以文件所載金鑰開啟，或與文件所載不符。"
    remedy = "Hand the paper in anew with its attachments; they are encrypted once and never altered."
    remedy_zh = "請連同附件重新送件；附件僅加密一次且不得變更。"


# --- XML: documents that are not the XML we accept ------------------------------------------------------------------


class XmlError(NodeError):
    """The document is not XML as this node accepts it."""

    category = Category.MALFORMED
    side = Side.THEIRS
    remedy = "Correct the document where it is made."
    remedy_zh = "請於文件產製端更正。"


class NotXml(XmlError):
    """The document is not well-formed XML: {detail}."""

    code = "N2N-XML-001"
    zh = "文件不是格式正確的 XML：{detail}。"


class DoctypeRefused(XmlError):
    """The document carries a DOCTYPE, which is never accepted."""

    code = "N2N-XML-002"
    zh = "文件含有 DOCTYPE，一律不接受。"


class CommentOrInstruction(XmlError):
    """The document carries a comment or processing instruction, which is never accepted."""

    code = "N2N-XML-003"
    zh = "文件含有註解或處理指令，一律不接受。"


class XmlTooLarge(XmlError):
    """The document exceeds a limit: {limit}."""

    code = "N2N-XML-004"
    zh = "文件超過上限：{limit}。"


class IdClash(XmlError):
    """Two elements of the document share an identifier."""

    code = "N2N-XML-005"
    zh = "文件中有兩個元素使用相同識別碼。"


class CanonicalisationFailed(XmlError):
    """The document cannot be brought into canonical form."""

    code = "N2N-XML-006"
    zh = "文件無法轉為正規形式。"


# --- JSON: documents that are not the JSON we accept ----------------------------------------------------------------


class JsonError(NodeError):
    """The document is not JSON as this node accepts it."""

    category = Category.MALFORMED
    side = Side.THEIRS
    remedy = "Correct the document where it is made."
    remedy_zh = "請於文件產製端更正。"


class NotJson(JsonError):
    """The document is not well-formed JSON: {detail}."""

    code = "N2N-JSON-001"
    zh = "文件不是格式正確的 JSON：{detail}。"


class JsonNameTwice(JsonError):
    """An object of the document has two members of the same name."""

    code = "N2N-JSON-002"
    zh = "文件中有物件含兩個同名成員。"


class JsonTooLarge(JsonError):
    """The document exceeds a limit: {limit}."""

    code = "N2N-JSON-003"
    zh = "文件超過上限：{limit}。"


class JsonNumberRefused(JsonError):
    """The document holds a number that not every reader would read alike: {detail}."""

    code = "N2N-JSON-004"
    zh = "文件含有各系統可能解讀不同的數值：{detail}。"


class JsonCharacterRefused(JsonError):
    """A text of the document holds a character that no paper may hold: {detail}."""

    code = "N2N-JSON-005"
    zh = "文件的文字含有不得使用的字元：{detail}。"


# --- DOC: papers ----------------------------------------------------------------------------------------------------


class PaperError(NodeError):
    """The paper cannot be accepted."""

    category = Category.MALFORMED
    side = Side.HUB
    remedy = "Correct the paper and hand it in again."
    remedy_zh = "請更正文件後重新送件。"


class KindUnknown(PaperError):
    """The node does not know what kind of paper this is: {detail}."""

    code = "N2N-DOC-001"
    category = Category.UNSUPPORTED
    zh = "節點無法辨識此文件的種類：{detail}。"
    remedy = "`n2n kinds` lists the kinds, versions and their namespaces."
    remedy_zh = "`n2n kinds` 列出文件種類、版本與命名空間。"


class PaperRefused(PaperError):
    """The {kind} breaks {count} rule(s); the first: {path} {rule}."""

    code = "N2N-DOC-002"
    zh = "此 {kind} 違反 {count} 項規則；首項：{path} {rule}。"

    def __init__(self, *, findings: "tuple[Finding, ...]" = (), **fields: object) -> None:
        super().__init__(**fields)
        self.findings = findings


class ControlKindRefused(PaperError):
    """{kind} is made by the node itself and never accepted from outside."""

    code = "N2N-DOC-003"
    category = Category.FORBIDDEN
    zh = "{kind} 僅由節點自行產生，不接受外部送件。"
    remedy = "Hand in the paper itself; the node makes its control papers alone."
    remedy_zh = "請送交文件本身；控制文件由節點自行產生。"


class NotReleased(PaperError):
    """The arrangement {arrangement} does not release {path}, and a signed paper is never altered."""

    code = "N2N-DOC-004"
    category = Category.FORBIDDEN
    zh = "協定 {arrangement} 未允許釋出 {path}，而已簽章文件不得更動。"
    remedy = "Have it issued without that field, or agree its release."
    remedy_zh = "請改發不含該欄位的文件，或另行約定釋出。"


class FormUnknown(PaperError):
    """No form is called {form}; there are {forms}."""

    code = "N2N-DOC-005"
    category = Category.NOT_FOUND
    side = Side.OURS
    zh = "沒有名為 {form} 的格式；可用者為 {forms}。"
    remedy = "Name one of these with --as."
    remedy_zh = "請以 --as 指定其中之一。"


class NotConvertible(PaperError):
    """This document is none from which {form} is made: {sources}."""

    code = "N2N-DOC-006"
    category = Category.UNSUPPORTED
    side = Side.OURS
    zh = "此文件無法轉換為 {form}；可轉換者為 {sources}。"
    remedy = "Choose a paper of one of these kinds or forms, or another form."
    remedy_zh = "請改用上述種類或格式之文件，或指定其他格式。"


class FileNotWritten(NodeError):
    """The file {path} was not written: {detail}."""

    code = "N2N-DOC-007"
    category = Category.CONFLICT
    zh = "檔案 {path} 未寫入：{detail}。"
    remedy = "Choose a name that is not taken, in a folder that you may write to."
    remedy_zh = "請於可寫入的目錄中選用尚未使用的檔名。"


class DeclarationUnreadable(PaperError):
    """This is no declaration of the WCO data model that can be checked: {detail}."""

    code = "N2N-DOC-008"
    zh = "此文件並非可查核的 WCO 資料模型報單：{detail}。"
    remedy = "Hand in a Declaration of the WCO data model, bare or in its MetaData."
    remedy_zh = "請提供 WCO 資料模型之 Declaration，可置於 MetaData 內。"


# --- SEQ: duplicates, conflicts, chains, expiry ---------------------------------------------------------------------


class OrderError(NodeError):
    """The act does not fit what came before it."""

    category = Category.CONFLICT


class IdempotencyConflict(OrderError):
    """The key {key} was already used for other content."""

    code = "N2N-SEQ-001"
    side = Side.HUB
    zh = "鍵值 {key} 已用於其他內容。"
    remedy = "Use a new key for a new paper; the first one is untouched."
    remedy_zh = "新文件請使用新鍵值；原文件不受影響。"


class LeafConflict(OrderError):
    """The message id was already used for another paper."""

    code = "N2N-SEQ-002"
    side = Side.THEIRS
    zh = "此訊息識別碼已用於另一份文件。"
    remedy = "A message id names one paper for ever; find out who reused it."
    remedy_zh = "訊息識別碼永遠只對應一份文件；請查明重複使用的原因。"


class PaperNumberTaken(OrderError):
    """Number {number} of this issuer is already known with other content and the paper names no predecessor."""

    code = "N2N-SEQ-003"
    side = Side.THEIRS
    zh = "此核發機關的編號 {number} 已有不同內容，且本文件未指明前一版。"
    remedy = "Send a change as a successor that names its predecessor's digest."
    remedy_zh = "變更請以後繼文件送出，並指明前一版的摘要。"


class PredecessorUnknown(OrderError):
    """The paper this one follows has not been seen yet."""

    code = "N2N-SEQ-004"
    category = Category.UNDETERMINED
    side = Side.THEIRS
    zh = "尚未收到本文件所承接的前一份文件。"
    remedy = "Send the predecessor first; this one may come again."
    remedy_zh = "請先送前一份文件；本件可再送。"


class IllegalMove(OrderError):
    """An exchange in state {state} cannot become {target}."""

    code = "N2N-SEQ-005"
    zh = "狀態為 {state} 的交換不能轉為 {target}。"
    remedy = "Look at the exchange again; somebody else may have acted first."
    remedy_zh = "請重新查看該交換；可能已由他人處理。"


class NotParked(OrderError):
    """The exchange {exchange} is not parked but {state}; there is nothing to resume."""

    code = "N2N-SEQ-015"
    zh = "交換 {exchange} 並非暫停，而是 {state}；無可恢復。"
    remedy = (
        "`n2n exchange show {exchange}` tells what became of it; `n2n exchange list --state PARKED` what is parked."
    )
    remedy_zh = "`n2n exchange show {exchange}` 顯示其經過；`n2n exchange list --state PARKED` 列出暫停者。"


class UnderWayNow(OrderError):
    """The exchange {exchange} is being worked at this moment."""

    code = "N2N-SEQ-016"
    side = Side.NOBODY
    zh = "交換 {exchange} 目前處理中。"
    remedy = "Wait a moment; `n2n exchange show {exchange}` tells what comes of it."
    remedy_zh = "請稍候；`n2n exchange show {exchange}` 顯示其結果。"


class ParkedByHand(OrderError):
    """The exchange {exchange} was parked by a person; trying again does not overrule that."""

    code = "N2N-SEQ-017"
    zh = "交換 {exchange} 係人工暫停；重試不推翻該決定。"
    remedy = (
        "`n2n audit tail --act parked` tells who parked it and why; `n2n queue resume {exchange}` puts it back to work."
    )
    remedy_zh = "`n2n audit tail --act parked` 顯示何人因何暫停；以 `n2n queue resume {exchange}` 恢復。"


class NothingWaits(OrderError):
    """Nothing waits to be done for the exchange {exchange}, which is {state}."""

    code = "N2N-SEQ-018"
    side = Side.NOBODY
    zh = "交換 {exchange}（{state}）無待辦事項。"
    remedy = "`n2n exchange show {exchange}` tells what became of it."
    remedy_zh = "`n2n exchange show {exchange}` 顯示其經過。"


class WaitsForAnother(OrderError):
    """The exchange {exchange} follows {predecessor} and must not overtake it."""

    code = "N2N-SEQ-019"
    zh = "交換 {exchange} 承接 {predecessor}，不得先行。"
    remedy = "See to {predecessor}: `n2n exchange show {predecessor}`. When it has arrived, this one goes by itself."
    remedy_zh = "請先處理 {predecessor}：`n2n exchange show {predecessor}`；其送達後，本件自動續行。"


class CancelAsked(OrderError):
    """Somebody has asked already that the exchange {exchange} be cancelled; the partner's answer decides."""

    code = "N2N-SEQ-025"
    side = Side.THEIRS
    zh = "已有人請求取消交換 {exchange}；待對方答覆決定。"
    remedy = "`n2n exchange show {exchange}` tells what the partner says; `n2n queue retry {exchange}` asks at once."
    remedy_zh = "`n2n exchange show {exchange}` 顯示對方答覆；以 `n2n queue retry {exchange}` 立即查詢。"


class LeaseLost(OrderError):
    """The work on {exchange} was taken over by another worker; this result was discarded."""

    code = "N2N-SEQ-006"
    side = Side.NOBODY
    zh = "{exchange} 的工作已由另一個工作者接手；本結果作廢。"


class CreatedAhead(OrderError):
    """The paper was created more than five minutes in the future."""

    code = "N2N-SEQ-007"
    category = Category.UNDETERMINED
    side = Side.THEIRS
    zh = "文件的建立時間超前五分鐘以上。"
    remedy = "Check the clocks of both sides."
    remedy_zh = "請檢查雙方時鐘。"


class ExchangeUnknown(OrderError):
    """No exchange has the id {exchange}."""

    code = "N2N-SEQ-008"
    category = Category.NOT_FOUND
    zh = "沒有識別碼為 {exchange} 的交換。"
    remedy = "`n2n exchange list` shows what there is; a unique beginning of the id is enough."
    remedy_zh = "`n2n exchange list` 列出現有交換；識別碼的唯一開頭即可。"


class RaceLost(OrderError):
    """Something this paper depends on changed while it was being judged."""

    code = "N2N-SEQ-009"
    category = Category.UNDETERMINED
    side = Side.NOBODY
    zh = "審核期間本文件所依據的資料已變動。"
    remedy = "Send it again; nothing was stored."
    remedy_zh = "請再送一次；未儲存任何內容。"


class ChainForeign(OrderError):
    """The paper follows one of another issuer; only the original issuer may change a paper."""

    code = "N2N-SEQ-011"
    side = Side.THEIRS
    zh = "本文件承接他機關核發的文件；僅原核發機關得變更文件。"
    remedy = "Send it as a paper of its own, or under the right issuer."
    remedy_zh = "請以獨立文件送出，或更正核發機關。"


class ChainUnlinked(OrderError):
    """The paper says it follows another one that we hold, but does not name that one's digest."""

    code = "N2N-SEQ-014"
    side = Side.THEIRS
    zh = "本文件表示承接本節點已持有的文件，卻未指明該文件的摘要。"
    remedy = "Send it with the predecessor's digest in its metadata."
    remedy_zh = "請於中繼資料附上前一份文件的摘要再送。"


class AfterWithdrawal(OrderError):
    """The paper follows number {number}, which was withdrawn; nothing follows a withdrawal."""

    code = "N2N-SEQ-012"
    side = Side.THEIRS
    zh = "本文件承接編號 {number}，但該文件已撤回；撤回後不得再有後續。"
    remedy = "Issue a new paper under a number of its own."
    remedy_zh = "請以新編號核發新文件。"


class PaperExpired(OrderError):
    """The paper arrived after {expires_at}, when it had expired; it was answered as absent."""

    code = "N2N-SEQ-013"
    side = Side.THEIRS
    zh = "文件於 {expires_at} 到期後才送達；已回覆為未持有。"
    remedy = "Send it again as a new exchange if it still matters."
    remedy_zh = "如仍有需要，請以新的交換重新送出。"


class PredecessorNeverSent(OrderError):
    """The paper changes number {number}, which was never sent to {partner}."""

    code = "N2N-SEQ-010"
    side = Side.HUB
    zh = "本文件變更編號 {number}，但該編號從未送交 {partner}。"
    remedy = "Hand in the paper it changes first; then hand in this one again."
    remedy_zh = "請先送交被變更的文件，再重新送交本件。"


class ListMissing(OrderError):
    """List {sequence} of {programme} ({authority}) came without the lists before it; held is: {held}."""

    code = "N2N-SEQ-020"
    category = Category.UNDETERMINED
    side = Side.HUB
    zh = "{authority} 之 {programme} 名單第 {sequence} 號到達時，其前之名單尚缺；目前持有：{held}。"
    remedy = "Send the lists before it, or a new baseline; `n2n register request` asks a partner for them."
    remedy_zh = "請補送其前之名單，或傳送新的全份名單；`n2n register request` 可向夥伴索取。"


class ListOutOfPlace(OrderError):
    """List {sequence} is older than the one that is held, or a part that came before."""

    code = "N2N-SEQ-021"
    side = Side.HUB
    zh = "名單第 {sequence} 號早於目前持有者，或為已收到之部分。"
    remedy = "Number lists upwards by one; a baseline may stand at the sequence that was reached, or above it."
    remedy_zh = "名單序號應逐一遞增；全份名單之序號應等於或大於已達之序號。"


class BaselineIncomplete(OrderError):
    """The parts of baseline {sequence} name {counted} operators, and its total is {total}."""

    code = "N2N-SEQ-022"
    side = Side.HUB
    zh = "全份名單第 {sequence} 號各部合計 {counted} 家業者，與總數 {total} 不符。"
    remedy = "Make the baseline anew, with the number of operators of all parts as its total."
    remedy_zh = "請重新產生全份名單，總數應等於各部業者之合計。"


class OperatorVersionTaken(OrderError):
    """Version {version} of an operator's record is known with other content."""

    code = "N2N-SEQ-023"
    side = Side.HUB
    zh = "業者資料第 {version} 版已知，且內容不同。"
    remedy = "Count the version of a record up whenever anything in it changes."
    remedy_zh = "資料內容如有變更，版次應遞增。"


class OperatorConsentGone(OrderError):
    """The operator withdrew its consent after the day on which the paper says that it gave it."""

    code = "N2N-SEQ-024"
    side = Side.HUB
    zh = "業者於文件所載同意日之後已撤回同意。"
    remedy = "Leave the operator out; after a new consent, give the day of that one."
    remedy_zh = "請勿列入該業者；如嗣後重新同意，請載明新的同意日期。"


# --- ANS: business answers ------------------------------------------------------------------------------------------


class AnswerError(NodeError):
    """A business answer could not be taken."""

    category = Category.CONFLICT


class NotAnswerable(AnswerError):
    """The exchange {exchange} cannot be answered: {detail}."""

    code = "N2N-ANS-001"
    side = Side.HUB
    zh = "無法回覆交換 {exchange}：{detail}。"
    remedy = "Answer a paper that came from a partner and was accepted; `n2n exchange list --direction in` shows them."
    remedy_zh = "請回覆夥伴送達且已受理的文件；`n2n exchange list --direction in` 可列出。"


class AnsweredOtherwise(AnswerError):
    """The exchange {exchange} was answered before, with other words; the first answer stands."""

    code = "N2N-ANS-002"
    side = Side.HUB
    zh = "交換 {exchange} 先前已有不同的回覆；以最初回覆為準。"
    remedy = "An answer is final. What changed since then is told by a paper of its own, or by telephone."
    remedy_zh = "回覆為最終決定。之後的變更請另以文件或電話通知。"


class AnswerMalformed(AnswerError):
    """The business answer is not in its form: {field} {rule}."""

    code = "N2N-ANS-003"
    category = Category.MALFORMED
    zh = "業務回覆格式不符：{field} {rule}。"
    remedy = "Correct the field; docs/protocol.md shows the one form of an answer."
    remedy_zh = "請更正該欄位；docs/protocol.md 載明回覆的唯一格式。"


class AnswersNothing(AnswerError):
    """The partner answers a paper that cannot be answered: {detail}."""

    code = "N2N-ANS-004"
    side = Side.THEIRS
    zh = "夥伴回覆的文件無法接受回覆：{detail}。"
    remedy = "The partner has our signed refusal; ask it which paper it meant."
    remedy_zh = "夥伴已收到我方簽署的拒絕；請向其確認所指文件。"


class AnswerDiffers(AnswerError):
    """The partner answered the same paper before, with other words; its first answer stands."""

    code = "N2N-ANS-005"
    side = Side.THEIRS
    zh = "夥伴先前已對同一文件作出不同回覆；以最初回覆為準。"
    remedy = "The partner has our signed refusal; ask it which of the two it means."
    remedy_zh = "夥伴已收到我方簽署的拒絕；請向其確認以何者為準。"


class AnswerContradicted(AnswerError):
    """{partner} answered the paper {exchange}, and now signs that its receipt is {verdict}: only one can be true."""

    code = "N2N-ANS-006"
    category = Category.UNTRUSTED
    side = Side.THEIRS
    zh = "{partner} 已回覆文件 {exchange}，卻又簽署收據稱 {verdict}；兩者不能同時為真。"
    remedy = (
        "Both signed statements are kept and the paper is parked: ask {partner} which one holds, and then "
        "`n2n exchange resume {exchange}`."
    )
    remedy_zh = (
        "兩份已簽署之陳述均已保存，文件暫停：請 {partner} 說明何者為準，再執行 `n2n exchange resume {exchange}`。"
    )


# --- USE: uses of certificates ---------------------------------------------------------------------------------------


class UseError(NodeError):
    """A use of a certificate could not be taken."""

    category = Category.CONFLICT
    side = Side.HUB


class CertificateUnknown(UseError):
    """The use names a certificate {number} that did not cross the border in this form."""

    code = "N2N-USE-001"
    category = Category.NOT_FOUND
    zh = "所使用之證明書 {number} 未曾以此內容往來。"
    remedy = (
        "Name it by kind, issuer, number and the SHA-256 of its exact bytes: `n2n exchange show` of the certificate "
        "tells them."
    )
    remedy_zh = "請以種類、核發機關、編號及原始位元組之 SHA-256 指明；該證明書之 `n2n exchange show` 可查得。"


class CertificateEnded(UseError):
    """The certificate {number} cannot be used: it is {life}."""

    code = "N2N-USE-002"
    zh = "證明書 {number} 不得使用：其狀態為 {life}。"
    remedy = (
        "Use the certificate that stands in its place, or ask for a new one; this one will never be in force again."
    )
    remedy_zh = "請改用取代之證明書，或請求重新核發；本證明書不會再生效。"


class CertificateOverUsed(UseError):
    """The use takes more of certificate {number} than is left ({path})."""

    code = "N2N-USE-003"
    zh = "核銷數量超過證明書 {number} 之餘額（{path}）。"
    remedy = "`n2n exchange show` of the certificate tells what is left and which uses took the rest."
    remedy_zh = "該證明書之 `n2n exchange show` 列出餘額及先前之核銷。"


class UseMismatch(UseError):
    """The use does not fit what certificate {number} says: {rule}."""

    code = "N2N-USE-004"
    zh = "核銷內容與證明書 {number} 所載不符：{rule}。"
    remedy = "Write items off as the certificate names them, in its own units and currency."
    remedy_zh = "請依證明書之項次，並以其單位及幣別核銷。"


class UseNumberTaken(UseError):
    """The use number {number} is known with other content, or was taken back."""

    code = "N2N-USE-005"
    zh = "核銷編號 {number} 已有不同內容，或已撤銷。"
    remedy = "Give another use a number of its own; to change a use, take it back and hand in a new one."
    remedy_zh = "另一筆核銷請另編號；如需變更，請先撤銷再重新送交。"


class UseUnknown(UseError):
    """The paper takes back a use {number} that this certificate does not have."""

    code = "N2N-USE-006"
    category = Category.NOT_FOUND
    zh = "擬撤銷之核銷 {number} 不存在於該證明書。"
    remedy = "`n2n exchange show` of the certificate lists its uses."
    remedy_zh = "該證明書之 `n2n exchange show` 列出其核銷紀錄。"


# --- DLV: calls to partners and what they answer --------------------------------------------------------------------


class DeliveryError(NodeError):
    """The partner could not be given the paper."""

    category = Category.UNREACHABLE
    side = Side.THEIRS


class PartnerUnreachable(DeliveryError):
    """{partner} cannot be reached at {address}: {detail}."""

    code = "N2N-DLV-001"
    zh = "無法連線至 {partner}（{address}）：{detail}。"
    remedy = "The node keeps trying; if it lasts, call the partner's contact."
    remedy_zh = "節點將持續重試；若持續發生，請聯絡夥伴窗口。"


class NoAnswer(DeliveryError):
    """{partner} did not answer within {seconds} seconds; whether it has the papers is unknown."""

    code = "N2N-DLV-002"
    category = Category.TIMED_OUT
    zh = "{partner} 未於 {seconds} 秒內回覆；是否已收到文件未知。"
    remedy = "The node asks for the state and sends the same papers again."
    remedy_zh = "節點將查詢狀態並重送相同文件。"


class AnswerRefused(DeliveryError):
    """The answer of {partner} cannot be used: {detail}."""

    code = "N2N-DLV-003"
    category = Category.UNDETERMINED
    zh = "{partner} 的回覆無法採用：{detail}。"
    remedy = "The node asks again; if it lasts, the partner's software is at fault."
    remedy_zh = "節點將再次詢問；若持續發生，為夥伴軟體問題。"


class PartnerDeferred(DeliveryError):
    """{partner} cannot judge the paper yet ({reason})."""

    code = "N2N-DLV-004"
    category = Category.UNDETERMINED
    zh = "{partner} 暫時無法審核此文件（{reason}）。"
    remedy = "The node sends it again when the partner's hint says."
    remedy_zh = "節點將依夥伴提示時間重送。"


class PartnerRefusedCall(DeliveryError):
    """{partner} refused the call: {reason}."""

    code = "N2N-DLV-005"
    category = Category.UNDETERMINED
    zh = "{partner} 拒絕此次呼叫：{reason}。"
    remedy = "Compare certificates, addresses and versions with the partner's contact."
    remedy_zh = "請與夥伴窗口核對憑證、位址與版本。"


class AttemptsUsedUp(DeliveryError):
    """{attempts} attempts over {hours} hours brought no receipt; the first cause was {cause}."""

    code = "N2N-DLV-006"
    category = Category.CONFLICT
    side = Side.OURS
    zh = "{hours} 小時內 {attempts} 次嘗試均未取得收據；最初原因為 {cause}。"
    remedy = "Cure the first cause, then `n2n exchange resume ID`."
    remedy_zh = "請先排除最初原因，再執行 `n2n exchange resume ID`。"


class PartnerWantsAnew(DeliveryError):
    """{partner} asks for the paper to be encrypted or signed anew ({reason})."""

    code = "N2N-DLV-007"
    category = Category.UNDETERMINED
    zh = "{partner} 要求將文件重新加密或重新簽署（{reason}）。"
    remedy = "The node does so by itself, three times at most; then compare keys with the partner."
    remedy_zh = "節點將自動處理，至多三次；之後請與夥伴核對金鑰。"


class TlsFailed(DeliveryError):
    """The TLS connection to {partner} at {address} failed: {detail}."""

    code = "N2N-TLS-001"
    zh = "與 {partner}（{address}）的 TLS 連線失敗：{detail}。"
    remedy = "Compare the server certificate and trust roots of both sides."
    remedy_zh = "請核對雙方的伺服器憑證與信任根。"


# --- HUB ------------------------------------------------------------------------------------------------------------


class HubError(NodeError):
    """The domestic hub could not be served."""

    category = Category.UNREACHABLE
    side = Side.HUB


class HubUnavailable(HubError):
    """The hub is not available: {detail}."""

    code = "N2N-HUB-001"
    zh = "無法與樞紐往來：{detail}。"
    remedy = (
        "Nothing is lost: the node tries again by itself, and papers are safe where they are until the hub is back."
    )
    remedy_zh = "不會遺失任何資料：節點將自動重試，樞紐恢復前文件均安全保存於原處。"


class SubmissionUnreadable(HubError):
    """The submission {name} cannot be read: {detail}."""

    code = "N2N-HUB-002"
    category = Category.MALFORMED
    zh = "送件 {name} 無法讀取：{detail}。"
    remedy = "Correct it and hand it in under a new name, as docs/hub-folder.md or docs/hub-rest.md shows."
    remedy_zh = "請依 docs/hub-folder.md 或 docs/hub-rest.md 更正，並以新名稱重新送件。"


class HubRefused(HubError):
    """The hub refused {call} with HTTP status {status} ({reason})."""

    code = "N2N-HUB-003"
    category = Category.CONFLICT
    zh = "樞紐以 HTTP 狀態 {status}（{reason}）拒絕 {call}。"
    remedy = "Clear this up with the hub's engineers; the node keeps what it has and asks again, more and more seldom."
    remedy_zh = "請與樞紐工程師釐清；節點保留所有資料，並以逐漸拉長的間隔重試。"


class HubAnswerUnusable(HubError):
    """The hub's answer to {call} cannot be used: {detail}."""

    code = "N2N-HUB-004"
    category = Category.UNDETERMINED
    zh = "樞紐對 {call} 的回覆無法採用：{detail}。"
    remedy = "The node asks again; if it lasts, compare what the hub answers with docs/hub-rest.md."
    remedy_zh = "節點將再次詢問；若持續發生，請依 docs/hub-rest.md 核對樞紐的回覆。"


class HubTlsFailed(HubError):
    """The TLS connection to the hub failed: {detail}."""

    code = "N2N-HUB-005"
    zh = "與樞紐的 TLS 連線失敗：{detail}。"
    remedy = "Compare certificates, authorities and validity on both sides; the files are named under [hub.rest]."
    remedy_zh = "請核對雙方的憑證、憑證機構與效期；檔案列於 [hub.rest]。"


class CursorUnknown(HubError):
    """The cursor does not belong to this node's store."""

    code = "N2N-HUB-011"
    category = Category.MALFORMED
    zh = "此游標不屬於本節點之資料庫。"
    remedy = "Begin with an empty cursor: what was not acknowledged comes again, and nothing is skipped."
    remedy_zh = "請以空白游標重新開始：未確認者將再次送出，不會遺漏。"


class KindNotAllowed(HubError):
    """The client {client} may not handle papers of kind {kind}."""

    code = "N2N-HUB-012"
    category = Category.FORBIDDEN
    zh = "用戶端 {client} 不得處理 {kind} 類文件。"
    remedy = "Name the kind of each paper, and have the kinds of this client extended in node.toml where needed."
    remedy_zh = "請註明每份文件的種類；如有需要，請於 node.toml 增列此用戶端可處理的種類。"


# --- DB -------------------------------------------------------------------------------------------------------------


class StoreError(NodeError):
    """What the node remembers cannot be used."""

    category = Category.CORRUPT


class StoreUnavailable(StoreError):
    """The database cannot be used: {detail}."""

    code = "N2N-DB-001"
    category = Category.OVERLOADED
    zh = "資料庫無法使用：{detail}。"
    remedy = "Check disk space, file permissions and the database server."
    remedy_zh = "請檢查磁碟空間、檔案權限與資料庫伺服器。"


class StoreCorrupt(StoreError):
    """What the database holds for {what} contradicts itself."""

    code = "N2N-DB-002"
    zh = "資料庫中 {what} 的內容自相矛盾。"
    remedy = "Stop the node, keep the files, and restore or investigate."
    remedy_zh = "請停止節點、保留檔案，並還原或調查。"


class StoreVersion(StoreError):
    """The database has schema {found}, this program needs {needed}."""

    code = "N2N-DB-003"
    category = Category.MISCONFIGURED
    zh = "資料庫綱要為 {found}，本程式需要 {needed}。"
    remedy = "Start the matching version of the node; `n2n up` upgrades older databases by itself."
    remedy_zh = "請使用相符版本的節點；`n2n up` 會自動升級舊資料庫。"


class StoreOfAnother(StoreError):
    """The database holds what node {found} remembers, and this is node {code}."""

    code = "N2N-DB-010"
    category = Category.MISCONFIGURED
    zh = "資料庫屬於節點 {found}，本節點為 {code}。"
    remedy = "Nothing was done there. Name a database of its own under `[store] url`; two nodes never share one."
    remedy_zh = "未進行任何作業。請於 `[store] url` 指定專屬資料庫；兩個節點不得共用。"


class StoreInUse(StoreError):
    """Another process already works on the database of node {code}."""

    code = "N2N-DB-011"
    category = Category.CONFLICT
    zh = "節點 {code} 的資料庫已由另一個程序使用中。"
    remedy = "Stop that process first, wherever it runs. The server forgets a host that vanished within half a minute."
    remedy_zh = "請先停止該程序（可能位於其他主機）。主機若已失聯，伺服器將於半分鐘內解除。"


class StoreRefused(StoreError):
    """The database refused a change that breaks its own rules: {rule}."""

    code = "N2N-DB-004"
    category = Category.INTERNAL
    zh = "資料庫拒絕違反其規則的變更：{rule}。"
    remedy = "Nothing was changed. Report the code and the time."
    remedy_zh = "未變更任何內容。請回報此代碼與時間。"


class QueueFull(StoreError):
    """{most} papers ({direction}, partner {partner}) wait already; no more are taken for {seconds} seconds."""

    code = "N2N-DB-006"
    category = Category.OVERLOADED
    side = Side.NOBODY
    zh = "已有 {most} 件文件等候中（{direction}，夥伴 {partner}），{seconds} 秒內不再收件。"
    remedy = "Nothing was stored. Send the same again after {seconds} seconds; `n2n queue top` shows what holds it up."
    remedy_zh = "未儲存任何內容。請於 {seconds} 秒後重送；`n2n queue top` 顯示壅塞原因。"


class DiskNearlyFull(StoreError):
    """The disk has {free} bytes left, {reserve} are kept for what was accepted; try again in {seconds} seconds."""

    code = "N2N-DB-007"
    category = Category.OVERLOADED
    zh = "資料庫所在磁碟僅餘 {free} 位元組，低於為已收文件保留之 {reserve} 位元組；請於 {seconds} 秒後再試。"
    remedy = "Nothing was stored. Make room on the disk, intake opens by itself; send again after {seconds} seconds."
    remedy_zh = "未儲存任何內容。請釋出磁碟空間，收件將自動恢復；請於 {seconds} 秒後重送。"


class IntakeClosed(StoreError):
    """Nothing new is taken since {since}, by order of the operators; try again in {seconds} seconds."""

    code = "N2N-DB-009"
    category = Category.OVERLOADED
    zh = "依維運人員指示，自 {since} 起停止收件；請於 {seconds} 秒後再試。"
    remedy = "Nothing was stored. `n2n queue drain --open` takes new papers again."
    remedy_zh = "未儲存任何內容。以 `n2n queue drain --open` 恢復收件。"


class BackupUnusable(StoreError):
    """The backup {path} cannot be used: {detail}."""

    code = "N2N-DB-005"
    category = Category.CONFLICT
    zh = "備份 {path} 無法使用：{detail}。"
    remedy = "Nothing was changed. Take another backup of this node, or make a new one with `n2n db backup`."
    remedy_zh = "未變更任何內容。請改用本節點的其他備份，或以 `n2n db backup` 重新備份。"


# --- RET: keeping and forgetting, and papers that wait for a second person -------------------------------------------


class RetentionError(NodeError):
    """What is kept, what is to go, and who may say so."""

    category = Category.CONFLICT
    side = Side.OURS


class NothingToHold(RetentionError):
    """None of these exchanges has a document to keep."""

    code = "N2N-RET-001"
    zh = "所列交換均無可保全之文件。"
    remedy = "`n2n exchange show ID` tells whether a document was purged, when, by whom and why."
    remedy_zh = "`n2n exchange show ID` 顯示文件是否已清除、時間、行為者及事由。"


class HoldUnknown(RetentionError):
    """There is no legal hold number {hold}."""

    code = "N2N-RET-002"
    category = Category.NOT_FOUND
    zh = "查無第 {hold} 號保全令。"
    remedy = "`n2n retention holds --all` lists every hold that ever was."
    remedy_zh = "`n2n retention holds --all` 列出所有保全令。"


class HoldReleased(RetentionError):
    """The legal hold {hold} was released already."""

    code = "N2N-RET-003"
    side = Side.NOBODY
    zh = "第 {hold} 號保全令已解除。"
    remedy = "Nothing is left to do; `n2n retention holds --all` tells who released it."
    remedy_zh = "無須處理；`n2n retention holds --all` 顯示解除者。"


class SecondActorNeeded(RetentionError):
    """{actor} began this and may not end it: {act} needs another person."""

    code = "N2N-RET-004"
    category = Category.FORBIDDEN
    zh = "{actor} 為起始者，不得自行完成：{act} 須由另一人為之。"
    remedy = "Ask a colleague to do it under their own account, or to name themselves with --as where you share one."
    remedy_zh = "請同仁以其本人帳號為之；共用帳號者，以 --as 具名。"


class NotWaiting(RetentionError):
    """The exchange {exchange} does not wait for a release."""

    code = "N2N-RET-005"
    zh = "交換 {exchange} 並非待放行。"
    remedy = "`n2n exchange show {exchange}` tells what became of it."
    remedy_zh = "`n2n exchange show {exchange}` 顯示其經過。"


class ReleaseNeeded(RetentionError):
    """The exchange {exchange} waits for a second person; resuming does not release it."""

    code = "N2N-RET-006"
    category = Category.FORBIDDEN
    zh = "交換 {exchange} 待第二人放行；恢復並非放行。"
    remedy = "Another person than the one who handed it in types `n2n exchange release {exchange} --reason …`."
    remedy_zh = "請送件者以外之人執行 `n2n exchange release {exchange} --reason …`。"


class ReleaseTooLate(RetentionError):
    """The exchange {exchange} was not released in time."""

    code = "N2N-RET-007"
    zh = "交換 {exchange} 逾放行期限。"
    remedy = "Hand the paper in again, and have it released within the hours that the arrangement gives."
    remedy_zh = "請重新送件，並於協定所定時數內放行。"


class NotAlone(RetentionError):
    """A paper of kind {kind} came in company; it travels alone."""

    code = "N2N-RET-009"
    category = Category.FORBIDDEN
    side = Side.THEIRS
    zh = "{kind} 類文件與其他文件併送；應單獨傳送。"
    remedy = "The sender hands it in again and carries it in a call and under a seal of its own."
    remedy_zh = "請寄件方重新送件，並以單獨呼叫、單獨封印傳送。"


class HubNotEntitled(RetentionError):
    """The hub has no right to papers of kind {kind}."""

    code = "N2N-RET-010"
    category = Category.FORBIDDEN
    side = Side.HUB
    zh = "樞紐無權處理 {kind} 類文件。"
    remedy = (
        "Name the kind in [hub] guarded_kinds of node.toml, or among the kinds of the client, where it has the right."
    )
    remedy_zh = "如確有權限，請於 node.toml 之 [hub] guarded_kinds 或該用戶端之 kinds 明列此種類。"


class NoOccasion(RetentionError):
    """The moment {moment} is no end for a legal hold: it lies in the past."""

    code = "N2N-RET-008"
    category = Category.MALFORMED
    zh = "{moment} 已過，不得為保全令之末日。"
    remedy = "Give a later --until, or none: the hold then stands until it is released."
    remedy_zh = "請給定較晚之 --until，或不給定：則保全至解除為止。"


# --- EVD: evidence files, made and checked ---------------------------------------------------------------------------


class EvidenceError(NodeError):
    """The evidence does not hold."""

    category = Category.UNTRUSTED
    side = Side.THEIRS
    remedy = "Ask for the evidence file again, from each side by itself, and compare the two."
    remedy_zh = "請分別向雙方重新索取證據檔並加以比對。"


class EvidenceIncomplete(EvidenceError):
    """The exchange {exchange} cannot be proved: {detail}."""

    code = "N2N-EVD-001"
    category = Category.CONFLICT
    side = Side.NOBODY
    zh = "交換 {exchange} 無法舉證：{detail}。"
    remedy = "`n2n exchange show {exchange}` tells what became of it; without a receipt there is nothing to prove yet."
    remedy_zh = "`n2n exchange show {exchange}` 顯示其經過；尚無收據即尚無可證明之事。"


class EvidenceFileUnusable(EvidenceError):
    """The evidence file {path} cannot be used: {detail}."""

    code = "N2N-EVD-002"
    category = Category.NOT_FOUND
    side = Side.OURS
    zh = "證據檔 {path} 無法使用：{detail}。"
    remedy = "Check the path {path}, its permissions and what is there already; nothing is ever overwritten."
    remedy_zh = "請檢查路徑 {path}、其權限及既有檔案；本程式絕不覆寫檔案。"


class PackageMalformed(EvidenceError):
    """The evidence file is not in its one form: {detail}."""

    code = "N2N-EVD-003"
    category = Category.MALFORMED
    zh = "證據檔不是唯一的約定形式：{detail}。"


class EntryMissing(EvidenceError):
    """The evidence file lacks {entry}."""

    code = "N2N-EVD-004"
    category = Category.MALFORMED
    zh = "證據檔缺少 {entry}。"


class EntryChanged(EvidenceError):
    """{entry} does not have the digest that SHA256SUMS names."""

    code = "N2N-EVD-005"
    zh = "{entry} 的摘要與 SHA256SUMS 所列不符。"


class StatementsDisagree(EvidenceError):
    """{what} speaks of something else: {detail}."""

    code = "N2N-EVD-006"
    zh = "{what} 所述為另一事物：{detail}。"


class SignerNotParty(EvidenceError):
    """The certificate that signed {what} is not known to be the {role} certificate of {partner}."""

    code = "N2N-EVD-007"
    zh = "無從得知簽署 {what} 的憑證為 {partner} 的 {role} 憑證。"
    remedy = "Ask {partner} for the SHA-256 of its {role} certificate and give it as --pin {partner}:{role}=SHA256."
    remedy_zh = "請向 {partner} 索取其 {role} 憑證的 SHA-256，並以 --pin {partner}:{role}=SHA256 提供。"


class NoAnchor(EvidenceError):
    """None of the given authorities issued the {role} certificate of {partner}."""

    code = "N2N-EVD-008"
    zh = "所提供的憑證機構均未簽發 {partner} 的 {role} 憑證。"
    remedy = "Get the certificates of both sides' authorities from them, not from the file, and give them by --anchors."
    remedy_zh = "請向雙方憑證機構取得其憑證（勿取自證據檔），並以 --anchors 提供。"


class TimesDisagree(EvidenceError):
    """The times contradict each other: {earlier} must not lie after {later}."""

    code = "N2N-EVD-009"
    zh = "時間互相矛盾：{earlier} 不得晚於 {later}。"
    remedy = "Ask both sides about their clocks at that time."
    remedy_zh = "請向雙方查詢當時的時鐘狀況。"


# --- LOG: logs of receipts and acts ---------------------------------------------------------------------------------


class LogError(NodeError):
    """A log does not say what it said before."""

    category = Category.CORRUPT


class LogForked(LogError):
    """The log of {partner} was rewritten: it showed {known} entries, and now {shown} that do not follow from them."""

    code = "N2N-LOG-001"
    category = Category.UNTRUSTED
    side = Side.THEIRS
    zh = "{partner} 之紀錄遭改寫：先前出示 {known} 筆，現出示之 {shown} 筆並非其延續。"
    remedy = (
        "`n2n audit tail --act log-forked` shows the two signed checkpoints: ask {partner} to explain them, and then "
        "`n2n audit clear {partner} --because TEXT`. Papers parked meanwhile go on by `n2n exchange resume ID`."
    )
    remedy_zh = (
        "`n2n audit tail --act log-forked` 列出兩份已簽署之查核點：請 {partner} 說明，查明後執行 "
        "`n2n audit clear {partner} --because TEXT`。其間暫停之文件以 `n2n exchange resume ID` 恢復。"
    )


class LogBroken(LogError):
    """{log} does not hold at entry {entry}: {detail}."""

    code = "N2N-LOG-002"
    zh = "{log} 於第 {entry} 筆不成立：{detail}。"
    remedy = "Keep the store as it is, compare it with a backup from before, and find out who could write to it."
    remedy_zh = "請保留資料庫現狀，與先前之備份比對，並查明何人得以寫入。"


class NoLogAlarm(LogError):
    """No alarm stands about the log of {partner}."""

    code = "N2N-LOG-003"
    category = Category.NOT_FOUND
    zh = "{partner} 之紀錄並無警示。"
    remedy = "`n2n audit tail --partner {partner}` shows what happened."
    remedy_zh = "`n2n audit tail --partner {partner}` 顯示其經過。"


# --- INT ------------------------------------------------------------------------------------------------------------


class Unexpected(NodeError):
    """A defect of this node stopped the act: {detail}."""

    code = "N2N-INT-001"
    category = Category.INTERNAL
    zh = "本節點的缺陷使作業中止：{detail}。"
    remedy = "Nothing half-done was kept. Report the code and the time."
    remedy_zh = "未留下未完成的狀態。請回報此代碼與時間。"


def catalogue() -> Mapping[str, type[NodeError]]:
    """Every code with its class, in order of definition."""
    return {cls.code: cls for cls in _descendants(NodeError) if cls.code}


def _descendants(cls: type[NodeError]) -> Iterator[type[NodeError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)
