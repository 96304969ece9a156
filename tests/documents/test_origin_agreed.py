"""Each term of an agreement that a certificate breaks is told at its element, all at once; nothing else is blamed."""

import ast
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from node.documents import origin_agreed, reader
from node.documents.samples import sample
from node.errors import PaperRefused
from node.model.document import MediaType
from node.model.ids import NodeCode
from node.model.origin_terms import (
    AgreementRules,
    DemandedField,
    LanguageField,
    LastDay,
    Lasting,
    OriginTerms,
    ProducerRule,
    Retroactive,
    Validity,
)
from node.model.terms import Terms
from node.profiles.profile_file import read_profile
from node.safe_xml import parse
from node.sandbox.homes import shipped_profiles

KIND = "certificate_of_origin"
ROOT = "/CertificateOfOrigin"
ONE, TWO = f"{ROOT}/Item[1]", f"{ROOT}/Item[2]"


def _shipped(code: str) -> Terms:
    path = shipped_profiles() / code / "xa-xb-origin-rules.toml"
    return read_profile(path, path.name, NodeCode(code)).kinds[0].terms


TERMS = _shipped("XB")
"""The agreements of the shipped arrangement: XA-XB-ECA, line by line, and XA-XB-RTA, regional."""


def found(content: str, terms: Terms = TERMS) -> list[tuple[str, str]]:
    try:
        reader.read(content.encode(), KIND, 1, MediaType.XML, terms)
    except PaperRefused as refused:
        return [(one.path, one.rule if one.code == "AGREED" else one.code) for one in refused.findings]
    return []


def text(name: str) -> str:
    return sample(KIND, name).decode()


def with_rules(agreement: str, **changes: object) -> Terms:
    assert TERMS.origin is not None
    rules = replace(TERMS.origin.agreements[agreement], **changes)  # type: ignore[arg-type]
    return replace(TERMS, origin=replace(TERMS.origin, agreements={**TERMS.origin.agreements, agreement: rules}))


@pytest.mark.parametrize("name", ["lenses", "coffee_back_to_back", "tea", "tea_replacement"])
def test_certificates_within_their_agreement_are_accepted(name: str) -> None:
    assert found(text(name)) == []


def test_both_sides_ship_the_same_rules() -> None:
    assert _shipped("XA") == TERMS


# name of the defect: (sample, [(what is replaced, by what)], the findings)
Edits = list[tuple[str, str]]
DEFECTS: dict[str, tuple[str, Edits, list[tuple[str, str]]]] = {
    "an agreement that nobody named": (
        "lenses",
        [("XA-XB-ECA", "XA-XB-OLD")],
        [(f"{ROOT}/Agreement", "is no agreement of this arrangement")],
    ),
    "a type that the agreement does not use": (
        "lenses",
        [(">864<", ">865<")],
        [(f"{ROOT}/TypeCode", "this type is not agreed for this agreement")],
    ),
    "a number of another form": (
        "lenses",
        [("A261150004270031", "A26-115000427-0031")],
        [(f"{ROOT}/Number", "has not the agreed form of a number")],
    ),
    "a criterion that is not on the list": (
        "lenses",
        [(">CTH<", ">PSR<")],
        [(f"{TWO}/OriginCriterion/Code", "this origin criterion is not agreed")],
    ),
    "no criterion": (
        "lenses",
        [("<OriginCriterion>\n      <Code>CTH</Code>\n    </OriginCriterion>", "")],
        [(f"{TWO}/OriginCountry", "the agreement demands OriginCriterion")],
    ),
    "too little value content": (
        "lenses",
        [("47.5", "39.99")],
        [(f"{ONE}/OriginCriterion/ValueContent", "is less than this criterion needs")],
    ),
    "six digits where eight are agreed": (
        "lenses",
        [("90022000", "900220")],
        [(f"{TWO}/HsCode", "must have 8 digits under this agreement")],
    ),
    "ten digits where eight are agreed": (
        "lenses",
        [("90022000", "9002200010")],
        [(f"{TWO}/HsCode", "must have 8 digits under this agreement")],
    ),
    "no end of validity": (
        "lenses",
        [("<ValidUntil>2027-11-19</ValidUntil>", "")],
        [(ROOT, "the agreement demands ValidUntil")],
    ),
    "valid a day too long": (
        "lenses",
        [("2027-11-19", "2027-11-20")],
        [(f"{ROOT}/ValidUntil", "must end exactly when agreed after IssueDate")],
    ),
    "valid a day too short where the end is exact": (
        "lenses",
        [("2027-11-19", "2027-11-18")],
        [(f"{ROOT}/ValidUntil", "must end exactly when agreed after IssueDate")],
    ),
    "valid longer than at most agreed": (
        "coffee_back_to_back",
        [("2027-06-30", "2027-11-17"), ("2027-06-30", "2028-06-30")],
        [(f"{ROOT}/ValidUntil", "must not last longer than agreed")],
    ),
    "issued after departure and not marked": (
        "lenses",
        [("<IssuedRetroactively>true</IssuedRetroactively>", "")],
        [(f"{ROOT}/IssueDate", "is after departure and needs IssuedRetroactively")],
    ),
    "issued after departure and marked as not": (
        "lenses",
        [("<IssuedRetroactively>true<", "<IssuedRetroactively>false<")],
        [(f"{ROOT}/IssueDate", "is after departure and needs IssuedRetroactively")],
    ),
    "issued 91 days after departure": (
        "lenses",
        [("<DepartureDate>2026-11-14<", "<DepartureDate>2026-08-21<")],
        [(f"{ROOT}/IssueDate", "is longer after departure than agreed")],
    ),
    "issued more than 12 months after departure": (
        "coffee_back_to_back",
        [
            ("<ThirdCountryInvoicing>", "<IssuedRetroactively>1</IssuedRetroactively><ThirdCountryInvoicing>"),
            ("2026-11-21", "2025-11-15"),
        ],
        [(f"{ROOT}/IssueDate", "is longer after departure than agreed")],
    ),
    "marked as issued after a departure that is nowhere": (
        "coffee_back_to_back",
        [
            ("<ThirdCountryInvoicing>", "<IssuedRetroactively>true</IssuedRetroactively><ThirdCountryInvoicing>"),
            ("<DepartureDate>2026-11-21</DepartureDate>", ""),
        ],
        [(f"{ROOT}/IssuedRetroactively", "issued retroactively needs Transport/DepartureDate")],
    ),
    "a second certificate where none is agreed": (
        "lenses",
        [
            (
                "<Exporter>",
                "<BackToBack><Number>1</Number><IssueDate>2026-11-01</IssueDate><Country>XA</Country></BackToBack>"
                "<Exporter>",
            )
        ],
        [(f"{ROOT}/BackToBack", "back-to-back certificates are not agreed")],
    ),
    "goods of another origin without the first certificate": (
        "coffee_back_to_back",
        [
            (
                "<BackToBack>\n    <Number>XD-RTA-26-00871</Number>\n    <IssueDate>2026-07-01</IssueDate>\n"
                "    <Country>XD</Country>\n    <ValidUntil>2027-06-30</ValidUntil>\n  </BackToBack>",
                "",
            )
        ],
        [(f"{ROOT}/Item/OriginCountry", "goods of another origin need BackToBack")],
    ),
    "a first certificate without end": (
        "coffee_back_to_back",
        [("<Country>XD</Country>\n    <ValidUntil>2027-06-30</ValidUntil>", "<Country>XD</Country>")],
        [(f"{ROOT}/BackToBack", "the agreement demands BackToBack/ValidUntil")],
    ),
    "valid longer than the first certificate": (
        "coffee_back_to_back",
        [("<Country>XD</Country>\n    <ValidUntil>2027-06-30<", "<Country>XD</Country><ValidUntil>2027-06-29<")],
        [(f"{ROOT}/ValidUntil", "must not outlast the first certificate")],
    ),
    "an invoice of a third country where none is agreed": (
        "lenses",
        [("<Date>2026-11-12</Date>", "<Date>2026-11-12</Date><ThirdCountry>XD</ThirdCountry>")],
        [(f"{ROOT}/Invoice/ThirdCountry", "an invoice of a third country is not agreed")],
    ),
    "marked for invoices of third countries where none is agreed": (
        "lenses",
        [
            (
                "<IssuingAuthority>",
                "<ThirdCountryInvoicing>true</ThirdCountryInvoicing><IssuingAuthority>",
            )
        ],
        [(f"{ROOT}/ThirdCountryInvoicing", "invoices of third countries are not agreed")],
    ),
    "a third country that is none": (
        "coffee_back_to_back",
        [("<ThirdCountry>XD", "<ThirdCountry>XB")],
        [(f"{ROOT}/Invoice/ThirdCountry", "is one of the two countries and no third one")],
    ),
    "an invoice of a third country that is not marked": (
        "coffee_back_to_back",
        [("<ThirdCountryInvoicing>true</ThirdCountryInvoicing>", "")],
        [(f"{ROOT}/Invoice/ThirdCountry", "needs ThirdCountryInvoicing")],
    ),
    "a mark without an invoice of a third country": (
        "coffee_back_to_back",
        [("<ThirdCountry>XD</ThirdCountry>", "")],
        [(f"{ROOT}/ThirdCountryInvoicing", "no Invoice names its ThirdCountry")],
    ),
    "an invoice of a third country that nobody issued": (
        "coffee_back_to_back",
        [("<Issuer>Zentrale Kaffeehandel GmbH</Issuer>", "")],
        [(f"{ROOT}/Invoice/ThirdCountry", "the agreement demands Invoice/Issuer")],
    ),
    "goods sold at an exhibition": (
        "lenses",
        [
            (
                "<IssuingAuthority>",
                "<Exhibition><Name>Optica</Name><Country>XB</Country></Exhibition><IssuingAuthority>",
            )
        ],
        [(f"{ROOT}/Exhibition", "goods of an exhibition are not agreed")],
    ),
    "an item without producer": (
        "lenses",
        [("<ProducerKey>1</ProducerKey>\n  </Item>\n  <Totals>", "</Item><Totals>")],
        [(f"{TWO}/OriginCountry", "the agreement demands ProducerKey")],
    ),
    "a field that the agreement demands": (
        "lenses",
        [('<Quantity unit="C62">1200</Quantity>', "")],
        [(TWO, "the agreement demands Item/Quantity")],
    ),
    "a demanded field of a part that is not there": (
        "lenses",
        [("<DepartureDate>2026-11-14</DepartureDate>", ""), ("<IssuedRetroactively>true</IssuedRetroactively>", "")],
        [(f"{ROOT}/Transport", "the agreement demands Transport/DepartureDate")],
    ),
    "goods in English only": (
        "lenses",
        [('<Description lang="zh-Hant-TW">光學濾光片</Description>', "")],
        [(f"{TWO}/Description", "must also stand there in the agreed language")],
    ),
    "an exporter in English only": (
        "lenses",
        [
            (
                '<Exporter>\n    <Id>XA70012345</Id>\n    <Name lang="zh-Hant-TW">',
                '<Exporter><Id>X</Id><Name lang="zhx">',
            )
        ],
        [(f"{ROOT}/Exporter/Name[1]", "must also stand there in the agreed language")],
    ),
    "goods of a country that is no party": (
        "lenses",
        [
            (
                '<OriginCountry>XA</OriginCountry>\n    <GrossWeight unit="KGM">184<',
                '<OriginCountry>XD</OriginCountry><GrossWeight unit="KGM">184<',
            )
        ],
        [(f"{ONE}/OriginCountry", "is no party to the agreement")],
    ),
    "everything at once": (
        "lenses",
        [(">864<", ">954<"), ("2027-11-19", "2027-12-19"), ("90021100", "900211"), (">CTH<", ">NCTH<")],
        [
            (f"{ROOT}/TypeCode", "this type is not agreed for this agreement"),
            (f"{ROOT}/ValidUntil", "must end exactly when agreed after IssueDate"),
            (f"{ONE}/HsCode", "must have 8 digits under this agreement"),
            (f"{TWO}/OriginCriterion/Code", "this origin criterion is not agreed"),
        ],
    ),
}


@pytest.mark.parametrize(("name", "edits", "expected"), DEFECTS.values(), ids=DEFECTS)
def test_a_broken_term_is_told_at_its_element(name: str, edits: Edits, expected: list[tuple[str, str]]) -> None:
    whole = text(name)
    for before, after in edits:
        assert before in whole
        whole = whole.replace(before, after, 1)
    assert found(whole) == expected
    assert reader.read(whole.encode(), KIND, 1, MediaType.XML).kind == KIND, "without terms the same paper is good"


# what other agreements may say: (sample, agreement, changed rules, edits, findings)
OTHERWISE: dict[str, tuple[str, str, dict[str, object], Edits, list[tuple[str, str]]]] = {
    "accumulation": (
        "coffee_back_to_back",
        "XA-XB-RTA",
        {"accumulation": False},
        [],
        [(f"{ROOT}/Accumulation", "accumulation is not agreed")],
    ),
    "de minimis": (
        "coffee_back_to_back",
        "XA-XB-RTA",
        {"de_minimis": False},
        [("<DeMinimis>false", "<DeMinimis>true")],
        [(f"{ROOT}/DeMinimis", "de minimis is not agreed")],
    ),
    "a mark that says no": ("coffee_back_to_back", "XA-XB-RTA", {"de_minimis": False}, [], []),
    "no issuing after departure": (
        "lenses",
        "XA-XB-ECA",
        {"retroactive": Retroactive(allowed=False)},
        [],
        [(f"{ROOT}/IssuedRetroactively", "issuing after departure is not agreed")],
    ),
    "value content that the kind does not ask for": (
        "lenses",
        "XA-XB-ECA",
        {"value_content": {"CTH": Decimal(0)}},
        [],
        [(f"{TWO}/OriginCriterion", "this criterion needs ValueContent")],
    ),
    "producers by name": (
        "lenses",
        "XA-XB-ECA",
        {"producer": ProducerRule.NAMED},
        [('<Producer key="1">', '<Producer key="1" confidential="true">')],
        [(f"{ROOT}/Producer", "a confidential producer is not agreed")],
    ),
    "months end on the same day": (
        "lenses",
        "XA-XB-ECA",
        {"validity": Validity(months=12, lasting=Lasting.EXACTLY, last_day=LastDay.SAME_DAY)},
        [("2027-11-19", "2027-11-20")],
        [],
    ),
    "a month without such a day ends on its last": (
        "lenses",
        "XA-XB-ECA",
        {"validity": Validity(months=3, lasting=Lasting.EXACTLY, last_day=LastDay.SAME_DAY), "retroactive": None},
        [("<IssueDate>2026-11-20", "<IssueDate>2026-11-30"), ("2027-11-19", "2027-02-28")],
        [],
    ),
    "a month with such a day ends on it": (
        "lenses",
        "XA-XB-ECA",
        {"validity": Validity(months=4, lasting=Lasting.EXACTLY, last_day=LastDay.SAME_DAY), "retroactive": None},
        [("<IssueDate>2026-11-20", "<IssueDate>2026-11-30"), ("2027-11-19", "2027-03-30")],
        [],
    ),
    "on the last free day after departure": (
        "lenses",
        "XA-XB-ECA",
        {"retroactive": Retroactive(allowed=True, free_days=3)},
        [
            ("<IssuedRetroactively>true</IssuedRetroactively>", ""),
            ("<DepartureDate>2026-11-14<", "<DepartureDate>2026-11-17<"),
        ],
        [],
    ),
    "a day behind the last free day after departure": (
        "lenses",
        "XA-XB-ECA",
        {"retroactive": Retroactive(allowed=True, free_days=3)},
        [
            ("<IssuedRetroactively>true</IssuedRetroactively>", ""),
            ("<DepartureDate>2026-11-14<", "<DepartureDate>2026-11-16<"),
        ],
        [(f"{ROOT}/IssueDate", "is after departure and needs IssuedRetroactively")],
    ),
    "validity beyond the calendar": (
        "lenses",
        "XA-XB-ECA",
        {},
        [
            ("<IssueDate>2026-11-20", "<IssueDate>9999-11-20"),
            ("2027-11-19", "9999-12-01"),
            ("2026-11-14", "9999-11-14"),
        ],
        [],
    ),
    "every demanded field": (
        "coffee_back_to_back",
        "XA-XB-RTA",
        {"demanded": tuple(DemandedField)},
        [],
        [
            *((ROOT, f"the agreement demands {name}") for name in ("Producer", "Totals", "Ucr")),
            (f"{ROOT}/Exporter", "the agreement demands Exporter/Address"),
            (f"{ROOT}/Importer", "the agreement demands Importer/Address"),
            (f"{ROOT}/Importer", "the agreement demands Importer/Id"),
            (f"{ROOT}/Transport", "the agreement demands Transport/PortOfDischarge"),
            (f"{ROOT}/Transport", "the agreement demands Transport/PortOfLoading"),
            (f"{ROOT}/Item", "the agreement demands Item/Marks"),
            (f"{ROOT}/Item", "the agreement demands Item/Quantity"),
        ],
    ),
    "every text in another language": (
        "lenses",
        "XA-XB-ECA",
        {"language": "en", "language_of": tuple(LanguageField)},
        [],
        [],
    ),
}


@pytest.mark.parametrize(("name", "agreement", "changes", "edits", "expected"), OTHERWISE.values(), ids=OTHERWISE)
def test_what_another_agreement_says_is_configuration(
    name: str, agreement: str, changes: dict[str, object], edits: Edits, expected: list[tuple[str, str]]
) -> None:
    whole = text(name)
    for before, after in edits:
        assert before in whole
        whole = whole.replace(before, after, 1)
    assert found(whole, with_rules(agreement, **changes)) == expected


def test_an_agreement_that_says_nothing_judges_nothing() -> None:
    silent = Terms(origin=OriginTerms(agreements={"XA-XB-ECA": AgreementRules(), "XA-XB-RTA": AgreementRules()}))
    assert found(text("lenses"), silent) == found(text("coffee_back_to_back"), silent) == []


def test_other_agreements_and_certificates_without_preference_are_agreed_or_not() -> None:
    assert TERMS.origin is not None
    open_to_all = replace(TERMS, origin=replace(TERMS.origin, others=True))
    closed = replace(TERMS, origin=replace(TERMS.origin, non_preferential=False))
    assert found(text("machine_parts")) == [(f"{ROOT}/Agreement", "is no agreement of this arrangement")]
    assert found(text("machine_parts"), open_to_all) == []
    assert found(text("tea"), closed) == [(f"{ROOT}/TypeCode", "non-preferential certificates are not agreed")]


@pytest.mark.parametrize("status", ["withdrawn", "cancelled"])
def test_a_withdrawal_is_never_held_up_by_terms_that_came_later(status: str) -> None:
    whole = text("lenses").replace(
        "<Status>issued</Status>", f"<Status>{status}</Status><StatusReason>error</StatusReason>"
    )
    assert found(whole.replace("90022000", "900220").replace("XA-XB-ECA", "XA-XB-OLD")) == []


def test_lines_and_items_belong_together_where_the_agreement_says_so() -> None:
    assert TERMS.origin is not None
    assert [TERMS.origin.one_to_one(name) for name in ("XA-XB-ECA", "XA-XB-RTA", "?")] == [True, False, False]


def test_a_certificate_that_breaks_schema_rules_and_terms_is_told_all_of_them() -> None:
    whole = text("lenses").replace("<Status>issued</Status>", "").replace("<Items>2", "<Items>3")
    with pytest.raises(PaperRefused) as refused:
        reader.read(whole.replace(">CTH<", ">PSR<").encode(), KIND, 1, MediaType.XML, TERMS)
    assert [finding.code for finding in refused.value.findings] == ["SCHEMA", "AGREED", "RULE"]


@pytest.mark.parametrize("name", ["lenses", "coffee_back_to_back"])
def test_terms_bear_any_tree(name: str) -> None:
    """They are asked about papers that break their schema too: each element taken out, emptied, and made nonsense."""
    for index in range(len(list(parse(sample(KIND, name)).iter()))):
        for act in ("out", "empty", "nonsense"):
            root = parse(sample(KIND, name))
            element = list(root.iter())[index]
            if act == "out" and element is not root:
                element.getparent().remove(element)
            elif act == "empty":
                for child in list(element):
                    element.remove(child)
                element.text = None
            else:
                element.text = "9999-99-99"
            assert all(len(breach.rule) <= 64 for breach in origin_agreed.agreed(root, TERMS))


def test_what_may_be_demanded_stands_in_the_schema() -> None:
    folder = Path(origin_agreed.__file__).parent
    xsd = (folder / "schemas" / KIND / f"{KIND}_1.xsd").read_text(encoding="utf-8")
    for one in (*DemandedField, *LanguageField):
        for step in one.value.split("/"):
            assert f'name="{step}"' in xsd


def test_every_term_has_a_defect_that_is_refused_for_it() -> None:
    stated = {
        argument.value
        for call in ast.walk(ast.parse(Path(origin_agreed.__file__).read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Breach"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    told = {words for *_, findings in (*DEFECTS.values(), *OTHERWISE.values()) for _, words in findings}
    told.add("non-preferential certificates are not agreed")
    assert len(stated) > 25
    assert stated - told == set()
