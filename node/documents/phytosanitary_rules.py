"""What an SPS certificate must say beyond its schema: codes, acronyms and their contents, dates, measures, chains."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from node.documents.breach import Breach
from node.documents.checks import MAX_NAME, MOMENT_RULE, is_label, moment_of, repeated, text_at, text_of
from node.documents.children import Way, first_by_name
from node.documents.codes import sps
from node.documents.numbers import number_in, too_long
from node.documents.sps_attachments import attachment_rules
from node.documents.sps_names import DOCUMENT, LINES, RAM, UDT
from node.safe_xml import Element

_AMOUNTS = tuple(
    f"{RAM}{name}Measure"
    for name in (
        *("NetWeight", "GrossWeight", "NetVolume", "GrossVolume"),
        *("NominalGrossWeight", "NominalGrossVolume", "Duration"),
    )
)
_VALUES = tuple(f"{RAM}{name}Measure" for name in ("Value", "MinimumValue", "MaximumValue"))
MEASURES = (*_AMOUNTS, *_VALUES)
_NUMBERS = (*MEASURES, f"{RAM}ItemQuantity", f"{RAM}SequenceNumeric")
_WHOLE = re.compile(r"0*[1-9][0-9]*", re.ASCII)
WORDS = tuple(
    f"{RAM}{name}"
    for name in ("Name", "PersonName", "LineOne", "CityName", "Description", "CommonName", "ScientificName")
)
HTML_ESCAPES = re.compile("&(amp|lt|gt|quot|apos|#34|#39|#x22|#x27);")
"""Characters that were escaped for HTML before they were escaped for XML (measured on public papers)."""

PLACEHOLDER = "holds a placeholder instead of a text"
HTML_ESCAPED = "holds an HTML escape instead of the character"
NO_UNIT = "needs a unitCode of two or three characters (Rec 20)"
_UNIT = re.compile(r"[A-Z0-9]{2,3}", re.ASCII)
_HS = re.compile(r"[0-9]{2,6}", re.ASCII)

# UNTDID 2379: format code -> pattern of the text, its form for strptime. Without a code the text is ISO 8601.
_MOMENT_FORMATS = {
    "102": (re.compile(r"\d{8}", re.ASCII), "%Y%m%d"),
    "205": (re.compile(r"\d{12}[+-]\d{4}", re.ASCII), "%Y%m%d%H%M%z"),
    "208": (re.compile(r"\d{14}[+-]\d{4}", re.ASCII), "%Y%m%d%H%M%S%z"),
}


_SUBJECT, _CONTENT, _NOTE = f"{RAM}Subject", f"{RAM}Content", f"{RAM}AdditionalInformationSPSNote"
_CLASSIFICATION, _PROCESS = f"{RAM}ApplicableSPSClassification", f"{RAM}AppliedSPSProcess"
_CHARACTERISTIC, _DESCRIPTION = f"{RAM}ApplicableSPSProcessCharacteristic", f"{RAM}Description"
_DATE_TIME, _DATE_TIME_STRING = f"{UDT}DateTime", f"{UDT}DateTimeString"
_SEQUENCE = f"{RAM}SequenceNumeric"
_LINES = Way(*LINES)
_DOCUMENT_NOTES = Way(DOCUMENT, f"{RAM}IncludedSPSNote")
_TYPE_CODES, _NUMBERS_OF_DOCUMENT = Way(DOCUMENT, f"{RAM}TypeCode"), Way(DOCUMENT, f"{RAM}ID")

_CLAUSES = Way(DOCUMENT, f"{RAM}SignatorySPSAuthentication", f"{RAM}IncludedSPSClause")

Children = Mapping[str, Element]
"""The first child of each name."""


def rules(root: Element) -> Iterator[Breach]:
    """Every rule that the certificate breaks, in no particular order."""
    yield from too_long(root, *_NUMBERS)
    document_type = text_of(_TYPE_CODES.first(root))
    of_plants = document_type not in sps.OF_ANIMALS_AND_FOOD
    yield from _head(root)
    yield from _document_notes(root, of_plants)
    yield from _clauses(root, of_plants)
    yield from _moments(root)
    yield from _measures(root)
    yield from _names(root)
    yield from attachment_rules(root)
    lines = [(line, first_by_name(line)) for line in _LINES.all(root)]
    yield from _line_numbers([known.get(_SEQUENCE) for _, known in lines])
    for line, known in lines:
        yield from _line(line, known, of_plants)
    if document_type == sps.RE_EXPORT:
        yield from _re_export(root, lines)


def moment_in(element: Element | None) -> datetime | None:
    """The UTC moment of a DateTimeType (ISO 8601 with offset, or format 102, 205, 208); None when unclear."""
    if element is None:
        return None
    known = first_by_name(element)
    if _DATE_TIME in known:
        return moment_of(text_of(known[_DATE_TIME]))
    string = known.get(_DATE_TIME_STRING)
    form = string.get("format", "") if string is not None else ""
    if not form:
        return moment_of(text_of(string))
    return _formatted_moment(text_of(string), form)


def _formatted_moment(text: str, form: str) -> datetime | None:
    pattern, words = _MOMENT_FORMATS.get(form, (None, ""))
    if pattern is None or not pattern.fullmatch(text):
        return None
    try:
        moment = datetime.strptime(text, words)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# --- the document ---------------------------------------------------------------------------------------------------


def _head(root: Element) -> Iterator[Breach]:
    document = root.find(DOCUMENT)
    if document is None:
        return
    known = first_by_name(document)
    yield from _in_list(known.get(f"{RAM}TypeCode"), sps.DOCUMENT_TYPES, "is not a type this kind takes (UNTDID 1001)")
    yield from _in_list(known.get(f"{RAM}StatusCode"), sps.STATUSES, "is not a final status (UNTDID 4405)")
    number = known.get(f"{RAM}ID")
    if number is not None and not is_label(number.text or "", 60):
        yield Breach(number, "must be 1 to 60 printable characters without outer blanks")
    elif number is not None and text_of(number).lower() in sps.PLACEHOLDERS:
        yield Breach(number, PLACEHOLDER)
    issuer = known.get(f"{RAM}IssuerSPSParty")
    if issuer is None:
        yield Breach(document, "lacks IssuerSPSParty: a certificate names its issuer")
    elif not is_label(text_at(issuer, f"{RAM}ID") or text_at(issuer, f"{RAM}Name"), MAX_NAME):
        yield Breach(issuer, f"its ID or Name must have 1 to {MAX_NAME} characters")
    elif text_at(issuer, f"{RAM}ID").lower() in sps.PLACEHOLDERS:
        yield Breach(issuer, PLACEHOLDER)


def _clauses(root: Element, of_plants: bool) -> Iterator[Breach]:
    """A clause is a certifying statement: of plants it is known by its number, and its text may be empty then."""
    for clause in _CLAUSES.all(root):
        known = first_by_name(clause)
        number = known.get(f"{RAM}ID")
        if number is None and not any(text_of(text) for text in clause.iterchildren(_CONTENT)):
            yield Breach(clause, "needs the number of a statement, or its text")
        elif of_plants and number is not None and not sps.STATEMENT.fits(text_of(number)):
            yield Breach(number, sps.STATEMENT.words)


def _in_list(element: Element | None, known: Container[str], rule: str) -> Iterator[Breach]:
    if element is not None and text_of(element) not in known:
        yield Breach(element, rule)


def _document_notes(root: Element, of_plants: bool) -> Iterator[Breach]:
    notes = [(note, first_by_name(note)) for note in _DOCUMENT_NOTES.all(root)]
    yield from _notes(notes, sps.DOCUMENT_NOTES, of_plants)
    subjects = {text_of(known.get(_SUBJECT)): note for note, known in notes}
    for acronym in sps.REPLACEMENT_NOTES:
        if acronym in subjects and "ADRPN" not in subjects:
            yield Breach(subjects[acronym], "needs a note ADRPN: which certificate is replaced")
    replaced = subjects.get("ADRPN")
    if replaced is not None and text_at(replaced, _CONTENT) == text_of(_NUMBERS_OF_DOCUMENT.first(root)):
        yield Breach(replaced, "a certificate cannot replace itself")


def _notes(
    notes: Sequence[tuple[Element, Children]], contents: Mapping[str, sps.Content], of_plants: bool
) -> Iterator[Breach]:
    seen: set[str] = set()
    for note, known in notes:
        subject = text_of(known.get(_SUBJECT))
        content = contents.get(subject)
        if content is None:
            # The acronyms are the IPPC's. Who certifies animals and food has subjects of its own, and notes that name
            # their subject by SubjectCode use another list, which is not ours to judge.
            if of_plants and (subject or f"{RAM}SubjectCode" not in known):
                yield Breach(note, "its Subject is not an acronym of this level (IPPC)")
            continue
        if content.once and subject in seen:
            yield Breach(note, f"{subject} may stand only once")
        seen.add(subject)
        for text in note.iterchildren(_CONTENT):
            if not content.fits(text_of(text)):
                yield Breach(text, f"{subject} {content.words}")


# --- everywhere -----------------------------------------------------------------------------------------------------


def _moments(root: Element) -> Iterator[Breach]:
    unclear: dict[Element | None, bool] = {}  # per parent: junk may put thousands of moments into one
    for element in root.iter(f"{UDT}DateTimeString", f"{UDT}DateTime"):
        parent = element.getparent()
        if parent not in unclear:
            unclear[parent] = moment_in(parent) is None
        if unclear[parent]:
            yield Breach(element, MOMENT_RULE)
    for period in root.iter(f"{RAM}CompletionSPSPeriod"):
        start, end = (moment_in(period.find(f"{RAM}{name}DateTime")) for name in ("Start", "End"))
        if start is not None and end is not None and end < start:
            yield Breach(period, "must not end before it starts")


def _measures(root: Element) -> Iterator[Breach]:
    for element in root.iter(*MEASURES):
        if not _UNIT.fullmatch(element.get("unitCode", "")):
            yield Breach(element, NO_UNIT)
    for element in root.iter(*_AMOUNTS):
        if not _at_least(element, Decimal(0)):
            yield Breach(element, "must not be negative")
    for element in root.iter(f"{RAM}ItemQuantity"):
        if not _at_least(element, Decimal(1)):
            yield Breach(element, "must be 1 or more")


def _at_least(element: Element, least: Decimal) -> bool:
    amount = number_in(element)
    return amount is None or amount >= least


def _names(root: Element) -> Iterator[Breach]:
    for element in root.iter(*WORDS):
        if text_of(element).lower() in sps.PLACEHOLDERS:
            yield Breach(element, PLACEHOLDER)
        if "&" in (element.text or "") and HTML_ESCAPES.search(element.text or ""):
            yield Breach(element, HTML_ESCAPED)


# --- trade lines ----------------------------------------------------------------------------------------------------


def _line_numbers(numbers: list[Element | None]) -> Iterator[Breach]:
    texts = [text_of(number) for number in numbers]
    twice = repeated(texts)
    for number, text in zip(numbers, texts, strict=True):
        if number is None:
            continue
        if not _WHOLE.fullmatch(text):
            yield Breach(number, "must be a whole number from 1")
        elif text in twice:
            yield Breach(number, "must be different on every line")


def _line(line: Element, known: Children, of_plants: bool) -> Iterator[Breach]:
    notes = [(note, first_by_name(note)) for note in line.iterchildren(_NOTE)]
    yield from _notes(notes, sps.LINE_NOTES, of_plants)
    yield from _net_and_gross(known, "Weight")
    yield from _net_and_gross(known, "Volume")
    for classification in line.iterchildren(_CLASSIFICATION):
        yield from _hs_code(classification, first_by_name(classification))
    for process in line.iterchildren(_PROCESS):
        if text_of(first_by_name(process).get(f"{RAM}TypeCode")) == sps.IPPC_TREATMENT:
            for characteristic in process.iterchildren(_CHARACTERISTIC):
                yield from _treatment(characteristic, of_plants)


def _re_export(root: Element, lines: Sequence[tuple[Element, Children]]) -> Iterator[Breach]:
    """What only a phytosanitary certificate for re-export must say: of which certificate of which country it is."""
    own = text_of(_NUMBERS_OF_DOCUMENT.first(root))
    for line, _ in lines:
        notes = [first_by_name(note) for note in line.iterchildren(_NOTE)]
        contents = {text_of(note.get(_SUBJECT)): note.get(_CONTENT) for note in notes}
        for acronym in sps.RE_EXPORT_NOTES:
            if acronym not in contents:
                yield Breach(line, f"a re-export needs a note {acronym} on every line")
        original = contents.get("RPCRF")
        if original is not None and own and text_of(original) == own:
            yield Breach(original, "a re-export cannot be of its own certificate")


def _net_and_gross(line: Children, what: str) -> Iterator[Breach]:
    net, gross = line.get(f"{RAM}Net{what}Measure"), line.get(f"{RAM}Gross{what}Measure")
    if net is None or gross is None or net.get("unitCode") != gross.get("unitCode"):
        return
    low, high = number_in(net), number_in(gross)
    if low is not None and high is not None and low > high:
        yield Breach(net, f"must not exceed Gross{what}Measure")


def _hs_code(classification: Element, known: Children) -> Iterator[Breach]:
    if text_of(known.get(f"{RAM}SystemName")) != "HS":
        return
    code = known.get(f"{RAM}ClassCode")
    if code is None:
        yield Breach(classification, "an HS classification needs its ClassCode")
    elif not _HS.fullmatch(text_of(code)):
        yield Breach(code, "an HS code has 2 to 6 digits and nothing else")


def _treatment(characteristic: Element, of_plants: bool) -> Iterator[Breach]:
    texts = [text_of(text) for text in characteristic.iterchildren(_DESCRIPTION)]
    acronym = texts[0] if texts else ""
    if acronym in sps.TREATMENT_TEXTS:
        most = sps.TREATMENT_TEXTS[acronym]
        if len(texts) != 2 or not 0 < len(texts[1]) <= most:
            yield Breach(characteristic, f"{acronym} needs a second Description of 1 to {most} characters")
    elif acronym in sps.TREATMENT_MEASURES:
        if len(texts) != 1 or characteristic.find(f"{RAM}ValueMeasure") is None:
            yield Breach(characteristic, f"{acronym} needs a ValueMeasure and no second Description")
        for measure in characteristic.iterchildren(*_VALUES) if acronym == sps.TEMPERATURE else ():
            if measure.get("unitCode") not in sps.TEMPERATURE_UNITS:
                yield Breach(measure, "a temperature is measured in CEL, FAH or KEL (Rec 20)")
    elif of_plants:
        yield Breach(characteristic, "its first Description must be a treatment acronym (IPPC)")
