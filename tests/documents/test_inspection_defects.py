"""Each defect of an inspection result is refused with exactly its element and its reason; nothing else is blamed."""

import pytest

from node.documents import reader
from node.documents.samples import sample
from node.errors import PaperRefused
from node.model.document import Identity, MediaType, Succession

KIND = "inspection_result"
JUICERS, PENDING, REJECTED, SCANNED = "juicers", "tea_pending", "tea_rejected", "scanned_pumps"

ROOT = "/InspectionResult"
ONE, TWO = f"{ROOT}/Line[1]", f"{ROOT}/Line[2]"
LABEL = "must have 1 to 70 characters and no outer or double blanks"
MOMENT = "must be a moment with offset, as 2026-11-22T09:30:00Z"

Finding = tuple[str, str, str]
Change = tuple[str, str]


def schema(path: str, rule: str) -> Finding:
    return ("SCHEMA", path, rule)


def rule(path: str, rule: str) -> Finding:
    return ("RULE", path, rule)


def changed(name: str, changes: list[Change]) -> bytes:
    text = sample(KIND, name).decode()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return text.encode()


NOT_INSPECTED = [
    ("<Result>pending</Result>", "<Result>not-inspected</Result>"),
    ("<Result>pending</Result>\n  <Disp", "<Result>not-inspected</Result>\n  <Disp"),
]
PASS = [
    ("<Result>conditional</Result>\n    <Mea", "<Result>pass</Result>\n    <Mea"),
    ("<Result>conditional</Result>\n  <Cond", "<Result>pass</Result>\n  <Cond"),
    ('<Condition lang="en">Cartons of line 2 are relabelled before they are placed on the market.</Condition>', ""),
]

# name of the defect: (sample, what is replaced by what, the findings)
DEFECTS: dict[str, tuple[str, list[Change], list[Finding]]] = {
    # --- structure
    "no number": (JUICERS, [("<Number>XA-CAB-2026-118204</Number>", "")], [schema(ROOT, "lacks Number")]),
    "element nobody knows": (
        JUICERS,
        [("<Purpose>", "<Colour>red</Colour><Purpose>")],
        [schema(f"{ROOT}/Colour", "is not known here")],
    ),
    "result before the lines": (
        JUICERS,
        [
            ("<Result>conditional</Result>\n  <Condition", "<Condition"),
            ("<Scope>", "<Result>conditional</Result><Scope>"),
        ],
        [schema(f"{ROOT}/Result", "must stand after Line")],
    ),
    "neither value nor observation": (
        JUICERS,
        [("<Observation>No breakdown at 3000 V for one minute</Observation>", "")],
        [schema(f"{ONE}/Measurement[2]", "lacks Value or Observation")],
    ),
    "both value and observation": (
        JUICERS,
        [("<Observation>", '<Value unit="VLT">3000</Value><Observation>')],
        [schema(f"{ONE}/Measurement[2]/Observation", "may stand here only once")],
    ),
    "value without unit": (
        JUICERS,
        [('<Value unit="4K">', "<Value>")],
        [schema(f"{ONE}/Measurement[1]/Value", "attribute unit is missing")],
    ),
    "attachment inside the paper": (
        JUICERS,
        [("<Size>482113</Size>", "<Size>482113</Size><Content>JVBERi0</Content>")],
        [schema(f"{ROOT}/Attachment/Content", "is not known here")],
    ),
    "no inspector": (
        JUICERS,
        [("<Inspector>Inspection team 7</Inspector>", "")],
        [schema(f"{ROOT}/Inspection", "lacks Inspector")],
    ),
    "seventeen references": (
        JUICERS,
        [("<Ucr>6XA3310928-PO7781</Ucr>", "".join(f"<Ucr>U{n}</Ucr>" for n in range(17)))],
        [schema(f"{ROOT}/Ucr[17]", "may stand here at most 16 times")],
    ),
    # --- values
    "type that is an application": (
        JUICERS,
        [("<TypeCode>2<", "<TypeCode>855<")],
        [schema(f"{ROOT}/TypeCode", "must be a result type of the list (UNTDID 1001)")],
    ),
    "result in other words": (
        PENDING,
        [("<Result>pending</Result>\n  </Line>", "<Result>ok</Result>\n  </Line>")],
        [schema(f"{ROOT}/Line/Result", "must be pass, conditional, fail, pending or not-inspected")],
    ),
    "moment without offset": (
        JUICERS,
        [("<IssuedAt>2026-11-14T15:20:00+08:00<", "<IssuedAt>2026-11-14T15:20:00<")],
        [schema(f"{ROOT}/IssuedAt", MOMENT)],
    ),
    "the year of the republic": (
        PENDING,
        [("<From>2026-11-16", "<From>115-11-16")],
        [schema(f"{ROOT}/Inspection/From", MOMENT)],
    ),
    "digest in capitals": (
        JUICERS,
        [("5d0f8c1b", "5D0F8C1B")],
        [schema(f"{ROOT}/Attachment/Sha256", "must be 64 hexadecimal digits in lower case")],
    ),
    "attachment that runs": (
        JUICERS,
        [("application/pdf", "application/x-msdownload")],
        [schema(f"{ROOT}/Attachment/MediaType", "must be a media type of the list")],
    ),
    "empty attachment": (
        JUICERS,
        [("<Size>482113<", "<Size>0<")],
        [schema(f"{ROOT}/Attachment/Size", "must be a whole number from 1 to 104857600")],
    ),
    "container with a blank": (
        JUICERS,
        [("XALU4410276", "XALU 4410276")],
        [schema(f"{ROOT}/Container/Number", "must have 1 to 17 characters and no blanks")],
    ),
    "seal in an unknown state": (
        JUICERS,
        [("<State>intact<", "<State>good<")],
        [schema(f"{ROOT}/Container/Seal/State", "must be intact, broken, missing or replaced")],
    ),
    "value in words": (
        JUICERS,
        [(">0.08<", ">n.d.<")],
        [schema(f"{ONE}/Measurement[1]/Value", "must be a decimal of at most 16 digits, 6 decimals")],
    ),
    "bound by a sign": (
        JUICERS,
        [('bound="below"', 'bound="lt"')],
        [schema(f"{TWO}/Measurement/Value", "attribute bound must be below or above")],
    ),
    "name of 71 characters beyond the basic plane": (
        JUICERS,
        [("Havnstad Hvitevarer AS", "𠮷" * 71)],
        [schema(f"{ROOT}/Importer/Name", LABEL)],
    ),
    # --- characters
    "private-use character of an old code page": (
        PENDING,
        [("黃喆瑩堃", "黃\ue000")],
        [rule(f"{ROOT}/Signatory/Name", "must not hold private-use characters: U+E000 at 2")],
    ),
    # --- the paper
    "withdrawn without reason": (
        JUICERS,
        [("<Status>issued<", "<Status>withdrawn<")],
        [rule(f"{ROOT}/Status", "a withdrawal or cancellation needs a StatusReason")],
    ),
    "reason without withdrawal": (
        JUICERS,
        [("<IssuedAt>", "<StatusReason>none</StatusReason><IssuedAt>")],
        [rule(f"{ROOT}/StatusReason", "only a withdrawal or cancellation has a reason")],
    ),
    "supersedes itself": (
        REJECTED,
        [("<Number>XA-115-FI-0330418<", "<Number>XA-115-FI-0330455<")],
        [rule(f"{ROOT}/Supersedes", "a result cannot supersede itself")],
    ),
    "other reason without note": (
        REJECTED,
        [(">completion<", ">other<")],
        [rule(f"{ROOT}/Supersedes", "the reason other needs a Note")],
    ),
    "supersedes the future": (
        REJECTED,
        [("<IssuedAt>2026-11-16", "<IssuedAt>2026-12-16")],
        [rule(f"{ROOT}/IssuedAt", "must not be before what it supersedes")],
    ),
    "ended before it began": (
        REJECTED,
        [("<Until>2026-11-20", "<Until>2026-11-15")],
        [rule(f"{ROOT}/Inspection/Until", "must not be before From")],
    ),
    "issued before the inspection": (
        PENDING,
        [("<IssuedAt>2026-11-16T11", "<IssuedAt>2026-11-16T08")],
        [rule(f"{ROOT}/IssuedAt", "must not be before the inspection")],
    ),
    "valid until yesterday": (
        JUICERS,
        [("<ValidUntil>2027-11-13", "<ValidUntil>2026-11-13")],
        [rule(f"{ROOT}/ValidUntil", "must not be before IssuedAt")],
    ),
    "pending and yet valid": (
        PENDING,
        [("<Authority>", "<ValidUntil>2027-01-01</ValidUntil><Authority>")],
        [rule(f"{ROOT}/ValidUntil", "a result that is open is not valid for a time")],
    ),
    "about no consignment": (
        PENDING,
        [
            (
                "<Declaration>\n    <Number>AA-15-004-18837</Number>\n    <Country>XA</Country>\n    <Item>1</Item>\n  "
                "</Declaration>",
                "",
            ),
            (
                "<Container>\n    <Number>XBLU7730145</Number>\n    <Seal>\n      <Number>XB-5520018</Number>\n      "
                "<State>intact</State>\n    </Seal>\n  </Container>",
                "",
            ),
        ],
        [rule(ROOT, "needs a Ucr, a Declaration or a Container")],
    ),
    "seal twice": (
        REJECTED,
        [("XA-FI-88102", "XB-5520018")],
        [
            rule(f"{ROOT}/Container/Seal[1]/Number", "must be different on every seal"),
            rule(f"{ROOT}/Container/Seal[2]/Number", "must be different on every seal"),
        ],
    ),
    "analysis without laboratory": (
        JUICERS,
        [
            ("<TypeCode>2<", "<TypeCode>1<"),
            (
                "<Laboratory>\n      <Name>Westport Electrical Safety Laboratory</Name>\n      "
                "<Accreditation>XA-ACC-0412</Accreditation>\n      <Country>XA</Country>\n    </Laboratory>",
                "",
            ),
        ],
        [rule(f"{ROOT}/TypeCode", "a certificate of analysis needs its Laboratory")],
    ),
    "analysis without measurement": (
        PENDING,
        [
            ("<Result>pending</Result>\n  </Line>", "<Result>pass</Result>\n  </Line>"),
            ("<Result>pending</Result>\n  <Disposition>hold", "<Result>pass</Result>\n  <Disposition>release"),
        ],
        [
            rule(f"{ROOT}/TypeCode", "a certificate of analysis needs a Measurement"),
            rule(f"{ROOT}/TypeCode", "a certificate of analysis needs its Laboratory"),
        ],
    ),
    "scope of lines without lines": (
        PENDING,
        [("<Line>", "<!--"), ("</Line>", "-->")],
        [rule(f"{ROOT}/Scope", "the scope lines needs a Line")],
    ),
    "line number twice": (
        JUICERS,
        [("<Sequence>2<", "<Sequence>1<")],
        [
            rule(f"{ONE}/Sequence", "must be different on every line"),
            rule(f"{TWO}/Sequence", "must be different on every line"),
        ],
    ),
    "way of control twice": (
        SCANNED,
        [("<Control>physical<", "<Control>documentary<")],
        [
            rule(f"{ROOT}/Inspection/Control[1]", "must be different on every control"),
            rule(f"{ROOT}/Inspection/Control[3]", "must be different on every control"),
        ],
    ),
    "way of control that nobody knows": (
        SCANNED,
        [("<Control>physical<", "<Control>by dog<")],
        [schema(f"{ROOT}/Inspection/Control[3]", "must be a way of control of the list")],
    ),
    "sample twice": (
        SCANNED,
        [("<Sample>S-4417-1</Sample>", "<Sample>S-1</Sample><Sample>S-1</Sample>")],
        [
            rule(f"{ROOT}/Inspection/Sampling/Sample[1]", "must be different on every sample"),
            rule(f"{ROOT}/Inspection/Sampling/Sample[2]", "must be different on every sample"),
        ],
    ),
    "accredited without accreditation": (
        SCANNED,
        [("<Accreditation>XB-ACC-0031</Accreditation>", "")],
        [rule(f"{ROOT}/Inspection/Laboratory/AccreditedBy", "needs the Accreditation that it gave")],
    ),
    "reference of no type": (
        SCANNED,
        [("<TypeCode>864<", "<TypeCode>0864<")],
        [schema(f"{ROOT}/Reference/TypeCode", "must be 1 to 3 capitals or digits (UNTDID 1001)")],
    ),
    "image inside the paper": (
        SCANNED,
        [("<Size>184320551</Size>", "<Size>184320551</Size><Content>AAAA</Content>")],
        [schema(f"{ROOT}/Image/Content", "is not known here")],
    ),
    "image of another container": (
        SCANNED,
        [("<Container>XALU5520194</Container>", "<Container>XALU0000000</Container>")],
        [rule(f"{ROOT}/Image/Container", "must be a Container of this result")],
    ),
    "image of the future": (
        SCANNED,
        [("<TakenAt>2026-11-18T10", "<TakenAt>2026-11-18T20")],
        [rule(f"{ROOT}/IssuedAt", "must not be before its images")],
    ),
    # --- verdicts
    "found on what was not inspected": (
        PENDING,
        [
            *NOT_INSPECTED,
            (
                "<Result>not-inspected</Result>\n  </Line>",
                "<Result>not-inspected</Result><Defect><Severity>minor</Severity><Description>wet</Description></Defect>"
                "\n  </Line>",
            ),
        ],
        [rule(f"{ROOT}/Line/Defect", "nothing is found on what was not inspected")],
    ),
    "failed measurement on a line that passed": (
        JUICERS,
        [
            (
                "<Observation>No breakdown at 3000 V for one minute</Observation>\n      <Verdict>pass",
                "<Observation>Breakdown</Observation>\n      <Verdict>fail",
            )
        ],
        [rule(f"{ONE}/Result", "a failed measurement or critical defect is no pass")],
    ),
    "critical defect on a line that passed": (
        JUICERS,
        [("<Severity>minor<", "<Severity>critical<")],
        [rule(f"{ONE}/Result", "a failed measurement or critical defect is no pass")],
    ),
    "pass beyond the limit": (
        JUICERS,
        [(">0.08<", ">0.251<")],
        [rule(f"{ONE}/Measurement[1]/Verdict", "a value beyond its limit does not pass")],
    ),
    "pass above a bound beyond the limit": (
        JUICERS,
        [('bound="below">2<', 'bound="above">10.5<')],
        [rule(f"{TWO}/Measurement/Verdict", "a value beyond its limit does not pass")],
    ),
    "fail within the limit": (
        REJECTED,
        [(">0.04<", ">0.01<")],
        [rule(f"{ROOT}/Line/Measurement[1]/Verdict", "a value within its limits does not fail")],
    ),
    "limit in another unit": (
        JUICERS,
        [('<Maximum unit="4K">', '<Maximum unit="AMP">')],
        [rule(f"{ONE}/Measurement[1]/Maximum", "must have the unit of Value")],
    ),
    "limits the wrong way": (
        JUICERS,
        [('<Maximum unit="4K">0.25', '<Minimum unit="4K">0.3</Minimum><Maximum unit="4K">0.25')],
        [rule(f"{ONE}/Measurement[1]/Minimum", "must not exceed Maximum")],
    ),
    "limit without value": (
        JUICERS,
        [("one minute</Observation>", 'one minute</Observation><Maximum unit="VLT">1</Maximum>')],
        [rule(f"{ONE}/Measurement[2]/Maximum", "a limit needs a Value")],
    ),
    "pass of the whole with a failed line": (
        REJECTED,
        [("<Result>fail</Result>\n  <Disposition>return", "<Result>pass</Result>\n  <Disposition>release")],
        [rule(f"{ROOT}/Result", "a line that did not pass is no pass of the whole")],
    ),
    "failure without cause": (
        PENDING,
        [("<Result>pending</Result>\n  <Disp", "<Result>fail</Result>\n  <Disp"), (">1</TypeCode>", ">293</TypeCode>")],
        [rule(f"{ROOT}/Result", "a failure needs a failed line, a defect or Remarks")],
    ),
    "not inspected and yet decided": (
        PENDING,
        [
            NOT_INSPECTED[1],
            ("<Result>pending</Result>\n  </Line>", "<Result>pass</Result>\n  </Line>"),
        ],
        [rule(f"{ROOT}/Result", "a line that was decided was inspected")],
    ),
    "condition that is not told": (
        JUICERS,
        [PASS[2]],
        [rule(f"{ROOT}/Result", "a conditional result needs its Condition")],
    ),
    "condition of a pass": (
        JUICERS,
        PASS[:2],
        [rule(f"{ROOT}/Condition", "only a conditional result has conditions")],
    ),
    "decided and nothing follows": (
        JUICERS,
        [("<Disposition>release</Disposition>", "")],
        [rule(f"{ROOT}/Result", "a decided result needs its Disposition")],
    ),
    "released although it failed": (
        REJECTED,
        [(">return<", ">release<")],
        [rule(f"{ROOT}/Disposition", "goods that failed or wait are not released")],
    ),
    "released although it waits": (
        PENDING,
        [(">hold<", ">release<")],
        [rule(f"{ROOT}/Disposition", "goods that failed or wait are not released")],
    ),
    "destroyed although it passed": (
        JUICERS,
        [*PASS, (">release<", ">destroy<")],
        [rule(f"{ROOT}/Disposition", "only a failure or condition sends goods away")],
    ),
}


@pytest.mark.parametrize(("name", "changes", "findings"), DEFECTS.values(), ids=DEFECTS.keys())
def test_a_defect_is_refused_with_its_element_and_reason(
    name: str, changes: list[Change], findings: list[Finding]
) -> None:
    content = changed(name, changes)
    if b"<!--" in content:  # stands for taking a whole element out
        content = content[: content.index(b"<!--")] + content[content.index(b"-->") + 3 :]
    with pytest.raises(PaperRefused) as caught:
        reader.read(content, KIND, 1, MediaType.XML)
    assert [(str(found.code), found.path, found.rule) for found in caught.value.findings] == findings


FINE: dict[str, tuple[str, list[Change]]] = {
    "everything passed": (JUICERS, PASS),
    "not inspected": (PENDING, [*NOT_INSPECTED, ("<Disposition>hold</Disposition>", "")]),
    "value at its limit": (JUICERS, [(">0.08<", ">0.25<")]),
    "fail for another reason than the limit, in doubt": (
        REJECTED,
        [('<Value unit="NA">0.04<', '<Value unit="NA" bound="above">0.005<')],
    ),
    "temperature below zero": (
        JUICERS,
        [
            (
                '<Value unit="4K">0.08</Value>\n      <Maximum unit="4K">0.25',
                '<Value unit="CEL">-18.5</Value>\n      <Minimum unit="CEL">-25</Minimum><Maximum unit="CEL">-18',
            )
        ],
    ),
    "only informative": (REJECTED, [("<Verdict>pass<", "<Verdict>informative<")]),
    "supersedes a paper of unknown date": (REJECTED, [("<IssuedAt>2026-11-16T11:05:00+08:00</IssuedAt>", "")]),
}


@pytest.mark.parametrize(("name", "changes"), FINE.values(), ids=FINE.keys())
def test_what_the_rules_do_not_forbid_is_read(name: str, changes: list[Change]) -> None:
    assert reader.read(changed(name, changes), KIND, 1, MediaType.XML).kind == KIND


def test_a_final_result_follows_the_pending_one() -> None:
    pending, final = (reader.recognise(sample(KIND, name)).reading for name in (PENDING, REJECTED))
    assert pending.identity == Identity("XA:南嶼食品藥物管理署", "XA-115-FI-0330418", "1")
    assert final.succession == Succession(pending.identity.number, "completion")
    assert final.identity.issuer == pending.identity.issuer


def test_a_withdrawal_ends_its_own_number() -> None:
    content = changed(JUICERS, [(">issued</Status>", ">withdrawn</Status><StatusReason>wrong lot</StatusReason>")])
    reading = reader.recognise(content).reading
    assert reading.identity == Identity("XA-STANDARDS", "XA-CAB-2026-118204", "withdrawn")
    assert reading.succession == Succession("XA-CAB-2026-118204", "withdrawal")


def test_a_result_tells_what_people_search_for() -> None:
    reading = reader.recognise(sample(KIND, JUICERS)).reading
    assert reading.ucr == ("6XA3310928-PO7781",)
    assert reading.fields == {
        "number": "XA-CAB-2026-118204",
        "type": "2",
        "status": "issued",
        "result": "conditional",
        "disposition": "release",
        "issued": "2026-11-14T07:20:00.000Z",
        "valid_until": "2027-11-13",
        "issuer": "Bureau of Standards of Alandria",
        "purpose": "export",
        "exporter": "Brisa Home Appliances Ltd",
        "importer": "Havnstad Hvitevarer AS",
        "export_country": "XA",
        "import_country": "XB",
        "goods": "Citrus juicer, 85 W, white; Spare cones for citrus juicer",
        "hs_codes": "850940; 850990",
        "standards": "IEC 60335-2-14",
        "place": "Westport Free Zone, warehouse 4",
        "inspected": "2026-11-12T01:00:00.000Z",
        "declarations": "26XA0041127756",
        "containers": "XALU4410276",
    }
