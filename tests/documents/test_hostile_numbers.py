"""Numbers that a program chokes on are findings like any other defect, in every place where a paper holds one."""

import copy
import re
from decimal import Decimal

import pytest
from lxml import etree

from node.documents import reader
from node.documents.catalogue import CATALOGUE
from node.documents.kind import XmlKind
from node.documents.numbers import MAX_NUMBER, TOO_LONG, number_in
from node.documents.samples import sample, sample_names
from node.errors import PaperRefused
from node.safe_xml import Element, parse

PHYTO, ORIGIN = "phytosanitary_certificate", "certificate_of_origin"
XML_KINDS = [kind for kind in CATALOGUE.values() if isinstance(kind, XmlKind)]
PLAIN = re.compile(r"[0-9]{1,8}(\.[0-9]{1,4})?")

HOSTILE = {
    "5,000 digits": "1" * 5_000,
    "5,000 digits below zero": "-" + "1" * 5_000,
    "5,000 decimals": "1." + "1" * 5_000,
    "one after 5,000 zeros": "0" * 5_000 + "1",
    "zero in 5,000 zeros": "-" + "0" * 5_000,
    "a huge exponent": "9e999999999",
    "an exponent beyond every bound": "9e9999999999999999999",
    "a tiny exponent": "1E-999999999",
    "infinity": "Infinity",
    "minus infinity in the words of schemas": "-INF",
    "not a number": "NaN",
    "a signalling not a number": "sNaN",
    "digits of another script": "\u0663\u0664",
    "superscript": "\u00b2",
    "underscores": "1_000",
    "a sign alone": "-",
    "a point alone": ".",
}

NUMBERS = {
    PHYTO: ["SequenceNumeric", "NetWeightMeasure", "ItemQuantity", "ValueMeasure"],
    ORIGIN: ["Sequence", "Items", "Packages", "NetWeight", "GrossWeight", "Quantity", "Value", "ValueContent"],
}
PLACES = [(kind, name) for kind, names in NUMBERS.items() for name in names]


def _trees(kind: str) -> list[Element]:
    return [parse(sample(kind, name)) for name in sample_names(kind)]


def _spoilt(kind: str, name: str, value: str) -> bytes:
    """The first sample that holds an element of that name, all of which are given the value."""
    for root in _trees(kind):
        elements = [one for one in root.iter(f"{{*}}{name}") if not len(one)]
        for element in elements:
            element.text = value
        if elements:
            return etree.tostring(root)
    raise AssertionError(f"no sample of {kind} has {name}")


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_hostile_number_is_a_finding_where_it_stands(kind: str, name: str, value: str) -> None:
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(_spoilt(kind, name, value))
    paths = [re.sub(r"\[[0-9]+\]$", "", finding.path) for finding in caught.value.findings]
    assert any(path.endswith(f"/{name}") for path in paths)


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("kind", XML_KINDS, ids=lambda kind: kind.name)
def test_the_rules_bear_a_hostile_number_in_any_element(kind: XmlKind, value: str) -> None:
    # All at once and one by one: a comparison needs two numbers, a sum all of them. An exception fails the test.
    for tree in _trees(kind.name):
        everywhere = copy.deepcopy(tree)
        for element in everywhere.iter():
            if PLAIN.fullmatch((element.text or "").strip()):
                element.text = value
        list(kind.rules(everywhere))
        list(kind.schema.walk(everywhere))
        for element in tree.iter():
            before = element.text
            if PLAIN.fullmatch((before or "").strip()):
                element.text = value
                list(kind.rules(tree))
                element.text = before


@pytest.mark.parametrize("name", ["NetWeightMeasure", "ValueMeasure", "SequenceNumeric", "ItemQuantity"])
def test_a_number_may_be_as_long_as_the_limit_and_no_longer(name: str) -> None:
    def findings(value: str) -> list[str]:
        try:
            reader.recognise(_spoilt(PHYTO, name, value))
        except PaperRefused as refused:
            return [finding.rule for finding in refused.findings if not finding.rule.startswith("must be different")]
        return []

    longest = "1".zfill(MAX_NUMBER)
    assert findings(longest) == []
    assert set(findings("0" + longest)) == {TOO_LONG}


def test_leading_zeros_do_not_hide_a_net_weight_above_the_gross_weight() -> None:
    # The schema admits them, and a number nobody reads would be compared with nothing.
    content = _spoilt(ORIGIN, "NetWeight", "9999999".zfill(5_000))
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(content)
    assert {finding.rule for finding in caught.value.findings} == {TOO_LONG}


LONG_ONES = [
    "0" * 5_000 + "1",
    "1" * 5_000,
    "-" + "0" * 5_000,
    "+" + "0" * 4_999 + "7",
    "-" + "0" * 5_000 + "1",
    "0" * 5_000,
]


@pytest.mark.parametrize("value", LONG_ONES, ids=range(len(LONG_ONES)))
@pytest.mark.parametrize("name", ["Sequence", "Items", "Packages", "GrossWeight", "ValueContent"])
def test_tables_and_judge_read_thousands_of_digits_alike(name: str, value: str) -> None:
    root = parse(_spoilt(ORIGIN, name, value))
    kind = CATALOGUE[ORIGIN, 1]
    assert isinstance(kind, XmlKind)
    assert bool(list(kind.schema.walk(root))) == (not kind.schema._schema.admits(root))


@pytest.mark.parametrize(
    ("text", "number"), [("1", "1"), ("-0.50", "-0.5"), ("+3.", "3"), (".5", "0.5"), (" 7\n", "7")]
)
def test_a_plain_decimal_is_read_exactly(text: str, number: str) -> None:
    element = parse(f"<a>{text}</a>".encode())
    assert number_in(element) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "1e3", "NaN", "Infinity", "1,5", "1 000", "0x10", "\u0663", "1" * (MAX_NUMBER + 1)]
)
def test_what_is_no_plain_decimal_is_not_read(text: str) -> None:
    assert number_in(parse(f"<a>{text}</a>".encode())) is None


def test_no_element_holds_no_number() -> None:
    assert number_in(None) is None
