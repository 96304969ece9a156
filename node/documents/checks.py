"""Checks that several kinds share: characters, moments, numbers, and texts made short enough to search by."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache

from lxml import etree

from node.documents.breach import Breach
from node.model.document import Finding
from node.safe_xml import Element

MAX_NAME = 120
"""Characters of a name that becomes part of a paper's identity: 128 with a country before it (protocol 2)."""

MAX_FIELD = 500
"""Characters of a field that people search by; a list of goods is cut here, the paper itself keeps it whole."""

# Legal names use CJK compatibility ideographs on purpose, and NFC would replace them by other characters (documents 8).
_COMPATIBILITY_IDEOGRAPHS = re.compile("[\uf900-\ufaff\U0002f800-\U0002fa1f]")
_UNFIT = re.compile(
    "(?P<control>[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff])"
    "|(?P<private>[\ue000-\uf8ff\U000f0000-\U0010ffff])"
    "|(?P<direction>[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])"
    "|(?P<lost>\ufffd)"
)
UNFIT_RULES = {
    "control": "must not hold control characters",
    "private": "must not hold private-use characters",
    "direction": "must not hold text direction controls",
    "lost": "holds U+FFFD: characters were lost in a conversion",
}
_MARKS = 40
"""Characters after a letter among which the mark is looked for; names have one or two."""

NOT_NFC = "must be in Unicode normalisation form NFC"


# Characters that are fit and remain so whatever stands beside them: none combines with a neighbour (NFC), none shows
# differently elsewhere. Blocks of letters, ideographs and signs that no real name needs to leave.
_PLAIN = re.compile(
    "[\u00a0-\u02ff\u0388-\u0482\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u2150-\u218f\u2460-\u24ff"
    "\u3000-\u3029\u3030-\u3098\u309b-\u33ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uffee"
    "\U0001f300-\U0001faff\U00020000-\U0002f7ff\U00030000-\U0003ffff]*"
)
_DELETE = b"\x7f"
"""The one octet of well-formed ASCII that is no character for papers."""

_FIT_ASCII = bytes(range(0x7F))


def certainly_fit(content: bytes) -> bool:
    """Whether no text of a well-formed XML document in these octets can break a rule of `unfit_characters`.

    A yes needs no tree: without references, texts hold only characters of the document, and plain ones are fit in any
    company. A no says nothing.
    """
    if b"&" in content and b"&#" in content:
        return False
    return are_plain(content)


def are_plain(octets: bytes) -> bool:
    """Whether these octets, which are UTF-8, hold only characters that are fit in any company."""
    if octets.isascii():
        return _DELETE not in octets
    others = octets.translate(None, _FIT_ASCII)
    return _PLAIN.fullmatch(others.decode()) is not None


def unfit_characters(root: Element) -> Iterator[Breach]:
    """Texts and attributes with characters that two systems would show, compare or store differently (documents 8)."""
    # Most papers are fit, and any part of a fit text is fit: one look at everything spares a look at each element.
    if _is_plain("".join(_all_strings(root))):
        return
    for element in root.iter():
        rule = unfit_where(element.text or "")
        if rule:
            yield Breach(element, rule)
        for name, value in element.items():
            rule = unfit_where(str(value))
            if rule:
                attribute = etree.QName(name).localname
                is_short = len(f"attribute {attribute} {rule}") <= Finding.MAX_RULE
                yield Breach(element, rule if is_short else unfit(str(value)), attribute=attribute)


def unfit_where(text: str) -> str:
    """The rule that a character of `text` breaks, which one and where, counted from 1; empty when none does."""
    rule = unfit(text)
    if not rule:
        return ""
    found = _UNFIT.search(text)
    place = found.start() if found is not None else _not_nfc_at(text)
    if rule == UNFIT_RULES["lost"]:
        return f"{rule}, at {place + 1}"
    return f"{rule}: U+{ord(text[place]):04X} at {place + 1}"


def _not_nfc_at(text: str) -> int:
    """The first character with which the text is no longer in NFC: the mark that ought to be part of its letter."""
    plain = _COMPATIBILITY_IDEOGRAPHS.sub("\u4e00", text)
    whole = unicodedata.normalize("NFC", plain)
    same = next((at for at, pair in enumerate(zip(plain, whole, strict=False)) if pair[0] != pair[1]), len(whole))
    start = max(same - 1, 0)
    for end in range(start + 1, min(start + _MARKS, len(plain)) + 1):
        if not unicodedata.is_normalized("NFC", plain[start:end]):
            return end - 1
    return min(same, len(plain) - 1)


def unfit(text: str) -> str:
    """The rule that a character of `text` breaks; empty when every one is fit."""
    if text.isascii() and text.isprintable():
        return ""
    found = _UNFIT.search(text)
    if found is not None and found.lastgroup is not None:
        return UNFIT_RULES[found.lastgroup]
    return "" if text.isascii() or _is_nfc(text) else NOT_NFC


def _is_plain(text: str) -> bool:
    """A quick yes for what is certainly fit: printable, white space aside, and NFC. A no says nothing."""
    for space in "\t\n\r\u3000":
        text = text.replace(space, " ")
    if not text.isprintable() or "\ufffd" in text:
        return False
    return text.isascii() or unicodedata.is_normalized("NFC", text)


_ATTRIBUTES = etree.XPath("//@*", smart_strings=False)


def _all_strings(root: Element) -> Iterator[str]:
    yield from map(str, root.itertext())
    attributes = _ATTRIBUTES(root)
    yield from map(str, attributes if isinstance(attributes, list) else ())


def _is_nfc(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text) or unicodedata.is_normalized(
        "NFC", _COMPATIBILITY_IDEOGRAPHS.sub("", text)
    )


# --- moments and numbers --------------------------------------------------------------------------------------------

MOMENT_RULE = "must be a moment with offset, as 2026-11-22T09:30:00Z"

_LONGEST_MOMENT = len("2026-11-22T09:30:00.123456789+08:00")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def moment_of(text: str) -> datetime | None:
    """The UTC moment that ISO 8601 text with an offset names; None when it is anything else."""
    return _moment(text) if len(text) <= _LONGEST_MOMENT else None


# Lists of operators name few moments many thousand times.
@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime | None:
    if not _ISO_MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def date_of(text: str) -> date | None:
    """The day of the calendar that `text` names, written 2026-11-22; None when it is anything else."""
    return _day(text) if len(text) == len("2026-11-22") else None


@lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _ISO_DATE.fullmatch(text) else None
    except ValueError:
        return None


_LABEL = re.compile(r"[^ \t\r\n]+( [^ \t\r\n]+)*")


def is_label(text: str, most: int) -> bool:
    """Whether `text` can name something for ever: 1 to `most` characters, none unfit, no blank that could get lost."""
    return 0 < len(text) <= most and _LABEL.fullmatch(text) is not None and not unfit(text)


# --- texts ----------------------------------------------------------------------------------------------------------


def text_at(element: Element | None, path: str) -> str:
    """The text of the first element at `path`, without surrounding white space; empty when there is none."""
    found = element.find(path) if element is not None else None
    return text_of(found)


def text_of(element: Element | None) -> str:
    """The element's own text, without surrounding white space."""
    return (element.text or "").strip() if element is not None else ""


def repeated(texts: Sequence[str | None]) -> frozenset[str | None]:
    """What stands there more than once."""
    if len(set(texts)) == len(texts):
        return frozenset()
    return frozenset(text for text, count in Counter(texts).items() if count > 1)


def joined(texts: Iterable[str]) -> str:
    """Different texts in their order as one field, at most MAX_FIELD characters."""
    # Twice without repetitions: goods of one heading or country need not be taken apart line by line.
    different = dict.fromkeys(texts)
    if len(different) > 1:
        different = dict.fromkeys(" ".join(text.split()) for text in different if text)
        return "; ".join(different)[:MAX_FIELD]
    return " ".join("".join(different).split())[:MAX_FIELD]


def without_blanks(fields: dict[str, str]) -> dict[str, str]:
    """The fields that say something."""
    return {name: text for name, text in fields.items() if text}
