"""Each defect of a certificate of origin is refused with exactly its element and its reason; nothing else is blamed."""

import ast
from pathlib import Path

import pytest

from node.documents import origin_rules, reader
from node.documents.samples import sample
from node.errors import PaperRefused
from node.model.document import MediaType

KIND = "certificate_of_origin"
ROOT = "/CertificateOfOrigin"
ONE = f"{ROOT}/Item[1]"
TWO = f"{ROOT}/Item[2]"
LABEL = "must have 1 to 70 characters and no outer or double blanks"

Finding = tuple[str, str, str]


def schema(path: str, rule: str) -> Finding:
    return ("SCHEMA", path, rule)


def rule(path: str, rule: str) -> Finding:
    return ("RULE", path, rule)


# name of the defect: (what is replaced, by what, the findings)
DEFECTS: dict[str, tuple[str, str, list[Finding]]] = {
    # --- structure
    "no number": ("<Number>XA-CO-26-1100342</Number>", "", [schema(ROOT, "lacks Number")]),
    "two numbers": (
        "<TypeCode>",
        "<Number>B</Number><TypeCode>",
        [schema(f"{ROOT}/Number[2]", "may stand here only once")],
    ),
    "element nobody knows": (
        "<TypeCode>",
        "<Colour>red</Colour><TypeCode>",
        [schema(f"{ROOT}/Colour", "is not known here")],
    ),
    "authority without country": (
        "Origin Office</Name>\n    <Country>XA</Country>",
        "Origin Office</Name>",
        [schema(f"{ROOT}/IssuingAuthority", "lacks Country")],
    ),
    "six lines of an address": (
        "<Line>7 Foundry Lane</Line>",
        "<Line>x</Line>" * 6,
        [schema(f"{ROOT}/Exporter/Address/Line[6]", "may stand here at most 5 times")],
    ),
    "certified before declared": (
        "<ExporterDeclaration>",
        "<AuthorityCertification><Place>X</Place><Date>2026-11-13</Date><Signatory>Y</Signatory></AuthorityCertification>"
        "<ExporterDeclaration>",
        [
            schema(f"{ROOT}/AuthorityCertification[1]", "must stand after ExporterDeclaration"),
            schema(f"{ROOT}/AuthorityCertification[2]", "may stand here only once"),
        ],
    ),
    "name without language tag of the right form": (
        "<Name>Havnstad Industri AS",
        '<Name lang="x">Havnstad Industri AS',
        [schema(f"{ROOT}/Importer/Name", "attribute lang must be a language tag such as zh-Hant-TW")],
    ),
    "weight without unit": (
        '<NetWeight unit="KGM">',
        "<NetWeight>",
        [schema(f"{ONE}/NetWeight", "attribute unit is missing")],
    ),
    # --- values
    "number of 71 characters": ("XA-CO-26-1100342", "7" * 71, [schema(f"{ROOT}/Number", LABEL)]),
    "number with an outer blank": (">XA-CO-26", "> XA-CO-26", [schema(f"{ROOT}/Number", LABEL)]),
    "name of 71 characters beyond the basic plane": (
        "Havnstad Industri AS",
        "𠮷" * 71,
        [schema(f"{ROOT}/Importer/Name", LABEL)],
    ),
    "type that is no certificate of origin": (
        ">864<",
        ">851<",
        [schema(f"{ROOT}/TypeCode", "must be 861, 864, 865 or 954 (UNTDID 1001)")],
    ),
    "status of another list": (
        ">issued<",
        ">70<",
        [schema(f"{ROOT}/Status", "must be issued, withdrawn or cancelled")],
    ),
    "date with an offset": (
        "<IssueDate>2026-11-13<",
        "<IssueDate>2026-11-13Z<",
        [schema(f"{ROOT}/IssueDate", "must be a date such as 2026-11-22, without offset")],
    ),
    "the year of the republic": (
        "<IssueDate>2026-11-13<",
        "<IssueDate>115-11-13<",
        [schema(f"{ROOT}/IssueDate", "must be a date such as 2026-11-22, without offset")],
    ),
    "the 31st of November": (
        "<IssueDate>2026-11-13<",
        "<IssueDate>2026-11-31<",
        [schema(f"{ROOT}/IssueDate", "must be a date such as 2026-11-22, without offset")],
    ),
    "country by name": (
        "<ExportCountry>XA<",
        "<ExportCountry>Alandria<",
        [schema(f"{ROOT}/ExportCountry", "must be two capital letters (ISO 3166-1)")],
    ),
    "port without country": (
        "<Code>XBHVN<",
        "<Code>HVN<",
        [schema(f"{ROOT}/Transport/PortOfDischarge/Code", "must be five capitals or digits (UN/LOCODE)")],
    ),
    "HS of five digits": (
        ">848210<",
        ">84821<",
        [schema(f"{TWO}/HsCode", "must be 6 to 10 digits and nothing else (HS)")],
    ),
    "HS of eleven digits": (
        ">848210<",
        ">84821012345<",
        [schema(f"{TWO}/HsCode", "must be 6 to 10 digits and nothing else (HS)")],
    ),
    "HS with a dot": (
        ">848210<",
        ">8482.10<",
        [schema(f"{TWO}/HsCode", "must be 6 to 10 digits and nothing else (HS)")],
    ),
    "HS edition that is no year": (
        'edition="2022">848210',
        'edition="HS7">848210',
        [schema(f"{TWO}/HsCode", "attribute edition must be the year of an HS edition")],
    ),
    "currency by sign": (
        'currency="USD" basis="FOB">187200.00',
        'currency="$" basis="FOB">187200.00',
        [schema(f"{ONE}/Value", "attribute currency must be three capital letters (ISO 4217)")],
    ),
    "unknown basis of a value": (
        'basis="FOB">187200.00',
        'basis="DDP">187200.00',
        [schema(f"{ONE}/Value", "attribute basis must be EXW, FOB or CIF")],
    ),
    "unit in words": (
        'unit="KGM">4120',
        'unit="kilogram">4120',
        [schema(f"{ONE}/NetWeight", "attribute unit must be two or three capitals or digits (Rec 20)")],
    ),
    "package in words": (
        '<Packages type="PX">',
        '<Packages type="pallet">',
        [schema(f"{ONE}/Packages", "attribute type must be two capitals or digits (Rec 21)")],
    ),
    "negative weight": (
        '<NetWeight unit="KGM">4120',
        '<NetWeight unit="KGM">-4120',
        [schema(f"{ONE}/NetWeight", "must be a decimal from 0 of at most 16 digits, 6 decimals")],
    ),
    "value content of 100.01 percent": (
        ">56.4<",
        ">100.01<",
        [schema(f"{ONE}/OriginCriterion/ValueContent", "must be a percentage from 0 to 100")],
    ),
    "item number nought": (
        "<Sequence>2<",
        "<Sequence>0<",
        [schema(f"{TWO}/Sequence", "must be a whole number from 1 to 99999")],
    ),
    "UCR of 36 characters": (
        ">6XA2290187-PO5512<",
        f">{'6' * 36}<",
        [schema(f"{ROOT}/Ucr", "must have 1 to 35 characters and no blanks")],
    ),
    # --- rules
    "preference without agreement": (
        "<Agreement>XA-XB-FTA</Agreement>",
        "",
        [rule(f"{ROOT}/TypeCode", "a preferential certificate needs its Agreement")],
    ),
    "agreement without preference": (
        ">864<",
        ">861<",
        [
            rule(f"{ROOT}/Agreement", "a non-preferential certificate (861) has no agreement"),
            rule(f"{ONE}/OriginCriterion/ValueContent", "a non-preferential certificate has no value content"),
        ],
    ),
    "withdrawn without reason": (
        ">issued<",
        ">withdrawn<",
        [rule(f"{ROOT}/Status", "a withdrawal or cancellation needs a StatusReason")],
    ),
    "issued with a reason for withdrawal": (
        "<IssueDate>",
        "<StatusReason>error</StatusReason><IssueDate>",
        [rule(f"{ROOT}/StatusReason", "only a withdrawal or cancellation has a reason")],
    ),
    "ends before it begins": (
        "<ValidUntil>2027-11-12<",
        "<ValidUntil>2026-11-12<",
        [rule(f"{ROOT}/ValidUntil", "must not be before IssueDate")],
    ),
    "retroactive before departure": (
        "<IssuingAuthority>",
        "<IssuedRetroactively>true</IssuedRetroactively><IssuingAuthority>",
        [rule(f"{ROOT}/IssueDate", "issued retroactively means not before departure")],
    ),
    "certified before it was declared": (
        "<Date>2026-11-12<",
        "<Date>2026-11-14<",
        [rule(f"{ROOT}/AuthorityCertification/Date", "must not be before ExporterDeclaration")],
    ),
    "replacing itself": (
        "<Exporter>",
        "<Replaces><Number>XA-CO-26-1100342</Number><Reason>loss</Reason></Replaces><Exporter>",
        [rule(f"{ROOT}/Replaces", "a certificate cannot replace itself")],
    ),
    "replacing for another reason without saying which": (
        "<Exporter>",
        "<Replaces><Number>A1</Number><Reason>other</Reason></Replaces><Exporter>",
        [rule(f"{ROOT}/Replaces", "the reason other needs a Note")],
    ),
    "replacing without reason": (
        "<Exporter>",
        "<Replaces><Number>A1</Number></Replaces><Exporter>",
        [schema(f"{ROOT}/Replaces", "lacks Reason")],
    ),
    "replacing a later one": (
        "<Exporter>",
        "<Replaces><Number>A1</Number><IssueDate>2026-11-14</IssueDate><Reason>loss</Reason></Replaces><Exporter>",
        [rule(f"{ROOT}/IssueDate", "must not be before what it replaces")],
    ),
    "resting on a later one": (
        "<Exporter>",
        "<BackToBack><Number>A1</Number><IssueDate>2026-11-14</IssueDate><Country>XC</Country></BackToBack><Exporter>",
        [rule(f"{ROOT}/IssueDate", "must not be before what it rests on")],
    ),
    "nameless producer that is not confidential": (
        ' confidential="true"',
        "",
        [rule(f"{ROOT}/Producer[2]", "only a confidential producer has no Name")],
    ),
    "two producers of one key": (
        '<Producer key="P2"',
        '<Producer key="P1"',
        [
            rule(f"{ROOT}/Producer[1]", "attribute key needs a key of its own"),
            rule(f"{ROOT}/Producer[2]", "attribute key needs a key of its own"),
            rule(f"{TWO}/ProducerKey", "names no Producer of this certificate"),
        ],
    ),
    "item number twice": (
        "<Sequence>2<",
        "<Sequence>1<",
        [
            rule(f"{ONE}/Sequence", "must be different on every item"),
            rule(f"{TWO}/Sequence", "must be different on every item"),
        ],
    ),
    "invoice that is not there": (
        "<InvoiceNumber>MPW-26-8812<",
        "<InvoiceNumber>MPW-26-8813<",
        [rule(f"{ONE}/InvoiceNumber", "names no Invoice of this certificate")],
    ),
    "net heavier than gross": (">4120<", ">4368.6<", [rule(f"{ONE}/NetWeight", "must not exceed GrossWeight")]),
    "value content without figure": (
        "<ValueContent>56.4</ValueContent>",
        "",
        [rule(f"{ONE}/OriginCriterion", "a criterion of value content needs ValueContent")],
    ),
    "wrong number of items": ("<Items>2<", "<Items>3<", [rule(f"{ROOT}/Totals/Items", "must be the number of items")]),
    "wrong sum of packages": (
        "<Packages>16<",
        "<Packages>17<",
        [rule(f"{ROOT}/Totals/Packages", "must be the sum of the items")],
    ),
    "wrong sum of weights": (
        ">4464.75<",
        ">4464.7<",
        [rule(f"{ROOT}/Totals/GrossWeight", "must be the sum of the items")],
    ),
    "wrong sum of values": (
        ">196560.00<",
        ">196560.01<",
        [rule(f"{ROOT}/Totals/Value", "must be the sum of the items")],
    ),
    # --- characters
    "private-use character": (
        ">Tomas Orel<",
        ">Tomas \ue000<",
        [rule(f"{ROOT}/ExporterDeclaration/Signatory", "must not hold private-use characters: U+E000 at 7")],
    ),
    "private-use character of plane 15": (
        ">Tomas Orel<",
        ">Tomas \U000f0000<",
        [rule(f"{ROOT}/ExporterDeclaration/Signatory", "must not hold private-use characters: U+F0000 at 7")],
    ),
    "control character": (
        ">Tomas Orel<",
        ">Tomas\x7fOrel<",
        [rule(f"{ROOT}/ExporterDeclaration/Signatory", "must not hold control characters: U+007F at 6")],
    ),
    "lost characters": (
        ">Tomas Orel<",
        ">Tom\ufffds Orel<",
        [rule(f"{ROOT}/ExporterDeclaration/Signatory", "holds U+FFFD: characters were lost in a conversion, at 4")],
    ),
    "text direction override": (
        ">Tomas Orel<",
        ">\u202eTomas Orel<",
        [rule(f"{ROOT}/ExporterDeclaration/Signatory", "must not hold text direction controls: U+202E at 1")],
    ),
    "decomposed letters": (
        ">Tomas Orel<",
        ">Toma\u0301s Orel<",
        [rule(f"{ROOT}/ExporterDeclaration/Signatory", "must be in Unicode normalisation form NFC: U+0301 at 5")],
    ),
}


def findings_of(content: bytes) -> list[Finding]:
    with pytest.raises(PaperRefused) as caught:
        reader.read(content, KIND, 1, MediaType.XML)
    return [(str(finding.code), finding.path, finding.rule) for finding in caught.value.findings]


@pytest.mark.parametrize(("before", "after", "expected"), DEFECTS.values(), ids=DEFECTS.keys())
def test_a_defect_is_refused_with_its_element_and_reason(before: str, after: str, expected: list[Finding]) -> None:
    whole = sample(KIND, "machine_parts").decode()
    assert before in whole
    assert findings_of(whole.replace(before, after, 1).encode()) == expected


def test_totals_of_different_currencies_are_not_added_up() -> None:
    whole = sample(KIND, "machine_parts").decode()
    mixed = whole.replace('currency="USD" basis="FOB">9360.00', 'currency="EUR" basis="FOB">9360.00')
    reader.read(mixed.encode(), KIND, 1, MediaType.XML)


def test_a_name_of_70_characters_beyond_the_basic_plane_is_short_enough() -> None:
    whole = sample(KIND, "machine_parts").decode().replace("Havnstad Industri AS", "𠮷" * 70)
    document = reader.read(whole.encode(), KIND, 1, MediaType.XML)
    assert document.reading.fields["importer"] == "𠮷" * 70


def test_compatibility_ideographs_of_legal_names_are_kept_though_nfc_would_replace_them() -> None:
    whole = sample(KIND, "machine_parts").decode().replace("Tomas Orel", "\uf9dc\U0002f81a")
    reader.read(whole.encode(), KIND, 1, MediaType.XML)


def test_many_defects_are_all_told_at_once_in_the_order_of_the_document() -> None:
    whole = sample(KIND, "machine_parts").decode()
    for before, after in [(">864<", ">1<"), ("<ExportCountry>XA", "<ExportCountry>xa"), (">848210<", ">1<")]:
        whole = whole.replace(before, after, 1)
    whole = whole.replace("<Importer>", "<Colour/><Importer>").replace("<Items>2<", "<Items>9<")
    assert [path for _, path, _ in findings_of(whole.encode())] == [
        f"{ROOT}/TypeCode",
        f"{ROOT}/Colour",
        f"{ROOT}/ExportCountry",
        f"{TWO}/HsCode",
        f"{ROOT}/Totals/Items",
    ]


def test_every_rule_has_a_defect_that_is_refused_for_it() -> None:
    """A paper gets a quick yes without being asked about its rules (origin_look): a rule it forgot would show here."""
    stated = {
        argument.value
        for call in ast.walk(ast.parse(Path(origin_rules.__file__).read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("Breach", "_ordered")
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    told = {words for _, _, findings in DEFECTS.values() for _, _, words in findings}
    assert len(stated) > 15
    # Of an attribute's rule the name stands before the words.
    assert [words for words in stated if not any(each.endswith(words) for each in told)] == []
