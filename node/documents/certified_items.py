"""Items of certificates as amounts: what stands in elements with a unit, the first that an item has.

An item that a paper names twice certifies nothing: nobody could say which of the two is used.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from node.documents.checks import date_of, text_of
from node.documents.children import first_by_name
from node.documents.numbers import number_in
from node.model.uses import Amount, Certified, Measure
from node.safe_xml import Element


def items(
    lines: Sequence[Element],
    *,
    number: str,
    quantities: Sequence[tuple[str, str]],
    value: tuple[str, str] | None = None,
    valid_until: str = "",
) -> Certified:
    """The amounts of `lines`, each under the child `number`.

    `quantities` names children with a quantity and their attribute with its unit, of which the first that is there
    counts; `value` one with money and the attribute with its currency.
    """
    parts = [first_by_name(line) for line in lines]
    numbers = [text_of(part.get(number)) for part in parts]
    count = Counter(numbers)
    amounts = [
        amount
        for part, item in zip(parts, numbers, strict=True)
        if item and count[item] == 1
        for amount in _amounts(part, item, quantities, value)
    ]
    return Certified(tuple(amounts), date_of(valid_until))


def _amounts(
    part: Mapping[str, Element], item: str, quantities: Sequence[tuple[str, str]], value: tuple[str, str] | None
) -> Iterator[Amount]:
    measured = (_amount(part, item, Measure.QUANTITY, *one) for one in quantities)
    quantity = next((one for one in measured if one is not None), None)
    if quantity is not None:
        yield quantity
    worth = _amount(part, item, Measure.VALUE, *value) if value is not None else None
    if worth is not None:
        yield worth


def _amount(part: Mapping[str, Element], item: str, measure: Measure, name: str, unit: str) -> Amount | None:
    element = part.get(name)
    number = number_in(element)
    said = element.get(unit, "").strip() if element is not None else ""
    return Amount(item, measure, said, number) if number is not None and said else None
