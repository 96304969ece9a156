"""What an inspection result must say beyond its schema: verdicts that agree with what was found, dates in order."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from node.documents.breach import Breach
from node.documents.checks import moment_of, text_at, text_of
from node.safe_xml import Element

NS = "{urn:n2n:v1:inspection-result}"

ENDED = frozenset({"withdrawn", "cancelled"})
"""Statuses that end a number."""

ANALYSIS = "1"
"""UNTDID 1001: certificate of analysis."""

DECIDED = frozenset({"pass", "conditional", "fail"})
OPEN = frozenset({"pending", "not-inspected"})


def rules(root: Element) -> Iterator[Breach]:
    """Every rule that the result breaks, in no particular order."""
    yield from _status(root)
    yield from _supersedes(root)
    yield from _dates(root)
    yield from _references(root)
    yield from _laboratory(root)
    yield from _attachments(root)
    lines = root.findall(f"{NS}Line")
    for line in lines:
        yield from _line(line)
    yield from _lines(root, lines)
    yield from _verdict(root, lines)


# --- the paper ------------------------------------------------------------------------------------------------------


def _status(root: Element) -> Iterator[Breach]:
    status, reason = root.find(f"{NS}Status"), root.find(f"{NS}StatusReason")
    if status is not None and text_of(status) in ENDED and reason is None:
        yield Breach(status, "a withdrawal or cancellation needs a StatusReason")
    if reason is not None and text_of(status) == "issued":
        yield Breach(reason, "only a withdrawal or cancellation has a reason")


def _supersedes(root: Element) -> Iterator[Breach]:
    before = root.find(f"{NS}Supersedes")
    if before is None:
        return
    if text_at(before, f"{NS}Number") == text_at(root, f"{NS}Number"):
        yield Breach(before, "a result cannot supersede itself")
    if text_at(before, f"{NS}Reason") == "other" and before.find(f"{NS}Note") is None:
        yield Breach(before, "the reason other needs a Note")


def _dates(root: Element) -> Iterator[Breach]:
    issued, started = root.find(f"{NS}IssuedAt"), root.find(f"{NS}Inspection/{NS}From")
    ended = root.find(f"{NS}Inspection/{NS}Until")
    yield from _ordered(started, ended, "must not be before From")
    yield from _ordered(ended if ended is not None else started, issued, "must not be before the inspection")
    yield from _ordered(root.find(f"{NS}Supersedes/{NS}IssuedAt"), issued, "must not be before what it supersedes")
    until, issued_on = _date(root.find(f"{NS}ValidUntil")), _local_day(issued)
    valid_until = root.find(f"{NS}ValidUntil")
    if valid_until is not None and until is not None and issued_on is not None and until < issued_on:
        yield Breach(valid_until, "must not be before IssuedAt")
    if valid_until is not None and text_at(root, f"{NS}Result") in OPEN:
        yield Breach(valid_until, "a result that is open is not valid for a time")


def _ordered(first: Element | None, second: Element | None, rule: str) -> Iterator[Breach]:
    """Two moments that both stand there and are moments; the later one carries the breach."""
    early, late = moment_of(text_of(first)), moment_of(text_of(second))
    if second is not None and early is not None and late is not None and late < early:
        yield Breach(second, rule)


def _date(element: Element | None) -> date | None:
    try:
        return date.fromisoformat(text_of(element))
    except ValueError:
        return None


def _local_day(element: Element | None) -> date | None:
    """The day of a moment as its own offset counts, which is the day that the authority meant."""
    return datetime.fromisoformat(text_of(element)).date() if moment_of(text_of(element)) is not None else None


def _references(root: Element) -> Iterator[Breach]:
    """A result that names no consignment helps nobody at the other border."""
    if all(root.find(f"{NS}{name}") is None for name in ("Ucr", "Declaration", "Container")):
        yield Breach(root, "needs a Ucr, a Declaration or a Container")
    yield from _twice(root.findall(f"{NS}Container/{NS}Number"), "must be different on every container")
    for container in root.iterfind(f"{NS}Container"):
        yield from _twice(container.findall(f"{NS}Seal/{NS}Number"), "must be different on every seal")


def _twice(elements: list[Element], rule: str) -> Iterator[Breach]:
    counts = Counter(text_of(element) for element in elements)
    for element in elements:
        if counts[text_of(element)] > 1:
            yield Breach(element, rule)


def _laboratory(root: Element) -> Iterator[Breach]:
    code = root.find(f"{NS}TypeCode")
    if code is None or text_of(code) != ANALYSIS or text_at(root, f"{NS}Result") not in DECIDED:
        return
    if root.find(f"{NS}Inspection/{NS}Laboratory") is None:
        yield Breach(code, "a certificate of analysis needs its Laboratory")
    if root.find(f"{NS}Line/{NS}Measurement") is None:
        yield Breach(code, "a certificate of analysis needs a Measurement")


def _attachments(root: Element) -> Iterator[Breach]:
    yield from _twice(root.findall(f"{NS}Attachment/{NS}Name"), "must be different on every attachment")


# --- the lines ------------------------------------------------------------------------------------------------------


def _line(line: Element) -> Iterator[Breach]:
    result = line.find(f"{NS}Result")
    found = line.findall(f"{NS}Measurement") + line.findall(f"{NS}Defect")
    if text_of(result) == "not-inspected":
        yield from (Breach(one, "nothing is found on what was not inspected") for one in found)
    failed = any(text_of(verdict) == "fail" for verdict in line.iterfind(f"{NS}Measurement/{NS}Verdict"))
    critical = any(text_of(severity) == "critical" for severity in line.iterfind(f"{NS}Defect/{NS}Severity"))
    if result is not None and text_of(result) == "pass" and (failed or critical):
        yield Breach(result, "a failed measurement or critical defect is no pass")
    for measurement in line.iterfind(f"{NS}Measurement"):
        yield from _measurement(measurement)


def _measurement(measurement: Element) -> Iterator[Breach]:
    value = measurement.find(f"{NS}Value")
    limits = [limit for name in ("Minimum", "Maximum") for limit in measurement.iterfind(f"{NS}{name}")]
    if value is None:
        yield from (Breach(limit, "a limit needs a Value") for limit in limits)
        return
    units = {value.get("unit"), None}  # a unit that is missing is the schema's matter
    strange = [limit for limit in limits if value.get("unit") and limit.get("unit") not in units]
    yield from (Breach(limit, "must have the unit of Value") for limit in strange)
    least, most = (_decimal(measurement.find(f"{NS}{name}")) for name in ("Minimum", "Maximum"))
    if least is not None and most is not None and least > most:
        yield Breach(limits[0], "must not exceed Maximum")
    elif limits and not strange:
        yield from _limits_kept(measurement, value, least, most)


def _limits_kept(measurement: Element, value: Element, least: Decimal | None, most: Decimal | None) -> Iterator[Breach]:
    """A verdict against a limit that leaves no doubt; what is only bounded, as `below` 0.01, may leave one."""
    measured, verdict = _decimal(value), measurement.find(f"{NS}Verdict")
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


def _lines(root: Element, lines: list[Element]) -> Iterator[Breach]:
    scope = root.find(f"{NS}Scope")
    if scope is not None and text_of(scope) == "lines" and not lines:
        yield Breach(scope, "the scope lines needs a Line")
    yield from _twice(root.findall(f"{NS}Line/{NS}Sequence"), "must be different on every line")


# --- the whole ------------------------------------------------------------------------------------------------------


def _verdict(root: Element, lines: list[Element]) -> Iterator[Breach]:
    """The result of all, what it needs, and what may happen to the goods."""
    result = root.find(f"{NS}Result")
    if result is None:
        return
    word, parts = text_of(result), [text_at(line, f"{NS}Result") for line in lines]
    if word == "pass" and {"fail", "conditional", "pending"}.intersection(parts):
        yield Breach(result, "a line that did not pass is no pass of the whole")
    if word == "fail" and not (_has_cause(root) or "fail" in parts):
        yield Breach(result, "a failure needs a failed line, a defect or Remarks")
    if word == "not-inspected" and DECIDED.intersection(parts):
        yield Breach(result, "a line that was decided was inspected")
    condition = root.find(f"{NS}Condition")
    if word == "conditional" and condition is None:
        yield Breach(result, "a conditional result needs its Condition")
    if condition is not None and word in {"pass", "fail", *OPEN}:
        yield Breach(condition, "only a conditional result has conditions")
    yield from _disposition(root.find(f"{NS}Disposition"), result)


def _has_cause(root: Element) -> bool:
    return root.find(f"{NS}Remarks") is not None or root.find(f"{NS}Line/{NS}Defect") is not None


def _disposition(disposition: Element | None, result: Element) -> Iterator[Breach]:
    if disposition is None:
        if text_of(result) in DECIDED:
            yield Breach(result, "a decided result needs its Disposition")
        return
    if text_of(disposition) == "release" and text_of(result) in {"fail", "pending"}:
        yield Breach(disposition, "goods that failed or wait are not released")
    if text_of(disposition) in {"return", "destroy"} and text_of(result) in {"pass", *OPEN}:
        yield Breach(disposition, "only a failure or condition sends goods away")
