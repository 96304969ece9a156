"""Canonical XML and schemas: what is signed has one form, and a schema is judged without leaving our package."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lxml import etree

from node.errors import CanonicalisationFailed
from node.safe_xml import Schema, canonical, parse

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t" xmlns="urn:t"
  elementFormDefault="qualified">
  <xs:include schemaLocation="types.xsd"/>
  <xs:element name="r"><xs:complexType><xs:sequence>
    <xs:element name="n" type="Count" maxOccurs="9"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"""
TYPES = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t" xmlns="urn:t">
  <xs:simpleType name="Count">
    <xs:restriction base="xs:int"><xs:maxInclusive value="9"/></xs:restriction>
  </xs:simpleType>
</xs:schema>"""


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    (tmp_path / "main.xsd").write_text(XSD)
    (tmp_path / "types.xsd").write_text(TYPES)
    return Schema(tmp_path / "main.xsd")


def _admits(schema: Schema, document: str) -> bool:
    return schema.admits(parse(document.encode()))


def test_a_schema_knows_what_it_includes(schema: Schema) -> None:
    assert len(schema.files) == 2
    assert _admits(schema, '<p:r xmlns:p="urn:t"><p:n>1</p:n></p:r>')
    assert not _admits(schema, '<p:r xmlns:p="urn:t"><p:n>10</p:n></p:r>')
    assert not _admits(schema, '<p:x xmlns:p="urn:t"/>')


def test_the_document_cannot_bring_its_own_schema(schema: Schema, tmp_path: Path) -> None:
    (tmp_path / "loose.xsd").write_text(XSD.replace('type="Count"', 'type="xs:string"'))
    document = (
        '<r xmlns="urn:t" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="urn:t {tmp_path}/loose.xsd"><n>{{}}</n></r>'
    )
    assert _admits(schema, document.format(1))
    assert not _admits(schema, document.format("many"))


def test_threads_share_a_schema_without_mixing_verdicts(schema: Schema) -> None:
    def judge(good: bool) -> bool:
        return _admits(schema, f'<r xmlns="urn:t">{"<n>1</n>" * 8}<n>{"1" if good else "x"}</n></r>')

    wanted = [index % 3 == 0 for index in range(300)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(judge, wanted)) == wanted


def test_canonical_form_is_inclusive_and_has_no_declaration_or_quotes_of_its_own() -> None:
    root = parse(b"<?xml version='1.0'?>\n<b:a xmlns:b='urn:b' xmlns:unused='urn:u' z='1' a='2'><c/></b:a>\n")
    assert canonical(root) == b'<b:a xmlns:b="urn:b" xmlns:unused="urn:u" a="2" z="1"><c></c></b:a>'


def test_a_canonical_form_keeps_the_namespaces_of_its_ancestors() -> None:
    root = parse(b'<a xmlns="urn:a" xmlns:x="urn:x"><b/></a>')
    assert canonical(root[0]) == b'<b xmlns="urn:a" xmlns:x="urn:x"></b>'


def test_what_has_no_canonical_form_is_refused_and_never_empty() -> None:
    element = etree.Element("{relative}a", nsmap={"x": "relative"})
    with pytest.raises(CanonicalisationFailed):
        canonical(element)
