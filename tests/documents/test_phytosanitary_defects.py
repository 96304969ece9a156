"""Each defect of a certificate is refused with exactly its element and its reason, and nothing else is blamed."""

import pytest

from node.documents import reader
from node.documents.samples import sample
from node.errors import PaperRefused
from node.model.document import MediaType

KIND = "phytosanitary_certificate"
DOC = "/SPSCertificate/SPSExchangedDocument"
CON = "/SPSCertificate/SPSConsignment"
LINE = f"{CON}/IncludedSPSConsignmentItem/IncludedSPSTradeLineItem[1]"
MOMENT = "must be a moment with offset, as 2026-11-22T09:30:00Z"

Finding = tuple[str, str, str]


def schema(path: str, rule: str) -> Finding:
    return ("SCHEMA", path, rule)


def rule(path: str, rule: str) -> Finding:
    return ("RULE", path, rule)


def note(subject: str, content: str) -> str:
    parts = f"<ram:Subject>{subject}</ram:Subject><ram:Content>{content}</ram:Content>"
    return f"<ram:IncludedSPSNote>{parts}</ram:IncludedSPSNote>"


def line_note(subject: str, content: str) -> str:
    return note(subject, content).replace("IncludedSPSNote", "AdditionalInformationSPSNote")


# The first note of the document and the place before the note of the first line: where further notes are put.
A_NOTE = "<ram:ReferenceSPSReferencedDocument>"
A_LINE_NOTE = "<ram:AdditionalInformationSPSNote>"
AT = DOC + "/IncludedSPSNote"
AT_LINE = LINE + "/AdditionalInformationSPSNote"

# name of the defect: (what is replaced, by what, the findings)
DEFECTS: dict[str, tuple[str, str, list[Finding]]] = {
    # --- structure
    "document without name": (
        '<ram:Name languageID="en">Phytosanitary certificate</ram:Name>',
        "",
        [schema(DOC, "lacks Name")],
    ),
    "no number": ("<ram:ID>XA-PC-2026-004711</ram:ID>", "", [schema(DOC, "lacks ID")]),
    "empty number": (
        ">XA-PC-2026-004711<",
        "><",
        [
            schema(f"{DOC}/ID", "must not be empty"),
            rule(f"{DOC}/ID", "must be 1 to 60 printable characters without outer blanks"),
        ],
    ),
    "two numbers": (
        "<ram:ID>XA-PC-2026-004711</ram:ID>",
        "<ram:ID>XA-PC-2026-004711</ram:ID><ram:ID>B</ram:ID>",
        [schema(f"{DOC}/ID[2]", "may stand here only once")],
    ),
    "number after type": (
        "<ram:ID>XA-PC-2026-004711</ram:ID>\n    <ram:TypeCode>851</ram:TypeCode>",
        "<ram:TypeCode>851</ram:TypeCode><ram:ID>XA-PC-2026-004711</ram:ID>",
        [schema(f"{DOC}/TypeCode", "must stand after ID")],
    ),
    "element nobody knows": (
        "<ram:TypeCode>851</ram:TypeCode>",
        "<ram:Colour>red</ram:Colour><ram:TypeCode>851</ram:TypeCode>",
        [schema(f"{DOC}/Colour", "is not known here")],
    ),
    "element of another namespace": (
        "<ram:TypeCode>851</ram:TypeCode>",
        "<udt:TypeCode>851</udt:TypeCode>",
        [schema(DOC, "lacks TypeCode"), schema(f"{DOC}/TypeCode", "is not known here")],
    ),
    "text between elements": (
        "<ram:TypeCode>851</ram:TypeCode>",
        "see below<ram:TypeCode>851</ram:TypeCode>",
        [schema(DOC, "must hold elements only, no text")],
    ),
    "elements inside a text": (
        ">Port Merrow</ram:CityName>",
        "><b>Port Merrow</b></ram:CityName>",
        [schema(f"{CON}/ConsignorSPSParty/SpecifiedSPSAddress/CityName", "must hold text only, no elements")],
    ),
    "attribute nobody knows": (
        "<ram:TypeCode>851<",
        '<ram:TypeCode colour="red">851<',
        [schema(f"{DOC}/TypeCode", "attribute colour is not allowed here")],
    ),
    "language that is none": (
        '<ram:Name languageID="en">',
        '<ram:Name languageID="english please">',
        [schema(f"{DOC}/Name", "attribute languageID must be a language tag such as zh-Hant-TW")],
    ),
    "carrier before the consignee": (
        "<ram:ConsigneeSPSParty>",
        "<ram:CarrierSPSParty><ram:Name>X</ram:Name></ram:CarrierSPSParty><ram:ConsigneeSPSParty>",
        [schema(f"{CON}/CarrierSPSParty", "must stand after ExaminationSPSEvent")],
    ),
    "nobody signs": (
        "SignatorySPSAuthentication>",
        "SignedSPSAuthentication>",
        [
            schema(DOC, "lacks SignatorySPSAuthentication"),
            schema(f"{DOC}/SignedSPSAuthentication", "is not known here"),
        ],
    ),
    "both forms of a moment": (
        "<udt:DateTimeString>2026-11-12T08:40:00Z</udt:DateTimeString>\n    </ram:IssueDateTime>",
        "<udt:DateTimeString>2026-11-12T08:40:00Z</udt:DateTimeString><udt:DateTime>2026-11-12T08:40:00Z</udt:DateTime>"
        "</ram:IssueDateTime>",
        [schema(f"{DOC}/IssueDateTime/DateTime", "may stand here only once")],
    ),
    "no form of a moment": (
        "<udt:DateTimeString>2026-11-12T08:40:00Z</udt:DateTimeString>\n    </ram:IssueDateTime>",
        "</ram:IssueDateTime>",
        [schema(f"{DOC}/IssueDateTime", "lacks DateTimeString or DateTime")],
    ),
    # --- values
    "country in small letters": (
        "<ram:ID>XB</ram:ID>",
        "<ram:ID>xb</ram:ID>",
        [schema(f"{CON}/ImportSPSCountry/ID", "must be two capital letters (ISO 3166-1)")],
    ),
    "transport mode in words": (
        "<ram:ModeCode>1<",
        "<ram:ModeCode>sea<",
        [schema(f"{CON}/MainCarriageSPSTransportMovement/ModeCode", "must be one digit (UN/ECE Recommendation 19)")],
    ),
    "package in words": (
        "<ram:TypeCode>CT<",
        "<ram:TypeCode>carton<",
        [schema(f"{LINE}/PhysicalSPSPackage/TypeCode", "must be two capitals or digits (UN/ECE Recommendation 21)")],
    ),
    "weight that is no number": (
        ">21600<",
        ">a lot<",
        [schema(f"{LINE}/NetWeightMeasure", "must be a decimal number")],
    ),
    "attachment that is cut": (
        ">TGFib3Jh",
        ">TGFib3J",
        [rule(f"{DOC}/ReferenceSPSReferencedDocument/AttachmentBinaryObject", "must be Base64")],
    ),
    "attachment with foreign characters": (
        ">TGFib3Jh",
        ">TGFi*b3Jh",
        [rule(f"{DOC}/ReferenceSPSReferencedDocument/AttachmentBinaryObject", "must be Base64")],
    ),
    # --- codes
    "type that is no certificate of this kind": (
        "<ram:TypeCode>851<",
        "<ram:TypeCode>380<",
        [rule(f"{DOC}/TypeCode", "is not a type this kind takes (UNTDID 1001)")],
    ),
    "draft": (
        "<ram:StatusCode>70<",
        "<ram:StatusCode>47<",
        [rule(f"{DOC}/StatusCode", "is not a final status (UNTDID 4405)")],
    ),
    "number with a line break": (
        ">XA-PC-2026-004711<",
        ">XA-PC\n4711<",
        [rule(f"{DOC}/ID", "must be 1 to 60 printable characters without outer blanks")],
    ),
    "number of 61 characters": (
        ">XA-PC-2026-004711<",
        f">{'7' * 61}<",
        [rule(f"{DOC}/ID", "must be 1 to 60 printable characters without outer blanks")],
    ),
    "issuer without any name": (
        ">Plant Health Service of Alandria</ram:Name>\n    </ram:IssuerSPSParty>",
        "></ram:Name></ram:IssuerSPSParty>",
        [schema(f"{DOC}/IssuerSPSParty/Name", "must not be empty")],
    ),
    "issuer with an endless id": (
        ">XA-NPPO<",
        f">{'N' * 121}<",
        [rule(f"{DOC}/IssuerSPSParty", "its ID or Name must have 1 to 120 characters")],
    ),
    # --- notes of the document
    "acronym nobody knows": (
        A_NOTE,
        note("ADXXX", "x") + A_NOTE,
        [rule(f"{AT}[7]", "its Subject is not an acronym of this level (IPPC)")],
    ),
    "acronym of a line at the document": (
        A_NOTE,
        note("DMTLIL", "x") + A_NOTE,
        [rule(f"{AT}[7]", "its Subject is not an acronym of this level (IPPC)")],
    ),
    "note without any subject": (
        A_NOTE,
        "<ram:IncludedSPSNote><ram:Content>x</ram:Content></ram:IncludedSPSNote>" + A_NOTE,
        [rule(f"{AT}[7]", "its Subject is not an acronym of this level (IPPC)")],
    ),
    "liability clause in words": (
        "<ram:Content>5<",
        "<ram:Content>five<",
        [rule(f"{AT}[1]/Content", "SPSFL must hold a statement number of one or two digits")],
    ),
    "liability clause twice": (A_NOTE, note("SPSFL", "5") + A_NOTE, [rule(f"{AT}[7]", "SPSFL may stand only once")]),
    "inspection date without offset": (
        "<ram:Content>2026-11-11T13:05:00Z<",
        "<ram:Content>2026-11-11T13:05:00<",
        [rule(f"{AT}[5]/Content", "ADDIEDL must hold a moment with offset, as 2026-11-22T09:30:00Z")],
    ),
    "marks of 513 characters": (
        ">ALANDIA CITRUS 26/11, lots 1 to 3<",
        f">{'M' * 513}<",
        [rule(f"{AT}[6]/Content", "DMCL must hold 1 to 512 characters")],
    ),
    "reason of a replacement without its number": (
        A_NOTE,
        note("ADRPR", "change of consignee") + A_NOTE,
        [rule(f"{AT}[7]", "needs a note ADRPN: which certificate is replaced")],
    ),
    "replacing itself": (
        A_NOTE,
        note("ADRPN", "XA-PC-2026-004711") + A_NOTE,
        [rule(f"{AT}[7]", "a certificate cannot replace itself")],
    ),
    "replacing two": (
        A_NOTE,
        note("ADRPN", "A1") + note("ADRPN", "A2") + A_NOTE,
        [rule(f"{AT}[8]", "ADRPN may stand only once")],
    ),
    # --- moments and measures
    "moment without offset": (
        "2026-11-14T00:00:00Z",
        "2026-11-14T00:00:00",
        [rule(f"{CON}/ExportExitDateTime/DateTimeString", MOMENT)],
    ),
    "moment on the 30th of February": (
        "2026-11-14T00:00:00Z",
        "2026-02-30T00:00:00Z",
        [rule(f"{CON}/ExportExitDateTime/DateTimeString", MOMENT)],
    ),
    "moment in a format nobody named": (
        "<udt:DateTimeString>2026-11-14T00:00:00Z",
        '<udt:DateTimeString format="999">2026-11-14T00:00:00Z',
        [rule(f"{CON}/ExportExitDateTime/DateTimeString", MOMENT)],
    ),
    "moment as words": (
        "<udt:DateTimeString>2026-11-14T00:00:00Z</udt:DateTimeString>",
        "<udt:DateTime>tomorrow</udt:DateTime>",
        [
            schema(f"{CON}/ExportExitDateTime/DateTime", "must be a date and time such as 2026-11-22T09:30:00Z"),
            rule(f"{CON}/ExportExitDateTime/DateTime", MOMENT),
        ],
    ),
    "treatment that ends before it starts": (
        "2026-11-07T06:00:00Z",
        "2026-10-07T06:00:00Z",
        [rule(f"{LINE}/AppliedSPSProcess/CompletionSPSPeriod", "must not end before it starts")],
    ),
    "weight without unit": (
        '<ram:NetWeightMeasure unitCode="KGM">21600',
        "<ram:NetWeightMeasure>21600",
        [rule(f"{LINE}/NetWeightMeasure", "needs a unitCode of two or three characters (Rec 20)")],
    ),
    "negative weight": (">21600<", ">-21600<", [rule(f"{LINE}/NetWeightMeasure", "must not be negative")]),
    "net heavier than gross": (
        ">21600<",
        ">22951<",
        [rule(f"{LINE}/NetWeightMeasure", "must not exceed GrossWeightMeasure")],
    ),
    "no package at all": (
        "<ram:ItemQuantity>1440<",
        "<ram:ItemQuantity>0<",
        [rule(f"{LINE}/PhysicalSPSPackage/ItemQuantity", "must be 1 or more")],
    ),
    # --- texts and attachments
    "placeholder for a name": (
        ">Boreal Fresh Imports SA<",
        ">N/A<",
        [rule(f"{CON}/ConsigneeSPSParty/Name", "holds a placeholder instead of a text")],
    ),
    "executable attachment": (
        'mimeCode="text/plain"',
        'mimeCode="text/html"',
        [
            rule(
                f"{DOC}/ReferenceSPSReferencedDocument/AttachmentBinaryObject",
                "attribute mimeCode must be pdf, png, jpeg, tiff or plain text",
            )
        ],
    ),
    "private-use character": (
        ">Ilse Maraton<",
        ">Ilse \ue123<",
        [
            rule(
                f"{DOC}/SignatorySPSAuthentication/ProviderSPSParty/SpecifiedSPSPerson/Name",
                "must not hold private-use characters: U+E123 at 6",
            )
        ],
    ),
    "text direction override in an attribute": (
        'schemeAgencyName="Alandria"',
        'schemeAgencyName="\u202eairdnalA"',
        [rule(f"{DOC}/IssuerSPSParty/ID", "attribute schemeAgencyName must not hold text direction controls")],
    ),
    # --- trade lines
    "line number twice": (
        "<ram:SequenceNumeric>2<",
        "<ram:SequenceNumeric>1<",
        [
            rule(f"{LINE}/SequenceNumeric", "must be different on every line"),
            rule(f"{LINE[:-3]}[2]/SequenceNumeric", "must be different on every line"),
        ],
    ),
    "half a line": (
        "<ram:SequenceNumeric>2<",
        "<ram:SequenceNumeric>1.5<",
        [rule(f"{LINE[:-3]}[2]/SequenceNumeric", "must be a whole number from 1")],
    ),
    "quantity with five decimals": (
        A_LINE_NOTE,
        line_note("OQV", "1.00001") + A_LINE_NOTE,
        [rule(f"{AT_LINE}[1]/Content", "OQV must hold a decimal of at most 16 + 4 digits")],
    ),
    "yes in words": (
        A_LINE_NOTE,
        line_note("RPCOR", "yes") + A_LINE_NOTE,
        [rule(f"{AT_LINE}[1]/Content", "RPCOR must hold true or false")],
    ),
    "HS code with a dot": (
        "<ram:ClassCode>080540<",
        "<ram:ClassCode>0805.40<",
        [rule(f"{LINE}/ApplicableSPSClassification[1]/ClassCode", "an HS code has 2 to 6 digits and nothing else")],
    ),
    "HS without code": (
        "<ram:ClassCode>080540</ram:ClassCode>",
        "",
        [rule(f"{LINE}/ApplicableSPSClassification[1]", "an HS classification needs its ClassCode")],
    ),
    "treatment nobody knows": (
        "<ram:Description>TTL1<",
        "<ram:Description>COLD<",
        [
            rule(
                f"{LINE}/AppliedSPSProcess/ApplicableSPSProcessCharacteristic[1]",
                "its first Description must be a treatment acronym (IPPC)",
            )
        ],
    ),
    "treatment level without its code": (
        "<ram:Description>PHT</ram:Description>",
        "",
        [
            rule(
                f"{LINE}/AppliedSPSProcess/ApplicableSPSProcessCharacteristic[1]",
                "TTL1 needs a second Description of 1 to 256 characters",
            )
        ],
    ),
    "temperature as text": (
        '<ram:ValueMeasure unitCode="CEL">1.1</ram:ValueMeasure>',
        "<ram:Description>cold</ram:Description>",
        [
            rule(
                f"{LINE}/AppliedSPSProcess/ApplicableSPSProcessCharacteristic[3]",
                "TTTM needs a ValueMeasure and no second Description",
            )
        ],
    ),
    "re-export that does not say of what": (
        "<ram:TypeCode>851<",
        "<ram:TypeCode>657<",
        [
            rule(f"{LINE[:-3]}[{line}]", f"a re-export needs a note {acronym} on every line")
            for line in (1, 2)
            for acronym in ("RPCCO", "RPCRF")
        ],
    ),
}


def findings_of(content: bytes) -> list[Finding]:
    with pytest.raises(PaperRefused) as caught:
        reader.read(content, KIND, 1, MediaType.XML)
    return [(str(finding.code), finding.path, finding.rule) for finding in caught.value.findings]


@pytest.mark.parametrize(("before", "after", "expected"), DEFECTS.values(), ids=DEFECTS.keys())
def test_a_defect_is_refused_with_its_element_and_reason(before: str, after: str, expected: list[Finding]) -> None:
    whole = sample(KIND, "grapefruit").decode()
    assert before in whole
    broken = whole.replace(before, after, -1 if before.endswith("Authentication>") else 1)
    assert findings_of(broken.encode()) == expected


def test_a_certificate_without_its_issuer_is_refused() -> None:
    whole = sample(KIND, "grapefruit").decode()
    start, end = (
        whole.index("<ram:IssuerSPSParty>"),
        whole.index("</ram:IssuerSPSParty>") + len("</ram:IssuerSPSParty>"),
    )
    assert findings_of((whole[:start] + whole[end:]).encode()) == [
        rule(DOC, "lacks IssuerSPSParty: a certificate names its issuer")
    ]


@pytest.mark.parametrize(
    ("form", "text"),
    [("102", "20261114"), ("205", "202611140000+0800"), ("208", "20261114000000-0330")],
)
def test_the_formats_of_untdid_2379_that_name_a_moment_are_read(form: str, text: str) -> None:
    whole = sample(KIND, "grapefruit").decode()
    other = whole.replace("<udt:DateTimeString>2026-11-14T00:00:00Z", f'<udt:DateTimeString format="{form}">{text}')
    assert other != whole
    reader.read(other.encode(), KIND, 1, MediaType.XML)


def test_notes_of_another_code_list_are_not_ours_to_judge() -> None:
    coded = "<ram:IncludedSPSNote><ram:ContentCode>X</ram:ContentCode><ram:Content>x</ram:Content>"
    coded += "<ram:SubjectCode>CONFORMITY</ram:SubjectCode></ram:IncludedSPSNote>"
    whole = sample(KIND, "grapefruit").decode().replace(A_NOTE, coded + A_NOTE, 1)
    reader.read(whole.encode(), KIND, 1, MediaType.XML)


def test_a_re_export_that_says_of_what_is_accepted() -> None:
    whole = sample(KIND, "grapefruit").decode().replace("<ram:TypeCode>851<", "<ram:TypeCode>657<")
    origin = line_note("RPCCO", "XC") + line_note("RPCRF", "XC-99")
    whole = whole.replace(
        "<ram:ApplicableSPSClassification>\n          <ram:SystemName>HS",
        origin + "<ram:ApplicableSPSClassification><ram:SystemName>HS",
    )
    reader.read(whole.encode(), KIND, 1, MediaType.XML)
