"""What an arrangement says about operators is read strictly, judged on papers, and decides how codes are compared."""

import json
import re
from pathlib import Path

import pytest

from node.documents import reader
from node.documents.samples import sample
from node.errors import PaperRefused, ProfileInvalid
from node.model.document import MediaType
from node.model.operator_effect import OperatorEvent
from node.model.operator_key import OperatorKey, folded
from node.model.operator_terms import Comparison, Identifier, ListMode, OperatorTerms, Use
from node.model.terms import Terms
from node.profiles.operators_file import read_operators
from node.strict_toml import parse

ONE = "/AeoStatus/records[1]"
AGREED = """
[operators]
mode = "lists-and-events"
baseline_every_days = 31
delta_every_days = 1

[operators.XA.certificate_number]
pattern = "XA-AEOS-[0-9]{4}-[0-9]{4}"

[operators.XA.tin]
use = "required"
pattern = "XA[0-9]{8}"

[operators.XA.national_id]
use = "never"

[operators.XA.partner_assigned_code]
prefix = "AEOXA"
compare = "as-written"
"""


def read(text: str) -> OperatorTerms | None:
    root = parse(text.encode(), "terms.toml", ProfileInvalid)
    found = read_operators(root)
    root.close()
    return found


def terms() -> Terms:
    return Terms(operators=read(AGREED))


def test_everything_that_is_agreed_is_read() -> None:
    found = read(AGREED)
    assert found is not None
    assert (found.mode, found.baseline_days, found.delta_days) == (ListMode.LISTS_AND_EVENTS, 31, 1)
    assert found.of("XA")["nationalId"].use is Use.NEVER
    assert found.of("XA")["partnerAssignedCode"] == Identifier(prefix="AEOXA", comparison=Comparison.AS_WRITTEN)
    assert found.of("XB") == {}
    assert read("") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[operators]\nmode = "fax"', "lists-and-events"),
        ("[operators]\nbaseline_every_days = 0", "between 1 and 366"),
        ("[operators.alvoria.tin]\nuse = 'never'", "country"),
        ("[operators.XA.duns]\nuse = 'never'", "duns"),
        ("[operators.XA.tin]\npattern = '('", "regular expression"),
        ("[operators.XA.tin]\nprefix = 'AEO XA'", "prefix must be"),
        ("[operators.XA.certificate_number]\nuse = 'never'", "always told"),
    ],
)
def test_what_cannot_be_agreed_is_refused_with_its_reason(text: str, words: str) -> None:
    with pytest.raises(ProfileInvalid, match=re.escape(words)):
        read(text)


def judged(**edits: object) -> list[tuple[str, str, str]]:
    paper = json.loads(sample("aeo_status", "operator_granted"))
    paper["records"][0].update(edits)
    for name in [name for name, value in edits.items() if value is None]:
        del paper["records"][0][name]
    try:
        reader.read(json.dumps(paper).encode(), "aeo_status", 1, MediaType.JSON, terms())
    except PaperRefused as error:
        return [(found.code, found.path, found.rule) for found in error.findings]
    return []


@pytest.mark.parametrize(
    ("edits", "finding"),
    [
        ({}, None),
        ({"tin": None}, ("AGREED", f"{ONE}/tin", "must be given: it is agreed")),
        ({"tin": "XA2290"}, ("AGREED", f"{ONE}/tin", "must have the agreed form")),
        (
            {"nationalId": "22901870"},
            ("AGREED", f"{ONE}/nationalId", "must not be sent: it is not agreed"),
        ),
    ],
    ids=["as agreed", "missing", "other form", "not agreed"],
)
def test_identifiers_are_judged_by_what_is_agreed(
    edits: dict[str, object], finding: tuple[str, str, str] | None
) -> None:
    assert judged(**edits) == ([] if finding is None else [finding])


def test_where_events_alone_are_agreed_no_list_comes_and_the_reverse_but_for_ends() -> None:
    def found(name: str, mode: ListMode) -> list[str]:
        try:
            content = sample("aeo_status", name)
            reader.read(content, "aeo_status", 1, MediaType.JSON, Terms(operators=OperatorTerms(mode=mode)))
        except PaperRefused as error:
            return [one.path for one in error.findings]
        return []

    assert found("operators_baseline", ListMode.EVENTS) == ["/AeoStatus/list"]
    assert found("operator_granted", ListMode.LISTS) == ["/AeoStatus/event"]
    assert found("operator_suspended", ListMode.LISTS) == []
    assert found("operator_granted", ListMode.EVENTS) == []


def test_keys_are_made_as_agreed() -> None:
    paper = json.loads(sample("aeo_status", "operator_granted"))
    paper["records"][0]["partnerAssignedCode"] = "aeoXA-0047"
    document = reader.read(json.dumps(paper).encode(), "aeo_status", 1, MediaType.JSON, terms())
    effect = document.reading.effect
    assert isinstance(effect, OperatorEvent)
    keys = getattr(effect.entry, "keys", ())
    assert OperatorKey("AEOXA0047", "aeoXA-0047") in keys
    assert OperatorKey("0047", "-0047") in keys
    assert OperatorKey("XA22901870") in keys


@pytest.mark.parametrize(
    ("identifier", "code", "declared"),
    [
        (Identifier(), "SLMSBN-004711-003", "slmsbn004711003"),
        (Identifier(prefix="AEOSG"), "AEOSG201912345678", "201912345678"),
        (Identifier(prefix="AEOCN"), "1234567890", "AEOCN 1234567890"),
        (Identifier(prefix="MO"), "mo123456789", "123456789"),
    ],
)
def test_codes_are_found_however_a_country_writes_and_declares_them(
    identifier: Identifier, code: str, declared: str
) -> None:
    assert folded(declared) in {key.folded for key in identifier.keys(code)}


def test_the_shipped_arrangement_says_how_operators_are_told_of() -> None:
    text = (Path(__file__).parents[2] / "partner_profiles/XB/xa-xb-aeo-and-inspection.toml").read_text()
    assert "[kind.terms.operators]" in text
