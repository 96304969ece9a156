"""Codes of SPSCertificate 17: document types, statuses, and the acronyms that the IPPC puts into free fields.

Sources: UNTDID 1001 (types) and 4405 (statuses); the acronyms and the form of their contents are the IPPC's mapping of
ISPM 12 onto the UN/CEFACT message, as its users publish it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from node.documents.checks import is_label, moment_of

DOCUMENT_TYPES: Mapping[str, tuple[str, str]] = {
    "851": ("phytosanitary certificate", "植物檢疫證明書"),
    "657": ("phytosanitary certificate for re-export", "再輸出植物檢疫證明書"),
    "852": ("sanitary certificate", "衛生證明書"),
    "853": ("veterinary certificate", "動物檢疫證明書"),
    "636": ("health certificate", "健康證明書"),
}
"""UNTDID 1001."""

RE_EXPORT = "657"

OF_ANIMALS_AND_FOOD = frozenset({"852", "853", "636"})
"""Types that know neither acronyms nor treatments of plants."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a status does to the number it stands on: which version of the paper it makes, and how that follows."""

    version: str
    relation: str
    en: str
    zh: str


STATUSES: Mapping[str, Status] = {
    "39": Status("1", "", "approved", "已核准"),
    "70": Status("1", "", "issued", "已核發"),
    "40": Status("withdrawn", "withdrawal", "withdrawn", "已撤回"),
    "44": Status("replaced", "replaced", "replaced", "已換發"),
    "64": Status("cancelled", "cancellation", "cancelled", "已註銷"),
}
"""UNTDID 4405, final acts of an issuer. Drafts (47), refusals (41) and pending papers (97) stay with who made them."""


@dataclass(frozen=True, slots=True)
class Content:
    """What the text beside an acronym must be."""

    words: str
    fits: Callable[[str], bool]
    once: bool = False


def _text(most: int, *, once: bool = False) -> Content:
    return Content(f"must hold 1 to {most} characters", lambda text: 0 < len(text) <= most, once)


def _pattern(pattern: str, words: str, *, once: bool = False) -> Content:
    compiled = re.compile(pattern, re.ASCII)
    return Content(words, lambda text: compiled.fullmatch(text) is not None, once)


def _moment(*, once: bool = False) -> Content:
    words = "must hold a moment with offset, as 2026-11-22T09:30:00Z"
    return Content(words, lambda text: moment_of(text) is not None, once)


STATEMENT = _pattern("[0-9]{1,2}", "must hold a statement number of one or two digits", once=True)
"""A statement of the IPPC."""

_YES_NO = _pattern("true|false|1|0", "must hold true or false", once=True)
PLACEHOLDERS = frozenset({"null", "n/a", "na", "none", "nil", "ninguno", "ninguna", "sin dato", "sin datos", "-", "."})
"""Texts that real papers carry where a name is demanded; they name nobody (measured on public papers)."""

_NUMBER_60 = Content(
    "must hold a number of 1 to 60 characters",
    lambda text: is_label(text, 60) and text.lower() not in PLACEHOLDERS,
    once=True,
)

DOCUMENT_NOTES: Mapping[str, Content] = {
    "SPSFL": STATEMENT,
    "ADEDL": _text(8000),
    "ADIPEDL": _text(256),
    "ADDIEDL": _moment(),
    "ADAOEDL": _text(8000),
    "ADRP": STATEMENT,
    "ADRPN": _NUMBER_60,
    "ADRD": _moment(once=True),
    "ADRPR": _text(512, once=True),
    "DMCL": _text(512),
}
"""IncludedSPSNote of the document."""

LINE_NOTES: Mapping[str, Content] = {
    "ADTLIL": _text(8000),
    "ADIPTLIL": _text(256),
    "ADDITLIL": _moment(),
    "ADAOTLIL": _text(8000),
    "DMTLIL": _text(1024),
    "OPTND": _text(512),
    "OQU": _text(50, once=True),
    "OQV": _pattern(r"[0-9]{1,16}(\.[0-9]{1,4})?", "must hold a decimal of at most 16 + 4 digits", once=True),
    "RPCST": STATEMENT,
    "RPCCO": _pattern("[A-Z]{2}", "must hold two capital letters (ISO 3166-1)", once=True),
    "RPCRF": _NUMBER_60,
    "RPCOR": _YES_NO,
    "RPCTC": _YES_NO,
    "RPCPK": _YES_NO,
    "RPCRP": _YES_NO,
    "RPCOC": _YES_NO,
    "RPCNC": _YES_NO,
    "RPCPC": _YES_NO,
    "RPCAI": _YES_NO,
}
"""AdditionalInformationSPSNote of a trade line."""

REPLACEMENT_NOTES = ("ADRP", "ADRD", "ADRPR")
"""Document notes that speak about the certificate named by ADRPN."""

RE_EXPORT_NOTES = ("RPCCO", "RPCRF")
"""Line notes without which a re-export certificate does not say what it re-exports."""

IPPC_TREATMENT = "ZZZ"
"""Process type under which treatments are described by acronyms (UNTDID 7187, mutually defined)."""

TREATMENT_TEXTS: Mapping[str, int] = {"TTL1": 256, "TTL2": 256, "TTCH": 256, "TTAI": 400, "TTFT": 8000}
"""Characteristics of two descriptions: the acronym and a text of so many characters."""

TREATMENT_MEASURES = frozenset({"TTTM", "TTCO"})
"""Characteristics of one description, the acronym, and a measure: temperature, concentration."""

TEMPERATURE = "TTTM"
TEMPERATURE_UNITS = frozenset({"CEL", "FAH", "KEL"})
"""UN/ECE Recommendation 20."""

PLAIN_TEXT = "text/plain"
ATTACHMENT_TYPES = frozenset({"application/pdf", "image/png", "image/jpeg", "image/tiff", PLAIN_TEXT})
"""Media types of attachments; anything active stays out."""
