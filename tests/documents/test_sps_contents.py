"""What SPS certificates say in free fields, by type: acronyms and contents, treatments, clauses, attachments."""

import base64
import hashlib

import pytest

from node.documents import reader
from node.documents.samples import sample
from node.errors import PaperRefused
from node.model.document import MediaType, Reading
from node.model.terms import Terms

KIND = "phytosanitary_certificate"
DOC = "/SPSCertificate/SPSExchangedDocument"
LINE = "/SPSCertificate/SPSConsignment/IncludedSPSConsignmentItem/IncludedSPSTradeLineItem"
OF_PLANTS, OF_ANIMALS_AND_FOOD = ("851", "657"), ("852", "853", "636")


def judged(content: str, terms: Terms | None = None) -> list[tuple[str, str]]:
    """Rules that the certificate breaks, with their places."""
    try:
        reader.read(content.encode(), KIND, 1, MediaType.XML, *([terms] if terms else []))
    except PaperRefused as refused:
        return [(finding.path, finding.rule) for finding in refused.findings]
    return []


def reading(content: str) -> Reading:
    return reader.read(content.encode(), KIND, 1, MediaType.XML).reading


def edited(name: str, *edits: tuple[str, str]) -> str:
    whole = sample(KIND, name).decode()
    for before, after in edits:
        assert before in whole, before
        whole = whole.replace(before, after, 1)
    return whole


def typed(code: str) -> tuple[str, str]:
    return "<ram:TypeCode>657<", f"<ram:TypeCode>{code}<"


# --- types ------------------------------------------------------------------------------------------------------------

BEFORE_NOTES = "<ram:ReferenceSPSReferencedDocument>"
FREE_NOTE = (
    "<ram:IncludedSPSNote><ram:Subject>Animal health</ram:Subject><ram:Content>x</ram:Content></ram:IncludedSPSNote>"
)
FREE_LINE_NOTE = FREE_NOTE.replace("IncludedSPSNote", "AdditionalInformationSPSNote")
BEFORE_LINE_NOTES = "<ram:AdditionalInformationSPSNote>"
PROCESS = (
    "<ram:AppliedSPSProcess><ram:TypeCode>ZZZ</ram:TypeCode><ram:ApplicableSPSProcessCharacteristic>"
    "<ram:Description>Vaccinated</ram:Description></ram:ApplicableSPSProcessCharacteristic></ram:AppliedSPSProcess>"
)
LINE_END = "</ram:OriginSPSCountry>"
FOREIGN = {
    "a subject of its own": ((BEFORE_NOTES, FREE_NOTE + BEFORE_NOTES), f"{DOC}/IncludedSPSNote[2]"),
    "a subject of its own on a line": (
        (BEFORE_LINE_NOTES, FREE_LINE_NOTE + BEFORE_LINE_NOTES), f"{LINE}/AdditionalInformationSPSNote[1]"
    ),
    "a process without acronym": (
        (LINE_END, LINE_END + PROCESS), f"{LINE}/AppliedSPSProcess/ApplicableSPSProcessCharacteristic"
    ),
    "a clause numbered otherwise": (
        ("<ram:ID>2</ram:ID>\n        <ram:Content/>", "<ram:ID>II.2</ram:ID><ram:Content>x</ram:Content>"),
        f"{DOC}/SignatorySPSAuthentication/IncludedSPSClause/ID",
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", OF_ANIMALS_AND_FOOD)
@pytest.mark.parametrize(("edit", "path"), FOREIGN.values(), ids=FOREIGN)
def test_sanitary_certificates_are_not_held_to_rules_of_plants(code: str, edit: tuple[str, str], path: str) -> None:
    assert judged(edited("tulips_reexport", typed(code), edit)) == []


@pytest.mark.parametrize("code", OF_PLANTS)
@pytest.mark.parametrize(("edit", "path"), FOREIGN.values(), ids=FOREIGN)
def test_phytosanitary_certificates_are(code: str, edit: tuple[str, str], path: str) -> None:
    assert [one for one, _ in judged(edited("tulips_reexport", typed(code), edit))] == [path]


@pytest.mark.parametrize("code", [*OF_PLANTS, *OF_ANIMALS_AND_FOOD])
def test_only_a_re_export_must_say_of_what_it_is(code: str) -> None:
    bare = edited("tulips_reexport", typed(code), (">RPCCO<", ">RPCST<"), (">RPCRF<", ">RPCOR<"))
    needed = [rule for _, rule in judged(bare) if rule.startswith("a re-export")]
    assert len(needed) == (2 if code == "657" else 0)


def test_a_re_export_is_of_another_certificate() -> None:
    own = edited("tulips_reexport", ("<ram:Content>XB/PHYTO/55120/26<", "<ram:Content>XA-RE-2026-000318<"))
    assert judged(own) == [
        (f"{LINE}/AdditionalInformationSPSNote[3]/Content", "a re-export cannot be of its own certificate")
    ]
    assert judged(own.replace("<ram:TypeCode>657<", "<ram:TypeCode>851<", 1)) == []


def test_a_clause_says_something() -> None:
    mute = edited("honey_health", ("<ram:ID>II.1.2</ram:ID>", ""), (">The honey comes from", "></ram:Content><x>"))
    mute = mute[: mute.index("<x>")] + mute[mute.index("</ram:Content>", mute.index("<x>")) + len("</ram:Content>") :]
    assert judged(mute) == [
        (f"{DOC}/SignatorySPSAuthentication/IncludedSPSClause", "needs the number of a statement, or its text")
    ]


# --- acronyms ---------------------------------------------------------------------------------------------------------

MOMENT, DATE = "2026-11-22T09:30:00Z", "2026-11-22"
# acronym: contents that fit, contents that do not
DOCUMENT_ACRONYMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "SPSFL": (("5", "12"), ("", "five", "123", "-1")),
    "ADEDL": (("x", "字" * 8000), ("", "x" * 8001)),
    "ADIPEDL": (("x" * 256,), ("", "x" * 257)),
    "ADDIEDL": ((MOMENT, "2026-11-22T09:30:00+08:00"), (DATE, "2026-02-30T09:30:00Z", "")),
    "ADAOEDL": (("x" * 8000,), ("", "x" * 8001)),
    "ADRP": (("4",), ("four",)),
    "ADRPN": (("x" * 60,), ("", "x" * 61, "N/A", "NULL")),
    "ADRD": ((MOMENT,), (DATE,)),
    "ADRPR": (("x" * 512,), ("", "x" * 513)),
    "DMCL": (("x" * 512,), ("", "x" * 513)),
}
LINE_ACRONYMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ADTLIL": (("x" * 8000,), ("", "x" * 8001)),
    "ADIPTLIL": (("x" * 256,), ("", "x" * 257)),
    "ADDITLIL": ((MOMENT,), (DATE,)),
    "ADAOTLIL": (("x" * 8000,), ("", "x" * 8001)),
    "DMTLIL": (("x" * 1024,), ("", "x" * 1025)),
    "OPTND": (("x" * 512,), ("", "x" * 513)),
    "OQU": (("x" * 50,), ("", "x" * 51)),
    "OQV": (("8", "0.0001", "1234567890123456.1234"), ("", "1,5", "1.00001", "12345678901234567", "-1")),
    "RPCST": (("3",), ("three",)),
    "RPCCO": (("XB",), ("xb", "XBX", "")),
    "RPCRF": (("x" * 60,), ("", "x" * 61, "sin dato")),
    **dict.fromkeys(
        ("RPCOR", "RPCTC", "RPCPK", "RPCRP", "RPCOC", "RPCNC", "RPCPC", "RPCAI"),
        (("true", "false", "1", "0"), ("yes", "TRUE", "")),
    ),
}


def _noted(element: str, notes: list[tuple[str, str]]) -> str:
    """The orchids with these notes and no others at one level."""
    whole = sample(KIND, "orchids").decode()
    written = "".join(
        f"<ram:{element}><ram:Subject>{subject}</ram:Subject><ram:Content>{content}</ram:Content></ram:{element}>"
        for subject, content in notes
    )
    start = whole.index(f"<ram:{element}>")
    end = whole.rindex(f"</ram:{element}>") + len(f"</ram:{element}>")
    return whole[:start] + written + whole[end:]


CASES = [
    (element, acronym, fit, unfit)
    for element, table in (
        ("IncludedSPSNote", DOCUMENT_ACRONYMS),
        ("AdditionalInformationSPSNote", LINE_ACRONYMS),
    )
    for acronym, (fit, unfit) in table.items()
]


@pytest.mark.parametrize(("element", "acronym", "fit", "unfit"), CASES, ids=[case[1] for case in CASES])
def test_an_acronym_takes_what_fits_and_nothing_else(
    element: str, acronym: str, fit: tuple[str, ...], unfit: tuple[str, ...]
) -> None:
    others = [("ADRPN", "Z-1")] if acronym in ("ADRP", "ADRD", "ADRPR") else []
    for content in fit:
        assert judged(_noted(element, [(acronym, content), *others])) == [], content
    for content in unfit:
        found = judged(_noted(element, [(acronym, content), *others]))
        assert {path.rsplit("/", 1)[1] for path, _ in found} == {"Content"}, content
        assert any(rule.startswith(f"{acronym} ") for _, rule in found), content


ONCE = {"SPSFL", "ADRP", "ADRPN", "ADRD", "ADRPR", "OQU", "OQV"} | {name for name in LINE_ACRONYMS if name[:2] == "RP"}


@pytest.mark.parametrize(("element", "acronym", "fit", "unfit"), CASES, ids=[case[1] for case in CASES])
def test_what_says_one_thing_is_said_once(
    element: str, acronym: str, fit: tuple[str, ...], unfit: tuple[str, ...]
) -> None:
    others = [("ADRPN", "Z-1")] if acronym in ("ADRP", "ADRD", "ADRPR") else []
    found = judged(_noted(element, [(acronym, fit[0]), (acronym, fit[0]), *others]))
    assert [rule for _, rule in found] == ([f"{acronym} may stand only once"] if acronym in ONCE else [])


def test_an_acronym_belongs_to_its_level() -> None:
    for element, theirs in (
        ("IncludedSPSNote", LINE_ACRONYMS), ("AdditionalInformationSPSNote", DOCUMENT_ACRONYMS),
    ):  # fmt: skip
        for acronym, (fit, _) in theirs.items():
            rules = {rule for _, rule in judged(_noted(element, [(acronym, fit[0])]))}
            assert rules == {"its Subject is not an acronym of this level (IPPC)"}, acronym


# --- treatments -------------------------------------------------------------------------------------------------------


def _treated(*characteristics: str, period: str = "") -> str:
    inside = "".join(
        f"<ram:ApplicableSPSProcessCharacteristic>{one}</ram:ApplicableSPSProcessCharacteristic>"
        for one in characteristics
    )
    process = f"<ram:AppliedSPSProcess><ram:TypeCode>ZZZ</ram:TypeCode>{period}{inside}</ram:AppliedSPSProcess>"
    whole = sample(KIND, "orchids").decode()
    end = whole.index(LINE_END, whole.index("<ram:OriginSPSCountry>")) + len(LINE_END)
    return whole[:end] + process + whole[end:]


def _texts(*texts: str) -> str:
    return "".join(f"<ram:Description>{text}</ram:Description>" for text in texts)


def _measured(acronym: str, unit: str) -> str:
    return f'{_texts(acronym)}<ram:ValueMeasure unitCode="{unit}">2.5</ram:ValueMeasure>'


@pytest.mark.parametrize(
    ("acronym", "most"), [("TTL1", 256), ("TTL2", 256), ("TTCH", 256), ("TTAI", 400), ("TTFT", 8000)]
)
def test_a_treatment_text_has_its_length(acronym: str, most: int) -> None:
    assert judged(_treated(_texts(acronym, "x" * most))) == []
    for wrong in (_texts(acronym), _texts(acronym, "x" * (most + 1)), _texts(acronym, "x", "y")):
        ((_, rule),) = judged(_treated(wrong))
        assert rule == f"{acronym} needs a second Description of 1 to {most} characters"


def test_treatment_measures_have_a_value_and_a_unit() -> None:
    assert judged(_treated(_measured("TTTM", "CEL"), _measured("TTCO", "KX"))) == []
    assert [rule for _, rule in judged(_treated(_measured("TTTM", "KX")))] == [
        "a temperature is measured in CEL, FAH or KEL (Rec 20)"
    ]
    for wrong in (_texts("TTCO"), _texts("TTCO", "much")):
        assert [rule for _, rule in judged(_treated(wrong))] == ["TTCO needs a ValueMeasure and no second Description"]


def test_a_treatment_lasts_from_a_moment_on_for_no_less_than_nothing() -> None:
    def lasting(duration: str) -> str:
        start = f"<ram:StartDateTime><udt:DateTimeString>{MOMENT}</udt:DateTimeString></ram:StartDateTime>"
        period = f"<ram:CompletionSPSPeriod>{start}<ram:DurationMeasure {duration}</ram:DurationMeasure>"
        return _treated(_texts("TTFT", "x"), period=f"{period}</ram:CompletionSPSPeriod>")

    assert judged(lasting('unitCode="HUR">3')) == []
    assert [rule for _, rule in judged(lasting(">3"))] == ["needs a unitCode of two or three characters (Rec 20)"]
    assert [rule for _, rule in judged(lasting('unitCode="HUR">-3'))] == ["must not be negative"]


# --- chain ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "version", "relation"),
    [
        ("70", "1", None), ("39", "1", None), ("40", "withdrawn", "withdrawal"), ("44", "replaced", "replaced"),
        ("64", "cancelled", "cancellation"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("code", [*OF_PLANTS, *OF_ANIMALS_AND_FOOD])
def test_a_status_makes_a_version_under_the_same_number(
    code: str, status: str, version: str, relation: str | None
) -> None:
    one = reading(edited("tulips_reexport", typed(code), ("<ram:StatusCode>70<", f"<ram:StatusCode>{status}<")))
    assert (one.identity.number, one.identity.version) == ("XA-RE-2026-000318", version)
    told = one.succession and (one.succession.number, one.succession.relation)
    assert told == (("XA-RE-2026-000318", relation) if relation else None)


@pytest.mark.parametrize("code", [*OF_PLANTS, *OF_ANIMALS_AND_FOOD])
def test_a_replacement_has_a_number_of_its_own_and_names_the_other(code: str) -> None:
    notes = "".join(
        f"<ram:IncludedSPSNote><ram:Subject>{subject}</ram:Subject><ram:Content>{content}</ram:Content></ram:IncludedSPSNote>"
        for subject, content in (
            ("ADRP", "4"), ("ADRPN", "XA-RE-2026-000311"), ("ADRD", MOMENT), ("ADRPR", "consignee"),
        )
    )  # fmt: skip
    one = reading(edited("tulips_reexport", typed(code), (BEFORE_NOTES, notes + BEFORE_NOTES)))
    assert one.succession is not None
    assert (one.succession.number, one.succession.relation) == ("XA-RE-2026-000311", "replacement")


# --- attachments ------------------------------------------------------------------------------------------------------

PDF = b"%PDF-1.7 invented"
ATTACHMENT = f"{DOC}/ReferenceSPSReferencedDocument/AttachmentBinaryObject"


def _named(octets: bytes) -> str:
    return "ni:///sha-256;" + base64.urlsafe_b64encode(hashlib.sha256(octets).digest()).decode().rstrip("=")


def _attached(octets: bytes | None, **attributes: str) -> str:
    whole = sample(KIND, "tulips_reexport").decode()
    start = whole.index("<ram:AttachmentBinaryObject")
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    content = base64.b64encode(octets).decode() if octets is not None else ""
    one = f"<ram:AttachmentBinaryObject{written}>{content}</ram:AttachmentBinaryObject>"
    return whole[:start] + one + whole[whole.index("/>", start) + 2 :]


GOOD = {
    "inline": _attached(PDF, mimeCode="application/pdf"),
    "by its digest": _attached(None, mimeCode="application/pdf", uri=_named(PDF)),
    "both, and they agree": _attached(PDF, mimeCode="application/pdf", uri=_named(PDF)),
    "png": _attached(b"\x89PNG\r\n\x1a\n\x00", mimeCode="image/png"),
    "jpeg": _attached(b"\xff\xd8\xff\xe0\x00", mimeCode="image/jpeg"),
    "tiff": _attached(b"II*\x00\x08", mimeCode="image/tiff"),
    "text": _attached("檢驗報告".encode(), mimeCode="text/plain"),
}
BAD = {
    "another content than the digest": (
        _attached(PDF + b"!", mimeCode="application/pdf", uri=_named(PDF)),
        "attribute uri is the digest of another content",
    ),
    "a place instead of a digest": (
        _attached(None, mimeCode="application/pdf", uri="https://example.test/a.pdf"),
        "attribute uri must be ni:///sha-256; and a digest (RFC 6920)",
    ),
    "a digest of another kind": (
        _attached(None, mimeCode="application/pdf", uri="ni:///sha-512;" + "A" * 86),
        "attribute uri must be ni:///sha-256; and a digest (RFC 6920)",
    ),
    "neither": (_attached(None, mimeCode="application/pdf"), "holds neither content nor, in uri, its digest"),
    "a type that it is not": (
        _attached(PDF, mimeCode="image/png"), "attribute mimeCode is not what the content is",
    ),
    "a program called text": (
        _attached(b"MZ\x90\x00", mimeCode="text/plain"), "attribute mimeCode is not what the content is",
    ),
    "no type": (_attached(PDF), "attribute mimeCode must be pdf, png, jpeg, tiff or plain text"),
}  # fmt: skip


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_an_attachment_is_inline_or_named_by_its_digest(content: str) -> None:
    assert judged(content) == []


@pytest.mark.parametrize(("content", "rule"), BAD.values(), ids=BAD)
def test_what_is_no_such_attachment_is_refused(content: str, rule: str) -> None:
    assert judged(content) == [(ATTACHMENT, rule)]


# --- relations --------------------------------------------------------------------------------------------------------

RELATION = f"{DOC}/ReferenceSPSReferencedDocument/RelationshipTypeCode"


def test_an_unknown_relation_is_remarked_or_refused_where_the_arrangement_closes_the_list() -> None:
    for known in ("ZZZ", "AWR", "AAA", "BM"):
        content = edited("tulips_reexport", (">AWR<", f">{known}<"))
        assert reader.recognise(content.encode()).remarks == ()
    unknown = edited("tulips_reexport", (">AWR<", ">XYZ<"))
    (remark,) = reader.recognise(unknown.encode()).remarks
    assert (remark.code, remark.path) == ("CODE_UNKNOWN", RELATION)
    closed = Terms(closed_lists=frozenset({"untdid_1153"}))
    assert [path for path, _ in judged(unknown, closed)] == [RELATION]
