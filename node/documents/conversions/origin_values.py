"""How certificates of origin in JSON write numbers, days, places and weights, and how our own form does."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote, unquote

from node.documents.conversion import Loss
from node.documents.conversions.ledger import JsonSource, Words, XmlSource

TIME_ADDED = Words("a time of day stands there too; the certificate has none", "加上時刻，證明書原無時刻")
TIME_LEFT_OUT = Words("the time of day is left out", "略去時刻")
SCHEME_LEFT_OUT = Words("the scheme before the identifier is left out", "略去識別碼前之編碼體系")
BLANKS = Words("outer and double blanks are left out", "略去前後及重複之空白")
NO_LOCODE = Words("it is no UN/LOCODE, and a place has no other identifier", "非 UN/LOCODE，地點無其他識別碼")
AGREEMENT_FORM = Words("written in capitals, digits and hyphens", "改以大寫字母、數字與連字號表示")
SMALL_LETTERS = Words("written in small letters", "改以小寫字母表示")
NOT_READ = Words("it cannot be read for certain", "無法確定其意義")

LOCODE = "unece.un.org:locode:"
_ID = "id:"
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", re.ASCII)
_SAFE = "/-._~:@!$&'()*+,;="
_PLACE_CODE = re.compile(r"[A-Z]{2}[A-Z2-9]{3}", re.ASCII)
_WEIGHT = re.compile(r"\s*([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([A-Za-z]+)\.?\s*", re.ASCII)
_UNITS = {"KG": "KGM", "KGS": "KGM", "KGM": "KGM", "G": "GRM", "GRM": "GRM", "T": "TNE", "TNE": "TNE"}
_ISO = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T.*)?", re.ASCII)
_COMPACT_FORMATS = ("102", "203", "204", "205")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{4}([0-9]{2})?)?([+-][0-9]{4}|Z)?", re.ASCII)


# --- identifiers ----------------------------------------------------------------------------------------------------


def own_uri(text: str) -> str:
    """A number of ours as URI; empty stays empty."""
    return _ID + quote(text, safe=_SAFE) if text else ""


def as_uri(text: str) -> str:
    """An identifier that may have a scheme already."""
    return text if _URI.fullmatch(text) and not text.startswith(_ID) else own_uri(text)


def whole(source: JsonSource) -> str:
    """An identifier with its scheme, which says whose it is; the scheme `id` says nothing."""
    text = source.text().strip()
    return unquote(text[len(_ID) :]) if text.startswith(_ID) else text


def local(source: JsonSource) -> str:
    """An identifier without its scheme, where something else says whose it is."""
    text = whole(source)
    if source.text().strip().startswith(_ID) or not _URI.fullmatch(text):
        return text
    last = text.rpartition(":")[2]
    if not last or last.startswith("/"):
        return text
    source.ledger.note(source.path, Loss.CHANGED, SCHEME_LEFT_OUT)
    return last


def place_code(source: JsonSource) -> str:
    """The UN/LOCODE in an identifier of a place; what is none has no place."""
    code = source.text().strip().removeprefix(LOCODE)
    if not code or _PLACE_CODE.fullmatch(code):
        return code
    source.ledger.note(_leaf(source), Loss.DROPPED, NO_LOCODE)
    return ""


def agreement(source: JsonSource) -> str:
    """The name of an agreement as our certificates write it: at most 20 capitals, digits and hyphens."""
    text = source.text()
    code = re.sub(r"[^A-Z0-9]+", "-", text.upper()).strip("-")[:20]
    if code != text:
        source.ledger.note(_leaf(source), Loss.CHANGED, AGREEMENT_FORM)
    return code


def status(source: JsonSource) -> str:
    """A status in small letters, as ours are."""
    text = source.text()
    if text != text.strip().lower():
        source.ledger.note(_leaf(source), Loss.CHANGED, SMALL_LETTERS)
    return text.strip().lower()


def _leaf(source: JsonSource) -> str:
    """Where the value itself stands."""
    return f"{source.path}/content" if isinstance(source.value, dict) else source.path


# --- days -----------------------------------------------------------------------------------------------------------


def midnight(source: XmlSource) -> str:
    """A day as moment (ISO 8601)."""
    day = source.text()
    if not day:
        return ""
    source.ledger.note(source.path, Loss.CHANGED, TIME_ADDED)
    return f"{day}T00:00:00Z"


def compact_midnight(source: XmlSource) -> str:
    """A day as moment in format 205 of UNTDID 2379: CCYYMMDDHHMM and the offset."""
    day = source.text()
    if not day:
        return ""
    source.ledger.note(source.path, Loss.CHANGED, TIME_ADDED)
    return f"{day.replace('-', '')}0000+0000"


def day(source: JsonSource) -> str:
    """The day of a moment, as it stands there: in ISO 8601, or formats 102, 203, 204 and 205 of UNTDID 2379.

    What is none of these comes back as it is, for the schema to refuse.
    """
    text = source.text().strip()
    path = _leaf(source)
    if (iso := _ISO.fullmatch(text)) is not None:
        if iso[2] not in (None, "T00:00:00Z"):
            source.ledger.note(path, Loss.CHANGED, TIME_LEFT_OUT)
        return iso[1]
    if (compact := _COMPACT.fullmatch(text)) is not None:
        if source.at("format").value in _COMPACT_FORMATS:
            # Another word there is told as dropped: the day was read without it.
            source.at("format").text()
        found = f"{compact[1]}-{compact[2]}-{compact[3]}"
        if (compact[4] or "").strip("0") or compact[6] not in (None, "+0000", "Z"):
            source.ledger.note(path, Loss.CHANGED, TIME_LEFT_OUT)
        return found if _is_day(found) else text
    return text


def _is_day(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


# --- goods ----------------------------------------------------------------------------------------------------------


def dotted(hs: str) -> str:
    """An HS code as `8466.93.90`."""
    return ".".join(part for part in (hs[:4], hs[4:6], hs[6:8], hs[8:]) if part)


def undotted(hs: str) -> str:
    """Its digits; any other character stays, for the schema to refuse."""
    return hs.replace(".", "").strip()


def weight(text: str) -> tuple[Decimal, str] | None:
    """What a free text such as `450 Kg` weighs, with the unit of Recommendation 20; None when that is not certain."""
    found = _WEIGHT.fullmatch(text)
    unit = _UNITS.get(found[2].upper()) if found is not None else None
    return (Decimal(found[1]), unit) if found is not None and unit is not None else None


def tidy(source: JsonSource, read: Callable[[JsonSource], str] = JsonSource.text) -> str:
    """A text as our labels want it: no outer and no double blanks."""
    text = read(source)
    plain = " ".join(text.split())
    if plain != text:
        source.ledger.note(_leaf(source), Loss.CHANGED, BLANKS)
    return plain
