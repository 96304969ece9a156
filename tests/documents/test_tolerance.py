"""Tolerant reading of SPS certificates: what may pass is told by place and rule, what may not is refused as ever."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from node.documents import reader
from node.documents.samples import sample, sample_names
from node.errors import NodeError, PaperRefused
from node.model.document import Document, MediaType
from node.model.terms import NO_TERMS, Terms, Tolerance

KIND = "phytosanitary_certificate"
TOLERANT = Terms(tolerance=Tolerance.TOLERANT)
DOC = "/SPSCertificate/SPSExchangedDocument"
CON = "/SPSCertificate/SPSConsignment"
LINE = f"{CON}/IncludedSPSConsignmentItem/IncludedSPSTradeLineItem[1]"
ONLY = "must hold elements only, no text"
EMPTY = "must not be empty"
PLACEHOLDER = "holds a placeholder instead of a text"
HTML = "holds an HTML escape instead of the character"
UNIT = "needs a unitCode of two or three characters (Rec 20)"
MOMENT = "must be a moment with offset, as 2026-11-22T09:30:00Z"

Told = tuple[str, str]


def tolerantly(content: bytes) -> Document:
    return reader.read(content, KIND, 1, MediaType.XML, TOLERANT)


def told(document: Document) -> list[Told]:
    assert {remark.code for remark in document.remarks} <= {"TOLERATED"}
    return [(remark.path, remark.rule) for remark in document.remarks]


def refused(content: bytes, terms: Terms) -> list[Told]:
    with pytest.raises(PaperRefused) as caught:
        reader.read(content, KIND, 1, MediaType.XML, terms)
    return [(finding.path, finding.rule) for finding in caught.value.findings]


def edited(before: str, after: str) -> bytes:
    whole = sample(KIND, "grapefruit").decode()
    assert before in whole
    return whole.replace(before, after, 1).encode()


ISSUED = "<udt:DateTimeString>2026-11-12T08:40:00Z</udt:DateTimeString>\n    </ram:IssueDateTime>"

# name of the habit: (what is replaced, by what, what is told)
HABITS: dict[str, tuple[str, str, list[Told]]] = {
    "number after type": (
        "<ram:ID>XA-PC-2026-004711</ram:ID>\n    <ram:TypeCode>851</ram:TypeCode>",
        "<ram:TypeCode>851</ram:TypeCode><ram:ID>XA-PC-2026-004711</ram:ID>",
        [(f"{DOC}/TypeCode", "must stand after ID")],
    ),
    "document without name": (
        '<ram:Name languageID="en">Phytosanitary certificate</ram:Name>',
        "",
        [(DOC, "lacks Name")],
    ),
    "country without name": (
        "<ram:ID>XB</ram:ID>\n      <ram:Name>Borelia</ram:Name>",
        "<ram:ID>XB</ram:ID>",
        [(f"{CON}/ImportSPSCountry", "lacks Name")],
    ),
    "country with an empty name": (
        "<ram:ID>XB</ram:ID>\n      <ram:Name>Borelia</ram:Name>",
        "<ram:ID>XB</ram:ID><ram:Name/>",
        [(f"{CON}/ImportSPSCountry/Name", EMPTY)],
    ),
    "consignee without name": (
        "<ram:Name>Boreal Fresh Imports SA</ram:Name>",
        "",
        [(f"{CON}/ConsigneeSPSParty", "lacks Name")],
    ),
    "issue moment as plain text": (
        ISSUED,
        "2026-11-12T08:40:00Z</ram:IssueDateTime>",
        [(f"{DOC}/IssueDateTime", ONLY)],
    ),
    "optional moment that is empty": (
        "<udt:DateTimeString>2026-11-14T00:00:00Z</udt:DateTimeString>",
        "<udt:DateTimeString/>",
        [(f"{CON}/ExportExitDateTime", EMPTY)],
    ),
    "optional text that is empty": (
        ">Port Merrow</ram:CityName>",
        "></ram:CityName>",
        [(f"{CON}/ConsignorSPSParty/SpecifiedSPSAddress/CityName", EMPTY)],
    ),
    "measure without unit": (
        '<ram:NetWeightMeasure unitCode="KGM">21600',
        "<ram:NetWeightMeasure>21600",
        [(f"{LINE}/NetWeightMeasure", UNIT)],
    ),
    "classification without name of its class": (
        "<ram:ClassCode>080540</ram:ClassCode>\n          <ram:ClassName>Grapefruit and pomelos</ram:ClassName>",
        "<ram:ClassCode>080540</ram:ClassCode>",
        [(f"{LINE}/ApplicableSPSClassification[1]", "lacks ClassName")],
    ),
    "attachment without type": (
        ' mimeCode="text/plain"',
        "",
        [
            (
                f"{DOC}/ReferenceSPSReferencedDocument/AttachmentBinaryObject",
                "attribute mimeCode must be pdf, png, jpeg, tiff or plain text",
            )
        ],
    ),
    **{
        f"placeholder {word}": (
            ">Boreal Fresh Imports SA<",
            f">{word}<",
            [(f"{CON}/ConsigneeSPSParty/Name", PLACEHOLDER)],
        )
        for word in ("NULL", "N/A", "Ninguno", "sin dato")
    },
    "name escaped for HTML": (
        ">Boreal Fresh Imports SA<",
        ">Boreal &amp;amp; Sons<",
        [(f"{CON}/ConsigneeSPSParty/Name", HTML)],
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), HABITS.values(), ids=HABITS.keys())
def test_a_habit_is_told_where_it_is_tolerated_and_refused_where_it_is_not(
    before: str, after: str, expected: list[Told]
) -> None:
    content = edited(before, after)
    document = tolerantly(content)
    assert (document.content, told(document)) == (content, expected)
    whole = reader.recognise(sample(KIND, "grapefruit")).reading
    assert document.reading.identity == whole.identity
    assert {*document.reading.fields.items()} - {*whole.fields.items()} <= {("importer", "Boreal & Sons")}
    strictly = refused(content, NO_TERMS)
    assert strictly
    assert {path for path, _ in expected} <= {path.removesuffix("/DateTimeString") for path, _ in strictly}


def test_what_nobody_said_is_in_no_field() -> None:
    for before, after, _ in HABITS.values():
        fields = tolerantly(edited(before, after)).reading.fields
        assert "?" not in "".join(fields.values())
    assert "importer" not in tolerantly(edited(">Boreal Fresh Imports SA<", ">N/A<")).reading.fields


NEVER: dict[str, tuple[str, str, list[Told]]] = {
    "no number": ("<ram:ID>XA-PC-2026-004711</ram:ID>", "", [(DOC, "lacks ID")]),
    "empty number": (
        ">XA-PC-2026-004711<",
        "><",
        [(f"{DOC}/ID", EMPTY), (f"{DOC}/ID", "must be 1 to 60 printable characters without outer blanks")],
    ),
    "placeholder for the number": (">XA-PC-2026-004711<", ">N/A<", [(f"{DOC}/ID", PLACEHOLDER)]),
    "no type": ("<ram:TypeCode>851</ram:TypeCode>", "", [(DOC, "lacks TypeCode")]),
    "empty type": (
        "<ram:TypeCode>851<",
        "<ram:TypeCode><",
        [
            (f"{DOC}/TypeCode", "must be a code of one to three digits (UNTDID)"),
            (f"{DOC}/TypeCode", "is not a type this kind takes (UNTDID 1001)"),
        ],
    ),
    "no status": ("<ram:StatusCode>70</ram:StatusCode>", "", [(DOC, "lacks StatusCode")]),
    "draft": (
        "<ram:StatusCode>70<",
        "<ram:StatusCode>47<",
        [(f"{DOC}/StatusCode", "is not a final status (UNTDID 4405)")],
    ),
    "no moment of issue": (
        ISSUED,
        "<udt:DateTimeString/></ram:IssueDateTime>",
        [(f"{DOC}/IssueDateTime/DateTimeString", EMPTY), (f"{DOC}/IssueDateTime/DateTimeString", MOMENT)],
    ),
    "moment of issue in words": (ISSUED, "yesterday</ram:IssueDateTime>", [(f"{DOC}/IssueDateTime", MOMENT)]),
    "element nobody knows": (
        "<ram:TypeCode>851",
        "<ram:Colour>red</ram:Colour><ram:TypeCode>851",
        [(f"{DOC}/Colour", "is not known here")],
    ),
    "two numbers": (
        "<ram:ID>XA-PC-2026-004711</ram:ID>",
        "<ram:ID>XA-PC-2026-004711</ram:ID><ram:ID>B</ram:ID>",
        [(f"{DOC}/ID[2]", "may stand here only once")],
    ),
    "text between elements": (
        "<ram:TypeCode>851</ram:TypeCode>",
        "<ram:TypeCode>851</ram:TypeCode>see below",
        [(DOC, ONLY)],
    ),
    "text beside an empty element": (
        ">Port Merrow</ram:CityName>",
        "></ram:CityName>see below",
        [
            (f"{CON}/ConsignorSPSParty/SpecifiedSPSAddress", ONLY),
            (f"{CON}/ConsignorSPSParty/SpecifiedSPSAddress/CityName", EMPTY),
        ],
    ),
    "no country of export": (
        "<ram:ID>XA</ram:ID>\n      <ram:Name>Alandria</ram:Name>",
        "<ram:Name>Alandria</ram:Name>",
        [(f"{CON}/ExportSPSCountry", "lacks ID")],
    ),
    "attachment of a type that could act": (
        'mimeCode="text/plain"',
        'mimeCode="text/html"',
        [
            (
                f"{DOC}/ReferenceSPSReferencedDocument/AttachmentBinaryObject",
                "attribute mimeCode must be pdf, png, jpeg, tiff or plain text",
            )
        ],
    ),
    "unit that is none": (
        '<ram:NetWeightMeasure unitCode="KGM">',
        '<ram:NetWeightMeasure unitCode="kilo">',
        [(f"{LINE}/NetWeightMeasure", UNIT)],
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), NEVER.values(), ids=NEVER.keys())
def test_what_may_never_pass_is_refused_as_strictly_as_ever(before: str, after: str, expected: list[Told]) -> None:
    assert refused(edited(before, after), TOLERANT) == expected


@pytest.mark.parametrize("name", ["N/A", ""])
def test_nobody_makes_up_an_issuer(name: str) -> None:
    whole = sample(KIND, "orchids").decode()
    without = whole.replace("<ram:Name>南嶼動植物防疫檢疫署</ram:Name>", f"<ram:Name>{name}</ram:Name>", 1)
    assert without != whole
    assert {path for path, _ in refused(without.encode(), TOLERANT)} <= {
        f"{DOC}/IssuerSPSParty", f"{DOC}/IssuerSPSParty/Name",
    }  # fmt: skip


def test_an_issuer_that_has_an_id_needs_no_name() -> None:
    content = edited(
        ">Plant Health Service of Alandria</ram:Name>\n    </ram:IssuerSPSParty>",
        ">NULL</ram:Name></ram:IssuerSPSParty>",
    )
    assert told(tolerantly(content)) == [(f"{DOC}/IssuerSPSParty/Name", PLACEHOLDER)]
    assert tolerantly(content).reading.identity.issuer == "XA-NPPO"


def test_prefixes_that_nobody_bound_are_refused_before_anything_is_read() -> None:
    content = sample(KIND, "grapefruit").replace(b' xmlns:udt="', b' xmlns:other="')
    with pytest.raises(NodeError) as caught:
        tolerantly(content)
    assert caught.value.code.startswith("N2N-XML")


def test_a_paper_without_departures_has_no_remarks() -> None:
    for name in sample_names(KIND):
        content = sample(KIND, name)
        assert tolerantly(content) == reader.recognise(content)


def test_what_is_refused_is_named_alone_and_where_it_stands_in_the_paper() -> None:
    """Departures that pass are not blamed beside one that does not, and moving children moves no path."""
    whole = sample(KIND, "grapefruit").decode()
    number = "<ram:ID>XA-PC-2026-004711</ram:ID>"
    content = whole.replace(number, "", 1).replace(
        "<ram:SignatorySPSAuthentication>", "<ram:Colour/><ram:SignatorySPSAuthentication>", 1
    )
    content = content.replace("<ram:TypeCode>851</ram:TypeCode>", f"<ram:TypeCode>851</ram:TypeCode>{number}", 1)
    assert refused(content.encode(), TOLERANT) == [(f"{DOC}/Colour", "is not known here")]


def test_more_departures_than_a_receipt_tells_are_counted() -> None:
    whole = sample(KIND, "grapefruit").decode()
    start = whole.index("<ram:IncludedSPSTradeLineItem>")
    end = whole.rindex("</ram:IncludedSPSTradeLineItem>") + len("</ram:IncludedSPSTradeLineItem>")
    line = whole[start : whole.index("</ram:IncludedSPSTradeLineItem>") + len("</ram:IncludedSPSTradeLineItem>")]
    line = line.replace(' unitCode="KGM"', "")
    lines = "".join(
        line.replace("<ram:SequenceNumeric>1<", f"<ram:SequenceNumeric>{number}<") for number in range(1, 41)
    )
    remarks = told(tolerantly((whole[:start] + lines + whole[end:]).encode()))
    assert len(remarks) == reader.MAX_FINDINGS
    assert remarks[-1] == ("/", "and 31 more departures")


def test_a_thousand_departures_are_no_habit_but_another_document() -> None:
    names = "<ram:Name>N/A</ram:Name>" * 1_001
    content = edited('<ram:Name languageID="en">Phytosanitary certificate</ram:Name>', names)
    assert len(refused(content, TOLERANT)) == reader.MAX_FINDINGS


@given(seed=st.integers(0, 1 << 30), name=st.sampled_from(sample_names(KIND)))
@settings(max_examples=60, deadline=None)
def test_in_whatever_order_the_elements_stand_the_same_is_read(seed: int, name: str) -> None:
    root = etree.fromstring(sample(KIND, name))
    dice = random.Random(seed)
    for parent in list(root.iter()):
        ranks: dict[object, float] = {}
        parent[:] = sorted(parent, key=lambda child: ranks.setdefault(child.tag, dice.random()))
    document = tolerantly(etree.tostring(root))
    assert document.reading == reader.recognise(sample(KIND, name)).reading
    assert all("must stand" in remark.rule or "more departures" in remark.rule for remark in document.remarks)


def _without(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _emptied(element: etree._Element) -> None:
    element[:] = []
    element.text = None


def _doubled(element: etree._Element) -> None:
    element.addnext(etree.fromstring(etree.tostring(element)))


def _swapped(element: etree._Element) -> None:
    element.text = "N/A &amp; 2026-11-22T09:30:00Z"
    element.attrib.clear()


@pytest.mark.parametrize("change", [_without, _emptied, _doubled, _swapped])
@pytest.mark.parametrize("name", sample_names(KIND))
def test_whatever_happens_to_one_element_is_read_or_refused_with_a_reason(name: str, change) -> None:
    whole = sample(KIND, name)
    number = reader.recognise(whole).reading.identity.number
    for index in range(1, sum(1 for _ in etree.fromstring(whole).iter())):
        root = etree.fromstring(whole)
        change(list(root.iter())[index])
        content = etree.tostring(root)
        document = _read(content, TOLERANT)
        if document is None:
            assert _read(content, NO_TERMS) is None, index
            continue
        assert document.content == content
        assert document.reading.identity.number == number or change is _swapped
        assert "?" not in "".join(document.reading.fields.values())
        strictly = _read(content, NO_TERMS)
        assert strictly == document or document.remarks, index


def _read(content: bytes, terms: Terms) -> Document | None:
    try:
        return reader.read(content, KIND, 1, MediaType.XML, terms)
    except PaperRefused as refused:
        if not refused.findings or not all(one.rule and one.code != "TOLERATED" for one in refused.findings):
            raise AssertionError("refused without a reason") from refused
        return None
