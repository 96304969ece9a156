"""What a certificate of origin must say beyond its schema: dates in order, references that lead somewhere, totals."""

from collections.abc import Iterator
from decimal import Decimal

from node.documents.breach import Breach
from node.documents.checks import date_of, repeated, text_at, text_of
from node.documents.children import Way, first_by_name
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


_SEQUENCE, _CODE = f"{NS}Sequence", f"{NS}Code"
_NET, _GROSS, _VALUE = f"{NS}NetWeight", f"{NS}GrossWeight", f"{NS}Value"
_INVOICE, _PRODUCER = f"{NS}InvoiceNumber", f"{NS}ProducerKey"
_CRITERION, _CONTENT = f"{NS}OriginCriterion", f"{NS}ValueContent"
_NUMBER, _PACKAGES = f"{NS}Number", Way(f"{NS}Item", f"{NS}Packages")
_REPLACED_DATE, _RESTED_DATE = Way(f"{NS}Replaces", f"{NS}IssueDate"), Way(f"{NS}BackToBack", f"{NS}IssueDate")
_DECLARED, _CERTIFIED = Way(f"{NS}ExporterDeclaration", f"{NS}Date"), Way(f"{NS}AuthorityCertification", f"{NS}Date")
_DEPARTED = Way(f"{NS}Transport", f"{NS}DepartureDate")

Children = dict[str, Element]
"""The first child of each name."""


def rules(root: Element) -> Iterator[Breach]:
    """Every rule that the certificate breaks, in no particular order."""
    head = first_by_name(root)
    items = [first_by_name(item) for item in root.iterchildren(f"{NS}Item")]
    yield from too_long(root, *_NUMBERS)
    yield from _agreement(head)
    yield from _status(head)
    yield from _replacement(head)
    yield from _dates(root, head)
    producers = list(root.iterchildren(f"{NS}Producer"))
    yield from _producers(producers)
    grosses = [number_in(item.get(_GROSS)) for item in items]
    yield from _items(root, head, producers, items, grosses)
    yield from _totals(root, head, items, grosses)


# --- the certificate ------------------------------------------------------------------------------------------------


def _agreement(head: Children) -> Iterator[Breach]:
    code, agreement = head.get(f"{NS}TypeCode"), head.get(f"{NS}Agreement")
    if text_of(code) == NON_PREFERENTIAL and agreement is not None:
        yield Breach(agreement, "a non-preferential certificate (861) has no agreement")
    if code is not None and text_of(code) in {"864", "865", "954"} and agreement is None:
        yield Breach(code, "a preferential certificate needs its Agreement")


def _status(head: Children) -> Iterator[Breach]:
    status, reason = head.get(f"{NS}Status"), head.get(f"{NS}StatusReason")
    if status is not None and text_of(status) in ENDED and reason is None:
        yield Breach(status, "a withdrawal or cancellation needs a StatusReason")
    if reason is not None and text_of(status) == "issued":
        yield Breach(reason, "only a withdrawal or cancellation has a reason")


def _replacement(head: Children) -> Iterator[Breach]:
    replaces = head.get(f"{NS}Replaces")
    if replaces is None:
        return
    if text_at(replaces, f"{NS}Number") == text_of(head.get(f"{NS}Number")):
        yield Breach(replaces, "a certificate cannot replace itself")
    if text_at(replaces, f"{NS}Reason") == "other" and replaces.find(f"{NS}Note") is None:
        yield Breach(replaces, "the reason other needs a Note")


def _producers(producers: list[Element]) -> Iterator[Breach]:
    keys = [producer.get("key") for producer in producers]
    twice = repeated(keys)
    for producer, key in zip(producers, keys, strict=True):
        if key in twice:
            yield Breach(producer, "needs a key of its own", attribute="key")
        if producer.get("confidential", "").strip() not in {"true", "1"} and producer.find(f"{NS}Name") is None:
            yield Breach(producer, "only a confidential producer has no Name")


# --- dates ----------------------------------------------------------------------------------------------------------


def _dates(root: Element, head: Children) -> Iterator[Breach]:
    issued = head.get(f"{NS}IssueDate")
    yield from _ordered(issued, head.get(f"{NS}ValidUntil"), "must not be before IssueDate")
    yield from _ordered(_REPLACED_DATE.first(root), issued, "must not be before what it replaces")
    yield from _ordered(_RESTED_DATE.first(root), issued, "must not be before what it rests on")
    yield from _ordered(_DECLARED.first(root), _CERTIFIED.first(root), "must not be before ExporterDeclaration")
    retroactive = head.get(f"{NS}IssuedRetroactively")
    if retroactive is not None and text_of(retroactive) in {"true", "1"}:
        yield from _ordered(_DEPARTED.first(root), issued, "issued retroactively means not before departure")


def _ordered(first: Element | None, second: Element | None, rule: str) -> Iterator[Breach]:
    """Two dates that both stand there and are dates; the later one carries the breach."""
    early, late = date_of(text_of(first)), date_of(text_of(second))
    if second is not None and early is not None and late is not None and late < early:
        yield Breach(second, rule)


# --- the goods ------------------------------------------------------------------------------------------------------


def _items(
    root: Element, head: Children, producers: list[Element], items: list[Children], grosses: list[Decimal | None]
) -> Iterator[Breach]:
    sequences = [text_of(item.get(_SEQUENCE)) for item in items]
    twice = repeated(sequences)
    invoices = {text_of(first_by_name(invoice).get(_NUMBER)) for invoice in root.iterchildren(f"{NS}Invoice")}
    keys = {producer.get("key", "") for producer in producers}
    preferential = text_of(head.get(f"{NS}TypeCode")) != NON_PREFERENTIAL
    for item, sequence, gross in zip(items, sequences, grosses, strict=True):
        if sequence in twice and _SEQUENCE in item:
            yield Breach(item[_SEQUENCE], "must be different on every item")
        invoice, producer = item.get(_INVOICE), item.get(_PRODUCER)
        if invoice is not None and text_of(invoice) not in invoices:
            yield Breach(invoice, "names no Invoice of this certificate")
        if producer is not None and text_of(producer) not in keys:
            yield Breach(producer, "names no Producer of this certificate")
        if gross is not None and _NET in item and _is_heavier(item[_NET], item[_GROSS], gross):
            yield Breach(item[_NET], "must not exceed GrossWeight")
        if _CRITERION in item:
            yield from _criterion(item[_CRITERION], preferential)


def _is_heavier(net: Element, gross: Element, weight: Decimal) -> bool:
    """Whether the net weight exceeds the gross one, which is `weight`; what has another unit does not compare."""
    low = number_in(net)
    return low is not None and low > weight and net.get("unit") == gross.get("unit")


def _criterion(criterion: Element, preferential: bool) -> Iterator[Breach]:
    met = first_by_name(criterion)
    content = met.get(_CONTENT)
    if content is None and text_of(met.get(_CODE)) in VALUE_CONTENT:
        yield Breach(criterion, "a criterion of value content needs ValueContent")
    if content is not None and not preferential:
        yield Breach(content, "a non-preferential certificate has no value content")


# --- totals ---------------------------------------------------------------------------------------------------------


def _totals(root: Element, head: Children, items: list[Children], grosses: list[Decimal | None]) -> Iterator[Breach]:
    totals = first_by_name(head.get(f"{NS}Totals"))
    count = totals.get(f"{NS}Items")
    if count is not None and number_in(count) not in (None, Decimal(len(items))):
        yield Breach(count, "must be the number of items")
    if f"{NS}Packages" in totals:
        packages = _PACKAGES.all(root)
        yield from _sum(totals[f"{NS}Packages"], packages, [number_in(one) for one in packages], "")
    if _GROSS in totals:
        weighed = [(item[_GROSS], gross) for item, gross in zip(items, grosses, strict=True) if _GROSS in item]
        yield from _sum(totals[_GROSS], [one for one, _ in weighed], [gross for _, gross in weighed], "unit")
    if _VALUE in totals:
        values = [item[_VALUE] for item in items if _VALUE in item]
        yield from _sum(totals[_VALUE], values, [number_in(one) for one in values], "currency")


def _sum(total: Element, parts: list[Element], amounts: list[Decimal | None], attribute: str) -> Iterator[Breach]:
    """A total is compared where every part speaks of the same unit or currency; different ones do not add up."""
    amount, known = number_in(total), [one for one in amounts if one is not None]
    if amount is None or not parts or len(known) < len(parts) or sum(known) == amount:
        return
    if not attribute or {part.get(attribute) for part in parts} == {total.get(attribute)}:
        yield Breach(total, "must be the sum of the items")
