"""Enforcement information: off by default, alone, released by a second person, gone on its day at both sides."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from node.archive.check import verify
from node.archive.collect import export
from node.cli.main import main
from node.crypto.trust import load_certificates
from node.documents import samples
from node.errors import (
    ExchangeUnknown,
    HubNotEntitled,
    KindNotAllowed,
    NotAgreed,
    NotWaiting,
    PaperRefused,
    ReleaseNeeded,
    ReleaseTooLate,
    SecondActorNeeded,
)
from node.flows import asking, calls, holding, parking, releasing, sealing
from node.flows.hub_desk import HubDesk
from node.flows.intake import Submission
from node.flows.outbound import accept
from node.flows.ports import ActorName
from node.model.exchange import State
from node.model.hub import ExchangeQuestion, HubClient, HubSubmission, HubTaken
from node.model.ids import NodeCode
from node.model.lookup import Question
from node.service import purge

XA, XB = "XA", "XB"
KIND = "enforcement_information"
CLERK, CHIEF = ActorName("clerk@desk", "human"), ActorName("chief@desk", "human")
ON = """
[[kind]]
name = "enforcement_information"
version = 1
direction = "both"
priority = "B"
release = "all"
"""
TERMS = """
[kind.terms.enforcement]
purposes = ["risk-analysis"]
legal_bases = ["Customs mutual assistance agreement, article 5"]
max_retention_days = 180
"""


@pytest.fixture
def paper() -> bytes:
    return samples.sample(KIND, "cigarettes")


def agree(country, reopen, text: str, hub: str = "") -> None:
    other = XB if country.code == XA else XA
    file = country.home / "partner_profiles" / other / "xa-xb-trade-papers.toml"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
    settings = country.home / "node.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("\n[hub]\n", f"\n[hub]\n{hub}\n"), encoding="utf-8"
    )
    reopen(country)


@pytest.fixture
def on(pair, reopen) -> object:
    """Both have turned the kind on; neither hub has a right to it."""
    for country in (pair.xa, pair.xb):
        agree(country, reopen, ON + TERMS)
    return pair


def hand_in(country, content: bytes, key: str = "k1") -> str:
    (outcome,) = accept(country.wired.node, [Submission(content, XB, key)], CLERK)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome.exchange


def test_it_is_off_unless_an_arrangement_turns_it_on(pair, reopen, paper: bytes) -> None:
    with pytest.raises(NotAgreed):
        hand_in(pair.xa, paper)
    agree(pair.xa, reopen, ON)
    with pytest.raises(NotAgreed):
        hand_in(pair.xa, paper)
    assert KIND not in {one.name for one in pair.xa.wired.node.book.served(XB, pair.xa.clock.now())}


def test_what_the_receiver_has_not_turned_on_is_refused_unopened(pair, reopen, paper: bytes) -> None:
    agree(pair.xa, reopen, ON + TERMS)
    sent = hand_in(pair.xa, paper)
    releasing.release(pair.xa.wired.node, sent, CHIEF, "seen")
    pair.cross()
    assert (pair.xa.exchange(sent).state, pair.xa.exchange(sent).last_cause) == (State.REFUSED, "NOT_AGREED")
    assert pair.xb.received() == []


CHANGES = {
    "its purpose": (b'"risk-analysis"', b'"prosecution"', "purpose"),
    "its legal basis": (b"article 5", b"article 9", "legalBasis"),
    "its day": (b'"2027-05-09"', b'"2027-05-10"', "retainUntil"),
    "a name in it": (b'"offence":', b'"nominal": {"persons": [{"name": "Ana Belkin"}]}, "offence":', "nominal"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_the_arrangement_does_not_allow_is_refused(on, paper: bytes, what: str) -> None:
    old, new, member = CHANGES[what]
    with pytest.raises(PaperRefused) as refused:
        hand_in(on.xa, paper.replace(old, new, 1))
    assert [(one.code, one.path) for one in refused.value.findings] == [("AGREED", f"/EnforcementInformation/{member}")]


def test_names_travel_where_the_arrangement_allows_them(pair, reopen, paper: bytes) -> None:
    agree(pair.xa, reopen, ON + TERMS + "nominal = true\n")
    old, new, _ = CHANGES["a name in it"]
    assert pair.xa.exchange(hand_in(pair.xa, paper.replace(old, new, 1))).state is State.PARKED


def test_it_waits_for_another_person_travels_alone_and_goes_on_its_day_at_both_sides(
    on, paper: bytes, origin: bytes, tmp_path: Path
) -> None:
    xa, xb = on.xa, on.xb
    sent, second = hand_in(xa, paper), hand_in(xa, samples.vary(KIND, paper, "XA-ENF-2026-0043"), "k2")
    others = [xa.hand_in(origin, XB, "k3"), xa.hand_in(samples.vary("certificate_of_origin", origin, "X-2"), XB, "k4")]
    on.cross()
    assert [xa.exchange(one).state for one in (sent, *others)] == [State.PARKED, State.DELIVERED, State.DELIVERED]
    assert xa.exchange(sent).last_cause == ReleaseNeeded.code
    node = xa.wired.node
    with pytest.raises(ReleaseNeeded):
        parking.resume(node, [sent], CHIEF, "around the release")
    for same in (CLERK, ActorName("Clerk@elsewhere", "human")):
        with pytest.raises(SecondActorNeeded):
            releasing.release(node, sent, same, "mine")
    on.cross()
    assert xa.exchange(sent).state is State.PARKED
    for one in (sent, second):
        releasing.release(node, one, CHIEF, "checked against the file")
    with pytest.raises(NotWaiting):
        releasing.release(node, sent, CHIEF, "again")
    more = xa.hand_in(samples.vary("certificate_of_origin", origin, "X-3"), XB, "k5")
    before = len(xa.road.carried)
    on.cross()
    assert {xa.exchange(one).state for one in (sent, second, more)} == {State.DELIVERED}
    carried = xa.road.carried[before:]
    assert [len(call.envelopes) for call in carried] == [1, 1, 1]
    assert [one["object"] for one in xa.audited("released")] == [sent, second]
    assert "released" in xa.timeline(sent)
    (there,) = (one.id for one in xb.received() if one.number == "XA-ENF-2026-0042")
    # XB's hub has no right to the kind: it stays at the node.
    assert xb.exchange(there).state is State.RECEIVED
    assert paper not in xb.hub_has()
    # On its day it goes, at both sides; the proof stays.
    xa.clock.advance(days_until(xa, "2027-05-09"))
    assert [purge(country.wired) for country in (xa, xb)] == [0, 0]
    xa.later(days=1, minutes=1)
    holding.place(xb.wired.node, [one.id for one in xb.received() if one.number.endswith("43")], CLERK, "a case", None)
    assert [purge(country.wired) for country in (xa, xb)] == [2, 1]
    for country, exchange in ((xa, sent), (xb, there)):
        assert country.timeline(exchange)[-1] == "purged"
        data = export(country.wired.node.store, country.wired.settings, country.wired.node.book, exchange)[1]
        anchors = [one for code in (XA, XB) for one in load_certificates(country.home / "certs" / code / "ca.pem")]
        report = verify(data, anchors)
        assert report.ok
        assert not report.told.document_present
        assert b"plywood" not in data
    xb.work()


def days_until(country, day: str) -> timedelta:
    return datetime.fromisoformat(day).replace(tzinfo=UTC) - country.clock.now()


@pytest.mark.parametrize("company", ["in its call", "under its seal"])
def test_a_partner_that_sends_it_in_company_is_refused_and_the_others_are_taken(
    on, paper: bytes, origin: bytes, company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing if company == "under its seal" else calls, "GUARDED", frozenset())
    sent, other = hand_in(on.xa, paper), on.xa.hand_in(origin, XB, "k2")
    releasing.release(on.xa.wired.node, sent, CHIEF, "seen")
    on.cross()
    assert (on.xa.exchange(sent).state, on.xa.exchange(sent).last_cause) == (State.REFUSED, "AGREED")
    assert on.xa.exchange(other).state is State.DELIVERED
    assert [len(call.envelopes) for call in on.xa.road.carried] == ([2] if company == "in its call" else [1, 1])
    assert [one.kind for one in on.xb.received()] == ["certificate_of_origin"]


def test_what_nobody_releases_in_time_ends(on, paper: bytes) -> None:
    sent = hand_in(on.xa, paper)
    on.xa.later(hours=72)
    with pytest.raises(ReleaseTooLate):
        releasing.release(on.xa.wired.node, sent, CHIEF, "late")
    assert purge(on.xa.wired) == 1
    assert (on.xa.exchange(sent).state, on.xa.exchange(sent).last_cause) == (State.EXPIRED, ReleaseTooLate.code)
    on.cross()
    assert on.xb.received() == []


def test_a_hub_has_it_only_where_it_is_named_for_it(pair, reopen, paper: bytes) -> None:
    for country, hub in ((pair.xa, ""), (pair.xb, f'guarded_kinds = ["{KIND}"]')):
        agree(country, reopen, ON + TERMS, hub)
    (refused,) = accept(
        pair.xa.wired.node,
        [Submission(paper, XB, "k0")],
        ActorName("hub folder", "hub"),
        pair.xa.wired.node.hub_guarded,
    )
    assert isinstance(refused, HubNotEntitled)
    sent = hand_in(pair.xa, paper)
    releasing.release(pair.xa.wired.node, sent, CHIEF, "seen")
    pair.cross()
    assert paper in pair.xb.hub_has()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    notes = [file.read_text() for file in (pair.xa.home / "hub").rglob("*") if file.is_file()]
    assert not any("XA-ENF" in note for note in notes), "XA's hub hears nothing of it"


def test_a_client_that_calls_needs_the_right_by_name(on, paper: bytes) -> None:
    desk = HubDesk(on.xa.wired.node)
    everything, named = HubClient("all"), HubClient("inquiry", frozenset({KIND}))
    submission = HubSubmission("k1", NodeCode(XB), None, paper)
    assert [type(one) for one in desk.submit(everything, [submission])] == [HubNotEntitled], "without naming the kind"
    (refused,) = desk.submit(everything, [replace(submission, kind=KIND)])
    assert isinstance(refused, KindNotAllowed)
    (taken,) = desk.submit(named, [replace(submission, kind=KIND)])
    assert isinstance(taken, HubTaken)
    assert on.xa.exchange(taken.exchange).state is State.PARKED
    assert desk.exchange(named, ExchangeQuestion(exchange=taken.exchange, key=None)).exchange.kind == KIND
    with pytest.raises(ExchangeUnknown):
        desk.exchange(everything, ExchangeQuestion(exchange=taken.exchange, key=None))
    # A system handed it in; any person is a second one.
    assert releasing.release(on.xa.wired.node, taken.exchange, CLERK, "seen") is State.ACCEPTED
    assert HubClient("a", frozenset()).may_handle("certificate_of_origin")
    assert not HubClient("a", frozenset()).may_handle(KIND)
    assert HubClient("a", frozenset({KIND})).may_handle(KIND)


def test_lists_and_logs_do_not_name_it_and_the_command_line_releases_it(
    on, paper: bytes, origin: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    def n2n(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*words, "--home", str(on.xa.home)])
        said = capsys.readouterr()
        return code, said.out, said.err

    file = on.xa.home / "paper.json"
    file.write_bytes(paper.replace(b"2027-05-09", b"2027-05-01"))
    code, _, log = n2n("send", str(file), "--to", XB)
    assert code == 0
    assert "ENF" not in log
    (listed,) = json.loads(n2n("exchange", "list", "--json")[1])
    assert (listed["kind"], listed["number"], listed["issuer"], listed["state"]) == (KIND, "", "", "PARKED")
    assert "ENF" not in n2n("exchange", "list")[1] + n2n("exchange", "list", "--csv")[1]
    assert json.loads(n2n("exchange", "list", "--text", "ENF", "--json")[1]) == []
    sent = listed["id"]
    assert json.loads(n2n("exchange", "show", sent, "--json")[1])["number"] == "XA-ENF-2026-0042"
    assert n2n("exchange", "release", sent, "--reason", "mine")[0] == 77
    assert n2n("exchange", "release", sent, "--reason", "seen", "--as", "Chief")[0] == 77
    settings = on.xa.home / "node.toml"
    settings.write_text(settings.read_text() + "\n[people]\nshared_accounts = true\n")
    assert n2n("exchange", "release", sent, "--reason", "seen", "--as", "Chief")[0] == 0
    told = json.loads(n2n("exchange", "show", sent, "--json")[1])
    assert (told["state"], told["release"]["reason"]) == ("ACCEPTED", "seen")
    assert told["release"]["released_by"].startswith("Chief (")
    assert "放行者" in n2n("exchange", "show", sent, "--lang", "zh-TW")[1]


def dated(paper: bytes, issued: str, retain_until: str) -> bytes:
    value = json.loads(paper)
    value["offence"]["on"] = issued[:10]
    return json.dumps({**value, "issued": issued, "retainUntil": retain_until}).encode()


DAYS = {
    "issued in years to come": ("2036-05-09T10:00:00Z", "2036-08-31"),
    "over before it came": ("2016-05-09T10:00:00Z", "2016-08-31"),
    "at the end of the calendar": ("9999-12-31T10:00:00Z", "9999-12-31"),
    "counted beyond the calendar": ("9999-11-30T10:00:00Z", "9999-12-31"),
}


@pytest.mark.parametrize("what", DAYS)
def test_its_day_is_counted_from_today_whatever_day_it_calls_its_issue(
    on, paper: bytes, what: str, monkeypatch
) -> None:
    content = dated(paper, *DAYS[what])
    with pytest.raises(PaperRefused):
        hand_in(on.xa, content)
    if "calendar" not in what:
        monkeypatch.setattr("node.flows.admission.require_day", lambda *_: None)
        sent = hand_in(on.xa, content)
        releasing.release(on.xa.wired.node, sent, CHIEF, "seen")
        on.cross()
        assert (on.xa.exchange(sent).state, on.xa.exchange(sent).last_cause) == (State.REFUSED, "AGREED")
        assert on.xb.hub_has() == []


def test_a_partners_lookup_tells_nothing_of_it_neither_before_its_release_nor_after(on, paper: bytes) -> None:
    sent = hand_in(on.xa, paper)
    number, issuer = json.loads(paper)["number"], on.xa.exchange(sent).issuer
    question = Question(KIND, issuer, number, date(2026, 11, 22))

    def said() -> str:
        ask = asking.ask(on.xb.wired.node, on.xb.road, NodeCode(XA), question, CLERK)
        return asyncio.run(ask).answer.status

    assert said() == "unknown"
    releasing.release(on.xa.wired.node, sent, CHIEF, "seen")
    on.cross()
    assert said() == "unknown"
