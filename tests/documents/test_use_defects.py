"""Each defect of a use of a certificate is refused with exactly its member and its reason; nothing else is blamed."""

import json
from collections.abc import Sequence
from decimal import Decimal

import pytest

from node.documents import reader
from node.documents.certified import certified
from node.documents.samples import sample
from node.errors import PaperRefused
from node.model.document import MediaType
from node.model.uses import CertificateUse, Measure, UseAct

KIND = "certificate_use"
USED, WITHDRAWN, SEVERAL = "tea_used", "tea_use_withdrawn", "grapefruit_used"
ROOT = "/CertificateUse"
GONE = object()
AMOUNT = "must be a decimal text of at most 16 digits, 6 decimals"

DEFECTS = {
    "an act of its own": (USED, [("act", "annul")], [("SCHEMA", "act", "must be use or withdraw")]),
    "an amount as a number": (USED, [("lines/0/quantity/amount", 5)], [("SCHEMA", "lines[1]/quantity/amount", AMOUNT)]),
    "an amount with an exponent": (
        USED, [("lines/0/quantity/amount", "1e3")], [("SCHEMA", "lines[1]/quantity/amount", AMOUNT)]
    ),
    "an amount with a sign": (
        USED, [("lines/0/quantity/amount", "-1")], [("SCHEMA", "lines[1]/quantity/amount", AMOUNT)]
    ),
    "an amount that is padded": (
        USED, [("lines/0/quantity/amount", "0120")], [("SCHEMA", "lines[1]/quantity/amount", AMOUNT)]
    ),
    "seven decimals": (
        USED, [("lines/0/quantity/amount", "0.0000001")], [("SCHEMA", "lines[1]/quantity/amount", AMOUNT)]
    ),
    "nothing at all": (
        USED,
        [("lines/0/quantity/amount", "0.000")],
        [("RULE", "lines[1]/quantity/amount", "must be more than nothing")],
    ),
    "a digest in capitals": (
        USED,
        [("certificate/sha256", "AB" * 32)],
        [("SCHEMA", "certificate/sha256", "must be 64 hexadecimal digits in lower case")],
    ),
    "no declaration": (USED, [("declarations", GONE)], [("RULE", "", "a use needs its declarations")]),
    "no line": (USED, [("lines", GONE)], [("RULE", "", "a use needs its lines")]),
    "a line that takes nothing": (
        USED,
        [("lines/0/quantity", GONE), ("lines/0/value", GONE)],
        [("RULE", "lines[1]", "needs a quantity or a value")],
    ),
    "a reason to use": (USED, [("reason", "Why not")], [("RULE", "reason", "only taking a use back has a reason")]),
    "a withdrawal without reason": (
        WITHDRAWN, [("reason", GONE)], [("RULE", "", "taking a use back needs its reason")]
    ),
    "a withdrawal of a part": (
        WITHDRAWN,
        [("lines", [{"item": "1", "quantity": {"amount": "1", "unit": "KGM"}}])],
        [("RULE", "lines", "a use is taken back as a whole, without them")],
    ),
    "a line of another declaration": (
        SEVERAL,
        [("lines/0/declaration", "26XB-OTHER")],
        [("RULE", "lines[1]/declaration", "must be one of the declarations")],
    ),
    "a line of any declaration": (
        SEVERAL,
        [("lines/1/declaration", GONE)],
        [("RULE", "lines[2]", "needs its declaration where there are several")],
    ),
    "a declaration twice": (
        SEVERAL,
        [("declarations/1/number", "26XBHVN00041402R8"), ("lines/1/declaration", GONE), ("lines/2/declaration", GONE)],
        [
            ("RULE", "declarations[1]/number", "must be different on every declaration"),
            ("RULE", "declarations[2]/number", "must be different on every declaration"),
            ("RULE", "lines[2]", "needs its declaration where there are several"),
            ("RULE", "lines[3]", "needs its declaration where there are several"),
        ],
    ),
    "a member of its own": (USED, [("hint", "x")], [("SCHEMA", "hint", "is not known here")]),
}  # fmt: skip


def edited(name: str, edits: Sequence[tuple[str, object]]) -> bytes:
    paper = json.loads(sample(KIND, name))
    for path, value in edits:
        *way, last = (int(step) if step.isdigit() else step for step in path.split("/"))
        place = paper
        for step in way:
            place = place[step]
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return json.dumps(paper, ensure_ascii=False).encode()


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_named(defect: str) -> None:
    name, edits, expected = DEFECTS[defect]
    with pytest.raises(PaperRefused) as refusal:
        reader.read(edited(name, edits), KIND, 1, MediaType.JSON)
    found = [(one.code, one.path, one.rule) for one in refusal.value.findings]
    assert sorted(found) == sorted((code, f"{ROOT}/{path}" if path else ROOT, rule) for code, path, rule in expected)


def test_a_use_tells_what_it_takes() -> None:
    use = reader.recognise(sample(KIND, SEVERAL)).reading.effect
    assert isinstance(use, CertificateUse)
    assert use.act is UseAct.USE
    assert [(one.item, one.number) for one in use.amounts] == [("1", Decimal(21600)), ("2", Decimal(900))]


def test_the_order_of_members_makes_no_other_use() -> None:
    paper = json.loads(sample(KIND, USED))
    turned = json.dumps(dict(reversed(paper.items()))).encode()
    one, other = (reader.recognise(content).reading.effect for content in (sample(KIND, USED), turned))
    assert isinstance(one, CertificateUse)
    assert isinstance(other, CertificateUse)
    assert one.content == other.content


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("certificate_of_origin", "tea", [("1", "quantity", "KGM", "480"), ("1", "value", "USD", "21600.00")]),
        ("phytosanitary_certificate", "orchids", [("1", "quantity", "KGM", "412.5")]),
        ("inspection_result", "juicers", [("1", "quantity", "C62", "1200"), ("2", "quantity", "C62", "2400")]),
    ],
)
def test_certificates_tell_what_they_certify(kind: str, name: str, expected: list[tuple[str, str, str, str]]) -> None:
    says = certified(sample(kind, name))
    assert says is not None
    assert [(one.item, one.measure.value, one.unit, str(one.number)) for one in says.amounts] == expected


def test_an_item_that_stands_there_twice_certifies_nothing() -> None:
    says = certified(sample("inspection_result", "juicers").replace(b"<Sequence>2<", b"<Sequence>1<"))
    assert says is not None
    assert says.amounts == ()


def test_what_is_no_certificate_certifies_nothing() -> None:
    assert certified(sample("aeo_status", "operator_granted")) is None
    assert certified(b"<html/>") is None
    assert certified(b"not XML") is None


def test_the_quantity_comes_before_the_weight_that_packs_it() -> None:
    says = certified(sample("certificate_of_origin", "machine_parts"))
    assert says is not None
    assert {one.unit for one in says.amounts if one.measure is Measure.QUANTITY} == {"C62"}
