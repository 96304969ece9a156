"""What an inspection result must say beyond its schema: verdicts that agree with what was found, dates in order."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from node.documents.breach import Breach
from node.documents.checks import date_of, moment_of, repeated, text_at, text_of
from node.documents.children import Way, first_by_name
from node.safe_xml import Element

NS = "{urn:n2n:v1:inspection-result}"

ENDED = frozenset({"withdrawn", "cancelled"})
"""Statuses that end a number."""

ANALYSIS = "1"
"""UNTDID 1001: certificate of analysis."""

DECIDED = frozenset({"pass", "conditional", "fail"})
OPEN = frozenset({"pending", "not-inspected"})

_RESULT, _VALUE, _VERDICT = f"{NS}Result", f"{NS}Value", f"{NS}Verdict"
_MEASUREMENT, _DEFECT, _SEAL = f"{NS}Measurement", f"{NS}Defect", f"{NS}Seal"
_MINIMUM, _MAXIMUM = f"{NS}Minimum", f"{NS}Maximum"
_FROM, _UNTIL = Way(f"{NS}Inspection", f"{NS}From"), Way(f"{NS}Inspection", f"{NS}Until")
_SUPERSEDED_AT, _LABORATORY = Way(f"{NS}Supersedes", f"{NS}IssuedAt"), Way(f"{NS}Inspection", f"{NS}Laboratory")
_CONTAINERS, _SEALS = Way(f"{NS}Container", f"{NS}Number"), Way(_SEAL, f"{NS}Number")
_CONTROLS, _SAMPLES = Way(f"{NS}Inspection", f"{NS}Control"), Way(f"{NS}Inspection", f"{NS}Sampling", f"{NS}Sample")
_IMAGE = f"{NS}Image"
_IMAGE_IDS = Way(_IMAGE, f"{NS}Id")
_ATTACHMENTS, _SEQUENCES = Way(f"{NS}Attachment", f"{NS}Name"), Way(f"{NS}Line", f"{NS}Sequence")
_MEASUREMENTS, _DEFECTS = Way(f"{NS}Line", _MEASUREMENT), Way(f"{NS}Line", _DEFECT)
_VERDICTS, _SEVERITIES = Way(_MEASUREMENT, _VERDICT), Way(_DEFECT, f"{NS}Severity")

Children = Mapping[str, Element]
"""The first child of each name."""


def rules(root: Element) -> Iterator[Breach]:
    """Every rule that the result breaks, in no particular order."""
    head = first_by_name(root)
    yield from _status(head)
    yield from _supersedes(head)
    yield from _dates(root, head)
    yield from _references(root, head)
    yield from _laboratory(root, head)
    yield from _twice(_ATTACHMENTS.all(root), "must be different on every attachment")
    yield from _inspection(root)
    yield from _images(root, head)
    lines = list(root.iterchildren(f"{NS}Line"))
    results = []
    for line in lines:
        known = first_by_name(line)
        results.append(text_of(known.get(_RESULT)))
        yield from _line(line, known)
    yield from _lines(root, head, lines)
    yield from _verdict(root, head, results)


# --- the paper ------------------------------------------------------------------------------------------------------


def _status(head: Children) -> Iterator[Breach]:
    status, reason = head.get(f"{NS}Status"), head.get(f"{NS}StatusReason")
    if status is not None and text_of(status) in ENDED and reason is None:
        yield Breach(status, "a withdrawal or cancellation needs a StatusReason")
    if reason is not None and text_of(status) == "issued":
        yield Breach(reason, "only a withdrawal or cancellation has a reason")


def _supersedes(head: Children) -> Iterator[Breach]:
    before = head.get(f"{NS}Supersedes")
    if before is None:
        return
    if text_at(before, f"{NS}Number") == text_of(head.get(f"{NS}Number")):
        yield Breach(before, "a result cannot supersede itself")
    if text_at(before, f"{NS}Reason") == "other" and before.find(f"{NS}Note") is None:
        yield Breach(before, "the reason other needs a Note")


def _dates(root: Element, head: Children) -> Iterator[Breach]:
    issued, started, ended = head.get(f"{NS}IssuedAt"), _FROM.first(root), _UNTIL.first(root)
    yield from _ordered(started, ended, "must not be before From")
    yield from _ordered(ended if ended is not None else started, issued, "must not be before the inspection")
    if f"{NS}Supersedes" in head:
        yield from _ordered(_SUPERSEDED_AT.first(root), issued, "must not be before what it supersedes")
    valid_until = head.get(f"{NS}ValidUntil")
    if valid_until is None:
        return
    until, issued_on = date_of(text_of(valid_until)), _local_day(issued)
    if until is not None and issued_on is not None and until < issued_on:
        yield Breach(valid_until, "must not be before IssuedAt")
    if text_of(head.get(_RESULT)) in OPEN:
        yield Breach(valid_until, "a result that is open is not valid for a time")


def _ordered(first: Element | None, second: Element | None, rule: str) -> Iterator[Breach]:
    """Two moments that both stand there and are moments; the later one carries the breach."""
    early, late = moment_of(text_of(first)), moment_of(text_of(second))
    if second is not None and early is not None and late is not None and late < early:
        yield Breach(second, rule)


def _local_day(element: Element | None) -> date | None:
    """The day of a moment as its own offset counts, which is the day that the authority meant."""
    return datetime.fromisoformat(text_of(element)).date() if moment_of(text_of(element)) is not None else None


def _references(root: Element, head: Children) -> Iterator[Breach]:
    """A result that names no consignment helps nobody at the other border."""
    if not any(f"{NS}{name}" in head for name in ("Ucr", "Declaration", "Container")):
        yield Breach(root, "needs a Ucr, a Declaration or a Container")
    yield from _twice(_CONTAINERS.all(root), "must be different on every container")
    for container in root.iterchildren(f"{NS}Container"):
        yield from _twice(_SEALS.all(container), "must be different on every seal")


def _twice(elements: list[Element], rule: str) -> Iterator[Breach]:
    texts = [text_of(element) for element in elements]
    twice = repeated(texts)
    for element, text in zip(elements, texts, strict=True):
        if text in twice:
            yield Breach(element, rule)


def _laboratory(root: Element, head: Children) -> Iterator[Breach]:
    code = head.get(f"{NS}TypeCode")
    if code is None or text_of(code) != ANALYSIS or text_of(head.get(_RESULT)) not in DECIDED:
        return
    if _LABORATORY.first(root) is None:
        yield Breach(code, "a certificate of analysis needs its Laboratory")
    if _MEASUREMENTS.first(root) is None:
        yield Breach(code, "a certificate of analysis needs a Measurement")


def _inspection(root: Element) -> Iterator[Breach]:
    """Ways of control and samples stand once; what a laboratory was accredited by needs its accreditation."""
    yield from _twice(_CONTROLS.all(root), "must be different on every control")
    yield from _twice(_SAMPLES.all(root), "must be different on every sample")
    for laboratory in _LABORATORY.all(root):
        by = laboratory.find(f"{NS}AccreditedBy")
        if by is not None and laboratory.find(f"{NS}Accreditation") is None:
            yield Breach(by, "needs the Accreditation that it gave")


def _images(root: Element, head: Children) -> Iterator[Breach]:
    """Images of non-intrusive inspection: by reference and digest, of containers that the result is about."""
    images = list(root.iterchildren(_IMAGE)) if _IMAGE in head else []
    if not images:
        return
    yield from _twice(_IMAGE_IDS.all(root), "must be different on every image")
    containers = {text_of(container) for container in _CONTAINERS.all(root)}
    for image in images:
        known = first_by_name(image)
        yield from _ordered(known.get(f"{NS}TakenAt"), head.get(f"{NS}IssuedAt"), "must not be before its images")
        container = known.get(f"{NS}Container")
        if container is not None and text_of(container) not in containers:
            yield Breach(container, "must be a Container of this result")


# --- the lines ------------------------------------------------------------------------------------------------------


def _line(line: Element, known: Children) -> Iterator[Breach]:
    result = known.get(_RESULT)
    measurements = list(line.iterchildren(_MEASUREMENT)) if _MEASUREMENT in known else []
    if text_of(result) == "not-inspected":
        found = [*measurements, *line.iterchildren(_DEFECT)]
        yield from (Breach(one, "nothing is found on what was not inspected") for one in found)
    if result is not None and text_of(result) == "pass":
        failed = any(text_of(verdict) == "fail" for verdict in _VERDICTS.all(line))
        if failed or any(text_of(severity) == "critical" for severity in _SEVERITIES.all(line)):
            yield Breach(result, "a failed measurement or critical defect is no pass")
    for measurement in measurements:
        yield from _measurement(measurement, first_by_name(measurement))


def _measurement(measurement: Element, known: Children) -> Iterator[Breach]:
    value = known.get(_VALUE)
    names = [name for name in (_MINIMUM, _MAXIMUM) if name in known]
    limits = [limit for name in names for limit in measurement.iterchildren(name)]
    if value is None:
        yield from (Breach(limit, "a limit needs a Value") for limit in limits)
        return
    if not limits:
        return
    unit = value.get("unit")  # one that is missing is the schema's matter
    strange = [limit for limit in limits if limit.get("unit") not in (unit, None)] if unit else []
    yield from (Breach(limit, "must have the unit of Value") for limit in strange)
    least, most = _decimal(known.get(_MINIMUM)), _decimal(known.get(_MAXIMUM))
    if least is not None and most is not None and least > most:
        yield Breach(limits[0], "must not exceed Maximum")
    elif not strange:
        yield from _limits_kept(value, known.get(_VERDICT), least, most)


def _limits_kept(
    value: Element, verdict: Element | None, least: Decimal | None, most: Decimal | None
) -> Iterator[Breach]:
    """A verdict against a limit that leaves no doubt; what is only bounded, as `below` 0.01, may leave one."""
    measured = _decimal(value)
    if measured is None or verdict is None:
        return
    low = None if value.get("bound") == "below" else measured
    high = None if value.get("bound") == "above" else measured
    beyond = (most is not None and low is not None and low > most) or (
        least is not None and high is not None and high < least
    )
    within = (most is None or (high is not None and high <= most)) and (
        least is None or (low is not None and low >= least)
    )
    if beyond and text_of(verdict) == "pass":
        yield Breach(verdict, "a value beyond its limit does not pass")
    if within and text_of(verdict) == "fail":
        yield Breach(verdict, "a value within its limits does not fail")


def _decimal(element: Element | None) -> Decimal | None:
    try:
        amount = Decimal(text_of(element))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _lines(root: Element, head: Children, lines: list[Element]) -> Iterator[Breach]:
    scope = head.get(f"{NS}Scope")
    if scope is not None and text_of(scope) == "lines" and not lines:
        yield Breach(scope, "the scope lines needs a Line")
    yield from _twice(_SEQUENCES.all(root), "must be different on every line")


# --- the whole ------------------------------------------------------------------------------------------------------


def _verdict(root: Element, head: Children, parts: list[str]) -> Iterator[Breach]:
    """The result of all, what it needs, and what may happen to the goods."""
    result = head.get(_RESULT)
    if result is None:
        return
    word = text_of(result)
    if word == "pass" and {"fail", "conditional", "pending"}.intersection(parts):
        yield Breach(result, "a line that did not pass is no pass of the whole")
    if word == "fail" and not ("fail" in parts or f"{NS}Remarks" in head or _DEFECTS.first(root) is not None):
        yield Breach(result, "a failure needs a failed line, a defect or Remarks")
    if word == "not-inspected" and DECIDED.intersection(parts):
        yield Breach(result, "a line that was decided was inspected")
    condition = head.get(f"{NS}Condition")
    if word == "conditional" and condition is None:
        yield Breach(result, "a conditional result needs its Condition")
    if condition is not None and word in {"pass", "fail", *OPEN}:
        yield Breach(condition, "only a conditional result has conditions")
    yield from _disposition(head.get(f"{NS}Disposition"), result)


def _disposition(disposition: Element | None, result: Element) -> Iterator[Breach]:
    if disposition is None:
        if text_of(result) in DECIDED:
            yield Breach(result, "a decided result needs its Disposition")
        return
    if text_of(disposition) == "release" and text_of(result) in {"fail", "pending"}:
        yield Breach(disposition, "goods that failed or wait are not released")
    if text_of(disposition) in {"return", "destroy"} and text_of(result) in {"pass", *OPEN}:
        yield Breach(disposition, "only a failure or condition sends goods away")
