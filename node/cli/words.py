"""Two languages side by side: every sentence of the command line is written once, as a pair."""

from collections.abc import Mapping
from typing import NamedTuple

from node.errors import Category, Language, Side
from node.model.answer import AnswerVerdict
from node.model.evidence import Fact
from node.model.exchange import Direction, State
from node.model.receipt import Verdict


class Text(NamedTuple):
    """One sentence in both languages."""

    en: str
    zh: str

    def to(self, language: Language) -> str:
        """The sentence in `language`."""
        return self.zh if language is Language.ZH else self.en


def language_of(word: str) -> Language:
    """The language a word such as `zh-TW`, `zh_TW.UTF-8` or `en` asks for; English when it names none of ours."""
    return Language.ZH if word.lower().startswith("zh") else Language.EN


def language_from(env: Mapping[str, str]) -> Language:
    """N2N_LANG, else the locale as POSIX ranks its variables."""
    names = ("N2N_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return language_of(next((env[name] for name in names if env.get(name)), ""))


SIDES: Mapping[Side, Text] = {
    Side.OURS: Text("our side", "我方"),
    Side.THEIRS: Text("the other side", "對方"),
    Side.HUB: Text("the domestic hub", "國內樞紐"),
    Side.NOBODY: Text("nobody; it settles by itself", "無須處理，將自行解決"),
}

CATEGORIES: Mapping[Category, Text] = {
    Category.MALFORMED: Text("malformed", "格式不符"),
    Category.UNSUPPORTED: Text("not supported", "不支援"),
    Category.UNTRUSTED: Text("not to be trusted", "不可信任"),
    Category.UNDETERMINED: Text("cannot be told yet", "尚無法判定"),
    Category.FORBIDDEN: Text("not allowed", "不允許"),
    Category.NOT_FOUND: Text("not found", "查無資料"),
    Category.CONFLICT: Text("conflict", "衝突"),
    Category.OVERLOADED: Text("overloaded", "負載過高"),
    Category.UNREACHABLE: Text("cannot be reached", "無法連線"),
    Category.TIMED_OUT: Text("timed out", "逾時"),
    Category.MISCONFIGURED: Text("wrongly configured", "設定錯誤"),
    Category.CORRUPT: Text("corrupt", "資料毀損"),
    Category.INTERNAL: Text("a defect of ours", "本節點缺陷"),
}

YES = Text("yes", "是")
NO = Text("no", "否")

DIRECTIONS: Mapping[Direction, Text] = {
    Direction.OUT: Text("out", "送出"),
    Direction.IN: Text("in", "收到"),
}

STATES: Mapping[State, Text] = {
    State.ACCEPTED: Text("accepted", "已受理"),
    State.SEALED: Text("sealed", "已封印"),
    State.UNRESOLVED: Text("sent, no answer yet", "已送出，尚無回覆"),
    State.DELIVERED: Text("delivered", "已送達"),
    State.ANSWERED: Text("answered", "已回覆"),
    State.REFUSED: Text("refused", "遭拒"),
    State.EXPIRED: Text("expired", "已逾期"),
    State.CANCELLED: Text("cancelled", "已取消"),
    State.PARKED: Text("parked", "暫停"),
    State.RECEIVED: Text("received", "已收到"),
    State.HANDED_OVER: Text("handed over", "已移交"),
}

VERDICTS: Mapping[Verdict, Text] = {
    Verdict.ACCEPTED: Text("accepted", "接受"),
    Verdict.REFUSED: Text("refused", "拒絕"),
    Verdict.ABSENT: Text("never received", "未曾收到"),
}

DECISIONS: Mapping[AnswerVerdict, Text] = {
    AnswerVerdict.ACCEPTED: Text("accepted", "接受"),
    AnswerVerdict.CONDITIONAL: Text("accepted on a condition", "附條件接受"),
    AnswerVerdict.REJECTED: Text("rejected", "不接受"),
}

FACTS: Mapping[Fact, Text] = {
    Fact.SUBMITTED: Text("handed in", "已送件"),
    Fact.DOCUMENT_SIGNED: Text("document signed", "文件已簽署"),
    Fact.SEALED: Text("sealed in a batch", "已批次封印"),
    Fact.SENT: Text("sent", "已送出"),
    Fact.NO_ANSWER: Text("no usable answer", "未獲可用回覆"),
    Fact.DEFERRED: Text("the partner asks to try later", "對方請稍後再試"),
    Fact.COARSE: Text("turned away before it was judged", "未經審核即遭退回"),
    Fact.RECEIPT_STORED: Text("the partner's receipt is stored", "對方收據已存檔"),
    Fact.RECEIPT_DISPUTED: Text("a second, different receipt came", "收到內容不同的第二份收據"),
    Fact.RECEIPT_DOUBTED: Text("a receipt that is doubted came; it settles nothing", "收到存疑之收據，未據以結案"),
    Fact.RECEIVED: Text("received", "已收到"),
    Fact.SEAL_VERIFIED: Text("seal verified", "封印驗證成立"),
    Fact.DOCUMENT_VERIFIED: Text("document signature verified", "文件簽章驗證成立"),
    Fact.ISSUER_VERIFIED: Text("issuer's signature verified", "核發機關簽章驗證成立"),
    Fact.RECEIPT_ISSUED: Text("our receipt is signed", "我方收據已簽署"),
    Fact.REPEATED: Text("came again, same receipt returned", "重複送達，回覆同一收據"),
    Fact.HANDED_OVER: Text("handed over to the hub", "已移交樞紐"),
    Fact.PARKED: Text("parked", "暫停"),
    Fact.RESUMED: Text("resumed", "恢復"),
    Fact.CANCEL_ASKED: Text("somebody wants it back; the partner is asked", "請求取消，將向對方查詢"),
    Fact.CANCELLED: Text("cancelled", "取消"),
    Fact.EXPIRED: Text("expired", "逾期"),
    Fact.ANSWER_RECEIVED: Text("the partner's business answer arrived", "收到對方業務回覆"),
    Fact.ANSWERED: Text("the business answer stands", "業務回覆成立"),
    Fact.RELEASED: Text("released by a second person", "經第二人放行"),
    Fact.PURGED: Text("the document was purged; the proof stays", "文件已清除，證據保留"),
}
