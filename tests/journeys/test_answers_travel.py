"""Business answers: the agency's decision goes back, both sides end ANSWERED, the first answer stands (protocol 3)."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from node.cli.main import main
from node.documents import business_answer
from node.errors import (
    AnsweredOtherwise,
    AnswerMalformed,
    ControlKindRefused,
    ExchangeUnknown,
    KindUnknown,
    NotAnswerable,
)
from node.flows import answering, parking
from node.flows.intake import Submission
from node.flows.outbound import accept
from node.flows.ports import ActorName
from node.hub.folder import FolderHub
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.exchange import State
from node.model.ids import sha256
from node.service import purge, take_from_hub
from node.store import exchanges
from node.store.receipts import settled
from node.transport.loopback import Loopback
from node.wire import receipt_from_bytes

XA, XB = "XA", "XB"
AGENCY = ActorName("agency", "human")
YES = BusinessAnswer(AnswerVerdict.ACCEPTED, reference="B-1")
NO = BusinessAnswer(AnswerVerdict.REJECTED, "R07", "原產地標準不符", "B-2")


def delivered(pair, content: bytes) -> tuple[str, str]:
    """A paper that crossed: its exchange here and there."""
    sent = pair.xa.hand_in(content, XB)
    pair.cross()
    (there,) = (one for one in pair.xb.received() if one.kind != "business_answer")
    return sent, there.id


def answered(country, identifier: str) -> dict[str, object]:
    return json.loads((country.home / "hub" / "answered" / f"{identifier}.json").read_text())


def put_answer(country, name: str, exchange: str, **said: str) -> None:
    folder = country.home / "hub" / "answers" / XA
    (folder / f"{name}.json").write_text(json.dumps({"exchange": exchange, **said}), encoding="utf-8")
    (folder / f"{name}.done").touch()


def refusal_of(country, exchange: str) -> tuple[str, ...]:
    held = country.wired.node.store.read(lambda tx: settled(tx, [exchange]))[exchange]
    return tuple(one.code for one in receipt_from_bytes(held.signed.receipt).findings)


def test_an_answer_travels_and_both_sides_end_answered(pair, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    carrier = answering.answer(pair.xb.wired.node, there, NO, AGENCY).exchange
    pair.xb.work()
    pair.cross()
    assert pair.xa.exchange(sent).state is State.ANSWERED
    assert pair.xb.exchange(there).state is State.ANSWERED
    assert pair.xb.exchange(carrier).state is State.DELIVERED
    assert answered(pair.xa, sent)["answer"] == {
        "verdict": "rejected", "reason_code": "R07", "reason": "原產地標準不符", "reference": "B-2",
    }  # fmt: skip
    assert pair.xa.timeline(sent)[-2:] == ["answer-received", "answered"]
    assert pair.xb.timeline(there)[-1] == "answered"


def test_the_answer_refers_to_its_paper_and_is_signed_by_itself(pair, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    carrier = answering.answer(pair.xb.wired.node, there, YES, AGENCY).exchange
    pair.xb.work()
    paper, mine = pair.xa.exchange(sent), pair.xb.exchange(carrier)
    assert (mine.refers_to, mine.conversation_id) == (paper.message_id, paper.conversation_id)
    stored = pair.xb.wired.node.store.read(lambda tx: exchanges.documents(tx, [carrier]))[carrier]
    answer, about = business_answer.read(stored.content)
    assert (answer, about.message_id, about.document_sha256) == (YES, paper.message_id, sha256(origin))
    (arrived,) = (one for one in pair.xa.received() if one.kind == "business_answer")
    assert "document-verified" in pair.xa.timeline(arrived.id)
    assert arrived.state is State.HANDED_OVER


def test_an_answer_before_the_hub_has_taken_the_paper_counts_too(pair, origin: bytes) -> None:
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    (there,) = pair.xb.received()
    assert there.state is State.RECEIVED
    answering.answer(pair.xb.wired.node, there.id, YES, AGENCY)
    pair.xb.work()
    pair.cross()
    assert pair.xb.exchange(there.id).state is State.ANSWERED
    assert pair.xa.exchange(sent).state is State.ANSWERED
    assert pair.xb.hub_has() == [origin]


def test_an_answer_that_overtakes_a_lost_receipt_is_kept_and_applies_when_delivered(pair, origin: bytes) -> None:
    pair.xa.road.loses_answers = 1
    sent = pair.xa.hand_in(origin, XB)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.UNRESOLVED
    (there,) = pair.xb.received()
    carrier = answering.answer(pair.xb.wired.node, there.id, NO, AGENCY).exchange
    pair.xb.work()
    assert pair.xb.exchange(carrier).state is State.DELIVERED
    assert pair.xa.exchange(sent).state is State.UNRESOLVED
    assert pair.xa.timeline(sent)[-1] == "answer-received"
    asked = len(pair.xa.road.asked)
    pair.xa.work()  # no time has passed: Status is asked at once
    assert len(pair.xa.road.asked) == asked + 1
    assert pair.xa.exchange(sent).state is State.ANSWERED
    assert answered(pair.xa, sent)["answer"]["verdict"] == "rejected"


def test_the_same_answer_again_is_the_same_exchange_and_another_one_is_refused_here(pair, origin: bytes) -> None:
    _, there = delivered(pair, origin)
    first = answering.answer(pair.xb.wired.node, there, YES, AGENCY)
    again = answering.answer(pair.xb.wired.node, there, YES, AGENCY)
    assert (again.exchange, first.repeated, again.repeated) == (first.exchange, False, True)
    with pytest.raises(AnsweredOtherwise):
        answering.answer(pair.xb.wired.node, there, NO, AGENCY)


def forget(country, exchange: str) -> None:
    """As a node restored from a backup that is older than its answer."""

    def work(tx) -> None:
        for statement in (
            "DROP TRIGGER IF EXISTS business_answer_no_delete",
            "DELETE FROM business_answer",
            f"DELETE FROM submission WHERE idempotency_key = 'business_answer/{exchange}'",
        ):
            tx.exec_driver_sql(statement)

    country.wired.node.store.write(work)


def test_the_same_answer_under_a_new_message_is_already_known_and_a_differing_one_is_a_conflict(
    pair, origin: bytes
) -> None:
    sent, there = delivered(pair, origin)
    answering.answer(pair.xb.wired.node, there, YES, AGENCY)
    pair.xb.work()
    for decided, verdict, codes in ((YES, State.DELIVERED, ()), (NO, State.REFUSED, ("CONFLICT",))):
        forget(pair.xb, there)
        carrier = answering.answer(pair.xb.wired.node, there, decided, AGENCY).exchange
        pair.xb.work()
        assert pair.xb.exchange(carrier).state is verdict
        assert refusal_of(pair.xb, carrier) == codes
    pair.cross()
    assert answered(pair.xa, sent)["answer"]["verdict"] == "accepted"
    assert pair.xa.audited("refused")[-1]["code"] == "N2N-ANS-005"


def test_an_answer_to_a_paper_that_we_never_sent_is_refused_with_its_finding(pair, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    row = pair.xb.exchange(there)
    other = row.message_id[:-1] + ("0" if row.message_id[-1] != "0" else "1")
    pair.xb.wired.node.store.write(
        lambda tx: tx.exec_driver_sql(f"UPDATE exchange SET message_id = '{other}' WHERE id = '{there}'")
    )
    carrier = answering.answer(pair.xb.wired.node, there, YES, AGENCY).exchange
    pair.xb.work()
    assert pair.xb.exchange(carrier).state is State.REFUSED
    assert refusal_of(pair.xb, carrier) == ("UNANSWERABLE",)
    assert pair.xb.exchange(there).state is not State.ANSWERED
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_an_answer_about_other_bytes_is_refused(pair, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    pair.xb.wired.node.store.write(
        lambda tx: tx.exec_driver_sql(f"UPDATE exchange SET document_sha256 = zeroblob(32) WHERE id = '{there}'")
    )
    carrier = answering.answer(pair.xb.wired.node, there, YES, AGENCY).exchange
    pair.xb.work()
    assert refusal_of(pair.xb, carrier) == ("UNANSWERABLE",)
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_partner_cannot_answer_the_papers_that_another_partner_has(trio, papers) -> None:
    content, foreign = papers(2)
    trio.xa.hand_in(content, "XB", "b")
    to_xc = trio.xa.hand_in(foreign, "XC", "c")
    for country in (trio.xa, trio.xb, trio.xc):
        country.work()
    (there,) = trio.xb.received()
    stolen = trio.xa.exchange(to_xc).message_id
    trio.xb.wired.node.store.write(
        lambda tx: tx.exec_driver_sql(f"UPDATE exchange SET message_id = '{stolen}' WHERE id = '{there.id}'")
    )
    carrier = answering.answer(trio.xb.wired.node, there.id, YES, AGENCY).exchange
    trio.xb.wired.transports["XA"] = Loopback("XA", "XB", trio.xa.wired.door)
    trio.xb.work()
    assert refusal_of(trio.xb, carrier) == ("UNANSWERABLE",)
    assert trio.xa.exchange(to_xc).state is State.DELIVERED


def test_what_cannot_be_answered_is_told_at_once(pair, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    node = pair.xa.wired.node
    with pytest.raises(NotAnswerable):
        answering.answer(node, sent, YES, AGENCY)
    with pytest.raises(ExchangeUnknown):
        answering.answer(node, there, YES, AGENCY)
    with pytest.raises(AnswerMalformed):
        answering.answer(pair.xb.wired.node, there, BusinessAnswer(AnswerVerdict.REJECTED, reason="x" * 1001), AGENCY)
    with pytest.raises(AnswerMalformed):
        answering.answer(pair.xb.wired.node, there, BusinessAnswer(AnswerVerdict.REJECTED, reason="a\u202eb"), AGENCY)


def test_nobody_hands_in_an_answer_as_a_paper(pair, origin: bytes) -> None:
    _, there = delivered(pair, origin)
    carrier = answering.answer(pair.xb.wired.node, there, YES, AGENCY).exchange
    content = pair.xb.wired.node.store.read(lambda tx: exchanges.documents(tx, [carrier]))[carrier].content
    by_kind, by_bytes = accept(
        pair.xb.wired.node,
        [Submission(content, XA, "one", "business_answer"), Submission(content, XA, "two")],
        AGENCY,
    )
    assert isinstance(by_kind, ControlKindRefused)
    assert isinstance(by_bytes, KindUnknown)


def test_an_answer_whose_first_way_is_lost_arrives_by_the_next(pair, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    pair.xb.road.cut = True
    answering.answer(pair.xb.wired.node, there, YES, AGENCY)
    pair.xb.work()
    assert pair.xb.exchange(there).state is State.HANDED_OVER
    pair.xb.road.cut = False
    pair.xb.next_try()
    assert pair.xb.exchange(there).state is State.ANSWERED
    assert pair.xa.exchange(sent).state is State.ANSWERED


def test_a_restart_between_the_answer_and_the_hub_loses_nothing(pair, reopen, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    answering.answer(pair.xb.wired.node, there, YES, AGENCY)
    reopen(pair.xb)
    pair.xb.work()
    reopen(pair.xa)
    pair.xa.work()
    assert answered(pair.xa, sent)["answer"]["verdict"] == "accepted"


# --- the folder hub ---------------------------------------------------------------------------------------------------


def test_the_hub_answers_by_a_file_and_finds_answers_as_files(pair, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    put_answer(pair.xb, "a1", there, verdict="conditional", reason="inspection on arrival", reason_code="C2")
    assert take_from_hub(pair.xb.wired)
    assert not take_from_hub(pair.xb.wired)
    pair.xb.work()
    pair.cross()
    assert answered(pair.xa, sent)["answer"]["verdict"] == "conditional"
    note = json.loads((pair.xb.home / "hub" / "answers-taken" / XA / "a1.note").read_text())
    assert pair.xb.exchange(note["exchange"]).kind == "business_answer"
    status = json.loads((pair.xb.home / "hub" / "status" / f"{note['exchange']}.json").read_text())
    assert (status["state"], status["refers_to"]) == ("DELIVERED", pair.xa.exchange(sent).message_id)


UNREADABLE = {
    "no JSON": b"{",
    "a list": b"[]",
    "an unknown member": b'{"exchange": "x", "verdict": "accepted", "why": "x"}',
    "a verdict of no list": b'{"exchange": "x", "verdict": "perhaps"}',
    "no exchange": b'{"verdict": "accepted"}',
    "a number as text": b'{"exchange": "x", "verdict": "accepted", "reason": 7}',
    "a long reason": json.dumps({"exchange": "x", "verdict": "accepted", "reason": "x" * 1001}).encode(),
    "too large": b'{"exchange": "' + b"x" * 20_000 + b'"}',
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_file_that_cannot_be_read_is_refused_and_stops_nobody(pair, origin: bytes, content: bytes) -> None:
    _, there = delivered(pair, origin)
    folder = pair.xb.home / "hub" / "answers" / XA
    (folder / "a0.json").write_bytes(content)
    (folder / "a0.done").touch()
    put_answer(pair.xb, "a1", there, verdict="accepted")
    assert take_from_hub(pair.xb.wired)
    refused: Path = pair.xb.home / "hub" / "answers-refused" / XA / "a0.note"
    assert json.loads(refused.read_text())["code"] == "N2N-HUB-002"
    assert (pair.xb.home / "hub" / "answers-taken" / XA / "a1.note").exists()


def test_an_answer_under_another_partners_folder_is_refused(pair, origin: bytes) -> None:
    sent, _ = delivered(pair, origin)
    folder = pair.xa.home / "hub" / "answers" / XB
    (folder / "a1.json").write_text(json.dumps({"exchange": sent, "verdict": "accepted"}))
    (folder / "a1.done").touch()
    assert take_from_hub(pair.xa.wired)
    note = json.loads((pair.xa.home / "hub" / "answers-refused" / XB / "a1.note").read_text())
    assert note["code"] == "N2N-ANS-001"


def test_the_hub_hears_of_an_answer_that_came_while_it_was_away(pair, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    hub = pair.xa.home / "hub"
    hub.rename(hub.with_name("gone"))
    answering.answer(pair.xb.wired.node, there, YES, AGENCY)
    pair.xb.work()
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.ANSWERED
    hub.with_name("gone").rename(hub)
    assert pair.xa.next_try() <= timedelta(minutes=5)
    assert answered(pair.xa, sent)["answer"]["verdict"] == "accepted"


def test_people_answer_and_read_answers_on_the_command_line(pair, reopen, capsys, origin: bytes) -> None:
    sent, there = delivered(pair, origin)
    said = ["rejected", "--reason", "文件不符", "--code", "R07", "--reference", "B-9"]
    assert main(["answer", there[:-4], *said, "--home", str(pair.xb.home)]) == 0
    capsys.readouterr()
    assert main(["answer", there, "accepted", "--home", str(pair.xb.home)]) == 65
    assert "N2N-ANS-002" in capsys.readouterr().err
    pair.xb.next_try()
    pair.cross()
    for country, identifier in ((pair.xa, sent), (pair.xb, there)):
        assert main(["exchange", "show", identifier, "--json", "--home", str(country.home)]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert shown["state"] == "ANSWERED"
        assert {key: shown["answer"][key] for key in ("verdict", "reason_code", "reason", "reference")} == {
            "verdict": "rejected", "reason_code": "R07", "reason": "文件不符", "reference": "B-9",
        }  # fmt: skip
    assert main(["exchange", "show", sent, "--lang", "zh-TW", "--home", str(pair.xa.home)]) == 0
    out = capsys.readouterr().out
    assert "不接受" in out
    assert "文件不符" in out


def test_when_bodies_are_purged_the_verdict_stays_and_its_texts_go(pair, origin: bytes, capsys) -> None:
    sent, there = delivered(pair, origin)
    answering.answer(pair.xb.wired.node, there, NO, AGENCY)
    pair.xb.work()
    pair.cross()
    pair.xa.later(days=5000)
    assert purge(pair.xa.wired) > 0
    assert main(["exchange", "show", sent, "--json", "--home", str(pair.xa.home)]) == 0
    shown = json.loads(capsys.readouterr().out)["answer"]
    assert (shown["verdict"], shown["reason"], shown["reference"]) == ("rejected", "", "")


def test_an_answer_is_exported_and_verified_as_evidence(pair, origin: bytes, tmp_path: Path, capsys) -> None:
    sent, there = delivered(pair, origin)
    carrier = answering.answer(pair.xb.wired.node, there, NO, AGENCY).exchange
    pair.xb.work()
    (arrived,) = (one.id for one in pair.xa.received() if one.kind == "business_answer")
    for country, exchange in ((pair.xb, carrier), (pair.xa, arrived), (pair.xa, sent)):
        out = tmp_path / exchange
        out.mkdir()
        assert main(["evidence", "export", exchange, "--out", str(out), "--home", str(country.home)]) == 0
        (file,) = out.iterdir()
        anchors = tmp_path / "anchors.pem"
        anchors.write_bytes(b"".join((country.home / "certs" / code / "ca.pem").read_bytes() for code in (XA, XB)))
        assert main(["evidence", "verify", str(file), "--anchors", str(anchors)]) == 0


class PowerCutError(Exception):
    """The process is gone."""


def test_a_power_cut_between_taking_an_answer_and_telling_the_hub_answers_once(
    pair, monkeypatch, reopen, origin: bytes
) -> None:
    _, there = delivered(pair, origin)
    put_answer(pair.xb, "a1", there, verdict="accepted")

    def cut(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(FolderHub, "taken", cut)
        with pytest.raises(PowerCutError):
            take_from_hub(pair.xb.wired)
    reopen(pair.xb)
    assert take_from_hub(pair.xb.wired)
    pair.xb.work()
    assert len([one for one in pair.xa.received() if one.kind == "business_answer"]) == 1
    assert (pair.xb.home / "hub" / "answers-taken" / XA / "a1.note").exists()


def test_an_answer_to_a_parked_paper_waits_with_it(pair, origin: bytes) -> None:
    pair.xa.road.loses_answers = 1
    sent = pair.xa.hand_in(origin, XB)
    pair.cross()
    store = pair.xa.wired.node.store
    store.write(lambda tx: parking.park_row(tx, sent, "by hand", pair.xa.clock.now()))
    (there,) = pair.xb.received()
    answering.answer(pair.xb.wired.node, there.id, YES, AGENCY)
    pair.xb.work()
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.PARKED
    assert pair.xa.timeline(sent)[-1] == "answer-received"
    assert pair.xb.exchange(there.id).state is State.ANSWERED
