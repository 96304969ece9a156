"""Declarations of the WCO data model are read by what they say, whatever namespace a country gave them."""

import copy
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from node.documents.catalogue import CATALOGUE
from node.documents.codes.certificate_kinds import AEO, KIND_OF_TYPE, ORIGIN
from node.documents.codes.sps import DOCUMENT_TYPES
from node.documents.declaration_reader import read_declaration
from node.documents.kind import XmlKind
from node.documents.origin_items import items_of
from node.documents.samples import sample
from node.errors import DeclarationUnreadable, DoctypeRefused, NotXml, XmlError, XmlTooLarge
from node.model.declaration import Level, Quantity

GOOD = (Path(__file__).parents[1] / "declarations/good.xml").read_bytes()
NAMESPACE = "urn:wco:datamodel:WCO:DEC-DMS:2"
OTHER = "urn:wco:datamodel:XB:Declaration:1"


def test_operators_are_found_at_every_level() -> None:
    found = read_declaration(GOOD).operators
    assert [(one.level, one.item, one.identifier, one.role) for one in found] == [
        (Level.DECLARATION, "", "XA22901870", "MF"),
        (Level.ITEM, "2", "XA-AEOS-2026-0118", "FW"),
    ]


@pytest.mark.parametrize(
    ("around", "level"),
    [
        ("<GoodsShipment>{}</GoodsShipment>", Level.CONSIGNMENT),
        ("<Consignment>{}</Consignment>", Level.CONSIGNMENT),
        ("<Consignment><HouseConsignment>{}</HouseConsignment></Consignment>", Level.HOUSE),
        ("<Consignment><HouseConsignment><GoodsItem>{}</GoodsItem></HouseConsignment></Consignment>", Level.ITEM),
    ],
)
def test_the_level_is_the_nearest_one_around(around: str, level: Level) -> None:
    party = "<AEOMutualRecognitionParty><ID>A</ID></AEOMutualRecognitionParty>"
    content = f'<Declaration xmlns="urn:wco:datamodel:XB:Declaration:1">{around.format(party)}</Declaration>'
    (one,) = read_declaration(content.encode()).operators
    assert (one.level, one.identifier, one.role) == (level, "A", "")


def test_certificates_say_what_is_written_off_them() -> None:
    first, invoice, second = read_declaration(GOOD).certificates
    assert (first.item, first.unece_code, first.number, first.effective) == ("1", "864", "XA-CO-26-1100342", "20261113")
    assert (first.quantity, first.amount) == (Quantity(Decimal(20), "C62"), None)
    assert (invoice.type_code, invoice.quantity) == ("380", None)
    assert second.path.endswith("/GovernmentAgencyGoodsItem[2]/AdditionalDocument")


def test_a_code_of_another_list_is_no_code_of_ours() -> None:
    (first, *_) = read_declaration(GOOD.replace(b">N<", b">C<", 1)).certificates
    assert first.unece_code == ""


@pytest.mark.parametrize(
    ("category", "code", "unece"),
    [
        ("N", "954", "954"),
        ("", "954", "954"),
        ("", "N954", "954"),
        ("C", "954", ""),
        ("", "Y031", "Y031"),
        ("", "N", "N"),
    ],
)
def test_a_type_of_the_united_nations_is_known_however_it_is_written(category: str, code: str, unece: str) -> None:
    written = f"<CategoryCode>{category}</CategoryCode>" if category else ""
    document = f"<AdditionalDocument>{written}<ID>1</ID><TypeCode>{code}</TypeCode></AdditionalDocument>"
    (one,) = read_declaration(f'<Declaration xmlns="{NAMESPACE}">{document}</Declaration>'.encode()).certificates
    assert one.unece_code == unece


def test_goods_have_code_origin_and_quantities() -> None:
    one, two = read_declaration(GOOD).items
    assert (one.sequence, one.hs_code, one.origin) == ("1", "84669390", "XA")
    assert one.quantities == (Quantity(Decimal("3640.4"), "KGM"), Quantity(Decimal(20), "C62"))
    assert (two.sequence, two.hs_code) == ("2", "848210")
    assert [one.text for one in read_declaration(GOOD).ucrs] == ["6XA2290187-PO5512"]


def test_what_is_in_another_namespace_is_not_looked_at() -> None:
    strange = b'<x:AEOMutualRecognitionParty xmlns:x="urn:other"><ID>Z</ID></x:AEOMutualRecognitionParty></Declaration>'
    assert read_declaration(GOOD.replace(b"</Declaration>", strange)).operators == read_declaration(GOOD).operators


def test_a_bare_declaration_of_another_country_reads_the_same() -> None:
    bare = GOOD[GOOD.index(b"<Declaration>") : GOOD.index(b"</md:MetaData>")]
    opened = f'<p:Declaration xmlns:p="{OTHER}" xmlns="{OTHER}">'
    bare = bare.replace(b"<Declaration>", opened.encode(), 1)
    bare = bare.replace(b"</Declaration>", b"</p:Declaration>")
    assert [one.number for one in read_declaration(bare).certificates] == [
        one.number for one in read_declaration(GOOD).certificates
    ]


UNREADABLE: dict[str, tuple[bytes, type[XmlError | DeclarationUnreadable]]] = {
    "not XML": (b"UNB+UNOC:3", NotXml),
    "cut in the middle": (GOOD[:900], NotXml),
    "another paper": (sample("certificate_of_origin", "tea"), DeclarationUnreadable),
    "wrapper without declaration": (
        b'<MetaData xmlns="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"/>',
        DeclarationUnreadable,
    ),
    "no namespace": (b"<Declaration/>", DeclarationUnreadable),
    "entities": (b'<!DOCTYPE d [<!ENTITY a "aaaa">]>' + GOOD[GOOD.index(b"<md:") :], DoctypeRefused),
    "huge": (GOOD.replace(b"Spindle units", b"x" * (17 << 20)), XmlTooLarge),
    "negative write-off": (GOOD.replace(b">20</Q", b">-20</Q"), DeclarationUnreadable),
    "write-off in words": (GOOD.replace(b">20</Q", b">all</Q"), DeclarationUnreadable),
    "write-off without end": (GOOD.replace(b">20</Q", b">1e999999</Q"), DeclarationUnreadable),
    "infinite write-off": (GOOD.replace(b">20</Q", b">Infinity</Q"), DeclarationUnreadable),
    "too many operators": (
        f'<Declaration xmlns="{NAMESPACE}">{"<AEOMutualRecognitionParty/>" * 100_001}</Declaration>'.encode(),
        DeclarationUnreadable,
    ),
}


@pytest.mark.parametrize(("content", "error"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_declaration_is_refused_by_name(
    content: bytes, error: type[XmlError | DeclarationUnreadable]
) -> None:
    with pytest.raises(error):
        read_declaration(content)


def test_types_lead_to_the_kinds_that_have_them() -> None:
    assert {code for code, kind in KIND_OF_TYPE.items() if kind == "phytosanitary_certificate"} == set(DOCUMENT_TYPES)
    for kind, its_type in ((ORIGIN, "CertificateTypeCode"), ("inspection_result", "ResultTypeCode")):
        known = CATALOGUE[kind, 1]
        assert isinstance(known, XmlKind)
        types = [one for name, one in known.schema.tables.types.items() if name.endswith(f"}}{its_type}")]
        (value,) = [one.value for one in types if one.value is not None]
        assert {code for code, named in KIND_OF_TYPE.items() if named == kind} == set(value.words)
    assert {code for code, kind in KIND_OF_TYPE.items() if kind == AEO} == {"878", "891"}


def test_the_items_of_a_certificate_of_origin() -> None:
    agreement, items = items_of(sample("certificate_of_origin", "machine_parts"))
    assert agreement == "XA-XB-FTA"
    assert [(one.sequence, one.hs_code, one.origin) for one in items] == [
        ("1", "84669390", "XA"),
        ("2", "848210", "XA"),
    ]


@given(st.data())
def test_whatever_is_missing_or_doubled_is_read_or_refused_by_name(data: st.DataObject) -> None:
    """A national variant leaves out and repeats what it likes; nothing but a named refusal may come of it."""
    root = etree.fromstring(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        inside = [one for one in root.iter() if one.getparent() is not None]
        if not inside:
            break
        element = data.draw(st.sampled_from(inside))
        parent = element.getparent()
        assert parent is not None
        match data.draw(st.sampled_from(["away", "twice", "emptied", "renamed", "moved up"])):
            case "away":
                parent.remove(element)
            case "twice":
                parent.append(copy.deepcopy(element))
            case "emptied":
                element.text = ""
            case "renamed":
                element.tag = f"{{{NAMESPACE}}}WriteOff"
            case _:
                root.append(element)
    try:
        found = read_declaration(etree.tostring(root))
    except (DeclarationUnreadable, XmlError):
        return
    assert all(one.path.startswith("/") for one in (*found.operators, *found.certificates, *found.items, *found.ucrs))
