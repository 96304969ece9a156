"""Where the arrangement says so, an SPS certificate is answered by an SPSAcknowledgement, through whatever door."""

import json
import re
from pathlib import Path

import pytest

from node.cli.main import main
from node.documents import answer_forms, samples, sps_acknowledgement
from node.errors import AnsweredOtherwise
from node.flows import answering
from node.flows.hub_desk import HubDesk
from node.flows.ports import ActorName
from node.model.answer import AnswerForm, AnswerVerdict, BusinessAnswer
from node.model.exchange import State
from node.model.hub import HubClient, HubTaken
from node.model.ids import sha256
from node.safe_xml import parse
from node.service import take_from_hub
from node.store import exchanges
from node.wire import receipt_from_bytes

XA, XB = "XA", "XB"
AGENCY = ActorName("agency", "human")
NO = BusinessAnswer(AnswerVerdict.REJECTED, "P17", "檢出活蟲 <薊馬> & 線蟲", "B-2026/7")
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:21}"


def arrange(country, reopen, line: str) -> None:
    """Put a line into the terms of phytosanitary certificates of the country, and start its node again."""
    partner = XA if country.code == XB else XB
    file = country.home / "partner_profiles" / partner / "xa-xb-trade-papers.toml"
    key = line.partition(" = ")[0]
    changed, count = re.subn(rf"^{key} = .*$", line, file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert count == 1
    file.write_text(changed, encoding="utf-8")
    reopen(country)


def delivered(pair, content: bytes) -> tuple[str, str]:
    sent = pair.xa.hand_in(content, XB)
    pair.cross()
    (there,) = (one for one in pair.xb.received() if one.kind not in frozenset(AnswerForm))
    return sent, there.id


def by_the_flow(country, exchange: str) -> None:
    answering.answer(country.wired.node, exchange, NO, AGENCY)


def by_the_folder(country, exchange: str) -> None:
    said = {"verdict": "rejected", "reason_code": NO.reason_code, "reason": NO.reason, "reference": NO.reference}
    folder = country.home / "hub" / "answers" / XA
    (folder / "a1.json").write_text(json.dumps({"exchange": exchange, **said}), encoding="utf-8")
    (folder / "a1.done").touch()
    assert take_from_hub(country.wired)


def by_the_desk(country, exchange: str) -> None:
    taken = HubDesk(country.wired.node).answer(HubClient("agency"), exchange, NO)
    assert isinstance(taken, HubTaken)


DOORS = {"flow": by_the_flow, "desk": by_the_desk, "folder": by_the_folder}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_an_answer_through_any_door_travels_as_an_acknowledgement(pair, phyto: bytes, door) -> None:
    sent, there = delivered(pair, phyto)
    door(pair.xb, there)
    pair.xb.work()
    pair.cross()
    assert pair.xa.exchange(sent).state is State.ANSWERED
    assert pair.xb.exchange(there).state is State.ANSWERED
    (arrived,) = (one for one in pair.xa.received() if one.kind in frozenset(AnswerForm))
    assert (arrived.kind, arrived.state) == ("sps_acknowledgement", State.HANDED_OVER)
    assert arrived.refers_to == pair.xa.exchange(sent).message_id
    stored = pair.xa.wired.node.store.read(lambda tx: exchanges.documents(tx, [arrived.id]))[arrived.id]
    answer, about = answer_forms.read(stored.content)
    assert (answer, about.number, about.document_sha256) == (NO, pair.xa.exchange(sent).number, sha256(phyto))
    told = json.loads((pair.xa.home / "hub" / "answered" / f"{sent}.json").read_text())["answer"]
    assert told == {
        "verdict": "rejected", "reason_code": NO.reason_code, "reason": NO.reason, "reference": NO.reference,
    }  # fmt: skip


def test_the_command_writes_an_acknowledgement(pair, phyto: bytes, capsys) -> None:
    _, there = delivered(pair, phyto)
    home = str(pair.xb.home)
    assert main(["answer", there, "rejected", "--code", "P17", "--json", "--home", home]) == 0
    carrier = json.loads(capsys.readouterr().out)["id"]
    assert pair.xb.exchange(carrier).kind == "sps_acknowledgement"


def test_other_papers_of_the_same_arrangement_are_answered_as_ever(pair, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    by_the_flow(pair.xb, there)
    pair.xb.work()
    (arrived,) = (one for one in pair.xa.received() if one.kind in frozenset(AnswerForm))
    assert arrived.kind == "business_answer"
    assert pair.xa.exchange(sent).state is State.ANSWERED


def test_an_arrangement_may_have_them_answered_in_json(pair, reopen, phyto: bytes) -> None:
    arrange(pair.xb, reopen, 'answer = "business_answer"')
    sent, there = delivered(pair, phyto)
    by_the_flow(pair.xb, there)
    pair.xb.work()
    (arrived,) = (one for one in pair.xa.received() if one.kind in frozenset(AnswerForm))
    assert arrived.kind == "business_answer"
    assert pair.xa.exchange(sent).state is State.ANSWERED


def test_the_same_acknowledgement_later_is_the_same_exchange_and_another_is_refused_here(pair, phyto: bytes) -> None:
    _, there = delivered(pair, phyto)
    node = pair.xb.wired.node
    first = answering.answer(node, there, NO, AGENCY)
    pair.xb.later(hours=3)
    again = answering.answer(node, there, NO, AGENCY)
    assert (again.exchange, again.repeated) == (first.exchange, True)
    with pytest.raises(AnsweredOtherwise):
        answering.answer(node, there, BusinessAnswer(AnswerVerdict.ACCEPTED), AGENCY)


def test_an_answer_keeps_its_form_when_the_arrangement_changes_after_it(pair, reopen, phyto: bytes) -> None:
    _, there = delivered(pair, phyto)
    first = answering.answer(pair.xb.wired.node, there, NO, AGENCY)
    arrange(pair.xb, reopen, 'answer = "business_answer"')
    again = answering.answer(pair.xb.wired.node, there, NO, AGENCY)
    assert (again.exchange, again.repeated) == (first.exchange, True)


def test_an_acknowledgement_is_exported_and_verified_as_evidence(pair, phyto: bytes, tmp_path: Path) -> None:
    sent, there = delivered(pair, phyto)
    carrier = answering.answer(pair.xb.wired.node, there, NO, AGENCY).exchange
    pair.xb.work()
    (arrived,) = (one.id for one in pair.xa.received() if one.kind in frozenset(AnswerForm))
    for country, exchange in ((pair.xb, carrier), (pair.xa, arrived), (pair.xa, sent)):
        out = tmp_path / exchange
        out.mkdir()
        assert main(["evidence", "export", exchange, "--out", str(out), "--home", str(country.home)]) == 0
        (file,) = out.iterdir()
        anchors = tmp_path / "anchors.pem"
        anchors.write_bytes(b"".join((country.home / "certs" / code / "ca.pem").read_bytes() for code in (XA, XB)))
        assert main(["evidence", "verify", str(file), "--anchors", str(anchors)]) == 0


def test_the_texts_of_an_acknowledgement_go_with_its_body_and_its_verdict_stays(pair, phyto: bytes) -> None:
    sent, there = delivered(pair, phyto)
    answering.answer(pair.xb.wired.node, there, NO, AGENCY)
    pair.xb.work()
    pair.cross()
    assert main(["exchange", "show", sent, "--json", "--home", str(pair.xa.home)]) == 0


# --- what is no acknowledgement of our paper ------------------------------------------------------------------------


def forged(pair, monkeypatch, change) -> tuple[str, str]:
    """XB sends an acknowledgement whose bytes were changed before they were signed; what XA answers it with."""
    real = sps_acknowledgement.write
    monkeypatch.setattr(sps_acknowledgement, "write", lambda *about: change(real(*about)))
    sent, there = delivered(pair, samples.sample("phytosanitary_certificate", "grapefruit"))
    carrier = answering.answer(pair.xb.wired.node, there, NO, AGENCY).exchange
    pair.xb.work()
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    (finding,) = receipt_from_bytes(pair.xb.receipt(carrier).signed.receipt).findings
    return pair.xb.exchange(carrier).state, finding.code


FORGERIES = {
    "another number": (b">XA-PC-2026-004711<", b">XA-PC-2026-004712<", "UNANSWERABLE"),
    "a status of another list": (b"StatusCode>41<", b"StatusCode>70<", "SCHEMA"),
    "no status": (b"<ram:StatusCode>41</ram:StatusCode>", b"", "SCHEMA"),
    "a moment without offset": (b":00.000Z<", b":00.000<", "SCHEMA"),
    "a reason that is not marked": (b">reason: ", b">because ", "SCHEMA"),
    "a reason twice": (b">code: ", b">reason: ", "SCHEMA"),
    "no certificate": (b">AWR<", b">ZZZ<", "SCHEMA"),
    "two certificates": (b">ZZZ<", b">AWR<", "SCHEMA"),
    "a relation of its own": (b">ZZZ<", b">CAW<", "SCHEMA"),
    "no digest": (b">sha256:", b">sha512:", "SCHEMA"),
    "no message": (b">message-id<", b">reference<", "SCHEMA"),
    "an attachment": (
        b"</ram:ID>",
        b'</ram:ID><ram:AttachmentBinaryObject mimeCode="text/plain">TGFib3Jh</ram:AttachmentBinaryObject>',
        "SCHEMA",
    ),
    "no XML": (b"<rsm:SPS", b"<rsm:SPS<", "XML"),
    "JSON": (b"<?xml", b"{<?xml", "SCHEMA"),
}


@pytest.mark.parametrize(("before", "after", "word"), FORGERIES.values(), ids=FORGERIES)
def test_what_is_no_acknowledgement_is_refused_and_the_paper_stays_unanswered(
    pair, monkeypatch, before: bytes, after: bytes, word: str
) -> None:
    def change(content: bytes) -> bytes:
        assert before in content
        return content.replace(before, after, 1)

    assert forged(pair, monkeypatch, change) == (State.REFUSED, word)


def test_the_acknowledgement_is_what_the_standard_says(pair, phyto: bytes) -> None:
    _, there = delivered(pair, phyto)
    carrier = answering.answer(pair.xb.wired.node, there, NO, AGENCY).exchange
    stored = pair.xb.wired.node.store.read(lambda tx: exchanges.documents(tx, [carrier]))[carrier]
    root = parse(stored.content)
    assert root.tag == "{urn:un:unece:uncefact:data:standard:SPSAcknowledgement:17}SPSAcknowledgement"
    names = ["IssueDateTime", "StatusCode", *["ReasonInformation"] * 2, *["ReferenceSPSReferencedDocument"] * 3]
    assert [child.tag for child in root[0]] == [f"{RAM}{name}" for name in names]
    assert sps_acknowledgement.SCHEMA.breaches(root) == ()
