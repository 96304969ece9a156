"""Our samples are valid, varied and ours; our schemas speak in sentences that fit into a receipt."""

import pytest
from lxml import etree

from node import safe_json
from node.documents import reader
from node.documents.catalogue import CATALOGUE
from node.documents.json_spots import walk
from node.documents.kind import Kind, XmlKind
from node.documents.samples import sample, sample_names, vary
from node.errors import KindUnknown
from node.model.document import Finding
from node.safe_xml import parse

KINDS = sorted({kind for kind, _ in CATALOGUE})
ALL_SAMPLES = [(kind, name) for kind in KINDS for name in sample_names(kind)]
XML = {kind.name: kind for kind in CATALOGUE.values() if isinstance(kind, XmlKind)}
XML_SAMPLES = [(kind, name) for kind, name in ALL_SAMPLES if kind in XML]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_three_samples_and_one_of_them_follows_another(kind: str) -> None:
    readings = [reader.recognise(sample(kind, name)).reading for name in sample_names(kind)]
    assert len(readings) >= 3
    numbers = {reading.identity.number for reading in readings}
    assert any(reading.succession is not None and reading.succession.number in numbers for reading in readings)


def _countries(kind: str, content: bytes) -> set[str]:
    if kind not in XML:
        places = ("country", "partner")
        return {spot.text for spot in walk(safe_json.parse(content)) if spot.steps and spot.steps[-1] in places}
    root = parse(content)
    elements = [element for element in root.iter("{*}*") if etree.QName(element).localname.endswith("Country")]
    elements += root.findall(".//{*}CountryID") + root.findall(".//{*}ExportSPSCountry/{*}ID")
    return {element.text or "" for element in elements if not len(element)}


@pytest.mark.parametrize(("kind", "name"), ALL_SAMPLES)
def test_samples_use_only_countries_that_no_country_has(kind: str, name: str) -> None:
    countries = _countries(kind, sample(kind, name))
    assert all(
        len(code) == 2 and code.startswith("X") and code.isupper() for code in countries
    )  # XA to XZ: no country's
    assert countries


@pytest.mark.parametrize("kind", KINDS)
def test_one_sample_has_names_beyond_the_basic_plane(kind: str) -> None:
    texts = [sample(kind, name).decode() for name in sample_names(kind)]
    assert any("\U00020bb7" in text and "\U0002a6a5" in text and "堃" in text for text in texts)


@pytest.mark.parametrize(("kind", "name"), ALL_SAMPLES)
def test_a_varied_sample_is_the_same_paper_under_another_number(kind: str, name: str) -> None:
    original = reader.recognise(sample(kind, name)).reading
    varied = reader.recognise(vary(kind, sample(kind, name), 'N-7 & <8> "\\1"')).reading
    assert varied.identity.number == 'N-7 & <8> "\\1"'
    assert varied.identity.issuer == original.identity.issuer
    assert {**varied.fields, "number": ""} == {**original.fields, "number": ""}


@pytest.mark.parametrize("kind", KINDS)
def test_varying_twice_gives_the_second_number(kind: str) -> None:
    once = vary(kind, sample(kind, sample_names(kind)[0]), 'A&"B')
    assert reader.recognise(vary(kind, once, "C")).reading.identity.number == "C"


def test_samples_of_nothing_are_unknown() -> None:
    with pytest.raises(KindUnknown):
        sample_names("visa")
    with pytest.raises(KindUnknown):
        sample("certificate_of_origin", "../../reader")
    with pytest.raises(KindUnknown):
        vary("certificate_of_origin", sample("phytosanitary_certificate", "orchids"), "1")
    with pytest.raises(KindUnknown):
        vary("aeo_status", b'{"schema": "urn:n2n:v1:aeo-status"}', "1")


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.name)
def test_every_sentence_of_a_schema_fits_into_a_finding(kind: Kind) -> None:
    assert len(kind.schema.rules) > 10
    assert [rule for rule in kind.schema.rules if len(rule) > Finding.MAX_RULE] == []


@pytest.mark.parametrize(("kind", "name"), XML_SAMPLES)
def test_removing_any_one_element_is_read_or_refused_with_a_reason(kind: str, name: str) -> None:
    whole = parse(sample(kind, name))
    for index in range(1, sum(1 for _ in whole.iter())):
        copy = parse(sample(kind, name))
        victim = list(copy.iter())[index]
        parent = victim.getparent()
        assert parent is not None
        parent.remove(victim)
        known = XML[kind]
        breaches = [*known.schema.breaches(copy), *known.rules(copy)]
        if not breaches:
            known.reading(copy)
        assert all(0 < len(breach.rule) <= Finding.MAX_RULE for breach in breaches)


@pytest.mark.parametrize(("kind", "name"), XML_SAMPLES)
def test_the_schema_is_explained_wherever_two_neighbours_change_places(kind: str, name: str) -> None:
    known = XML[kind]
    for index in range(sum(1 for _ in parse(sample(kind, name)).iter())):
        root = parse(sample(kind, name))
        moved = list(root.iter())[index]
        follower = moved.getnext()
        if follower is None or follower.tag == moved.tag:
            continue
        follower.addnext(moved)
        breaches = known.schema.breaches(root)
        assert breaches
        assert all("must stand" in breach.rule for breach in breaches)
