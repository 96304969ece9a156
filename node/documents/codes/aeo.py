"""Codes of AEO exchange: certificate types, statuses, events, reasons and roles.

Sources: UNTDID 1001 (types) and 1373 (statuses; 4405 uses the same figures for other things and is not meant here). The
words are this node's own: mutual recognition arrangements name the facts, no public source fixes words for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

CERTIFICATE_TYPES: Mapping[str, tuple[str, str]] = {
    "878": ("AEO certificate, security and safety", "安全認證優質企業"),
    "879": ("AEO certificate, compliance", "一般優質企業"),
    "891": ("AEO certificate, full", "完整優質企業"),
}
"""UNTDID 1001."""

COMPLIANCE_ONLY = "879"
"""Mutual recognition rests on security and safety, so operators with compliance alone (AEOG) are never sent."""

COMPLIANCE_PROGRAMME = "AEOG"

VALID, SUSPENDED, REVOKED = "10", "40", "41"

STATUSES: Mapping[str, tuple[str, str]] = {
    VALID: ("currently valid", "有效"),
    SUSPENDED: ("validity suspended", "效力停止"),
    REVOKED: ("validity revoked", "廢止"),
}
"""UNTDID 1373."""


@dataclass(frozen=True, slots=True)
class Event:
    """What an event makes of an operator, and how it follows the event before it.

    An event that leaves the operator certified, or suspends or ends that by decision, carries a record; `status` is the
    one that the record must have, empty when it may have any. One by which the operator leaves the list carries a
    removal, and `removal` is its reason.
    """

    status: str
    relation: str
    en: str
    zh: str
    removal: str = ""


EVENTS: Mapping[str, Event] = {
    "grant": Event(VALID, "", "granted", "核發"),
    "suspend": Event(SUSPENDED, "suspension", "suspended", "停止"),
    "reinstate": Event(VALID, "reinstatement", "reinstated", "恢復"),
    "revoke": Event(REVOKED, "revocation", "revoked", "廢止"),
    "rename": Event("", "renaming", "renamed or moved", "名稱或地址變更"),
    "withdraw": Event("", "withdrawal", "given up by the operator", "業者自願放棄", "withdrawn"),
    "expire": Event("", "expiry", "expired", "期滿", "expired"),
    "merge": Event("", "merger", "merged into another operator", "合併", "merged"),
    "withdraw-consent": Event("", "consent-withdrawal", "consent withdrawn", "撤回同意", "consent-withdrawn"),
}

REASONS: Mapping[str, tuple[str, str]] = {
    "own-request": ("the operator asked for it", "業者申請"),
    "requirements-not-met": ("requirements are no longer met", "不符認證要件"),
    "offence": ("an offence against customs or tax law", "違反關務或稅務法規"),
    "security-incident": ("a security incident", "安全事件"),
    "insolvency": ("insolvency", "無力清償"),
    "ceased": ("the operator ceased business", "歇業"),
    "remedied": ("the cause was remedied", "原因已排除"),
    "not-disclosed": ("not disclosed", "不予揭露"),
}
"""Why a status is what it is."""

CONSENT_WITHDRAWN = "consent-withdrawn"

REMOVALS: Mapping[str, tuple[str, str]] = {
    "consent-withdrawn": ("consent was withdrawn: delete the operator", "撤回同意，應予刪除"),
    "revoked": ("revoked", "廢止"),
    "withdrawn": ("given up by the operator", "業者自願放棄"),
    "expired": ("expired", "期滿"),
    "ceased": ("the operator ceased business", "歇業"),
    "merged": ("merged into another operator", "合併"),
}
"""Why an operator leaves a list."""

ROLES: Mapping[str, tuple[str, str]] = {
    "exporter": ("exporter", "出口商"),
    "importer": ("importer", "進口商"),
    "manufacturer": ("manufacturer", "製造業"),
    "forwarder": ("freight forwarder", "承攬業"),
    "consolidator": ("consolidator", "併櫃業"),
    "broker": ("customs broker", "報關業"),
    "carrier": ("carrier", "運輸業"),
    "warehouse": ("warehouse keeper", "倉儲業"),
    "terminal": ("terminal operator", "碼頭業"),
}
"""What an operator is certified for."""
