"""Certificates of origin in JSON and back: nothing is lost in silence or half-written, and what fits comes back."""

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from node import safe_json
from node.documents import reader
from node.documents.conversion import Converted, Loss
from node.documents.conversions.ledger import json_leaves, xml_leaves
from node.documents.forms import convert
from node.documents.samples import sample, sample_names
from node.errors import NodeError, PaperRefused
from node.model.document import MediaType
from node.safe_json import parse as parse_json
from node.safe_xml import parse as parse_xml

KIND = "certificate_of_origin"
JSON_FORMS = ("edi3-coo", "preferential-coo")
PREFERENTIAL = [name for name in sample_names(KIND) if b"<TypeCode>864<" in sample(KIND, name)]
CASES = [(name, "edi3-coo") for name in sample_names(KIND)] + [(name, "preferential-coo") for name in PREFERENTIAL]


def leaves(content: bytes) -> list[tuple[str, str]]:
    if MediaType.of(content) is MediaType.XML:
        return list(xml_leaves(parse_xml(content)))
    return [
        (path, str(value).lower() if value is True or value is False else str(value))
        for path, value in json_leaves(parse_json(content))
    ]


def plain(value: str) -> str:
    """A value without the ways in which forms write the same thing."""
    value = unquote(value.removeprefix("id:")).removeprefix("unece.un.org:locode:").removesuffix("T00:00:00Z")
    if re.fullmatch(r"[0-9]{4}(\.[0-9]{1,2}){1,3}", value):
        value = value.replace(".", "")
    compact = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})(0000)?([+]0000)?", value)
    return "-".join(compact.groups()[:3]) if compact else value


def lost_in_silence(source: bytes, converted: Converted) -> list[str]:
    """Leaves of the source that neither stand in what came out nor have a note."""
    written = [value for _, value in leaves(converted.content)]
    # A number of ours stands in a URI: what may not stand there is percent-encoded.
    there = {plain(value) for value in written} | {unquote(value.removeprefix("id:")) for value in written}
    there |= {part for value in there if value.endswith("%") for part in value[:-1].split()}
    there |= {
        f"{code} {share}%" for code in there for share in there if len(code) <= 3 and share.replace(".", "").isdigit()
    }
    noted = {note.path for note in converted.notes}
    return [
        path
        for path, value in leaves(source)
        if path not in noted and not {plain(value), value} & there and value not in MEANT
    ]


MEANT = {"861", "864", "true", "false", "issued", "102", "205", "1", "5", "6"}
"""Codes that a form writes in another way or takes for granted: kind of proof, status, agencies, a date's format."""


def unheard(path: str) -> str:
    return re.sub(r"\[[0-9]+\]", "", path)


# --- from the certificate -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "form"), CASES)
def test_every_field_of_a_certificate_crosses_or_is_noted(name: str, form: str) -> None:
    source = sample(KIND, name)
    converted = convert(source, form)
    assert lost_in_silence(source, converted) == []
    real = {path for path, _ in leaves(source)}
    assert {note.path for note in converted.notes} <= real
    assert all(note.en and note.zh for note in converted.notes)


def test_a_form_without_countries_needs_ports_to_tell_them() -> None:
    made = convert(sample(KIND, "coffee_back_to_back"), "preferential-coo")
    with pytest.raises(PaperRefused) as refused:
        convert(made.content, KIND)
    assert [one.rule for one in refused.value.findings] == [
        "lacks ExportCountry",
        "lacks ImportCountry",
        "lacks Country",
    ]


@pytest.mark.parametrize(
    ("name", "form"), [case for case in CASES if case != ("coffee_back_to_back", "preferential-coo")]
)
def test_what_was_made_converts_back_and_says_so(name: str, form: str) -> None:
    made = convert(sample(KIND, name), form)
    back = convert(made.content, KIND)
    assert lost_in_silence(made.content, back) == []
    written = {unheard(path) for path, _ in leaves(back.content)}
    read = {path for path, _ in leaves(made.content)}
    for note in back.notes:
        assert (unheard(note.path) in written) if note.what is Loss.DEFAULTED else (note.path in read), note


def test_a_certificate_in_edi3_says_what_it_said() -> None:
    made: Any = json.loads(convert(sample(KIND, "machine_parts"), "edi3-coo").content)
    assert made["iD"] == "id:XA-CO-26-1100342"
    assert made["isPreferential"] is True
    assert made["issueDateTime"] == "2026-11-13T00:00:00Z"
    item = made["supplyChainConsignment"]["includedConsignmentItems"][0]
    assert item["crossBorderRegulatoryProcedure"]["originCriteriaText"] == "RVC 56.4%"
    assert item["tradeLineItems"][0]["tradeProduct"]["harmonisedTariffCode"]["classCode"] == "8466.93.90"
    assert item["tradeLineItems"][0]["sequenceNumber"] == 1
    assert made["supplyChainConsignment"]["loadingBaseportLocation"]["iD"] == "unece.un.org:locode:XAPMW"
    assert convert(sample(KIND, "tea"), "edi3-coo").content.find(b'"isPreferential": false') > 0


def test_a_certificate_in_the_form_of_un_cefact_says_what_it_said() -> None:
    made: Any = json.loads(convert(sample(KIND, "machine_parts"), "preferential-coo").content)
    document, consignment = made["exchangedDocument"], made["specifiedConsignment"][0]
    assert document["issueDateTime"] == {"content": "202611130000+0000", "format": "205"}
    assert document["typeCode"] == {"content": "864"}
    assert consignment["consignor"] == {"id": [{"content": "XA2290187"}]}
    assert consignment["loadingLogisticsLocation"] == {"id": [{"content": "XAPMW", "schemeAgencyId": "6"}]}
    line = consignment["includedConsignmentItem"][0]["includedTradeLineItem"][0]
    assert line["specifiedTradeProduct"][0]["designatedProductClassification"] == [
        {"classCode": {"content": "84669390", "listAgencyId": "1"}}
    ]
    assert line["physicalReferencedLogisticsPackage"] == [
        {
            "itemQuantity": {"content": "12"},
            "levelCode": {"content": "1"},
            "typeCode": {"content": "PX", "listAgencyId": "6"},
            "physicalLogisticsShippingMarks": [{"marking": [{"content": "MPW / HAVNSTAD / 1-12"}]}],
        }
    ]


def test_a_form_without_kind_and_status_is_for_issued_preference_certificates_only() -> None:
    with pytest.raises(PaperRefused) as refused:
        convert(sample(KIND, "tea"), "preferential-coo")
    assert [one.path for one in refused.value.findings] == ["/CertificateOfOrigin/TypeCode"]
    withdrawn = sample(KIND, "lenses").replace(
        b"<Status>issued</Status>", b"<Status>withdrawn</Status><StatusReason>error</StatusReason>"
    )
    with pytest.raises(PaperRefused) as refused:
        convert(withdrawn, "preferential-coo")
    assert [one.rule for one in refused.value.findings] == ["only an issued certificate has this form"]


# --- into a certificate ---------------------------------------------------------------------------------------------


def edi3() -> dict[str, Any]:
    """A certificate as another country would write it: qualified identifiers, dots, times of day, weights in words."""
    return {
        "iD": "chamber.example:coo:AX-7781",
        "issueDateTime": "2026-11-18T08:12:00+01:00",
        "name": "Certificate of Origin",
        "firstSignatoryAuthentication": {"signature": "e30..c2ln", "actualDateTime": "2026-11-17T10:00:00Z"},
        "secondSignatoryAuthentication": {"actualDateTime": "2026-11-18T08:00:00Z", "statement": "certified"},
        "issueLocation": {"iD": "unece.un.org:locode:XAPMW", "name": "Port Merrow"},
        "issuer": {"iD": "id:chamber.example", "name": "Merrow Chamber", "postalAddress": {"countryCode": "XA"}},
        "status": "Issued",
        "isPreferential": True,
        "freeTradeAgreement": "Xa Xb fta",
        "supplyChainConsignment": {
            "iD": "carrier.example:bl:77812",
            "exportCountry": {"code": "XA", "name": "Alvoria"},
            "exporter": {
                "iD": "tax.example:tin:5500",
                "name": "Orel  Glass ",
                "postalAddress": {"line1": "1 Quay", "cityName": "Port Merrow", "countryCode": "XA"},
            },
            "importCountry": {"code": "XB"},
            "importer": {"name": "Havnstad Glass AS", "postalAddress": {"cityName": "Havnstad", "countryCode": "XB"}},
            "includedConsignmentItems": [
                {
                    "crossBorderRegulatoryProcedure": {"originCriteriaText": "RVC 51.5%"},
                    "manufacturer": {"name": "Orel Glass Works"},
                    "tradeLineItems": [
                        {
                            "sequenceNumber": 1,
                            "invoiceReference": {
                                "iD": "orel.example:invoice:88",
                                "formattedIssueDateTime": "2026-11-10T00:00:00Z",
                            },
                            "tradeProduct": {
                                "description": "Bottles",
                                "harmonisedTariffCode": {"classCode": "7010.90", "className": "Carboys, bottles"},
                                "originCountry": {"code": "XA"},
                            },
                        },
                        {
                            "invoiceReference": {
                                "iD": "orel.example:invoice:88",
                                "formattedIssueDateTime": "2026-11-10T00:00:00Z",
                            },
                            "tradeProduct": {
                                "harmonisedTariffCode": {"classCode": "7013.37.10", "className": "Drinking glasses"},
                                "originCountry": {"code": "XA"},
                            },
                        },
                    ],
                }
            ],
            "mainCarriageTransportMovement": {"iD": "line.example:V12", "usedTransportMeans": {"name": "MV Lark"}},
            "loadingBaseportLocation": {"iD": "unece.un.org:locode:XAPMW"},
            "unloadingBaseportLocation": {"iD": "PORT-IN-MUM", "name": "Havnstad"},
            "transportPackages": [{"grossWeight": "450 Kg"}, {"grossWeight": "0.5 kgs.", "grossVolume": "1 m3"}],
        },
    }


def turned(value: object) -> Converted:
    return convert(json.dumps(value).encode(), KIND)


def said(converted: Converted, path: str) -> list[str]:
    return [value for place, value in leaves(converted.content) if unheard(place) == f"/CertificateOfOrigin/{path}"]


def noted(converted: Converted, path: str) -> Loss | None:
    return next((note.what for note in converted.notes if note.path == path), None)


def test_what_other_systems_write_becomes_a_certificate_that_keeps_our_rules() -> None:
    source = json.dumps(edi3()).encode()
    made = convert(source, KIND)
    assert lost_in_silence(source, made) == []
    reading = reader.recognise(made.content).reading
    assert (reading.identity.issuer, reading.identity.number) == ("chamber.example", "AX-7781")
    assert said(made, "Agreement") == ["XA-XB-FTA"]
    assert said(made, "Exporter/Id") == ["tax.example:tin:5500"]
    assert said(made, "Exporter/Name") == ["Orel Glass"]
    assert said(made, "Item/HsCode") == ["701090", "70133710"]
    assert said(made, "Item/Description") == ["Bottles", "Drinking glasses"]
    assert said(made, "Item/Sequence") == ["1", "2"]
    assert said(made, "Item/OriginCriterion/ValueContent") == ["51.5", "51.5"]
    assert said(made, "Item/ProducerKey") == ["P1", "P1"]
    assert said(made, "Invoice/Number") == ["88"]
    assert said(made, "Totals/GrossWeight") == ["450.5"]
    assert said(made, "Totals/GrossWeight/@unit") == ["KGM"]
    assert said(made, "Transport/PortOfLoading/Name") == ["XAPMW"]
    assert said(made, "Ucr") == ["carrier.example:bl:77812"]
    assert said(made, "ExporterDeclaration/Place") == ["Port Merrow"]
    whole = "/supplyChainConsignment"
    assert noted(made, "/CertificateOfOrigin/Transport/Mode") is Loss.DEFAULTED
    assert noted(made, "/CertificateOfOrigin/Item[2]/Sequence") is Loss.DEFAULTED
    assert noted(made, "/CertificateOfOrigin/Transport/PortOfLoading/Name") is Loss.DEFAULTED
    assert noted(made, "/issueDateTime") is Loss.CHANGED
    assert noted(made, "/freeTradeAgreement") is Loss.CHANGED
    assert noted(made, f"{whole}/exporter/name") is Loss.CHANGED
    assert noted(made, f"{whole}/transportPackages[1]/grossWeight") is Loss.CHANGED
    assert noted(made, f"{whole}/unloadingBaseportLocation/iD") is Loss.DROPPED
    assert noted(made, "/firstSignatoryAuthentication/signature") is Loss.DROPPED
    assert noted(made, f"{whole}/exportCountry/name") is Loss.DROPPED


@pytest.mark.parametrize("weight", ["450", "about 450 kg", "1,234 kg", "450 stone", "-1 kg", "1 kg 2 g", "\uff19 kg"])
def test_a_weight_that_is_not_certain_is_dropped_and_not_guessed(weight: str) -> None:
    source = edi3()
    source["supplyChainConsignment"]["transportPackages"][0]["grossWeight"] = weight
    made = turned(source)
    assert said(made, "Totals/GrossWeight") == []
    assert said(made, "Totals/Packages") == ["2"]
    assert {noted(made, f"/supplyChainConsignment/transportPackages[{n}]/grossWeight") for n in (1, 2)} == {
        Loss.DROPPED
    }


def test_weights_in_different_units_are_not_added_up() -> None:
    source = edi3()
    source["supplyChainConsignment"]["transportPackages"][0]["grossWeight"] = "1 t"
    assert said(turned(source), "Totals/GrossWeight") == []


def test_two_invoices_of_one_number_stay_two() -> None:
    source = edi3()
    line = source["supplyChainConsignment"]["includedConsignmentItems"][0]["tradeLineItems"][1]
    line["invoiceReference"] = {"iD": "other.example:invoice:88", "formattedIssueDateTime": "2026-11-11T00:00:00Z"}
    made = turned(source)
    assert said(made, "Invoice/Number") == ["88", "other.example:invoice:88"]
    assert said(made, "Item/InvoiceNumber") == ["88", "other.example:invoice:88"]


def test_what_cannot_become_a_certificate_is_refused_with_everything_that_is_wrong() -> None:
    source = edi3()
    consignment = source["supplyChainConsignment"]
    del source["isPreferential"], consignment["importer"], consignment["importCountry"]
    source["issueDateTime"] = "yesterday"
    consignment["includedConsignmentItems"][0]["tradeLineItems"][0]["tradeProduct"]["harmonisedTariffCode"][
        "classCode"
    ] = "70.1"
    with pytest.raises(PaperRefused) as refused:
        turned(source)
    assert {(one.path, one.rule) for one in refused.value.findings} >= {
        ("/CertificateOfOrigin", "lacks TypeCode"),
        ("/CertificateOfOrigin", "lacks Importer"),
        ("/CertificateOfOrigin", "lacks ImportCountry"),
        ("/CertificateOfOrigin/Item[1]/HsCode", "must be 6 to 10 digits and nothing else (HS)"),
    }
    assert any(one.path == "/CertificateOfOrigin/IssueDate" for one in refused.value.findings)


@pytest.mark.parametrize(
    "source",
    [
        {"supplyChainConsignment": None},
        {"exchangedDocument": 1, "specifiedConsignment": [[]]},
        {"supplyChainConsignment": {"includedConsignmentItems": [None, 1, [], {"tradeLineItems": "x"}]}},
    ],
)
def test_nonsense_in_the_shape_of_a_form_is_refused_and_nothing_else(source: object) -> None:
    with pytest.raises(PaperRefused):
        turned(source)


def coo() -> dict[str, Any]:
    """The form of UN/CEFACT as other systems write it: bare values, one element for a list, other formats of dates."""
    return {
        "exchangedDocument": {
            "id": "AX-7790",
            "typeCode": "864",
            "issueDateTime": {"content": "20261118", "format": "102"},
            "issuer": {"id": "XA-CHAMBER"},
            "firstSignatoryDocumentAuthentication": {
                "actualDateTime": {"content": "202611180915+0100", "format": "205"},
                "issueLogisticsLocation": {"id": {"content": "Port Merrow"}},
            },
        },
        "specifiedConsignment": {
            "consignor": {"id": "XA5500"},
            "consignee": {"id": [{"content": "XB77"}, {"content": "second"}]},
            "associated": [{"id": [{"content": "7300001", "schemeAgencyId": "9"}]}],
            "applicableCrossBorderRegulatoryProcedure": {"freeTradeAgreementName": {"content": "XA-XB-FTA"}},
            "loadingLogisticsLocation": {"id": [{"content": "XAPMW", "schemeAgencyId": "6"}]},
            "unloadingLogisticsLocation": {"id": [{"content": "XBHVN", "schemeAgencyId": "6"}]},
            "includedConsignmentItem": {
                "includedTradeLineItem": {
                    "specifiedTradeProduct": {
                        "designatedProductClassification": {"classCode": "7010.90"},
                        "originTradeCountry": {"id": "XA"},
                    },
                    "physicalReferencedLogisticsPackage": [
                        {
                            "itemQuantity": {"content": 12, "unitCode": "C62"},
                            "levelCode": {"content": "4"},
                            "typeCode": {"content": "CT"},
                        }
                    ],
                }
            },
        },
    }


def test_the_form_of_un_cefact_becomes_a_certificate_with_identifiers_for_names() -> None:
    source = json.dumps(coo()).encode()
    made = convert(source, KIND)
    assert lost_in_silence(source, made) == []
    assert said(made, "IssueDate") == ["2026-11-18"]
    assert said(made, "Exporter/Name") == ["XA5500"]
    assert said(made, "ExportCountry") + said(made, "ImportCountry") == ["XA", "XB"]
    assert said(made, "Item/Description") == ["HS 701090"]
    assert said(made, "Item/Packages") + said(made, "Item/Packages/@type") == ["12", "CT"]
    for path in ("Exporter/Name", "ExportCountry", "Item/Description", "Item/Sequence", "Transport/Mode", "Status"):
        assert noted(made, f"/CertificateOfOrigin/{path}") is Loss.DEFAULTED
    consignment = "/specifiedConsignment"
    assert noted(made, "/exchangedDocument/firstSignatoryDocumentAuthentication/actualDateTime/content") is Loss.CHANGED
    assert noted(made, f"{consignment}/consignee/id[2]/content") is Loss.DROPPED
    assert noted(made, f"{consignment}/associated[1]/id[1]/content") is Loss.DROPPED
    package = f"{consignment}/includedConsignmentItem/includedTradeLineItem/physicalReferencedLogisticsPackage[1]"
    assert noted(made, f"{package}/levelCode/content") is Loss.DROPPED
    assert noted(made, f"{package}/itemQuantity/unitCode") is Loss.DROPPED


def test_an_item_of_two_lines_becomes_two_items_and_its_number_is_noted() -> None:
    source = coo()
    item = source["specifiedConsignment"]["includedConsignmentItem"]
    line = item["includedTradeLineItem"]
    source["specifiedConsignment"]["includedConsignmentItem"] = [
        {"id": ["7"], "includedTradeLineItem": [line, line]},
        {"id": ["8"], "includedTradeLineItem": line},
    ]
    content = json.dumps(source).encode()
    made = convert(content, KIND)
    assert lost_in_silence(content, made) == []
    assert said(made, "Item/Sequence") == ["1", "2", "3"]
    assert noted(made, "/specifiedConsignment/includedConsignmentItem[1]/id[1]") is Loss.DROPPED
    assert noted(made, "/CertificateOfOrigin/Item[3]/Sequence") is Loss.DEFAULTED


@pytest.mark.parametrize(
    ("moment", "changed"),
    [
        ("2026-11-18", False),
        ("20261118", False),
        ("202611180000", False),
        ("202611180000+0000", False),
        ("202611180000+0800", True),
        ("20261118093000", True),
        ("2026-11-18T09:30:00Z", True),
    ],
)
def test_moments_of_every_format_are_read_and_their_time_is_not_lost_in_silence(moment: str, changed: bool) -> None:
    source = coo()
    source["exchangedDocument"]["issueDateTime"] = {"content": moment}
    made = turned(source)
    assert said(made, "IssueDate") == ["2026-11-18"]
    assert (noted(made, "/exchangedDocument/issueDateTime/content") is Loss.CHANGED) is changed


def test_a_format_that_nobody_knows_is_told_as_dropped() -> None:
    source = coo()
    source["exchangedDocument"]["issueDateTime"] = {"content": "20261118", "format": "0000"}
    made = turned(source)
    assert said(made, "IssueDate") == ["2026-11-18"]
    assert noted(made, "/exchangedDocument/issueDateTime/format") is Loss.DROPPED


# --- there and back -------------------------------------------------------------------------------------------------

LABEL = st.from_regex(r"[A-Za-z0-9:/%.#?&=+_-]{1,60}", fullmatch=True)
NAME = (
    st.text(st.sampled_from("abcXYZ 0149-&<>\"'éß茶業𠮷𪚥堃"), min_size=1, max_size=60)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
HS = st.from_regex(r"[0-9]{6,10}", fullmatch=True)
SHARE = st.decimals(min_value=0, max_value=100, places=2).map(lambda share: f"{share:f}")


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@settings(max_examples=60, deadline=None)
@given(number=LABEL, party=LABEL, name=NAME, goods=NAME, hs=HS, share=SHARE, form=st.sampled_from(JSON_FORMS))
@example(number="0", party="%00", name="0", goods="0", hs="000000", share="0.00", form="edi3-coo")
def test_what_crosses_without_a_note_comes_back_as_it_was(
    number: str, party: str, name: str, goods: str, hs: str, share: str, form: str
) -> None:
    whole = sample(KIND, "machine_parts").decode()
    for before, after in (
        (">XA-CO-26-1100342<", f">{escaped(number)}<"),
        (">XA2290187<", f">{escaped(party)}<"),
        (">MPW-26-8812<", f">{escaped(number)}<"),
        (">Havnstad Industri AS<", f">{escaped(name)}<"),
        (">Spindle units for machining centres<", f">{escaped(goods)}<"),
        (">84669390<", f">{hs}<"),
        (">56.4<", f">{share}<"),
    ):
        assert before in whole
        whole = whole.replace(before, after)
    source = whole.encode()
    made = convert(source, form)
    assert lost_in_silence(source, made) == []
    back = convert(made.content, KIND)
    changed = {note.path for note in made.notes}
    again = [(unheard(path), value) for path, value in leaves(back.content)]
    for path, value in leaves(source):
        if path not in changed:
            assert (unheard(path), value) in again, path


@settings(max_examples=60, deadline=None)
@given(
    weights=st.lists(st.decimals(min_value=0, max_value=99999, places=3), min_size=1, max_size=5),
    codes=st.lists(HS, min_size=1, max_size=4),
    text=NAME,
)
def test_a_certificate_from_edi3_holds_or_notes_every_field_however_many_there_are(
    weights: list[Decimal], codes: list[str], text: str
) -> None:
    source = edi3()
    consignment = source["supplyChainConsignment"]
    line = consignment["includedConsignmentItems"][0]["tradeLineItems"][0]
    consignment["includedConsignmentItems"] = [
        {
            "information": text,
            "tradeLineItems": [
                {
                    **line,
                    "sequenceNumber": n,
                    "tradeProduct": {
                        "description": text,
                        "harmonisedTariffCode": {"classCode": code},
                        "originCountry": {"code": "XA"},
                    },
                }
            ],
        }
        for n, code in enumerate(codes, 1)
    ]
    consignment["transportPackages"] = [{"grossWeight": f"{each:f} KG"} for each in weights]
    content = json.dumps(source).encode()
    made = convert(content, KIND)
    assert lost_in_silence(content, made) == []
    assert said(made, "Item/HsCode") == codes
    assert sum(weights) == Decimal(said(made, "Totals/GrossWeight")[0])
    kept = [(path, value) for path, value in leaves(content) if path not in {note.path for note in made.notes}]
    back = {unheard(path): value for path, value in leaves(convert(made.content, "edi3-coo").content)}
    assert {unheard(path) for path, _ in kept} <= back.keys()


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | NAME
    | st.sampled_from(["", " ", "id:", "a:", "id:%ff", "\x85", "1e9", "2026-13-40"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["content", "id", "iD"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(base=st.sampled_from([edi3(), coo()]), where=st.integers(0, 80), odd=ODD)
def test_anything_in_any_place_is_converted_or_refused(base: dict[str, Any], where: int, odd: safe_json.Json) -> None:
    places = [path for path, _ in json_leaves(base)]
    steps = re.findall(r"[^/\[\]]+", places[where % len(places)])
    source = json.loads(json.dumps(base))
    here = source
    for step in steps[:-1]:
        here = here[int(step) - 1 if step.isdigit() else step]
    here[int(steps[-1]) - 1 if steps[-1].isdigit() else steps[-1]] = odd
    content = json.dumps(source).encode()
    try:
        made = convert(content, KIND)
    except NodeError:
        return
    reader.recognise(made.content)
    accounted = {note.path for note in made.notes} | {path for path, value in json_leaves(source) if value in ("", " ")}
    there = "\n".join(value for _, value in leaves(made.content))
    for path, value in json_leaves(odd, places[where % len(places)]):
        if isinstance(value, str) and value.isalnum() and len(value) > 3 and path not in accounted:
            assert value in there or value.lower() in there, path
