"""Papers in JSON: how they are recognised, how they are walked, and that no edit of one is an accident."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.documents import reader
from node.documents.aeo_shape import AEO_STATUS
from node.documents.checks import unfit
from node.documents.codes import aeo
from node.documents.json_paper import _unfit_texts
from node.documents.json_shapes import Flag, JsonSchema, Listing, Record, Text, Whole, _breaches
from node.documents.json_spots import Spot, path_of, walk
from node.documents.json_values import DATE, LOCAL_NAME, label, latin
from node.documents.samples import sample, sample_names
from node.documents.structure import ENOUGH
from node.errors import JsonError, JsonNameTwice, KindUnknown, NotJson, NotXml, PaperRefused, XmlError
from node.model.document import Finding, Identity, MediaType, Succession
from node.model.receipt import FindingCode
from node.safe_json import parse

AEO = "aeo_status"
NAMES = sample_names(AEO)


# --- what it is -----------------------------------------------------------------------------------------------------


def test_the_member_schema_alone_decides_the_kind() -> None:
    paper = json.loads(sample(AEO, "operator_granted"))
    last = {**{name: value for name, value in paper.items() if name != "schema"}, "schema": paper["schema"]}
    assert reader.recognise(json.dumps(last).encode()).kind == AEO


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b'[{"schema": "urn:n2n:v1:aeo-status"}]',
        b'{"schema": 1}',
        b'{"schema": null}',
        b'{"schema": "urn:hunter2"}',
        b'{"schema": "urn:n2n:v1:aeo-status "}',
        b'{"schema": "{urn:n2n:v1:certificate-of-origin}CertificateOfOrigin"}',
        b' \n{"kind": "aeo_status"}',
    ],
)
def test_json_that_does_not_name_a_schema_of_ours_is_no_paper(content: bytes) -> None:
    with pytest.raises(KindUnknown) as caught:
        reader.recognise(content)
    assert "hunter2" not in str(caught.value)


def test_a_paper_of_another_kind_than_claimed_is_refused() -> None:
    with pytest.raises(KindUnknown):
        reader.read(b'{"schema": "urn:other"}', AEO, 1, MediaType.JSON)
    with pytest.raises(NotXml):
        reader.read(sample(AEO, "operator_granted"), "certificate_of_origin", 1, MediaType.XML)
    with pytest.raises(NotJson):
        reader.read(sample("certificate_of_origin", "tea"), AEO, 1, MediaType.JSON)


def test_a_claimed_media_type_that_the_kind_does_not_have_is_refused() -> None:
    with pytest.raises(PaperRefused) as caught:
        reader.read(sample(AEO, "operator_granted"), AEO, 1, MediaType.XML)
    assert [finding.code for finding in caught.value.findings] == [FindingCode.METADATA]


def test_json_is_recognised_by_how_it_begins_and_a_mark_before_it_is_refused_as_json() -> None:
    assert [MediaType.of(content) for content in (b" {", b"\n[", b"\xef\xbb\xbf{")] == [MediaType.JSON] * 3
    assert [MediaType.of(content) for content in (b"<a/>", b"", b"x", b" " * 300 + b"{")] == [MediaType.XML] * 4
    with pytest.raises(NotJson, match="byte order mark"):
        reader.recognise(b"\xef\xbb\xbf" + sample(AEO, "operator_granted"))


def test_a_member_that_stands_twice_never_reaches_the_rules() -> None:
    text = sample(AEO, "operator_suspended").replace(b'"status": "40"', b'"status": "40", "status": "10"')
    for door in (reader.recognise, lambda content: reader.read(content, AEO, 1, MediaType.JSON)):
        with pytest.raises(JsonNameTwice):
            door(text)


def test_the_two_forms_have_the_names_of_their_files() -> None:
    assert [(form.extension, form.file_name) for form in MediaType] == [
        ("xml", "document.xml"),
        ("json", "document.json"),
    ]


# --- what it tells --------------------------------------------------------------------------------------------------


def test_an_event_tells_who_what_and_when() -> None:
    reading = reader.recognise(sample(AEO, "operator_suspended")).reading
    assert reading.identity == Identity("XA-CUSTOMS-AEO", "XA-AEO-E-2026-00327", "1")
    assert reading.succession == Succession("XA-AEO-E-2026-00311", "suspension")
    assert not reading.issuer_signed
    assert reading.fields == {
        "number": "XA-AEO-E-2026-00327",
        "type": "suspend",
        "count": "1",
        "status": "40",
        "effective": "2026-11-20T08:00:00.000Z",
        "reason": "security-incident",
        "issued": "2026-11-20T08:02:00.000Z",
        "issuer": "Customs Administration of Alandria",
        "programme": "AEOS",
        "arrangement": "XA-XB-AEO-MRA",
        "partner": "XB",
        "operators": "Merrow Precision Works Ltd",
        "certificates": "XA-AEOS-2026-0118",
    }


def test_a_list_tells_its_place_in_the_series_and_a_delta_what_it_changes() -> None:
    baseline, delta = (reader.recognise(sample(AEO, f"operators_{name}")).reading for name in ("baseline", "delta"))
    assert (baseline.fields["type"], baseline.fields["sequence"], baseline.succession) == ("baseline", "41", None)
    assert (delta.fields["type"], delta.fields["sequence"], delta.fields["count"]) == ("delta", "42", "3")
    assert delta.succession == Succession(baseline.identity.number, "delta")
    assert "𠮷𪚥茶業股份有限公司" in delta.fields["operators"]
    assert "XA-AEOS-2023-0090" in delta.fields["certificates"]


@pytest.mark.parametrize("event", sorted(aeo.EVENTS))
def test_an_event_decides_version_and_relation(event: str) -> None:
    paper = json.loads(sample(AEO, "operator_suspended"))
    made = aeo.EVENTS[event]
    paper["event"], paper["records"][0]["status"] = event, made.status or "40"
    if made.removal:
        number = paper["records"].pop()["certificateNumber"]
        left = {"certificateNumber": number, "effective": paper["issued"], "reason": made.removal}
        paper["removed"] = [left]
    if event == "grant":
        del paper["previous"]
    reading = reader.recognise(json.dumps(paper).encode()).reading
    assert reading.identity.version == {"revoke": "revoked", "withdraw": "withdrawn"}.get(event, "1")
    assert (reading.succession.relation if reading.succession else "") == aeo.EVENTS[event].relation


def test_codes_of_operators_are_not_for_searching() -> None:
    paper = json.loads(sample(AEO, "operator_granted"))
    paper["records"][0].update(nationalId="22901870", tin="XA22901870", partnerAssignedCode="XB7")
    fields = reader.recognise(json.dumps(paper).encode()).reading.fields
    assert not {"22901870", "XA22901870", "XB7"} & set(fields.values())


def test_everything_a_paper_says_has_a_path_for_release() -> None:
    paths = list(reader.paths(reader.recognise(sample(AEO, "operators_delta"))))
    assert "/AeoStatus/records[2]/nameLocal/text" in paths
    assert "/AeoStatus/list/count" in paths
    assert "/AeoStatus/records[1]/consent/given" in paths
    assert "/AeoStatus/records[1]" not in paths
    assert len(paths) == len(set(paths))


# --- paths and order ------------------------------------------------------------------------------------------------


def test_a_walk_follows_the_document_and_paths_count_from_one() -> None:
    root = parse(b'{"b": [1, {"c": 2}], "a": null}')
    assert [path_of("P", spot.steps) for spot in walk(root)] == [
        "/P",
        "/P/b",
        "/P/b[1]",
        "/P/b[2]",
        "/P/b[2]/c",
        "/P/a",
    ]


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, "字", "a\n", "[1]", "1a"])
def test_a_name_that_no_schema_would_use_is_not_repeated(name: str) -> None:
    assert path_of("P", ("a", name)) == "/P/a/?"


def test_a_spot_bears_any_question() -> None:
    for value in (None, 1, True, "x", [1], {"a": 1}):
        spot = Spot(value)
        assert spot.at("x", "y", "z").value is None
        assert isinstance(spot.items(), tuple)
        assert isinstance(spot.text, str)
    assert Spot(True).whole is None
    assert Spot(7).whole == 7


# --- shapes ---------------------------------------------------------------------------------------------------------

SHAPE = JsonSchema(
    Record(
        needs={"a": Text("must be x", lambda text: text == "x"), "b": Whole(1, 2)},
        may={"c": Flag(), "d": Listing(Whole(0, 9), most=2, least=1)},
    )
)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ('{"a": "x", "b": 1}', []),
        ('{"b": 2, "a": "x", "c": false, "d": [0, 9]}', []),
        ('{"a": "x"}', ["/P lacks b"]),
        ('{"a": "y", "b": 3}', ["/P/a must be x", "/P/b must be a whole number from 1 to 2"]),
        ('{"a": "x", "b": true}', ["/P/b must be a whole number from 1 to 2"]),
        ('{"a": "x", "b": 1.0}', ["/P/b must be a whole number from 1 to 2"]),
        ('{"a": "x", "b": 1, "c": 1}', ["/P/c must be true or false"]),
        ('{"a": "x", "b": 1, "c": null}', ["/P/c must be true or false"]),
        ('{"a": "x", "b": 1, "d": []}', ["/P/d must be a list of 1 to 2"]),
        ('{"a": "x", "b": 1, "d": {}}', ["/P/d must be a list of 1 to 2"]),
        ('{"a": "x", "b": 1, "d": [1, 10]}', ["/P/d[2] must be a whole number from 0 to 9"]),
        ('{"a": "x", "b": 1, "d": [1, 2, 30]}', ["/P/d must be a list of 1 to 2"]),
        ('{"a": "x", "b": 1, "A": 1}', ["/P/A is not known here"]),
        ("[]", ["/P must be an object"]),
    ],
)
def test_a_shape_admits_what_it_declares_and_nothing_else(document: str, found: list[str]) -> None:
    breaches = SHAPE.breaches(Spot(parse(document.encode())))
    assert [f"{path_of('P', breach.steps)} {breach.rule}" for breach in breaches] == found


def test_looking_ends_after_enough() -> None:
    paper = json.loads(sample(AEO, "operators_baseline"))
    paper["records"] = [{}] * 9000
    breaches = AEO_STATUS.breaches(Spot(parse(json.dumps(paper).encode())))
    assert len(breaches) == ENOUGH


def test_a_refusal_keeps_fifty_findings_and_counts_them_all() -> None:
    paper = json.loads(sample(AEO, "operators_baseline"))
    paper["records"] = [{}] * 60
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(json.dumps(paper).encode())
    assert len(caught.value.findings) == reader.MAX_FINDINGS
    assert int(caught.value.fields["count"]) > 500
    assert all(finding.path for finding in caught.value.findings)


def test_a_refusal_never_quotes_a_value() -> None:
    def spoilt(value: object) -> object:
        if isinstance(value, dict):
            return {name: spoilt(inner) for name, inner in value.items()}
        return [spoilt(inner) for inner in value] if isinstance(value, list) else " hunter2 "

    paper = spoilt(json.loads(sample(AEO, "operators_delta")))
    assert isinstance(paper, dict)
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(json.dumps({**paper, "schema": "urn:n2n:v1:aeo-status", "hunter2 !": 1}).encode())
    assert len(caught.value.findings) > 30
    assert "hunter2" not in str(caught.value) + repr(caught.value.findings)


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (label(3), ["a", "a b", "字𠮷x"], ["", "abcd", " a", "a ", "a\tb", "a  b"]),
        (
            latin(10),
            ["Æ Ø", "O’Neil & 1", "Žluť"],
            ["字", "a\u3000b", "a\u00a0b", "a\u00adb", "Ωmega", "Иван", "a\nb", ""],
        ),
        (DATE, ["2024-02-29"], ["2026-02-29", "20260228", "2026-2-28", "2026-W01-1", "2026-01-01Z", "\uff12026-01-01"]),
    ],
)
def test_values_are_what_their_sentences_say(shape: Text, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not shape.admits(text)] == []
    assert [text for text in bad if shape.admits(text)] == []


def test_a_local_name_needs_its_language() -> None:
    assert set(LOCAL_NAME.needs) == {"lang", "text"}


# --- any edit -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_removing_any_one_member_is_read_or_refused_with_a_reason(name: str) -> None:
    count = sum(1 for spot in walk(parse(sample(AEO, name))) if spot.steps)
    for index in range(count):
        paper = parse(sample(AEO, name))
        steps = [spot.steps for spot in walk(paper) if spot.steps][index]
        holder = _at(paper, steps[:-1])
        del holder[steps[-1]]  # type: ignore[attr-defined]
        _judge(paper)


_WORDS = ["", " ", "x", "10", "40", "41", "879", "XA", "XB", "AEOG", "grant", "suspend", "reinstate", "revoke"]
_WORDS += ["baseline", "delta", "2026-11-22", "2026-11-22T09:30:00Z", "9999-12-31T23:59:59-14:00", "\ue000", "𠮷"]
_OTHER_VALUES = (
    st.none() | st.booleans() | st.integers(-1, 42) | st.sampled_from(_WORDS) | st.builds(list) | st.builds(dict)
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), st.lists(st.tuples(st.integers(0, 80), _OTHER_VALUES), min_size=1, max_size=4))
def test_any_edit_is_read_or_refused_with_reasons_that_fit(name: str, edits: list[tuple[int, object]]) -> None:
    paper = parse(sample(AEO, name))
    for number, value in edits:
        places = [spot.steps for spot in walk(paper) if spot.steps]
        if places:
            *way, last = places[number % len(places)]
            _at(paper, tuple(way))[last] = value  # type: ignore[index]
    _judge(paper)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), st.lists(st.tuples(st.integers(0, 80), _OTHER_VALUES), max_size=3))
def test_the_quick_yes_is_said_exactly_where_nothing_is_wrong(name: str, edits: list[tuple[int, object]]) -> None:
    paper = parse(sample(AEO, name))
    for number, value in edits:
        places = [spot.steps for spot in walk(paper) if spot.steps]
        if places:
            *way, last = places[number % len(places)]
            _at(paper, tuple(way))[last] = value  # type: ignore[index]
    assert AEO_STATUS._admits(paper) == (list(_breaches(Spot(paper), AEO_STATUS._root)) == [])


@given(
    st.lists(st.sampled_from(["a", "é", "e\u0301", "\u0301", "字", "\x7f", "\ue000", "\ufffd", "\u202e"]), max_size=5)
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_an_unfit_text_is_found_whether_its_characters_are_escaped_or_not(ascii_only: bool, pieces: list[str]) -> None:
    paper = {"schema": "x", "strange": ["".join(pieces), *pieces]}
    content = json.dumps(paper, ensure_ascii=ascii_only).encode()
    found = [breach.steps for breach in _unfit_texts(content, parse(content))]
    assert found == [spot.steps for spot in walk(parse(content)) if unfit(spot.text)]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 3000), st.binary(max_size=3))
def test_any_edit_of_the_bytes_is_read_or_refused_by_an_error_of_ours(name: str, place: int, junk: bytes) -> None:
    content = sample(AEO, name)
    with suppress(JsonError, PaperRefused, KindUnknown, XmlError):
        reader.recognise(content[:place] + junk + content[place + len(junk) :])


def _at(paper: object, steps: tuple[str | int, ...]) -> object:
    for step in steps:
        paper = paper[step]  # type: ignore[index]
    return paper


def _judge(paper: object) -> None:
    """Read it, or be told why not; any other exception fails the test by itself."""
    try:
        reading = reader.read(json.dumps(paper).encode(), AEO, 1, MediaType.JSON).reading
    except PaperRefused as error:
        refused = error
    except KindUnknown:
        return  # its schema was edited away
    else:
        assert reading.identity.number
        assert all(reading.fields.values())
        return
    assert all(finding.path and 0 < len(finding.rule) <= Finding.MAX_RULE for finding in refused.findings)


def test_an_event_with_an_extreme_offset_is_read() -> None:
    paper = json.loads(sample(AEO, "operator_granted"))
    paper["records"][0]["effective"] = "2026-11-02T13:59:59+14:00"
    fields = reader.recognise(json.dumps(paper).encode()).reading.fields
    assert datetime.fromisoformat(fields["effective"]) == datetime(2026, 11, 1, 23, 59, 59, tzinfo=UTC)
