"""What a certificate of origin must say beyond its schema: dates in order, references that lead somewhere, totals."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from node.documents.breach import Breach
from node.documents.checks import text_at, text_of
from node.documents.numbers import number_in, too_long
from node.safe_xml import Element

NS = "{urn:n2n:v1:certificate-of-origin}"

NON_PREFERENTIAL = "861"
"""UNTDID 1001: a certificate of origin outside any agreement; 864, 865 and 954 prove a preference."""

ENDED = frozenset({"withdrawn", "cancelled"})
"""Statuses that end a number."""

VALUE_CONTENT = frozenset({"RVC", "QVC", "LVC"})
"""Origin criteria that are met by a share of value and so must tell it."""

_NUMBERS = tuple(
    f"{NS}{name}"
    for name in ("Sequence", "Items", "Packages", "NetWeight", "GrossWeight", "Quantity", "Value", "ValueContent")
)


def rules(root: Element) -> Iterator[Breach]:
    """Every rule that the certificate breaks, in no particular order."""
    yield from too_long(root, *_NUMBERS)
    yield from _agreement(root)
    yield from _status(root)
    yield from _replacement(root)
    yield from _dates(root)
    yield from _producers(root)
    yield from _items(root)
    yield from _totals(root)


# --- the certificate ------------------------------------------------------------------------------------------------


def _agreement(root: Element) -> Iterator[Breach]:
    code = root.find(f"{NS}TypeCode")
    agreement = root.find(f"{NS}Agreement")
    if text_of(code) == NON_PREFERENTIAL and agreement is not None:
        yield Breach(agreement, "a non-preferential certificate (861) has no agreement")
    if code is not None and text_of(code) in {"864", "865", "954"} and agreement is None:
        yield Breach(code, "a preferential certificate needs its Agreement")


def _status(root: Element) -> Iterator[Breach]:
    status, reason = root.find(f"{NS}Status"), root.find(f"{NS}StatusReason")
    if status is not None and text_of(status) in ENDED and reason is None:
        yield Breach(status, "a withdrawal or cancellation needs a StatusReason")
    if reason is not None and text_of(status) == "issued":
        yield Breach(reason, "only a withdrawal or cancellation has a reason")


def _replacement(root: Element) -> Iterator[Breach]:
    replaces = root.find(f"{NS}Replaces")
    if replaces is None:
        return
    if text_at(replaces, f"{NS}Number") == text_at(root, f"{NS}Number"):
        yield Breach(replaces, "a certificate cannot replace itself")
    if text_at(replaces, f"{NS}Reason") == "other" and replaces.find(f"{NS}Note") is None:
        yield Breach(replaces, "the reason other needs a Note")


def _producers(root: Element) -> Iterator[Breach]:
    producers = root.findall(f"{NS}Producer")
    keys = Counter(producer.get("key") for producer in producers)
    for producer in producers:
        if keys[producer.get("key")] > 1:
            yield Breach(producer, "needs a key of its own", attribute="key")
        if producer.find(f"{NS}Name") is None and producer.get("confidential", "").strip() not in {"true", "1"}:
            yield Breach(producer, "only a confidential producer has no Name")


# --- dates ----------------------------------------------------------------------------------------------------------


def _dates(root: Element) -> Iterator[Breach]:
    issued = root.find(f"{NS}IssueDate")
    yield from _ordered(issued, root.find(f"{NS}ValidUntil"), "must not be before IssueDate")
    yield from _ordered(root.find(f"{NS}Replaces/{NS}IssueDate"), issued, "must not be before what it replaces")
    yield from _ordered(root.find(f"{NS}BackToBack/{NS}IssueDate"), issued, "must not be before what it rests on")
    declared = root.find(f"{NS}ExporterDeclaration/{NS}Date")
    certified = root.find(f"{NS}AuthorityCertification/{NS}Date")
    yield from _ordered(declared, certified, "must not be before ExporterDeclaration")
    departed, retroactive = root.find(f"{NS}Transport/{NS}DepartureDate"), root.find(f"{NS}IssuedRetroactively")
    if retroactive is not None and text_of(retroactive) in {"true", "1"}:
        yield from _ordered(departed, issued, "issued retroactively means not before departure")


def _ordered(first: Element | None, second: Element | None, rule: str) -> Iterator[Breach]:
    """Two dates that both stand there and are dates; the later one carries the breach."""
    early, late = _date(first), _date(second)
    if second is not None and early is not None and late is not None and late < early:
        yield Breach(second, rule)


def _date(element: Element | None) -> date | None:
    try:
        return date.fromisoformat(text_of(element))
    except ValueError:
        return None


# --- the goods ------------------------------------------------------------------------------------------------------


def _items(root: Element) -> Iterator[Breach]:
    items = root.findall(f"{NS}Item")
    sequences = Counter(text_at(item, f"{NS}Sequence") for item in items)
    invoices = {text_at(invoice, f"{NS}Number") for invoice in root.iterfind(f"{NS}Invoice")}
    producers = {producer.get("key", "") for producer in root.iterfind(f"{NS}Producer")}
    preferential = text_at(root, f"{NS}TypeCode") != NON_PREFERENTIAL
    for item in items:
        sequence = item.find(f"{NS}Sequence")
        if sequence is not None and sequences[text_of(sequence)] > 1:
            yield Breach(sequence, "must be different on every item")
        yield from _leads_to(item.find(f"{NS}InvoiceNumber"), invoices, "names no Invoice of this certificate")
        yield from _leads_to(item.find(f"{NS}ProducerKey"), producers, "names no Producer of this certificate")
        yield from _weights(item)
        yield from _criterion(item.find(f"{NS}OriginCriterion"), preferential)


def _leads_to(element: Element | None, known: set[str], rule: str) -> Iterator[Breach]:
    if element is not None and text_of(element) not in known:
        yield Breach(element, rule)


def _weights(item: Element) -> Iterator[Breach]:
    net, gross = item.find(f"{NS}NetWeight"), item.find(f"{NS}GrossWeight")
    if net is None or gross is None or net.get("unit") != gross.get("unit"):
        return
    low, high = number_in(net), number_in(gross)
    if low is not None and high is not None and low > high:
        yield Breach(net, "must not exceed GrossWeight")


def _criterion(criterion: Element | None, preferential: bool) -> Iterator[Breach]:
    if criterion is None:
        return
    content = criterion.find(f"{NS}ValueContent")
    if text_at(criterion, f"{NS}Code") in VALUE_CONTENT and content is None:
        yield Breach(criterion, "a criterion of value content needs ValueContent")
    if content is not None and not preferential:
        yield Breach(content, "a non-preferential certificate has no value content")


# --- totals ---------------------------------------------------------------------------------------------------------


def _totals(root: Element) -> Iterator[Breach]:
    totals = root.find(f"{NS}Totals")
    if totals is None:
        return
    items = root.findall(f"{NS}Item")
    count = totals.find(f"{NS}Items")
    if count is not None and number_in(count) not in (None, Decimal(len(items))):
        yield Breach(count, "must be the number of items")
    packages = [package for item in items for package in item.iterfind(f"{NS}Packages")]
    yield from _sum(totals.find(f"{NS}Packages"), packages, "")
    for name, attribute in (("GrossWeight", "unit"), ("Value", "currency")):
        parts = [item.find(f"{NS}{name}") for item in items]
        yield from _sum(totals.find(f"{NS}{name}"), [part for part in parts if part is not None], attribute)


def _sum(total: Element | None, parts: list[Element], attribute: str) -> Iterator[Breach]:
    """A total is compared where every part speaks of the same unit or currency; different ones do not add up."""
    amount, amounts = number_in(total), [number_in(part) for part in parts]
    if total is None or amount is None or not parts or None in amounts:
        return
    if attribute and {part.get(attribute) for part in parts} != {total.get(attribute)}:
        return
    if sum(one for one in amounts if one is not None) != amount:
        yield Breach(total, "must be the sum of the items")
