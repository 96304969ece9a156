"""Findings as people read them: how grave, whose rule, and the reason in both languages.

On the wire a finding is a code, a path and a rule in English (protocol 3); everything here is made from these three.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from node.documents.catalogue import CATALOGUE, PACKAGES
from node.documents.checks import NOT_NFC, UNFIT_RULES
from node.documents.rule_texts import in_chinese
from node.errors import Language, catalogue
from node.model.document import Finding
from node.model.finding_reason import FindingReason
from node.model.receipt import FindingCode


class Severity(StrEnum):
    """What a finding does to the paper."""

    ERROR = "error"
    """The paper is refused for it."""
    WARNING = "warning"
    """The paper is taken all the same."""


class Owner(StrEnum):
    """Whose rule it is: whom to ask when the rule seems wrong."""

    STANDARD = "standard"
    KIND = "kind"
    CODE_LIST = "code list"
    ARRANGEMENT = "arrangement"
    NODE = "node"


OWNERS: Mapping[Owner, Mapping[Language, str]] = {
    Owner.STANDARD: {Language.EN: "the standard", Language.ZH: "國際標準"},
    Owner.KIND: {Language.EN: "this kind of paper", Language.ZH: "本文件種類"},
    Owner.CODE_LIST: {Language.EN: "a code list", Language.ZH: "代碼表"},
    Owner.ARRANGEMENT: {Language.EN: "the arrangement", Language.ZH: "雙方協定"},
    Owner.NODE: {Language.EN: "every node", Language.ZH: "節點通則"},
}
"""Owners as people read them."""

SEVERITIES: Mapping[Severity, Mapping[Language, str]] = {
    Severity.ERROR: {Language.EN: "error", Language.ZH: "錯誤"},
    Severity.WARNING: {Language.EN: "warning", Language.ZH: "提醒"},
}
"""Severities as people read them."""

STANDARDS: Mapping[str, str] = {"phytosanitary_certificate": "UN/CEFACT SPSCertificate 17"}
"""Kinds whose structure somebody else published; the structure of every other kind is our own."""

_OWNERS_BY_CODE: Mapping[str, Owner] = {
    FindingCode.AGREED: Owner.ARRANGEMENT,
    FindingCode.NOT_AGREED: Owner.ARRANGEMENT,
    FindingCode.ISSUER_SIGNATURE: Owner.ARRANGEMENT,
    FindingCode.CODE_UNKNOWN: Owner.CODE_LIST,
    FindingCode.TOLERATED: Owner.STANDARD,
}
_LISTS = ("UNTDID", "ISO 3166", "ISO 4217", "Recommendation", "(Rec ", "UN/LOCODE", "(HS)", "(IPPC)", "of the list")
_OF_EVERY_KIND = (*UNFIT_RULES.values(), NOT_NFC)


@dataclass(frozen=True, slots=True)
class Explained:
    """One finding with everything that a person may ask about it."""

    finding: Finding
    severity: Severity
    owner: Owner
    reason: Mapping[Language, str]


def reason_of(finding: Finding, kind: str) -> FindingReason:
    """The same for those who pass it on."""
    one = explained(finding, kind)
    return FindingReason(one.severity, one.owner, one.reason)


def explained(finding: Finding, kind: str = "") -> Explained:
    """The finding about a paper of `kind`, explained; the English reason stands where nobody wrote a Chinese one."""
    return Explained(finding, _severity(finding), _owner(finding, kind), reason(finding.rule))


def reason(rule: str) -> Mapping[Language, str]:
    """The words of a rule in both languages; a rule that is the code of an error has the error's sentence."""
    error = catalogue().get(rule)
    if error is not None:
        sentences = {Language.EN: " ".join((error.__doc__ or "").split()), Language.ZH: error.zh}
        return {language: f"{_blanks_shown(text)} ({rule})" for language, text in sentences.items()}
    return {Language.EN: rule, Language.ZH: in_chinese(rule) or _of_plug_ins(rule) or rule}


def _of_plug_ins(rule: str) -> str:
    texts = (CATALOGUE[one].rule_texts for one in PACKAGES)
    return next((found[rule] for found in texts if rule in found), "")


def _blanks_shown(template: str) -> str:
    return template.replace("{", "‹").replace("}", "›")


def _severity(finding: Finding) -> Severity:
    known = finding.code in FindingCode.__members__
    return Severity.WARNING if known and FindingCode(finding.code).is_remark else Severity.ERROR


def _owner(finding: Finding, kind: str) -> Owner:
    by_code = _OWNERS_BY_CODE.get(finding.code)
    if by_code is not None:
        return by_code
    if any(rule in finding.rule for rule in _OF_EVERY_KIND) or finding.code not in (
        FindingCode.SCHEMA,
        FindingCode.RULE,
    ):
        return Owner.NODE
    if any(name in finding.rule for name in _LISTS):
        return Owner.CODE_LIST
    return Owner.STANDARD if finding.code == FindingCode.SCHEMA and kind in STANDARDS else Owner.KIND
