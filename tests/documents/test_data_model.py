"""Every field of every kind has its row in the WCO data model, no row is left over, and nothing is lost in silence."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from node.documents.catalogue import CATALOGUE
from node.documents.conversion import Loss
from node.documents.conversions.wco_dm import META, NAMESPACE
from node.documents.data_model.answers import answer_homes, answer_places, answer_rows, own_rows
from node.documents.data_model.homes import ANY, homes, mapping_of, row_for
from node.documents.data_model.page import page
from node.documents.data_model.places import Node, contents, places
from node.documents.data_model.table import rows_of, wco_elements
from node.documents.forms import convert
from node.documents.kind import Kind
from node.documents.samples import sample, sample_names

KINDS = [pytest.param(kind, id=kind.name) for kind in CATALOGUE.values()]
SAMPLES = [(kind.name, name) for kind in CATALOGUE.values() for name in sample_names(kind.name)]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", KINDS)
def test_every_place_that_the_schema_allows_has_a_row(kind: Kind) -> None:
    rows = mapping_of(kind)
    assert [key for key in places(kind) if row_for(rows, key) is None] == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_row_is_left_over(kind: Kind) -> None:
    known = places(kind)
    anywhere = {f"{ANY}/{place.name}" for key, place in known.items() if key not in mapping_of(kind)}
    assert [key for key in mapping_of(kind) if key not in known and key not in anywhere] == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_paper_is_has_identifiers_of_the_wco(kind: Kind) -> None:
    becomes = {name for home in homes(kind) for name in home.becomes}
    assert "LPCO/ID" in becomes
    assert wco_elements()["LPCO/ID"].identifier == "D014"


def test_the_answer_about_an_sps_certificate_has_its_rows_and_no_more() -> None:
    assert [key for key in answer_places() if row_for(answer_rows(), key) is None] == []
    assert set(own_rows()) <= set(answer_places())
    assert {"D029", "D005"} <= {one for home in answer_homes() for one in home.identifiers}


def test_a_party_has_the_identifier_of_its_role() -> None:
    (name,) = (
        home for home in homes(CATALOGUE["phytosanitary_certificate", 1]) if home.place.key == "SPSPartyType/Name"
    )
    assert {"R014", "R020", "R011"} <= set(name.identifiers)


def test_the_page_is_what_the_tables_say() -> None:
    current = (ROOT / "docs/data-model.md").read_text(encoding="utf-8") == page()
    assert current, "docs/data-model.md is out of date: run `make docs`"


def _values(node: Node) -> Iterator[Node]:
    if node.text:
        yield node
    for part in node.inside:
        yield from _values(part)


@pytest.mark.parametrize(("kind", "name"), SAMPLES)
def test_each_value_is_in_the_wco_form_or_in_a_note(kind: str, name: str) -> None:
    content = sample(kind, name)
    converted = convert(content, "wco-dm")
    root = etree.fromstring(converted.content)
    said = {element.text or "" for element in root.iter()}
    said |= {str(value) for element in root.iter() for value in element.attrib.values()}
    codes = {"consolidator": "CS", "forwarder": "FW", "manufacturer": "MF", "warehouse": "WH"}
    noted = {note.path for note in converted.notes}
    values = list(_values(contents(CATALOGUE[kind, 1], content)))
    assert len(values) > 10
    lost = [
        value.path
        for value in values
        if value.path not in noted and not {value.text, value.text.replace("-", ""), codes.get(value.text)} & said
    ]
    assert lost == []
    assert noted <= {value.path for value in values}
    assert {note.what for note in converted.notes} <= {Loss.DROPPED, Loss.CHANGED}


@pytest.mark.parametrize(("kind", "name"), SAMPLES)
def test_the_wco_form_is_a_document_in_the_wrapper_of_the_wco(kind: str, name: str) -> None:
    root = etree.fromstring(convert(sample(kind, name), "wco-dm").content)
    assert root.tag == f"{{{META}}}MetaData"
    assert root.findtext(f"{{{META}}}WCOTypeName") == "LPCO"
    assert root.find(f"{{{NAMESPACE}}}LPCO/{{{NAMESPACE}}}ID") is not None


def test_a_confidential_producer_keeps_what_is_told_of_it() -> None:
    root = etree.fromstring(convert(sample("certificate_of_origin", "machine_parts"), "wco-dm").content)
    producers = root.findall(f".//{{{NAMESPACE}}}Manufacturer")
    words = [[one.text for one in producer.iter(f"{{{NAMESPACE}}}StatementDescription")] for producer in producers]
    assert words == [["P1"], ["P2", "true"]]


def test_units_stand_on_measures_and_package_types_beside_their_number() -> None:
    root = etree.fromstring(convert(sample("certificate_of_origin", "machine_parts"), "wco-dm").content)
    packaging = root.find(f".//{{{NAMESPACE}}}Packaging")
    assert packaging is not None
    said = [(etree.QName(one).localname, one.text) for one in packaging]
    assert said[1:] == [("QuantityQuantity", "12"), ("TypeCode", "PX")]
    gross = root.find(f".//{{{NAMESPACE}}}GrossMassMeasure")
    assert gross is not None
    assert dict(gross.attrib) == {"unitCode": "KGM"}


def test_a_text_longer_than_the_wco_allows_stands_there_whole_and_is_named() -> None:
    long = "remark " * 100 + "end"
    content = sample("inspection_result", "scanned_pumps").decode()
    content = content.replace("One customs seal was replaced after the opening.", long)
    converted = convert(content.encode(), "wco-dm")
    changed = [note.path for note in converted.notes if note.what is Loss.CHANGED]
    assert changed == ["/InspectionResult/Remarks"]
    assert long in converted.content.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_our_words_fit_where_they_stand(kind: Kind) -> None:
    words = {step.word for row in mapping_of(kind).values() for step in row.way if step.word}
    assert {word for word in words if len(word) > 17} == set()


@pytest.mark.parametrize(
    "text",
    ["Number = ID | |\n", "[A]\nNumber ID\n", "[A]\nNumber = ID\nNumber = Name\n", "[A]\nNumber = I D/{\n"],
    ids=["no structure", "no home", "twice", "no way"],
)
def test_a_table_that_is_none_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "kind_1.txt").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"kind_1\.txt:[123]"):
        rows_of(tmp_path / "kind_1.txt")
