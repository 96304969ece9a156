"""The quick yes for certificates of origin is given to good ones, and never to one that breaks a rule."""

from pathlib import Path

import pytest

from node.documents import certificate_of_origin
from node.documents.certificate_of_origin import KIND
from node.documents.listing import Listing
from node.documents.origin_look import items_of, keeps_every_rule
from node.documents.origin_rules import NS, rules
from node.documents.samples import sample, sample_names
from node.documents.xsd_tables import read_tables
from node.safe_xml import Element, Schema, parse
from node.sandbox.bench_papers import template

NAME = "certificate_of_origin"
PARTS = sample(NAME, "machine_parts").decode()
REPLACING = sample(NAME, "tea_replacement").decode()


def _says_yes(root: Element) -> bool:
    said = Listing(root)
    return keeps_every_rule(said, items_of(said))


GOOD = [sample(NAME, name) for name in sample_names(NAME)] + [template(size) for size in (4_096, 30_720)]
GOOD += [
    PARTS.replace("<HsCode", "<Description>and more</Description><HsCode", 1).encode(),
    PARTS.replace("<Sequence>1<", "<Sequence> 1 <").encode(),
]


@pytest.mark.parametrize("content", GOOD)
def test_a_good_certificate_needs_no_rules_asked(content: bytes) -> None:
    root = parse(content)
    assert KIND.schema.breaches(root) == ()
    assert _says_yes(root)
    assert list(rules(root)) == []
    assert KIND.reading_at_once is not None
    assert KIND.reading_at_once(root) == KIND.reading(root)


DEFECTS = {
    "agreement outside any": (PARTS, "<TypeCode>864<", "<TypeCode>861<"),
    "no agreement": (PARTS, "<Agreement>XA-XB-FTA</Agreement>", ""),
    "withdrawn without reason": (PARTS, "<Status>issued<", "<Status>withdrawn<"),
    "issued with reason": (PARTS, "</Status>", "</Status><StatusReason>why</StatusReason>"),
    "valid before issue": (PARTS, "<ValidUntil>2027-11-12<", "<ValidUntil>2025-11-12<"),
    "certified before declared": (PARTS, "<Date>2026-11-12<", "<Date>2026-11-14<"),
    "not after departure": (PARTS, "</ValidUntil>", "</ValidUntil><IssuedRetroactively>true</IssuedRetroactively>"),
    "an item twice": (PARTS, "<Sequence>2<", "<Sequence>1<"),
    "an item twice, blanks around": (PARTS, "<Sequence>2<", "<Sequence> 1 <"),
    "an invoice of elsewhere": (PARTS, "<InvoiceNumber>MPW-26-8812<", "<InvoiceNumber>MPW-26-8813<"),
    "a producer of elsewhere": (PARTS, "<ProducerKey>P1<", "<ProducerKey>P9<"),
    "a blank that gets lost": (
        PARTS.replace('key="P1"', 'key="P1\u00a0"'),
        "<ProducerKey>P1<",
        "<ProducerKey>P1\u00a0<",
    ),
    "a key twice": (PARTS, 'key="P2"', 'key="P1"'),
    "a producer without name": (PARTS, ' confidential="true"', ""),
    "value content without content": (PARTS, "<ValueContent>56.4</ValueContent>", ""),
    "heavier inside than outside": (PARTS, '<NetWeight unit="KGM">4120<', '<NetWeight unit="KGM">9999<'),
    "an item too few": (PARTS, "<Items>2<", "<Items>3<"),
    "packages that do not add up": (PARTS, '<Packages type="PX">12<', '<Packages type="PX">13<'),
    "a number too long": (PARTS, "<Sequence>1<", f"<Sequence>{'0' * 32}1<"),
    "replaces itself": (REPLACING, None, None),
}


def _broken(whole: str, old: str | None, new: str | None) -> str:
    if old is None or new is None:
        number = whole.split("<Number>")[1].split("<")[0]
        before, _, after = whole.partition("<Replaces>")
        replaced = after.split("<Number>")[1].split("<")[0]
        return f"{before}<Replaces>{after.replace(f'<Number>{replaced}<', f'<Number>{number}<', 1)}"
    assert old in whole
    return whole.replace(old, new, 1)


@pytest.mark.parametrize(("whole", "old", "new"), DEFECTS.values(), ids=DEFECTS.keys())
def test_one_that_breaks_a_rule_gets_no_yes(whole: str, old: str | None, new: str | None) -> None:
    root = parse(_broken(whole, old, new).encode())
    assert KIND.schema.breaches(root) == ()
    assert list(rules(root))
    assert not _says_yes(root)


def test_what_a_criterion_says_stands_nowhere_else_in_an_item() -> None:
    schema = Path(certificate_of_origin.__file__).parent / "schemas/certificate_of_origin/certificate_of_origin_1.xsd"
    types = read_tables(Schema(schema).files).types
    item, criterion = (types[f"{NS}{name}"] for name in ("ItemType", "OriginCriterionType"))
    names = [name for one in (item, criterion) for slot in one.slots for name in slot.types]
    assert len(names) == len(set(names))
    assert {name for slot in criterion.slots for name in slot.types} == {f"{NS}Code", f"{NS}ValueContent"}
    below = [name for slot in item.slots for name, kind in slot.types.items() if types[kind].slots]
    assert below == [f"{NS}OriginCriterion"]
