"""The explanation and the judge agree: the tables find a reason exactly where the schema processor refuses."""

import copy
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.documents import reader
from node.documents.catalogue import CATALOGUE
from node.documents.kind import XmlKind
from node.documents.samples import sample, sample_names
from node.documents.structure import ENOUGH, LARGE
from node.errors import PaperRefused
from node.safe_xml import DOCUMENT_LIMITS, Element, Schema, parse

XML = {kind.name: kind for kind in CATALOGUE.values() if isinstance(kind, XmlKind)}
KINDS = sorted(XML)
TREES = {kind: [parse(sample(kind, name)) for name in sample_names(kind)] for kind in KINDS}

# Values at the edges of what the built-in types of XML Schema admit.
VALUES = [
    *("", " ", "x", "XA", "xa", " XA ", "X\u3000A", "a  b", "字" * 70, "字" * 71, "𠮷", "\u00a0", "é"),
    *(
        "0",
        "1",
        "-0",
        "+1",
        "-1",
        "007",
        "1.",
        ".5",
        "1.0",
        "1e3",
        "NaN",
        "INF",
        "\u0661",
        "1 2",
        "99999",
        "100000",
        "99999999",
    ),
    *("100", "100.00", "100.01", "0.123456", "0.1234567", "1234567890123456", "12345678901234567", "0" * 40 + "1"),
    *("true", "TRUE", "0", "yes", "2026-11-22", "2026-02-30", "2026-11-22Z", "12026-11-22", "0000-01-01", "2024-02-29"),
    *("2026-11-22T09:30:00Z", "2026-11-22T09:30:00", "2026-11-22T09:30:60Z", "2026-11-22T09:30:00+14:01"),
    *("2026-11-22T09:30:00-14:00", "2026-11-22T09:30:00.1+08:00", "2026-11-22T25:30:00Z", "2026-1-2T09:30:00Z"),
    *(
        "TWFu",
        "TWE=",
        "TQ==",
        "TW",
        "====",
        "T W F u",
        "851",
        "8511",
        "KGM",
        "kgm",
        "FOB",
        "USD",
        "en",
        "zh-Hant-TW",
        "e",
    ),
]


def _schema_of(kind: str) -> Schema:
    return XML[kind].schema._schema


def _nth(root: Element, number: int) -> Element:
    elements = list(root.iter())
    return elements[number % len(elements)]


def _edit(root: Element, number: int, what: str, value: str) -> None:
    """One edit of the tree, by name."""
    element = _nth(root, number)
    parent = element.getparent()
    if what == "text":
        element.text = value
    elif what == "tail" and parent is not None:
        element.tail = value
    elif what == "attribute":
        name = next(iter(element.keys()), "unit")
        element.set(name, value)
    elif what == "strange attribute":
        element.set("strange", value)
    elif what == "no attributes":
        element.attrib.clear()
    elif what == "remove" and parent is not None:
        parent.remove(element)
    elif what == "double" and parent is not None:
        element.addnext(copy.deepcopy(element))
    elif what == "to the front" and parent is not None:
        parent.insert(0, element)
    elif what == "to the end" and parent is not None:
        parent.append(element)
    elif what == "inwards" and parent is not None and element.getnext() is not None:
        element.append(element.getnext())
    elif what == "stranger":
        element.append(element.makeelement("stranger"))


EDITS = ["text", "tail", "attribute", "strange attribute", "no attributes", "remove", "double"]
EDITS += ["to the front", "to the end", "inwards", "stranger"]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_reason_is_found_exactly_where_the_judge_refuses(kind: str, data: st.DataObject) -> None:
    root = copy.deepcopy(data.draw(st.sampled_from(TREES[kind])))
    for _ in range(data.draw(st.integers(1, 3))):
        edit, value = data.draw(st.sampled_from(EDITS)), data.draw(st.sampled_from(VALUES))
        _edit(root, data.draw(st.integers(0, 400)), edit, value)
    reasons = list(XML[kind].schema.walk(root))
    assert bool(reasons) == (not _schema_of(kind).admits(root)), reasons


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_is_judged_alike_in_every_place(kind: str) -> None:
    # One value goes into many places; the places that refuse it must be found one by one by the tables.
    root = copy.deepcopy(TREES[kind][0])
    leaves = [element for element in root.iter() if not len(element)]
    walk, judge = XML[kind].schema.walk, _schema_of(kind)
    seen: set[str] = set()
    for leaf in leaves:
        if str(leaf.tag) in seen:
            continue
        seen.add(str(leaf.tag))
        before = leaf.text
        for value in VALUES:
            leaf.text = value
            assert bool(list(walk(root))) == (not judge.admits(root)), (leaf.tag, value)
        leaf.text = before


def _filled(kind: str, mark: str, unit: str) -> bytes:
    """A sample blown up to the size limit with repetitions of `unit`."""
    whole = sample(kind, sample_names(kind)[0]).decode()
    assert mark in whole
    room = DOCUMENT_LIMITS.size_bytes - len(whole.encode())
    return whole.replace(mark, unit * (room // len(unit.encode())) + mark, 1).encode()


JUNK = {
    "bad items": ("certificate_of_origin", "<ExporterDeclaration>", "<Item><Sequence>0</Sequence></Item>"),
    "empty texts": ("certificate_of_origin", "<Item>", "<Remarks/>"),
    "bad attributes": ("certificate_of_origin", "<Item>", '<Remarks lang="">x</Remarks>'),
    "disorder": ("certificate_of_origin", "<Item>", "<Invoice/><Producer/>"),
    "types of its own": (
        "certificate_of_origin",
        "<Item>",
        '<Remarks xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x">x</Remarks>',
    ),
    "empty notes": ("phytosanitary_certificate", "<ram:SignatorySPSAuthentication>", "<ram:IncludedSPSNote/>"),
    "bad lines": (
        "inspection_result",
        "<Result>conditional</Result>\n  <Condition",
        "<Line><Sequence>0</Sequence></Line>",
    ),
    "signatures": ("certificate_of_origin", "<Item>", '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>'),
}


@pytest.mark.parametrize(("kind", "mark", "unit"), JUNK.values(), ids=JUNK.keys())
def test_a_mebibyte_of_junk_is_refused_in_seconds_and_with_paths(kind: str, mark: str, unit: str) -> None:
    content = _filled(kind, mark, unit)
    began = time.process_time()
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(content)
    # The judge alone would take minutes; the margin is for slow machines.
    assert time.process_time() - began < 10
    assert len(caught.value.findings) == reader.MAX_FINDINGS
    assert all(finding.path and finding.rule for finding in caught.value.findings)


def test_a_large_paper_without_defect_is_accepted() -> None:
    remarks = "<Remarks>x</Remarks>" * (LARGE + 1)
    content = sample("certificate_of_origin", "tea").decode().replace("<Item>", f"{remarks}<Item>", 1)
    reader.recognise(content.encode())


def test_a_paper_does_not_choose_the_types_of_its_elements() -> None:
    typed = '<Item xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="ItemType">'
    content = sample("certificate_of_origin", "tea").decode().replace("<Item>", typed, 1)
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(content.encode())
    assert [finding.rule for finding in caught.value.findings] == ["attribute type is not allowed here"]


def test_looking_ends_after_enough() -> None:
    content = _filled("certificate_of_origin", "<Item>", "<Remarks/>")
    assert len(XML["certificate_of_origin"].schema.breaches(parse(content))) == ENOUGH
