"""What a partner answers is judged: only its own signed receipt for exactly this paper settles it (protocol 3)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Thread

import pytest
from sqlalchemy import select

from node.crypto.seal import manifest_to_xml, receipt_leaf
from node.crypto.xades import sign_detached
from node.errors import AnswerRefused
from node.model.document import Finding, MediaType
from node.model.envelope import Manifest, Place, Purpose, Seal
from node.model.evidence import Fact
from node.model.exchange import State
from node.model.ids import Digest, Leaf, uuid7
from node.model.receipt import (
    Answer,
    Coarse,
    CoarseReason,
    FindingCode,
    NotHeld,
    Receipt,
    SignedReceipt,
    Verdict,
)
from node.settings import load_settings
from node.store import jobs
from node.store.tables import RECEIPT_DISPUTE
from node.wire import receipt_from_bytes, receipt_to_bytes
from node.wiring import wire

XA, XB = "XA", "XB"
Spoil = Callable[[Sequence[Answer]], Sequence[Answer]]


def issued(country, about: Receipt, to: str = XA, purpose: Purpose = Purpose.RECEIPTS, key=None) -> SignedReceipt:
    """A receipt under a seal of its own, made without the checks that keep a node from making a wrong one."""
    node = country.wired.node
    now = node.clock.now()
    octets = receipt_to_bytes(about)
    manifest = manifest_to_xml(Manifest(purpose, node.code, to, now, 1, Digest(receipt_leaf(octets))))
    signature = sign_detached(manifest, purpose.file_name, MediaType.XML, key or node.keys.receipt, now)
    return SignedReceipt(octets, Seal(manifest, signature), Place(0, ()))


def said(answer: Answer) -> Receipt:
    return receipt_from_bytes(answer.outcome.receipt)


def with_receipt(answer: Answer, receipt: SignedReceipt) -> list[Answer]:
    return [replace(answer, outcome=receipt)]


FORGERIES: dict[str, Callable[..., list[Answer]]] = {
    "for another message": lambda pair, answer: with_receipt(
        answer, issued(pair.xb, replace(said(answer), message_id=another_id(pair)))
    ),
    "for another leaf": lambda pair, answer: with_receipt(
        answer, issued(pair.xb, replace(said(answer), leaf=Leaf(bytes(32))))
    ),
    "accepted without a leaf": lambda pair, answer: with_receipt(
        answer,
        replace(answer.outcome, receipt=receipt_to_bytes(replace(said(answer), verdict=Verdict.ABSENT, leaf=None))),
    ),
    "to another node": lambda pair, answer: with_receipt(answer, issued(pair.xb, said(answer), to="XC")),
    "by our own key": lambda pair, answer: with_receipt(
        answer, issued(pair.xb, said(answer), key=pair.xa.wired.node.keys.receipt)
    ),
    "under a papers seal": lambda pair, answer: with_receipt(
        answer, issued(pair.xb, said(answer), purpose=Purpose.PAPERS, key=pair.xb.wired.node.keys.sign)
    ),
    "under a papers seal by the receipt key": lambda pair, answer: with_receipt(
        answer, issued(pair.xb, said(answer), purpose=Purpose.PAPERS)
    ),
    "by the sign key": lambda pair, answer: with_receipt(
        answer, issued(pair.xb, said(answer), key=pair.xb.wired.node.keys.sign)
    ),
    "altered verdict": lambda pair, answer: with_receipt(
        answer, replace(answer.outcome, receipt=receipt_to_bytes(replace(said(answer), verdict=Verdict.REFUSED)))
    ),
    "one byte more": lambda pair, answer: with_receipt(
        answer, replace(answer.outcome, receipt=answer.outcome.receipt + b"\0")
    ),
    "at another place": lambda pair, answer: with_receipt(
        answer, replace(answer.outcome, place=replace(answer.outcome.place, path=(bytes(32),)))
    ),
    "answer under another id": lambda pair, answer: [replace(answer, message_id=another_id(pair))],
    "no answer in the list": lambda pair, answer: [],
}


def another_id(pair) -> str:
    node = pair.xb.wired.node
    return uuid7(node.clock.now(), node.random)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_receipt_that_does_not_hold_settles_nothing_and_the_true_one_still_does(pair, origin: bytes, forgery) -> None:
    pair.xa.road.spoil = lambda answers: FORGERIES[forgery](pair, answers[0])
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    owed = pair.xa.exchange(sent)
    assert (owed.state, owed.last_cause) == (State.UNRESOLVED, AnswerRefused.code)
    assert "receipt-stored" not in pair.xa.timeline(sent)

    pair.xa.road.spoil = lambda answers: answers
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert len(pair.xa.road.carried) == 1
    assert pair.xa.receipt(sent).verdict is Verdict.ACCEPTED


REARRANGED: dict[str, Spoil] = {
    "too many": lambda answers: [*answers, *answers],
    "the last one missing": lambda answers: answers[:-1],
    "in reverse": lambda answers: answers[::-1],
    "none": lambda answers: [],
    "the first one twice": lambda answers: [answers[0], answers[0], *answers[2:]],
}
HELD_BACK = {"too many": 0, "the last one missing": 1, "in reverse": 2, "none": 3, "the first one twice": 1}


@pytest.mark.parametrize("order", REARRANGED)
def test_each_paper_is_settled_by_the_answer_in_its_own_place_or_asked_about(pair, papers, order: str) -> None:
    pair.xa.road.spoil = REARRANGED[order]
    sent = [pair.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(papers(3))]
    pair.xa.work()
    states = [pair.xa.exchange(one).state for one in sent]
    assert states.count(State.UNRESOLVED) == HELD_BACK[order]
    assert states.count(State.DELIVERED) == 3 - HELD_BACK[order]

    pair.xa.road.spoil = lambda answers: answers
    pair.xa.later(seconds=10)
    assert {pair.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    assert len(pair.xa.road.carried) == 1


@pytest.mark.parametrize("reason", CoarseReason)
def test_a_coarse_word_never_ends_an_exchange(pair, origin: bytes, reason: CoarseReason) -> None:
    pair.xa.road.spoil = lambda answers: [Answer(one.message_id, Coarse(reason)) for one in answers]
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state in (State.SEALED, State.UNRESOLVED)
    assert Fact.COARSE.value in pair.xa.timeline(sent)
    pair.xa.road.spoil = lambda answers: answers
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_refusal_settles_with_its_findings_and_the_hub_hears_them(pair, origin: bytes) -> None:
    finding = Finding(FindingCode.RULE, "/CertificateOfOrigin/Number", "numbers are unique")

    def refuse(answers: Sequence[Answer]) -> Sequence[Answer]:
        about = replace(said(answers[0]), verdict=Verdict.REFUSED, findings=(finding,))
        return with_receipt(answers[0], issued(pair.xb, about))

    pair.xa.road.spoil = refuse
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    settled = pair.xa.exchange(sent)
    assert (settled.state, settled.last_cause) == (State.REFUSED, FindingCode.RULE)
    told = (pair.xa.home / "hub" / "status" / f"{sent}.json").read_text()
    assert '"state": "REFUSED"' in told
    assert "numbers are unique" in told
    assert "/CertificateOfOrigin/Number" in told


def test_a_signed_absent_ends_the_paper_as_expired(pair, origin: bytes) -> None:
    pair.xa.road.spoil = lambda answers: with_receipt(
        answers[0], issued(pair.xb, replace(said(answers[0]), verdict=Verdict.ABSENT, leaf=None))
    )
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.EXPIRED
    assert '"state": "EXPIRED"' in (pair.xa.home / "hub" / "status" / f"{sent}.json").read_text()


def test_not_held_in_answer_to_a_delivery_is_no_receipt(pair, origin: bytes) -> None:
    pair.xa.road.spoil = lambda answers: [replace(one, outcome=NotHeld()) for one in answers]
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.road.spoil = lambda answers: answers
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def settled_meanwhile(pair, twin, late: Callable[[Answer], SignedReceipt]) -> Spoil:
    """Our call hangs until its lease is over, a second worker of the node settles, and only then our answer comes."""

    def spoil(answers: Sequence[Answer]) -> Sequence[Answer]:
        pair.xa.road.spoil = lambda others: others
        other = Thread(target=lambda: twin.later(minutes=2))
        other.start()
        other.join()
        return with_receipt(answers[0], late(answers[0]))

    return spoil


@pytest.fixture
def twin(pair) -> Iterator[object]:
    """A second worker on XA's store; on a shared database that is another node process."""
    wired = wire(load_settings(pair.xa.home, {}), pair.xa.clock)
    wired.transports[XB] = pair.xa.road
    yield replace(pair.xa, wired=wired)
    wired.close()


def disputes(country) -> list[bytes]:
    return country.wired.node.store.read(lambda tx: list(tx.execute(select(RECEIPT_DISPUTE.c.receipt)).scalars()))


def test_a_second_valid_receipt_that_differs_is_kept_and_alarms_and_the_first_stands(pair, twin, origin: bytes) -> None:
    def contradict(answer: Answer) -> SignedReceipt:
        return issued(pair.xb, replace(said(answer), verdict=Verdict.REFUSED))

    pair.xa.road.spoil = settled_meanwhile(pair, twin, contradict)
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert pair.xa.receipt(sent).verdict is Verdict.ACCEPTED
    assert [receipt_from_bytes(one).verdict for one in disputes(pair.xa)] == [Verdict.REFUSED]
    assert pair.xa.wired.journal.counters()["alarm.receipt-disputed"] == 1
    assert pair.xa.timeline(sent).count("receipt-disputed") == 1


def test_the_same_receipt_again_is_no_dispute(pair, twin, origin: bytes) -> None:
    pair.xa.road.spoil = settled_meanwhile(pair, twin, lambda answer: answer.outcome)
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert disputes(pair.xa) == []
    assert "alarm.receipt-disputed" not in pair.xa.wired.journal.counters()
    assert pair.xa.timeline(sent).count("receipt-stored") == 1


def test_a_late_deferral_does_not_undo_what_another_worker_settled(pair, twin, origin: bytes) -> None:
    def late(answers: Sequence[Answer]) -> Sequence[Answer]:
        settled_meanwhile(pair, twin, lambda answer: answer.outcome)(answers)
        return [replace(answers[0], outcome=Coarse(CoarseReason.TRY_LATER))]

    pair.xa.road.spoil = late
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert pair.xa.wired.node.store.read(jobs.next_due) is None
