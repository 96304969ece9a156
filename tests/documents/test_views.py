"""What an officer should see: nothing of a paper is hidden, everything has a label in two languages."""

from collections.abc import Iterator

import pytest
from lxml import etree

from node import safe_json
from node.documents.catalogue import CATALOGUE
from node.documents.json_spots import walk
from node.documents.kind import Kind, XmlKind
from node.documents.samples import sample, sample_names
from node.documents.view_parts import view_of
from node.documents.views import Item, read_plan
from node.safe_xml import parse

SAMPLES = [(kind, name) for kind in sorted({kind for kind, _ in CATALOGUE}) for name in sample_names(kind)]
XML_KINDS = [kind for kind in CATALOGUE.values() if isinstance(kind, XmlKind)]
SAY = "node/documents/view_plans/<kind>.tsv, named by `view` of the kind; common.tsv has what kinds share"


def _shown(items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        for value in item.values:
            yield value.text
            yield value.language
        yield from _shown(item.items)


def _items(items: tuple[Item, ...]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from _items(item.items)


def _said(kind: str, content: bytes) -> Iterator[str]:
    """Every leaf of a paper: texts, attributes, numbers and truth values."""
    if content.lstrip().startswith(b"{"):
        for spot in walk(safe_json.parse(content)):
            if isinstance(spot.value, bool):
                yield "true" if spot.value else "false"
            elif not isinstance(spot.value, dict | list) and spot.value is not None:
                yield str(spot.value)
        return
    for element in parse(content).iter("{*}*"):
        if etree.QName(element).localname != "AttachmentBinaryObject":  # told by its digest
            yield (element.text or "").strip()
        yield from (str(value) for key, value in element.items() if not str(key).startswith("{"))


@pytest.mark.parametrize(("kind", "name"), SAMPLES)
def test_every_leaf_of_a_paper_is_in_its_view(kind: str, name: str) -> None:
    content = sample(kind, name)
    shown = [text for section in view_of(content).sections for text in _shown(section.items)]
    said = [text for text in _said(kind, content) if text]
    assert len(said) > 10
    for text in set(said):
        assert shown.count(text) >= said.count(text), text


@pytest.mark.parametrize(("kind", "name"), SAMPLES)
def test_everything_in_a_view_has_a_label_of_its_own_in_both_languages(kind: str, name: str) -> None:
    view = view_of(sample(kind, name))
    for section in view.sections:
        for item in _items(section.items):
            unlabelled = item.label == (item.name, item.name) or item.label == (item.name[1:], item.name[1:])
            assert not unlabelled, f"{item.name} needs a label in {SAY}"
            assert all(item.label)


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.name)
def test_every_kind_brings_a_plan_with_sections(kind: Kind) -> None:
    assert kind.view is not None, f"write {SAY}"
    assert len(read_plan(kind.view).sections) >= 4


@pytest.mark.parametrize("kind", XML_KINDS, ids=lambda kind: kind.name)
def test_every_element_and_attribute_of_a_schema_has_a_label(kind: XmlKind) -> None:
    plan = read_plan(kind.view)
    silent = set()
    for its_type in kind.schema.tables.types.values():
        silent |= {etree.QName(name).localname for name in its_type.types}
        silent |= {f"@{name}" for name in its_type.attributes}
    silent -= {name.rpartition("/")[2] for name in plan.labels}
    silent -= plan.through | plan.inline | {"@languageID", "@lang"}
    silent -= {etree.QName(name).localname for name in kind.schema.tables.roots}
    other_roots = {"SPSAcknowledgementDocument", "ReasonInformation"}  # of the answer that shares the schema's parts
    assert silent - other_roots == set(), f"labels for {SAY}"


def test_original_and_latin_text_stand_side_by_side() -> None:
    items = list(_items(view_of(sample("certificate_of_origin", "tea")).sections[1].items))
    names = next(item for item in items if item.name == "Name")
    assert [value.language for value in names.values] == ["zh-Hant-TW", "en"]
    sections = view_of(sample("aeo_status", "operators_delta")).sections
    named = [item for section in sections for item in _items(section.items) if item.name == "name"]
    assert any([value.language for value in item.values] == ["", "zh-Hant-TW"] for item in named)


def test_codes_have_their_meaning_by_where_they_stand() -> None:
    view = view_of(sample("phytosanitary_certificate", "orchids"))
    meanings = {
        value.text: value.meaning[0]
        for section in view.sections
        for item in _items(section.items)
        for value in item.values
        if value.meaning is not None
    }
    assert meanings["851"] == "phytosanitary certificate"
    assert meanings["CT"] == "carton"
    assert meanings["4"] == "air"
    assert meanings["SPSFL"] == "financial liability clause"
    assert "1" not in meanings  # a packaging level and a clause, of no list


def test_a_paper_that_is_no_good_is_shown_all_the_same() -> None:
    odd = sample("certificate_of_origin", "tea").replace(b"<Status>issued<", b"<Colour>red</Colour><Status>issued<")
    last = view_of(odd).sections[-1]
    assert last.title == ("More", "其他")
    assert [(item.name, item.values[0].text) for item in last.items] == [("Colour", "red")]
