"""Papers that other organisations published, read by our strict reader; each finding below is explained beside it."""

import json
from pathlib import Path

import pytest

from node import safe_json
from node.documents import reader
from node.documents.conversions.ledger import json_leaves, xml_leaves
from node.documents.forms import convert
from node.errors import KindUnknown, PaperRefused
from node.model.document import MediaType
from node.model.terms import Terms, Tolerance
from node.safe_xml import parse

_LINE = "/SPSCertificate/SPSConsignment/IncludedSPSConsignmentItem/IncludedSPSTradeLineItem"
_DOCUMENT = "/SPSCertificate/SPSExchangedDocument"
_CONSIGNMENT = "/SPSCertificate/SPSConsignment"

# The Andean network's schema asks for less than UN/CEFACT's: names of documents and countries, dates of signatures,
# names of providers and texts of clauses may be left out there. Strictly, they are missing.
RELAXED_BY_THE_ANDEAN_SCHEMA = [
    ("SCHEMA", _DOCUMENT, "lacks Name"),
    ("SCHEMA", f"{_DOCUMENT}/SignatorySPSAuthentication", "lacks ActualDateTime"),
    ("SCHEMA", f"{_DOCUMENT}/SignatorySPSAuthentication/ProviderSPSParty", "lacks Name"),
    ("SCHEMA", f"{_DOCUMENT}/SignatorySPSAuthentication/IncludedSPSClause", "lacks Content"),
    ("SCHEMA", f"{_CONSIGNMENT}/ExportSPSCountry", "lacks Name"),
    ("SCHEMA", f"{_CONSIGNMENT}/ImportSPSCountry", "lacks Name"),
    ("SCHEMA", f"{_CONSIGNMENT}/TransitSPSCountry", "lacks Name"),
    ("SCHEMA", f"{_CONSIGNMENT}/UtilizedSPSTransportEquipment", "lacks ID"),
    ("SCHEMA", f"{_LINE}/ApplicableSPSClassification[1]", "lacks ClassName"),
    ("SCHEMA", f"{_LINE}/OriginSPSCountry", "lacks Name"),
    ("SCHEMA", f"{_LINE}/OriginSPSCountry/SubordinateSPSCountrySubDivision", "lacks HierarchicalLevelCode"),
]
# What no schema says and our rules do: an attachment of unknown type, measures without unit, "NULL" instead of a place.
BROKEN_RULES = [
    (
        "RULE",
        f"{_DOCUMENT}/ReferenceSPSReferencedDocument/AttachmentBinaryObject",
        "attribute mimeCode must be pdf, png, jpeg, tiff or plain text",
    ),
    ("RULE", f"{_CONSIGNMENT}/ExaminationSPSEvent/OccurrenceSPSLocation/Name", "holds a placeholder instead of a text"),
    *[
        ("RULE", f"{_LINE}/{name}Measure", "needs a unitCode of two or three characters (Rec 20)")
        for name in ("NetWeight", "GrossWeight", "NetVolume", "GrossVolume")
    ],
]


def test_the_andean_certificate_is_refused_for_reasons_that_we_can_explain(specimens: Path) -> None:
    with pytest.raises(PaperRefused) as caught:
        reader.recognise((specimens / "phytosanitary-certificate.xml").read_bytes())
    findings = [(finding.code, finding.path, finding.rule) for finding in caught.value.findings]
    assert sorted(findings) == sorted(RELAXED_BY_THE_ANDEAN_SCHEMA + BROKEN_RULES)


def test_the_findings_come_in_document_order_each_time(specimens: Path) -> None:
    content = (specimens / "phytosanitary-certificate.xml").read_bytes()
    runs = []
    for _ in range(3):
        with pytest.raises(PaperRefused) as caught:
            reader.recognise(content)
        runs.append([finding.path for finding in caught.value.findings])
    assert runs[0] == runs[1] == runs[2]
    assert runs[0][0] == _DOCUMENT
    assert runs[0][-1].endswith("SubordinateSPSCountrySubDivision")


def test_the_andean_certificate_passes_once_the_explained_is_mended(specimens: Path) -> None:
    content = (specimens / "phytosanitary-certificate.xml").read_text()
    name = "<ram:Name>Phytosanitary certificate</ram:Name>"
    mended = (
        content.replace("<ram:ID>123456789CO", f"{name}<ram:ID>123456789CO")
        .replace(
            "<ram:IssueSPSLocation>",
            "<ram:ActualDateTime><udt:DateTimeString>2024-02-26T10:15:00Z</udt:DateTimeString></ram:ActualDateTime>"
            "<ram:IssueSPSLocation>",
        )
        .replace("<ram:SpecifiedSPSPerson>", "<ram:Name>Office</ram:Name><ram:SpecifiedSPSPerson>")
        .replace("<ram:ID>2</ram:ID>\n\t\t\t</ram:Inc", "<ram:ID>2</ram:ID><ram:Content/></ram:Inc")
        .replace("<ram:ID>CO</ram:ID>", "<ram:ID>CO</ram:ID><ram:Name>Colombia</ram:Name>")
        .replace("<ram:ID>PE</ram:ID>\n\t\t</ram:Imp", "<ram:ID>PE</ram:ID><ram:Name>Peru</ram:Name></ram:Imp")
        .replace("<ram:ID>EC</ram:ID>", "<ram:ID>EC</ram:ID><ram:Name>Ecuador</ram:Name>")
        .replace("<ram:ID>AI</ram:ID>", "<ram:ID>AI</ram:ID><ram:Name>Anguilla</ram:Name>")
        .replace(
            "<ram:Name>!</ram:Name>", "<ram:Name>!</ram:Name><ram:HierarchicalLevelCode>1</ram:HierarchicalLevelCode>"
        )
        .replace("<ram:AffixedSPSSeal>", "<ram:ID>CONT1</ram:ID><ram:AffixedSPSSeal>")
        .replace(
            "<ram:ClassCode>100590</ram:ClassCode>",
            "<ram:ClassCode>100590</ram:ClassCode><ram:ClassName>Maize</ram:ClassName>",
        )
        .replace("<ram:AttachmentBinaryObject>", '<ram:AttachmentBinaryObject mimeCode="text/plain">')
        .replace("<ram:Name>NULL<", "<ram:Name>Lima<")
        .replace("WeightMeasure>1", 'WeightMeasure unitCode="KGM">1')
        .replace("VolumeMeasure>1", 'VolumeMeasure unitCode="MTQ">1')
    )
    reading = reader.recognise(mended.encode()).reading
    assert reading.identity.issuer == "CO:Fitosanitary Protection Organization"
    assert reading.identity.number == "123456789CO"
    assert reading.succession is not None
    assert (reading.succession.number, reading.succession.relation) == ("3214356", "replacement")
    assert reading.fields["hs_codes"] == "100590"


def test_the_andean_certificate_is_read_tolerantly_and_every_departure_is_told(specimens: Path) -> None:
    content = (specimens / "phytosanitary-certificate.xml").read_bytes()
    tolerant = Terms(tolerance=Tolerance.TOLERANT)
    document = reader.read(content, "phytosanitary_certificate", 1, MediaType.XML, tolerant)
    told = [(remark.path, remark.rule) for remark in document.remarks]
    assert sorted(told) == sorted((path, rule) for _, path, rule in RELAXED_BY_THE_ANDEAN_SCHEMA + BROKEN_RULES)
    assert {remark.code for remark in document.remarks} == {"TOLERATED"}
    assert (document.content, document.reading.identity.number) == (content, "123456789CO")


def test_the_andean_certificate_is_xml_as_we_accept_it(specimens: Path) -> None:
    parse((specimens / "phytosanitary-certificate.xml").read_bytes())


def test_a_certificate_of_origin_in_json_is_told_to_be_no_kind_of_ours(specimens: Path) -> None:
    content = (specimens / "certificate-of-origin.json").read_bytes()
    assert json.loads(content)["isPreferential"] is True
    with pytest.raises(KindUnknown, match="JSON"):
        reader.recognise(content)


def test_a_certificate_of_origin_in_edi3_json_becomes_one_of_ours_and_nothing_is_lost_in_silence(
    specimens: Path,
) -> None:
    content = (specimens / "certificate-of-origin.json").read_bytes()
    made = convert(content, "certificate_of_origin")
    reading = reader.recognise(made.content).reading
    assert (reading.identity.issuer, reading.identity.number) == ("wfa.org.au", "WBC208897")
    assert reading.fields["agreement"] == "CHAFTA"
    assert reading.fields["hs_codes"] == "220421"
    assert parse(made.content).findtext("{*}Totals/{*}GrossWeight") == "2730"
    noted = {note.path for note in made.notes}
    there = {value for _, value in xml_leaves(parse(made.content))}
    for path, value in json_leaves(safe_json.parse(content)):
        written = str(value).removeprefix("id:").removeprefix("unece.un.org:locode:").replace("2204.21", "220421")
        assert path in noted or written in there or value is True, path
