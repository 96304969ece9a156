"""Papers about the same paper keep their order; other papers do not wait for them (protocol 5)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Never

import pytest

from node.crypto.seal import manifest_to_xml, paper_leaf, receipt_leaf
from node.crypto.xades import sign_detached
from node.documents import samples
from node.errors import NoAnswer, PredecessorNeverSent
from node.model.document import MediaType
from node.model.envelope import DeliverRequest, Manifest, Place, Purpose, Seal, StatusRequest
from node.model.exchange import State
from node.model.ids import Digest, Leaf
from node.model.receipt import Answer, DeliverResponse, Receipt, SignedReceipt, Verdict
from node.store import actors, exchanges, jobs, retention
from node.transport.loopback import Loopback
from node.wire import header_from_bytes, receipt_to_bytes

XA, XB = "XA", "XB"


@pytest.fixture
def tea() -> bytes:
    return samples.sample("certificate_of_origin", "tea")


@pytest.fixture
def tea_replacement() -> bytes:
    return samples.sample("certificate_of_origin", "tea_replacement")


@pytest.fixture
def orchids() -> bytes:
    return samples.sample("phytosanitary_certificate", "orchids")


@pytest.fixture
def orchids_withdrawn() -> bytes:
    return samples.sample("phytosanitary_certificate", "orchids_withdrawn")


def third_link(replacement: bytes) -> bytes:
    """Replaces the replacement."""
    return replacement.replace(b"0093127", b"0093544", 1).replace(
        b"<Number>XA-115-CO-0093544", b"<Number>XA-115-CO-0094000", 1
    )


@dataclass(slots=True)
class Refusing:
    """The way to a partner that refuses whatever comes, duly signed."""

    there: Loopback
    partner: object

    async def deliver(self, request: DeliverRequest, deadline_s: float) -> DeliverResponse:
        papers = [
            (header_from_bytes(one.header).message_id, paper_leaf(one.header, one.body_digest))
            for one in request.envelopes
        ]
        answers = (Answer(message_id, refused(self.partner, message_id, leaf)) for message_id, leaf in papers)
        return DeliverResponse(tuple(answers))

    async def status(self, request: StatusRequest, deadline_s: float) -> DeliverResponse:
        return await self.there.status(request, deadline_s)


def refused(country, message_id: str, leaf: Leaf) -> SignedReceipt:
    node, now = country.wired.node, country.clock.now()
    octets = receipt_to_bytes(Receipt(message_id, Verdict.REFUSED, now, leaf))
    manifest = manifest_to_xml(Manifest(Purpose.RECEIPTS, node.code, XA, now, 1, Digest(receipt_leaf(octets))))
    name = Purpose.RECEIPTS.file_name
    return SignedReceipt(
        octets, Seal(manifest, sign_detached(manifest, name, MediaType.XML, node.keys.receipt, now)), Place(0, ())
    )


def purge_all(country) -> int:
    node, now = country.wired.node, country.clock.now()

    def purge(tx) -> int:
        actor = actors.ensure(tx, "retention", actors.ActorKind.SYSTEM, now)
        return retention.purge_bodies(tx, now, actor, "retention", now)

    return node.store.write(purge)


def order_of_travel(pair) -> list[str]:
    """The numbers that XB took, in the order they were carried to it."""
    taken = {one.message_id: one.number for one in pair.xb.received()}
    carried = [envelope for request in pair.xa.road.carried for envelope in request.envelopes]
    return [taken[header_from_bytes(one.header).message_id] for one in carried]


def test_a_replacement_waits_for_its_original_and_goes_after_it(pair, tea: bytes, tea_replacement: bytes) -> None:
    pair.xa.road.cut = True
    first, second = pair.xa.hand_in(tea, XB, "1"), pair.xa.hand_in(tea_replacement, XB, "2")
    pair.xa.work()
    assert pair.xa.exchange(first).state is State.SEALED
    assert pair.xa.exchange(second).state is State.ACCEPTED
    pair.xa.road.cut = False
    pair.xa.next_try()
    assert [pair.xa.exchange(one).state for one in (first, second)] == [State.DELIVERED] * 2
    assert order_of_travel(pair) == ["XA-115-CO-0093127", "XA-115-CO-0093544"]
    assert [len(request.envelopes) for request in pair.xa.road.carried] == [1, 1]


def test_a_replacement_handed_in_after_its_original_arrived_goes_at_once(
    pair, tea: bytes, tea_replacement: bytes
) -> None:
    pair.xa.hand_in(tea, XB, "1")
    pair.cross()
    second = pair.xa.hand_in(tea_replacement, XB, "2")
    pair.cross()
    assert pair.xa.exchange(second).state is State.DELIVERED
    assert pair.xb.hub_has() == sorted([tea, tea_replacement])


def test_a_withdrawal_long_after_its_paper_goes_at_once(pair, orchids: bytes, orchids_withdrawn: bytes) -> None:
    pair.xa.hand_in(orchids, XB, "1")
    pair.cross()
    second = pair.xa.hand_in(orchids_withdrawn, XB, "2")
    pair.cross()
    assert pair.xa.exchange(second).state is State.DELIVERED


def test_a_chain_of_three_crosses_link_by_link(pair, tea: bytes, tea_replacement: bytes) -> None:
    last = third_link(tea_replacement)
    sent = [pair.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate((tea, tea_replacement, last))]
    pair.cross()
    assert [pair.xa.exchange(one).state for one in sent] == [State.DELIVERED] * 3
    assert order_of_travel(pair) == ["XA-115-CO-0093127", "XA-115-CO-0093544", "XA-115-CO-0094000"]
    ids = [one.id for one in pair.xb.received()]
    documents = pair.xb.wired.node.store.read(lambda tx: exchanges.documents(tx, ids))
    assert {one.chain.number for one in documents.values()} == {"XA-115-CO-0093127"}


def test_an_unresolved_original_holds_its_successor_back(pair, tea: bytes, tea_replacement: bytes) -> None:
    pair.xa.road.loses_answers = 2
    pair.xa.hand_in(tea, XB, "1")
    second = pair.xa.hand_in(tea_replacement, XB, "2")
    pair.xa.work()
    pair.xa.next_try()
    assert pair.xa.exchange(second).state is State.ACCEPTED
    pair.xa.next_try()
    assert pair.xa.exchange(second).state is State.DELIVERED


def test_a_refused_original_parks_its_successor_and_says_why(pair, tea: bytes, tea_replacement: bytes) -> None:
    pair.xa.road.there = Refusing(pair.xa.road.there, pair.xb)
    first, second = pair.xa.hand_in(tea, XB, "1"), pair.xa.hand_in(tea_replacement, XB, "2")
    pair.xa.work()
    assert pair.xa.exchange(first).state is State.REFUSED
    parked = pair.xa.exchange(second)
    assert (parked.state, parked.first_cause) == (State.PARKED, "predecessor REFUSED")
    assert len(pair.xa.road.carried) == 1
    assert pair.xa.timeline(second)[-1] == "parked"


def test_a_successor_of_a_paper_that_was_refused_before_is_parked_too(pair, tea: bytes, tea_replacement: bytes) -> None:
    pair.xa.road.there = Refusing(pair.xa.road.there, pair.xb)
    pair.xa.hand_in(tea, XB, "1")
    pair.xa.work()
    second = pair.xa.hand_in(tea_replacement, XB, "2")
    pair.xa.work()
    parked = pair.xa.exchange(second)
    assert (parked.state, parked.first_cause) == (State.PARKED, "predecessor REFUSED")
    assert len(pair.xa.road.carried) == 1


def test_an_expired_original_parks_its_successor(pair, tea: bytes, tea_replacement: bytes) -> None:
    def swallow(_: DeliverRequest) -> Never:
        raise NoAnswer(partner=XB, seconds=30)

    pair.xa.road.tamper = swallow
    pair.xa.hand_in(tea, XB, "1")
    second = pair.xa.hand_in(tea_replacement, XB, "2")
    pair.xa.work()
    pair.xa.later(days=8)
    parked = pair.xa.exchange(second)
    assert (parked.state, parked.first_cause) == (State.PARKED, "predecessor EXPIRED")


def test_a_parked_original_keeps_its_successor_waiting(pair, tea: bytes, tea_replacement: bytes) -> None:
    pair.xa.road.cut = True
    first, second = pair.xa.hand_in(tea, XB, "1"), pair.xa.hand_in(tea_replacement, XB, "2")
    pair.xa.work()
    pair.xa.later(hours=49)
    assert pair.xa.exchange(first).state is State.PARKED
    assert pair.xa.exchange(second).state is State.ACCEPTED
    assert pair.xa.wired.node.store.read(jobs.next_due) is None


def test_another_chain_is_not_held_up(
    pair, tea: bytes, tea_replacement: bytes, orchids: bytes, orchids_withdrawn: bytes
) -> None:
    stuck = []

    def lose_tea(request: DeliverRequest) -> DeliverRequest:
        if any(one.header in stuck for one in request.envelopes):
            raise NoAnswer(partner=XB, seconds=30)
        return request

    pair.xa.road.cut = True
    held = [pair.xa.hand_in(tea, XB, "1"), pair.xa.hand_in(tea_replacement, XB, "2")]
    pair.xa.work()
    stuck.append(pair.xa.wired.node.store.read(lambda tx: exchanges.sealed(tx, held))[held[0]].header)
    pair.xa.road.cut, pair.xa.road.tamper = False, lose_tea
    free = [pair.xa.hand_in(orchids, XB, "3"), pair.xa.hand_in(orchids_withdrawn, XB, "4")]
    pair.xa.work()
    pair.xa.later(minutes=2)
    assert [pair.xa.exchange(one).state for one in free] == [State.DELIVERED] * 2
    assert [pair.xa.exchange(one).state for one in held] == [State.UNRESOLVED, State.ACCEPTED]


def test_withdrawing_what_was_never_sent_is_refused_at_intake(pair, orchids_withdrawn: bytes) -> None:
    with pytest.raises(PredecessorNeverSent):
        pair.xa.hand_in(orchids_withdrawn, XB)
    pair.xa.work()
    assert pair.xa.road.carried == []
    (entry,) = pair.xa.audited("refused")
    assert entry["code"] == PredecessorNeverSent.code


def test_replacing_a_number_we_never_sent_heads_a_chain_of_its_own(pair, tea_replacement: bytes) -> None:
    sent = pair.xa.hand_in(tea_replacement, XB)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_an_original_and_its_withdrawal_handed_in_together_keep_their_order(
    pair, orchids: bytes, orchids_withdrawn: bytes
) -> None:
    sent = [pair.xa.hand_in(orchids, XB, "1"), pair.xa.hand_in(orchids_withdrawn, XB, "2")]
    pair.cross()
    assert [pair.xa.exchange(one).state for one in sent] == [State.DELIVERED] * 2
    carried = [header_from_bytes(one.header).message_id for r in pair.xa.road.carried for one in r.envelopes]
    assert carried == [pair.xa.exchange(one).message_id for one in sent]


def test_a_withdrawal_still_goes_after_the_body_it_withdraws_was_purged(
    pair, orchids: bytes, orchids_withdrawn: bytes
) -> None:
    pair.xa.hand_in(orchids, XB, "1")
    pair.cross()
    pair.xa.clock.advance(timedelta(days=1))
    assert purge_all(pair.xa) == 1
    second = pair.xa.hand_in(orchids_withdrawn, XB, "2")
    pair.cross()
    assert pair.xa.exchange(second).state is State.DELIVERED


def test_after_a_refused_withdrawal_the_next_one_names_the_paper_that_was_taken(
    pair, orchids: bytes, orchids_withdrawn: bytes
) -> None:
    pair.xa.hand_in(orchids, XB, "1")
    pair.cross()
    pair.xa.road.there = Refusing(pair.xa.road.there, pair.xb)
    first = pair.xa.hand_in(orchids_withdrawn, XB, "2")
    pair.cross()
    assert pair.xa.exchange(first).state is State.REFUSED
    pair.xa.road.there = pair.xa.road.there.there
    second = pair.xa.hand_in(
        orchids_withdrawn.replace(b"<udt:DateTimeString>2026-11-18T15", b"<udt:DateTimeString>2026-11-18T16"), XB, "3"
    )
    pair.cross()
    assert pair.xa.exchange(second).state is State.DELIVERED


def test_a_paper_that_expired_and_was_handed_in_again_can_be_changed(pair, tea: bytes, tea_replacement: bytes) -> None:
    def swallow(_: DeliverRequest) -> Never:
        raise NoAnswer(partner=XB, seconds=30)

    pair.xa.road.tamper = swallow
    first = pair.xa.hand_in(tea, XB, "1")
    pair.xa.work()
    pair.xa.road.tamper = lambda request: request
    pair.xa.later(days=8)
    assert pair.xa.exchange(first).state is State.EXPIRED
    again = pair.xa.hand_in(tea, XB, "1 again")
    pair.cross()
    assert pair.xa.exchange(again).state is State.DELIVERED
    second = pair.xa.hand_in(tea_replacement, XB, "2")
    pair.cross()
    assert pair.xa.exchange(second).state is State.DELIVERED
