"""What is left to a human comes back: papers are parked and resumed by hand, and the audit keeps who did it and why."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from node.cli.main import main
from node.documents import samples
from node.errors import ExchangeUnknown, IllegalMove, LogForked, NoAnswer, NotParked, PartnerUnreachable
from node.flows import parking, witness
from node.flows.ports import ActorName
from node.model.checkpoint import ConsistencyProof
from node.model.envelope import DeliverRequest
from node.model.exchange import State
from node.model.receipt import Answer, Deferred, DeferredCode, DeliverResponse
from node.store import jobs, witnessed

XA, XB = "XA", "XB"
CLERK = ActorName("clerk", "human")


@pytest.fixture
def n2n(pair, capsys) -> Callable[..., tuple[int, str]]:
    """The command line at XA's home: its exit code and what it said."""

    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main([*words, "--home", str(pair.xa.home)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def resume(pair, *ids: str) -> None:
    parking.resume(pair.xa.wired.node, ids, CLERK, "cured")


def unheard(request: DeliverRequest) -> DeliverRequest:
    """The call never arrives; what does is about papers nobody knows."""
    return replace(request, envelopes=tuple(replace(one, body_digest=bytes(32)) for one in request.envelopes))


def given_up(pair, content: bytes) -> str:
    """A paper of XA's that is parked because XB was away for too long; the road is open again."""
    pair.xa.road.cut = True
    sent = pair.xa.hand_in(content, XB)
    pair.xa.work()
    pair.xa.later(hours=49)
    pair.xa.road.cut = False
    assert pair.xa.exchange(sent).state is State.PARKED
    return sent


def test_a_parked_paper_is_resumed_and_crosses(pair, origin: bytes) -> None:
    sent = given_up(pair, origin)
    assert parking.resume(pair.xa.wired.node, [sent], CLERK, "the line is mended") == {sent: State.UNRESOLVED}
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert pair.xb.received()[0].state is State.RECEIVED
    assert [word for word in pair.xa.timeline(sent) if word in ("parked", "resumed")] == ["parked", "resumed"]
    (entry,) = pair.xa.audited("resumed")
    assert entry == {"object": sent, "partner": XB, "from": "PARKED", "reason": "the line is mended"}


def test_a_resumed_paper_is_asked_about_before_it_is_sent_again(pair, origin: bytes) -> None:
    """Parked in the middle of a call, it may be there."""
    pair.xa.road.loses_answers = 1
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    parking.park(pair.xa.wired.node, [sent], CLERK, "asked for by telephone")
    resume(pair, sent)
    assert pair.xa.exchange(sent).state is State.UNRESOLVED
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert (len(pair.xa.road.carried), len(pair.xa.road.asked)) == (1, 1)


def test_a_paper_parked_before_it_was_sealed_is_sealed_after_it_is_resumed(pair, n2n, origin: bytes) -> None:
    sent = pair.xa.hand_in(origin, XB)
    code, said = n2n("exchange", "park", sent, "--reason", "等候主管", "--json")
    assert (code, json.loads(said)) == (0, [{"id": sent, "state": "PARKED"}])
    pair.xa.later(days=1)
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.last_cause, pair.xa.road.carried) == (State.PARKED, "by hand", [])
    assert pair.xa.audited("parked")[0]["reason"] == "等候主管"
    code, said = n2n("exchange", "resume", sent[:-3], "--lang", "zh-TW")
    assert code == 0
    assert "已受理" in said
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_resumed_paper_has_hours_and_a_first_cause_of_its_own(pair, origin: bytes) -> None:
    sent = given_up(pair, origin)
    assert pair.xa.exchange(sent).last_cause == PartnerUnreachable.code
    resume(pair, sent)
    pair.xa.road.cut = True
    pair.xa.later(hours=47)
    assert pair.xa.exchange(sent).state is State.UNRESOLVED
    pair.xa.road.cut, pair.xa.road.loses_answers = False, 1_000
    pair.xa.later(hours=2)
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.last_cause) == (State.PARKED, PartnerUnreachable.code)
    resume(pair, sent)
    pair.xa.work()
    pair.xa.later(hours=49)
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.last_cause) == (State.PARKED, NoAnswer.code)


def test_wishes_for_a_new_key_are_counted_anew_after_a_paper_was_resumed(pair, origin: bytes) -> None:
    pair.xa.road.spoil = lambda answers: [Answer(one.message_id, Deferred(DeferredCode.BODY, 1)) for one in answers]
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    while pair.xa.exchange(sent).state is not State.PARKED:
        pair.xa.next_try()
    resume(pair, sent)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.UNRESOLVED
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.UNRESOLVED
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.PARKED


# --- alarms -----------------------------------------------------------------------------------------------------------


def test_a_paper_parked_by_an_alarm_is_asked_about_when_it_is_resumed(pair, papers) -> None:
    def forked(response: DeliverResponse) -> DeliverResponse:
        # A genuine note of another size, with a proof from somewhere else.
        return replace(response, proof=ConsistencyProof(9))

    one, two, lost = papers(3)
    pair.xa.hand_in(one, XB, "1")
    pair.xa.work()
    pair.xa.road.show = forked
    pair.xa.hand_in(two, XB, "2")
    pair.xa.work()
    pair.xa.road.tamper = unheard
    sent = pair.xa.hand_in(lost, XB, "3")
    pair.xa.work()
    pair.xa.later(days=8)
    assert pair.xa.exchange(sent).last_cause == LogForked.code

    pair.xa.road.show = lambda response: response
    resume(pair, sent)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.PARKED, "the alarm stands"

    witness.clear(pair.xa.wired.node, XB, CLERK, "their disk was exchanged")
    asked = len(pair.xa.road.asked)
    resume(pair, sent)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.EXPIRED
    assert [question.close for question in pair.xa.road.asked[asked:]] == [True]
    assert pair.xa.wired.node.store.read(lambda tx: witnessed.alarm(tx, XB)) is None


# --- chains -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def chain() -> tuple[bytes, bytes]:
    return tuple(samples.sample("certificate_of_origin", name) for name in ("tea", "tea_replacement"))


def test_a_successor_parked_behind_its_predecessor_goes_when_that_has_come_another_way(pair, chain) -> None:
    tea, replacement = chain

    pair.xa.road.tamper = unheard
    pair.xa.hand_in(tea, XB, "1")
    second = pair.xa.hand_in(replacement, XB, "2")
    pair.xa.work()
    pair.xa.later(days=8)
    assert pair.xa.exchange(second).last_cause == "predecessor EXPIRED"
    pair.xa.road.tamper = lambda request: request
    pair.xa.hand_in(tea, XB, "3")
    pair.xa.work()
    resume(pair, second)
    assert pair.xa.exchange(second).state is State.ACCEPTED
    pair.xa.work()
    assert pair.xa.exchange(second).state is State.DELIVERED


def test_a_successor_resumed_while_its_predecessor_is_under_way_still_waits_for_it(pair, chain) -> None:
    tea, replacement = chain
    pair.xa.road.cut = True
    first, second = pair.xa.hand_in(tea, XB, "1"), pair.xa.hand_in(replacement, XB, "2")
    pair.xa.work()
    parking.park(pair.xa.wired.node, [first, second], CLERK, "both")
    resume(pair, second)
    pair.xa.road.cut = False
    pair.xa.work()
    assert [pair.xa.exchange(one).state for one in (first, second)] == [State.PARKED, State.ACCEPTED]
    resume(pair, first)
    pair.xa.work()
    assert [pair.xa.exchange(one).state for one in (first, second)] == [State.DELIVERED] * 2


# --- what is refused --------------------------------------------------------------------------------------------------


def test_only_what_is_parked_is_resumed_and_only_what_is_under_way_is_parked(pair, papers, n2n) -> None:
    node = pair.xa.wired.node
    done, open_ = papers(2)
    arrived = pair.xa.hand_in(done, XB, "1")
    pair.cross()
    pair.xa.road.cut = True
    waiting = pair.xa.hand_in(open_, XB, "2")
    pair.xa.work()
    with pytest.raises(IllegalMove):
        parking.park(node, [waiting, arrived], CLERK, "all or none")
    with pytest.raises(IllegalMove):
        parking.park(pair.xb.wired.node, [pair.xb.received()[0].id], CLERK, "theirs")
    with pytest.raises(ExchangeUnknown):
        parking.park(node, [waiting, "nobody"], CLERK, "all or none")
    assert pair.xa.exchange(waiting).state is State.SEALED
    parking.park(node, [waiting, waiting], CLERK, "twice in one breath is once")
    with pytest.raises(IllegalMove):
        parking.park(node, [waiting], CLERK, "again")
    assert pair.xa.wired.node.store.read(jobs.next_due) is None
    for other, error in ((arrived, NotParked.code), ("019aa9b0", ExchangeUnknown.code)):
        code, said = n2n("exchange", "resume", waiting, other)
        assert code != 0
        assert error in said
    assert pair.xa.exchange(waiting).state is State.PARKED
    assert pair.xa.audited("resumed") == []
