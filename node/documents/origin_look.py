"""A quick yes for certificates of origin: whether one that follows its schema certainly keeps every rule of its kind.

`origin_rules` is what counts, and the only one to give reasons: a yes here spares asking it, a no says nothing. So what
most papers are is looked at for all items together, and what is rare (different units, say) is a no.
"""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from itertools import chain

from node.documents.listing import Listing, Table
from node.documents.numbers import MAX_NUMBER
from node.documents.origin_rules import ENDED, NON_PREFERENTIAL, NS, VALUE_CONTENT

_NAME, _NUMBER, _ISSUED, _REASON = f"{NS}Name", f"{NS}Number", f"{NS}IssueDate", f"{NS}Reason"
_TYPE, _AGREEMENT, _STATUS, _STATUS_REASON = f"{NS}TypeCode", f"{NS}Agreement", f"{NS}Status", f"{NS}StatusReason"
_REPLACES, _BACK_TO_BACK, _TRANSPORT = f"{NS}Replaces", f"{NS}BackToBack", f"{NS}Transport"
_VALID_UNTIL, _RETROACTIVE, _DEPARTURE = f"{NS}ValidUntil", f"{NS}IssuedRetroactively", f"{NS}DepartureDate"
_DECLARATION, _CERTIFICATION, _DATE = f"{NS}ExporterDeclaration", f"{NS}AuthorityCertification", f"{NS}Date"
_INVOICE, _PRODUCER, _ITEM, _TOTALS = f"{NS}Invoice", f"{NS}Producer", f"{NS}Item", f"{NS}Totals"
_SEQUENCE, _INVOICE_NUMBER, _PRODUCER_KEY = f"{NS}Sequence", f"{NS}InvoiceNumber", f"{NS}ProducerKey"
_CODE, _CONTENT, _ITEMS, _PACKAGES = f"{NS}Code", f"{NS}ValueContent", f"{NS}Items", f"{NS}Packages"
_NET, _GROSS, _QUANTITY, _VALUE = f"{NS}NetWeight", f"{NS}GrossWeight", f"{NS}Quantity", f"{NS}Value"
_TRUE = frozenset({"true", "1"})


def items_of(said: Listing) -> Table:
    """The items; what their criteria say stands in the same rows."""
    return Table(said.parts(_ITEM), _CODE, _CONTENT)


def keeps_every_rule(said: Listing, items: Table) -> bool:
    """Whether the rules need not be asked about a certificate that follows its schema."""
    try:
        return (
            _head_is_consistent(said)
            and _dates_are_in_order(said)
            and _names_lead_somewhere(said, items)
            and _criteria_fit(said.text(_TYPE) != NON_PREFERENTIAL, items)
            and _numbers_add_up(said, items)
        )
    except InvalidOperation:  # a number that Python takes for none
        return False


def _head_is_consistent(said: Listing) -> bool:
    if (said.text(_TYPE) == NON_PREFERENTIAL) is (_AGREEMENT in said):
        return False
    if (said.text(_STATUS) in ENDED) is not (_STATUS_REASON in said):
        return False
    if _REPLACES not in said:
        return True
    noted = said.first(_REPLACES, _REASON) != "other" or bool(said.texts(_REPLACES, f"{NS}Note"))
    return noted and said.first(_REPLACES, _NUMBER) != said.text(_NUMBER)


def _dates_are_in_order(said: Listing) -> bool:
    """Dates of a schema that takes only `2026-11-22` compare as texts; one that is missing is before every other."""
    issued = said.text(_ISSUED)
    if _VALID_UNTIL in said and said.text(_VALID_UNTIL) < issued:
        return False
    if said.first(_DECLARATION, _DATE) > said.first(_CERTIFICATION, _DATE):
        return False
    if said.first(_REPLACES, _ISSUED) > issued or said.first(_BACK_TO_BACK, _ISSUED) > issued:
        return False
    return said.text(_RETROACTIVE) not in _TRUE or said.first(_TRANSPORT, _DEPARTURE) <= issued


def _names_lead_somewhere(said: Listing, items: Table) -> bool:
    """Items have different numbers, producers different keys, and what items refer to stands there."""
    if len(_stripped(items.column(_SEQUENCE))) < len(items.rows):
        return False
    if not _stripped(items.column(_INVOICE_NUMBER)).issubset(said.texts(_INVOICE, _NUMBER)):
        return False
    producers = said.parts(_PRODUCER)
    keys = {producer.get("key", "") for producer in producers}
    if len(keys) < len(producers) or not _stripped(items.column(_PRODUCER_KEY)).issubset(keys):
        return False
    return all(
        producer.get("confidential") in _TRUE or _NAME in [one.tag for one in producer] for producer in producers
    )


def _criteria_fit(preferential: bool, items: Table) -> bool:
    """A criterion of value content has its content, and outside any agreement there is none."""
    if VALUE_CONTENT.isdisjoint(_stripped(items.column(_CODE))):
        return preferential or not items.column(_CONTENT)
    return preferential and all(
        _CONTENT in row or row.get(_CODE, "").strip() not in VALUE_CONTENT for row in items.rows
    )


def _numbers_add_up(said: Listing, items: Table) -> bool:
    """Numbers are short, no net weight exceeds its gross weight, and totals are sums, whatever their units."""
    sums = {name: items.column(name) for name in (_PACKAGES, _GROSS, _VALUE)}
    others = [items.column(name) for name in (_SEQUENCE, _NET, _QUANTITY, _CONTENT)]
    totals = {one.tag: one.text or "" for part in said.parts(_TOTALS) for one in part}
    if max(map(len, chain(totals.values(), *sums.values(), *others)), default=0) > MAX_NUMBER:
        return False
    if any(_NET in row and _GROSS in row and Decimal(row[_NET]) > Decimal(row[_GROSS]) for row in items.rows):
        return False
    for name, texts in sums.items():
        if texts and name in totals and sum(map(Decimal, texts)) != Decimal(totals[name]):
            return False
    return not totals or Decimal(totals[_ITEMS]) == len(items.rows)


def _stripped(texts: Iterable[str]) -> set[str]:
    return set(map(str.strip, texts))
