"""What happens to a good paper."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from node.documents import samples
from node.documents.catalogue import CATALOGUE
from node.errors import IdempotencyConflict
from node.model.exchange import State
from node.model.receipt import Verdict
from node.sandbox.demo import OF_LATER_MONTHS

XA, XB = "XA", "XB"


LONERS = {"certificate_use", "enforcement_information"}
"""The first needs the certificate it uses, the second an arrangement that turns it on: both have their own journeys."""


@pytest.mark.parametrize("kind", sorted({name for name, _ in CATALOGUE} - LONERS))
def test_every_sample_crosses_and_reaches_the_other_hub_byte_for_byte(pair, kind: str) -> None:
    names = [name for name in samples.sample_names(kind) if name not in OF_LATER_MONTHS]
    papers = {name: samples.sample(kind, name) for name in names}
    sent = [pair.xa.hand_in(content, XB, name) for name, content in papers.items()]
    pair.cross()
    assert [pair.xa.exchange(one).state for one in sent] == [State.DELIVERED] * len(papers)
    assert pair.xb.hub_has() == sorted(papers.values())


def test_papers_cross_both_ways_at_once(pair, origin: bytes, phyto: bytes) -> None:
    there, back = pair.xa.hand_in(origin, XB), pair.xb.hand_in(phyto, XA)
    pair.cross()
    assert pair.xa.exchange(there).state is State.DELIVERED
    assert pair.xb.exchange(back).state is State.DELIVERED
    assert (pair.xa.hub_has(), pair.xb.hub_has()) == ([phyto], [origin])


def test_the_receipt_names_the_leaf_that_was_sent_and_both_sides_keep_the_same_bytes(pair, origin: bytes) -> None:
    sent = pair.xa.hand_in(origin, XB)
    pair.cross()
    ours = pair.xa.receipt(sent)
    (arrived,) = pair.xb.received()
    assert ours.verdict is Verdict.ACCEPTED
    assert arrived.leaf == pair.xa.exchange(sent).leaf
    assert arrived.document_sha256 == hashlib.sha256(origin).digest()
    assert arrived.state is State.HANDED_OVER


def test_the_timelines_tell_the_walk(pair, phyto: bytes) -> None:
    sent = pair.xa.hand_in(phyto, XB)
    pair.cross()
    assert pair.xa.timeline(sent) == ["submitted", "document-signed", "sealed", "receipt-stored"]
    (arrived,) = pair.xb.received()
    assert pair.xb.timeline(arrived.id) == [
        "received", "seal-verified", "document-verified", "receipt-issued", "handed-over",
    ]  # fmt: skip


def test_many_papers_travel_in_one_call_under_one_seal(pair) -> None:
    kind = "certificate_of_origin"
    content = samples.sample(kind, samples.sample_names(kind)[0])
    sent = [pair.xa.hand_in(samples.vary(kind, content, f"N-{n}"), XB, f"k{n}") for n in range(20)]
    pair.cross()
    assert {pair.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    (request,) = pair.xa.road.carried
    assert (len(request.envelopes), len(request.seals)) == (20, 1)


def test_handing_in_twice_under_one_key_is_one_exchange(pair, origin: bytes) -> None:
    assert pair.xa.hand_in(origin, XB, "same") == pair.xa.hand_in(origin, XB, "same")
    pair.cross()
    assert len(pair.xb.received()) == 1


def test_another_paper_under_a_used_key_is_a_conflict_and_the_first_is_untouched(
    pair, origin: bytes, phyto: bytes
) -> None:
    sent = pair.xa.hand_in(origin, XB, "same")
    with pytest.raises(IdempotencyConflict):
        pair.xa.hand_in(phyto, XB, "same")
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_of_many_who_hand_in_under_one_key_at_once_one_exchange_comes_out(pair, origin: bytes, phyto: bytes) -> None:
    def hand_in(content: bytes) -> object:
        try:
            return pair.xa.hand_in(content, XB, "same")
        except IdempotencyConflict as error:
            return error

    with ThreadPoolExecutor(8) as many:
        outcomes = list(many.map(hand_in, [origin, origin, phyto, origin, phyto, origin, origin, phyto]))
    taken = [one for one in outcomes if isinstance(one, str)]
    assert len(set(taken)) == 1
    assert {type(one) for one in outcomes if not isinstance(one, str)} == {IdempotencyConflict}
    assert len(taken) in (3, 5)  # all who brought the same bytes as the first


def test_a_key_names_a_paper_and_where_it_goes(trio, origin: bytes) -> None:
    trio.xa.hand_in(origin, XB, "same")
    with pytest.raises(IdempotencyConflict):
        trio.xa.hand_in(origin, "XC", "same")


def test_the_same_paper_under_a_new_key_is_accepted_as_known_and_has_no_second_effect(pair, origin: bytes) -> None:
    pair.xa.hand_in(origin, XB, "first")
    pair.cross()
    pair.xa.later(seconds=1)
    again = pair.xa.hand_in(origin, XB, "second")
    pair.cross()
    assert pair.xa.exchange(again).state is State.DELIVERED
    assert pair.xb.hub_has() == [origin]
    assert [one.already_known for one in pair.xb.received()] == [True, False]


def test_the_hub_is_told_what_became_of_its_paper(pair, origin: bytes) -> None:
    sent = pair.xa.hand_in(origin, XB)
    pair.cross()
    assert '"state": "DELIVERED"' in (pair.xa.home / "hub" / "status" / f"{sent}.json").read_text()
