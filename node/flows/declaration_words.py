"""Why a line of a declaration holds, fails, or could not be checked, in both languages; never a value of the paper."""

from collections.abc import Mapping
from enum import StrEnum

from node.errors import Language
from node.model.certificate import Life
from node.model.operator import OperatorStatus


class Outcome(StrEnum):
    """What the registers say of one line."""

    HOLDS = "holds"
    FAILS = "fails"
    UNCHECKED = "unchecked"
    """The registers cannot say; it neither helps nor hinders."""


class Reason(StrEnum):
    """Every reason there is."""

    OPERATOR_IN_FORCE = "operator_in_force"
    OPERATOR_UNKNOWN = "operator_unknown"
    OPERATOR_SUSPENDED = "operator_suspended"
    OPERATOR_REVOKED = "operator_revoked"
    OPERATOR_ENDED = "operator_ended"
    OPERATOR_AMBIGUOUS = "operator_ambiguous"
    UNNAMED = "unnamed"
    CERTIFICATE_IN_FORCE = "certificate_in_force"
    CERTIFICATE_UNKNOWN = "certificate_unknown"
    CERTIFICATE_NOT_YET = "certificate_not_yet"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_REPLACED = "certificate_replaced"
    CERTIFICATE_ENDED = "certificate_ended"
    CERTIFICATE_AMBIGUOUS = "certificate_ambiguous"
    OTHER_TYPE = "other_type"
    ENOUGH_LEFT = "enough_left"
    TOO_LITTLE_LEFT = "too_little_left"
    OTHER_UNIT = "other_unit"
    NO_ACCOUNT = "no_account"
    ITEMS_MATCH = "items_match"
    ITEMS_DO_NOT_MATCH = "items_do_not_match"
    ITEMS_UNKNOWN = "items_unknown"
    UCR_KNOWN = "ucr_known"
    UCR_UNKNOWN = "ucr_unknown"


_WORDS: Mapping[Reason, tuple[Outcome, str, str]] = {
    Reason.OPERATOR_IN_FORCE: (Outcome.HOLDS, "the operator is authorised and in force", "業者之認證有效"),
    Reason.OPERATOR_UNKNOWN: (Outcome.FAILS, "no partner told us of such an operator", "夥伴未曾通知此業者"),
    Reason.OPERATOR_SUSPENDED: (Outcome.FAILS, "the operator's status is suspended", "業者之認證已停止"),
    Reason.OPERATOR_REVOKED: (Outcome.FAILS, "the operator's status was revoked", "業者之認證已廢止"),
    Reason.OPERATOR_ENDED: (
        Outcome.FAILS,
        "the operator is no longer authorised: withdrawn, expired, ceased, merged or not listed",
        "業者已非認證業者（放棄、屆期、停業、合併或未列名）",
    ),
    Reason.OPERATOR_AMBIGUOUS: (
        Outcome.FAILS,
        "several operators have this code and not all are in force; name the partner",
        "數業者使用此代碼且非全部有效，請指定夥伴",
    ),
    Reason.UNNAMED: (Outcome.FAILS, "it names no identifier", "未載明識別碼"),
    Reason.CERTIFICATE_IN_FORCE: (
        Outcome.HOLDS,
        "the certificate is authentic and in force",
        "證書真實且有效",
    ),
    Reason.CERTIFICATE_UNKNOWN: (
        Outcome.FAILS,
        "no partner sent us a certificate of this type and number",
        "夥伴未曾傳送此種類與號碼之證書",
    ),
    Reason.CERTIFICATE_NOT_YET: (
        Outcome.FAILS,
        "the certificate was issued after this day",
        "證書於該日之後核發",
    ),
    Reason.CERTIFICATE_EXPIRED: (Outcome.FAILS, "the certificate has expired", "證書已逾有效期限"),
    Reason.CERTIFICATE_REPLACED: (
        Outcome.FAILS,
        "another certificate took its place",
        "證書已由其他證書取代",
    ),
    Reason.CERTIFICATE_ENDED: (
        Outcome.FAILS,
        "the certificate was withdrawn, cancelled or revoked",
        "證書已撤回、註銷或廢止",
    ),
    Reason.CERTIFICATE_AMBIGUOUS: (
        Outcome.FAILS,
        "several issuers have a certificate of this number; name the partner",
        "數機關有此號碼之證書，請指定夥伴",
    ),
    Reason.OTHER_TYPE: (
        Outcome.UNCHECKED,
        "no kind of paper that is exchanged; not checked",
        "非屬交換之文件種類，未查核",
    ),
    Reason.ENOUGH_LEFT: (Outcome.HOLDS, "enough of the certificate is left", "證書餘額足夠"),
    Reason.TOO_LITTLE_LEFT: (
        Outcome.FAILS,
        "less of the certificate is left than is written off",
        "證書餘額不足沖銷",
    ),
    Reason.OTHER_UNIT: (
        Outcome.FAILS,
        "the certificate certifies nothing in this unit or currency",
        "證書未載此單位或幣別",
    ),
    Reason.NO_ACCOUNT: (
        Outcome.UNCHECKED,
        "nothing tells how much the certificate certifies",
        "無從得知證書所載數量",
    ),
    Reason.ITEMS_MATCH: (
        Outcome.HOLDS,
        "each line has an item of the certificate for itself",
        "報單各項與證書各項一一對應",
    ),
    Reason.ITEMS_DO_NOT_MATCH: (
        Outcome.FAILS,
        "a line has no item of the certificate for itself, by tariff code and origin",
        "報單項次之稅則與原產地無法與證書項次一一對應",
    ),
    Reason.ITEMS_UNKNOWN: (
        Outcome.UNCHECKED,
        "the certificate's items are not kept any more, or are too many to match",
        "證書各項已不予保存，或項次過多而無法比對",
    ),
    Reason.UCR_KNOWN: (Outcome.HOLDS, "papers of this consignment are known", "已知此貨物之文件"),
    Reason.UCR_UNKNOWN: (Outcome.UNCHECKED, "no paper of this consignment is known", "尚無此貨物之文件"),
}

OF_STATUS: Mapping[OperatorStatus, Reason] = {
    OperatorStatus.VALID: Reason.OPERATOR_IN_FORCE,
    OperatorStatus.SUSPENDED: Reason.OPERATOR_SUSPENDED,
    OperatorStatus.REVOKED: Reason.OPERATOR_REVOKED,
}
"""Every other status ended."""

OF_LIFE: Mapping[Life, Reason] = {
    Life.IN_FORCE: Reason.CERTIFICATE_IN_FORCE,
    Life.NOT_YET: Reason.CERTIFICATE_NOT_YET,
    Life.EXPIRED: Reason.CERTIFICATE_EXPIRED,
    Life.REPLACED: Reason.CERTIFICATE_REPLACED,
    Life.UNKNOWN: Reason.CERTIFICATE_UNKNOWN,
}
"""Every other life ended."""


def outcome(reason: Reason) -> Outcome:
    """What the reason makes of a line."""
    return _WORDS[reason][0]


def words(reason: Reason, language: Language) -> str:
    """The reason in one of the two languages."""
    _, en, zh = _WORDS[reason]
    return zh if language is Language.ZH else en
