"""What agreements say about certificates of origin, as far as the arrangement carries it (`[kind.terms.origin]`).

Only certificates that are issued are judged: a withdrawal or cancellation takes back what was issued under whatever
terms held then, and must reach whoever relies on it.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from node.documents.breach import Breach
from node.documents.checks import date_of, text_of
from node.documents.children import first_by_name
from node.documents.numbers import number_in
from node.documents.origin_rules import ENDED, NON_PREFERENTIAL, NS
from node.model.origin_terms import (
    AgreementRules,
    BackToBack,
    DemandedField,
    LanguageField,
    LastDay,
    Lasting,
    ProducerRule,
    Retroactive,
    ThirdCountryInvoice,
    Validity,
)
from node.model.terms import Terms
from node.safe_xml import Element

_TYPE, _AGREEMENT, _STATUS, _NUMBER = f"{NS}TypeCode", f"{NS}Agreement", f"{NS}Status", f"{NS}Number"
_ISSUED, _UNTIL, _MARKED = f"{NS}IssueDate", f"{NS}ValidUntil", f"{NS}IssuedRetroactively"
_EXPORT, _IMPORT, _ORIGIN = f"{NS}ExportCountry", f"{NS}ImportCountry", f"{NS}OriginCountry"
_TRANSPORT, _DEPARTED, _FIRST = f"{NS}Transport", f"{NS}DepartureDate", f"{NS}BackToBack"
_INVOICE, _THIRD, _INVOICED, _INVOICER = (
    f"{NS}Invoice",
    f"{NS}ThirdCountry",
    f"{NS}ThirdCountryInvoicing",
    f"{NS}Issuer",
)
_ITEM, _CRITERION, _CODE, _CONTENT = f"{NS}Item", f"{NS}OriginCriterion", f"{NS}Code", f"{NS}ValueContent"
_HS, _PRODUCER, _KEY = f"{NS}HsCode", f"{NS}Producer", f"{NS}ProducerKey"
_TRUE = frozenset({"true", "1"})

# The ways to what an agreement may demand, taken apart once.
_WAYS = {one: tuple(f"{NS}{step}" for step in one.value.split("/")) for one in (*DemandedField, *LanguageField)}

Children = dict[str, Element]
"""The first child of each name."""


def agreed(root: Element, terms: Terms) -> Iterator[Breach]:
    """Every term that the certificate breaks; bears any tree."""
    origin = terms.origin
    if origin is None:
        return
    head = first_by_name(root)
    if text_of(head.get(_STATUS)) in ENDED:
        return
    agreement = head.get(_AGREEMENT)
    if agreement is None:
        if not origin.non_preferential and text_of(head.get(_TYPE)) == NON_PREFERENTIAL:
            yield Breach(head[_TYPE], "non-preferential certificates are not agreed")
        return
    rules = origin.agreements.get(text_of(agreement))
    if rules is not None:
        yield from _broken(root, head, rules)
    elif not origin.others:
        yield Breach(agreement, "is no agreement of this arrangement")


def _broken(root: Element, head: Children, rules: AgreementRules) -> Iterator[Breach]:
    items = [first_by_name(item) for item in root.iterchildren(_ITEM)]
    yield from _head(head, rules)
    yield from _demanded(root, rules.demanded)
    if rules.validity is not None:
        yield from _validity(root, head, rules.validity)
    if rules.retroactive is not None:
        yield from _retroactive(head, rules.retroactive)
    if rules.back_to_back is not None:
        yield from _back_to_back(head, items, rules.back_to_back)
    if rules.third_country_invoice is not None:
        yield from _third_country_invoice(root, head, rules.third_country_invoice)
    for item in items:
        yield from _item(item, rules)
    if rules.producer is not ProducerRule.OPTIONAL:
        yield from _producers(root, items, rules.producer)
    if rules.countries:
        yield from _countries(head, items, rules.countries)
    if rules.language:
        yield from _language(root, rules)


# --- the certificate ------------------------------------------------------------------------------------------------


def _head(head: Children, rules: AgreementRules) -> Iterator[Breach]:
    code, number = head.get(_TYPE), head.get(_NUMBER)
    if rules.types and code is not None and text_of(code) not in rules.types:
        yield Breach(code, "this type is not agreed for this agreement")
    if rules.number is not None and number is not None and rules.number.fullmatch(text_of(number)) is None:
        yield Breach(number, "has not the agreed form of a number")
    if not rules.exhibition and f"{NS}Exhibition" in head:
        yield Breach(head[f"{NS}Exhibition"], "goods of an exhibition are not agreed")
    if not rules.accumulation and _is_true(head.get(f"{NS}Accumulation")):
        yield Breach(head[f"{NS}Accumulation"], "accumulation is not agreed")
    if not rules.de_minimis and _is_true(head.get(f"{NS}DeMinimis")):
        yield Breach(head[f"{NS}DeMinimis"], "de minimis is not agreed")


def _demanded(root: Element, demanded: tuple[DemandedField, ...]) -> Iterator[Breach]:
    for one in demanded:
        *above, last = _WAYS[one]
        parents = [root]
        for name in above:
            found = [child for parent in parents for child in parent.iterchildren(name)]
            if not found:
                yield Breach(root, f"the agreement demands {one.value}")
            parents = found
        for parent in parents:
            if next(parent.iterchildren(last), None) is None:
                yield Breach(parent, f"the agreement demands {one.value}")


def _validity(root: Element, head: Children, agreed_on: Validity) -> Iterator[Breach]:
    if _UNTIL not in head:
        yield Breach(root, "the agreement demands ValidUntil")
        return
    issued, until = _day(head.get(_ISSUED)), _day(head[_UNTIL])
    end = _later(issued, agreed_on.months) if issued is not None else None
    if end is None or until is None:
        return
    if agreed_on.last_day is LastDay.DAY_BEFORE:
        end -= timedelta(days=1)
    if agreed_on.lasting is Lasting.EXACTLY and until != end:
        yield Breach(head[_UNTIL], "must end exactly when agreed after IssueDate")
    elif until > end:
        yield Breach(head[_UNTIL], "must not last longer than agreed")


def _retroactive(head: Children, agreed_on: Retroactive) -> Iterator[Breach]:
    issued, marked = head.get(_ISSUED), _is_true(head.get(_MARKED))
    departed = first_by_name(head.get(_TRANSPORT)).get(_DEPARTED)
    day, departure = _day(issued), _day(departed)
    if not agreed_on.allowed and marked:
        yield Breach(head[_MARKED], "issuing after departure is not agreed")
    if departure is None or day is None or issued is None:
        if marked and agreed_on.allowed and (agreed_on.within_days or agreed_on.within_months) and departed is None:
            yield Breach(head[_MARKED], "issued retroactively needs Transport/DepartureDate")
        return
    late = (day - departure).days > agreed_on.free_days
    if late and not marked:
        yield Breach(issued, "is after departure and needs IssuedRetroactively")
    if late and agreed_on.allowed:
        last = _last_day_after(departure, agreed_on)
        if last is not None and day > last:
            yield Breach(issued, "is longer after departure than agreed")


def _last_day_after(departure: date, agreed_on: Retroactive) -> date | None:
    """The last day on which a certificate may still be issued; None when no time is agreed, or calendars end before."""
    if agreed_on.within_days:
        return date.fromordinal(min(departure.toordinal() + agreed_on.within_days, date.max.toordinal()))
    return _later(departure, agreed_on.within_months) if agreed_on.within_months else None


def _back_to_back(head: Children, items: list[Children], agreed_on: BackToBack) -> Iterator[Breach]:
    first = head.get(_FIRST)
    if first is not None and not agreed_on.allowed:
        yield Breach(first, "back-to-back certificates are not agreed")
    if agreed_on.for_other_origin and first is None:
        export = text_of(head.get(_EXPORT))
        for item in items:
            if _ORIGIN in item and text_of(item[_ORIGIN]) != export:
                yield Breach(item[_ORIGIN], "goods of another origin need BackToBack")
    if agreed_on.keeps_validity and agreed_on.allowed and first is not None:
        ends = first_by_name(first).get(_UNTIL)
        if ends is None:
            yield Breach(first, "the agreement demands BackToBack/ValidUntil")
        until, last = _day(head.get(_UNTIL)), _day(ends)
        if until is not None and last is not None and until > last:
            yield Breach(head[_UNTIL], "must not outlast the first certificate")


def _third_country_invoice(root: Element, head: Children, agreed_on: ThirdCountryInvoice) -> Iterator[Breach]:
    marked, parties = _is_true(head.get(_INVOICED)), {text_of(head.get(_EXPORT)), text_of(head.get(_IMPORT))}
    foreign = [one for one in map(first_by_name, root.iterchildren(_INVOICE)) if _THIRD in one]
    if marked and not agreed_on.allowed:
        yield Breach(head[_INVOICED], "invoices of third countries are not agreed")
    if marked and agreed_on.allowed and not foreign:
        yield Breach(head[_INVOICED], "no Invoice names its ThirdCountry")
    for invoice in foreign:
        third = invoice[_THIRD]
        if not agreed_on.allowed:
            yield Breach(third, "an invoice of a third country is not agreed")
        if text_of(third) in parties:
            yield Breach(third, "is one of the two countries and no third one")
        if agreed_on.allowed and agreed_on.marked and not marked:
            yield Breach(third, "needs ThirdCountryInvoicing")
        if agreed_on.allowed and agreed_on.issuer and _INVOICER not in invoice:
            yield Breach(third, "the agreement demands Invoice/Issuer")


# --- the goods ------------------------------------------------------------------------------------------------------


def _item(item: Children, rules: AgreementRules) -> Iterator[Breach]:
    code = item.get(_HS)
    if rules.hs_digits is not None and code is not None and len(text_of(code)) != rules.hs_digits:
        yield Breach(code, f"must have {rules.hs_digits} digits under this agreement")
    if not rules.criteria and not rules.value_content:
        return
    if _CRITERION not in item:
        if rules.criteria and _ORIGIN in item:
            yield Breach(item[_ORIGIN], "the agreement demands OriginCriterion")
        return
    met = first_by_name(item[_CRITERION])
    claimed = text_of(met.get(_CODE))
    if rules.criteria and claimed not in rules.criteria and _CODE in met:
        yield Breach(met[_CODE], "this origin criterion is not agreed")
    least = rules.value_content.get(claimed)
    if least is not None:
        yield from _content(item[_CRITERION], met.get(_CONTENT), least)


def _content(criterion: Element, content: Element | None, least: Decimal) -> Iterator[Breach]:
    if content is None:
        yield Breach(criterion, "this criterion needs ValueContent")
    share = number_in(content)
    if content is not None and share is not None and share < least:
        yield Breach(content, "is less than this criterion needs")


def _producers(root: Element, items: list[Children], rule: ProducerRule) -> Iterator[Breach]:
    for item in items:
        if _KEY not in item and _ORIGIN in item:
            yield Breach(item[_ORIGIN], "the agreement demands ProducerKey")
    if rule is ProducerRule.NAMED:
        for producer in root.iterchildren(_PRODUCER):
            if producer.get("confidential", "").strip() in _TRUE:
                yield Breach(producer, "a confidential producer is not agreed")


def _countries(head: Children, items: list[Children], countries: frozenset[str]) -> Iterator[Breach]:
    for place in (head.get(_EXPORT), head.get(_IMPORT), *(item.get(_ORIGIN) for item in items)):
        if place is not None and text_of(place) not in countries:
            yield Breach(place, "is no party to the agreement")


def _language(root: Element, rules: AgreementRules) -> Iterator[Breach]:
    wanted = rules.language.lower()
    for one in rules.language_of:
        above, last = _WAYS[one]
        for parent in root.iterchildren(above):
            texts = list(parent.iterchildren(last))
            if texts and not any(_is_in(text.get("lang", ""), wanted) for text in texts):
                yield Breach(texts[0], "must also stand there in the agreed language")


def _is_in(tag: str, wanted: str) -> bool:
    """Whether a language tag is the wanted one or a variety of it (RFC 4647 basic filtering)."""
    tag = tag.strip().lower()
    return tag == wanted or tag.startswith(f"{wanted}-")


# --- dates ----------------------------------------------------------------------------------------------------------


def _is_true(element: Element | None) -> bool:
    return text_of(element) in _TRUE


def _day(element: Element | None) -> date | None:
    return date_of(text_of(element))


def _later(day: date, months: int) -> date | None:
    """The same day so many months later, or that month's last; None when the calendar ends before."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
