"""Code lists are ours, in two languages, with source; unknown codes are remarked, or refused where a list is closed."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

import node
from node.documents import reader
from node.documents.catalogue import CATALOGUE
from node.documents.code_lists import code_list, list_names, meaning
from node.documents.codes import aeo, sps
from node.documents.kind import JsonKind, XmlKind
from node.documents.samples import sample, sample_names
from node.errors import PaperRefused
from node.model.document import Finding
from node.model.terms import NO_TERMS, Terms
from node.safe_xml import parse

KIND = "certificate_of_origin"
WHOLE = sample(KIND, "machine_parts").decode()


@pytest.mark.parametrize("name", sorted(list_names()))
def test_every_list_says_in_two_languages_what_its_codes_mean_and_who_says_so(name: str) -> None:
    one = code_list(name)
    assert all(one.title)
    assert one.source
    assert one.version
    for code, (en, zh) in one.names.items():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,34}", code), code
        assert en == en.strip() != ""
        assert zh == zh.strip() != ""
    meanings = [en for en, _ in one.names.values()]
    assert len(set(meanings)) == len(meanings)


def test_every_country_has_two_capitals_and_taiwan_one_name_in_every_language() -> None:
    countries = code_list("country").names
    assert len([code for code in countries if code[0] != "X"]) == 249  # ISO 3166-1; X is for users
    assert all(re.fullmatch("[A-Z]{2}", code) for code in countries)
    assert countries["TW"] == ("Taiwan / 臺灣", "Taiwan / 臺灣")
    assert [names for names in countries.values() if "Taiwan" in names[0]] == [countries["TW"]]


def test_no_other_file_of_ours_gives_taiwan_a_suffix() -> None:
    suffixed = [
        file.name
        for file in Path(node.__file__).parent.rglob("*.*")
        if file.suffix in (".py", ".tsv", ".txt", ".html") and re.search(r"Taiwan,\s|台灣省", file.read_text("utf-8"))
    ]
    assert suffixed == []


def test_lists_that_the_rules_use_are_told_too() -> None:
    documents = code_list("untdid_1001").names
    assert {*sps.DOCUMENT_TYPES, *aeo.CERTIFICATE_TYPES, "861", "864", "865", "954"} <= documents.keys()
    assert sps.STATUSES.keys() <= code_list("untdid_4405").names.keys()
    assert aeo.STATUSES.keys() <= code_list("untdid_1373").names.keys()
    assert sps.DOCUMENT_NOTES.keys() == code_list("ippc_document_note").names.keys()
    assert sps.LINE_NOTES.keys() == code_list("ippc_line_note").names.keys()
    assert {*sps.TREATMENT_TEXTS, *sps.TREATMENT_MEASURES} == code_list("ippc_treatment").names.keys()


def test_a_list_or_code_that_does_not_exist_is_told_apart() -> None:
    assert meaning("country", "QQ") is None
    with pytest.raises(KeyError):
        code_list("../country")


# --- in papers ------------------------------------------------------------------------------------------------------

ALL_SAMPLES = [(kind, name) for kind in sorted({kind for kind, _ in CATALOGUE}) for name in sample_names(kind)]


@pytest.mark.parametrize(("kind", "name"), ALL_SAMPLES)
def test_our_samples_use_known_codes(kind: str, name: str) -> None:
    assert reader.recognise(sample(kind, name)).remarks == ()


def _remarks(content: str, terms: Terms = NO_TERMS) -> list[tuple[str, str, str]]:
    found = reader.recognise(content.encode(), lambda _: terms).remarks
    return [(one.code, one.path, one.rule) for one in found]


ODD = {
    "a country": ("<ExportCountry>XA<", "<ExportCountry>QQ<", "ExportCountry", "country"),
    "a country of a line": ("<OriginCountry>XA<", "<OriginCountry>QQ<", "Item[1]/OriginCountry", "country"),
    "a mode": ("<Mode>1<", "<Mode>0<", "", ""),
    "a package": ('<Packages type="PX"', '<Packages type="Q9"', "Item[1]/Packages", "package"),
    "a unit": ('<NetWeight unit="KGM"', '<NetWeight unit="Q9"', "Item[1]/NetWeight", "unit"),
    "a unit with blanks around": ('<NetWeight unit="KGM"', "<NetWeight unit = 'Q9'", "Item[1]/NetWeight", "unit"),
    "a unit by reference": ('<NetWeight unit="KGM"', '<NetWeight unit="&#81;9"', "Item[1]/NetWeight", "unit"),
    "a country in CDATA": ("<ExportCountry>XA<", "<ExportCountry><![CDATA[QQ]]><", "ExportCountry", "country"),
    "a country by reference": ("<ExportCountry>XA<", "<ExportCountry>&#81;Q<", "ExportCountry", "country"),
    "a country with blanks": ("<ExportCountry>XA<", "<ExportCountry >\n QQ \n<", "ExportCountry", "country"),
}


@pytest.mark.parametrize(("before", "after", "path", "name"), ODD.values(), ids=ODD.keys())
def test_an_unknown_code_is_remarked_and_where_the_list_is_closed_refused(
    before: str, after: str, path: str, name: str
) -> None:
    assert before in WHOLE
    odd = WHOLE.replace(before, after, 1)
    if not name:
        assert _remarks(odd) == []
        return
    attribute = {"package": "attribute type ", "unit": "attribute unit "}.get(name, "")
    rule = f"{attribute}is no code of the list {name}"
    assert _remarks(odd) == [("CODE_UNKNOWN", f"/CertificateOfOrigin/{path}", rule)]
    assert _remarks(odd, Terms(closed_lists=frozenset({"currency"}))) != []
    with pytest.raises(PaperRefused) as refused:
        _remarks(odd, Terms(closed_lists=frozenset({name})))
    assert refused.value.findings == (Finding("AGREED", f"/CertificateOfOrigin/{path}", rule),)


def test_the_partners_own_code_is_known_where_the_arrangement_maps_it() -> None:
    odd = WHOLE.replace('<NetWeight unit="KGM"', '<NetWeight unit="KG"', 1)
    assert _remarks(odd) != []
    assert _remarks(odd, Terms(code_maps={"unit": {"KGM": "KG"}})) == []


def test_a_code_that_breaks_its_form_is_told_once() -> None:
    odd = WHOLE.replace("<ExportCountry>XA<", "<ExportCountry>xa<", 1)
    with pytest.raises(PaperRefused) as refused:
        _remarks(odd, Terms(closed_lists=frozenset({"country"})))
    assert [one.code for one in refused.value.findings] == ["SCHEMA"]


def test_an_unknown_code_of_a_phytosanitary_certificate_is_known_by_where_it_stands() -> None:
    whole = sample("phytosanitary_certificate", "grapefruit").decode()
    odd = whole.replace("<ram:TypeCode>CT<", "<ram:TypeCode>Q9<", 1).replace('unitCode="KGM"', 'unitCode="Q9"', 1)
    rules = [rule for _, _, rule in _remarks(odd)]
    assert sorted(rules) == ["attribute unitCode is no code of the list unit", "is no code of the list package"]


def test_an_unknown_code_of_an_aeo_status_is_remarked_or_refused() -> None:
    whole = sample("aeo_status", "operators_baseline").decode()
    odd = re.sub(r'("address":\s*\{[^}]*?"country":\s*)"XA"', r'\1"QQ"', whole, count=1)
    assert odd != whole
    assert [(path, rule) for _, path, rule in _remarks(odd)] == [
        ("/AeoStatus/records[1]/address/country", "is no code of the list country")
    ]
    with pytest.raises(PaperRefused) as refused:
        _remarks(odd, Terms(closed_lists=frozenset({"country"})))
    assert [one.code for one in refused.value.findings] == ["AGREED"]


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.name)
def test_kinds_use_lists_that_exist(kind: XmlKind | JsonKind) -> None:
    if kind.codes is None:
        pytest.skip("a kind without codes of a list")
    assert kind.codes.lists <= list_names()


# --- the quick look -------------------------------------------------------------------------------------------------

PLAIN = [kind for kind in CATALOGUE.values() if isinstance(kind, XmlKind)]


def test_the_quick_look_says_yes_to_what_most_papers_are() -> None:
    kind = CATALOGUE[KIND, 1]
    assert isinstance(kind, XmlKind)
    assert kind.codes is not None
    assert all(kind.codes.certainly_known(sample(KIND, name)) for name in sample_names(KIND))


_VALUES = st.sampled_from(["XA", "QQ", "KGM", "C62", "Q9", "USD", "CT", "1", "", " XA ", "Country", "&#88;A", "XA "])
_QUOTES = st.sampled_from(['{}="{}"', "{}='{}'", '{} = "{}"', '{}\n="{}"'])


@given(st.data())
def test_a_quick_yes_never_hides_an_unknown_code(data: st.DataObject) -> None:
    kind = CATALOGUE[KIND, 1]
    assert isinstance(kind, XmlKind)
    assert kind.codes is not None
    parts = []
    for _ in range(data.draw(st.integers(0, 4))):
        name = data.draw(st.sampled_from(["Country", "OriginCountry", "Mode", "Packages", "NetWeight", "Name"]))
        attribute = data.draw(st.sampled_from(["unit", "currency", "type", "lang"]))
        said = data.draw(_QUOTES).format(attribute, data.draw(_VALUES)) if data.draw(st.booleans()) else ""
        gap = data.draw(st.sampled_from(["", " ", "\n"]))
        parts.append(f"<{name} {said}{gap}>{data.draw(_VALUES)}</{name}{gap}>".replace(f"<{name} >", f"<{name}>"))
    content = f'<a xmlns="urn:n2n:v1:certificate-of-origin">{"".join(parts)}</a>'.encode()
    if kind.codes.certainly_known(content):
        assert list(kind.codes.unknown(parse(content), {})) == []


def test_the_slow_look_and_the_list_of_an_element_agree() -> None:
    for kind in PLAIN:
        assert kind.codes is not None
        for name in sample_names(kind.name):
            root = parse(sample(kind.name, name))
            for element in root.iter("{*}*"):
                found = kind.codes.list_of(element)
                if found is not None:
                    assert (element.text or "").strip() in code_list(found).names, etree.QName(element)


def test_terms_stay_plain_values() -> None:
    assert replace(NO_TERMS, closed_lists=frozenset({"unit"})).strict.closed_lists == {"unit"}
