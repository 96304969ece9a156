"""What every transport promises, whichever way its bytes go."""

import asyncio
import threading
from datetime import date
from types import SimpleNamespace

import pytest

from node.errors import (
    CallerUnknown,
    Malformed,
    NoAnswer,
    NotAgreed,
    PartnerRefusedCall,
    PartnerUnreachable,
    StoreCorrupt,
    StoreUnavailable,
    Unexpected,
)
from node.model.checkpoint import ConsistencyProof
from node.model.collect import CollectRequest
from node.model.envelope import Place, Seal, StatusRequest
from node.model.lookup import LookupRequest, Question
from node.model.receipt import Answer, DeliverResponse, NotHeld, SignedReceipt
from node.model.register_request import RegisterRequest
from node.wire import lookup_request_to_bytes

ID = "019aab2c-0000-7000-8000-000000000001"
SEAL = Seal(b"<manifest/>", b"<signature/>")

both = pytest.mark.parametrize("way", ["loopback", "grpc"])


@both
async def test_each_envelope_gets_its_answer_and_the_door_hears_who_called(lab: SimpleNamespace, way: str) -> None:
    async with lab.over(way) as transport:
        answers = (await transport.deliver(lab.request, 5)).answers
    assert [type(answer.outcome) for answer in answers] == [SignedReceipt, SignedReceipt]
    assert lab.door.calls == [("Deliver", "XA")]


@both
async def test_what_became_of_papers_can_be_asked(lab: SimpleNamespace, way: str) -> None:
    ids = ("019aab2c-0000-7000-8000-000000000001", "019aab2c-0000-7000-8000-000000000002")
    async with lab.over(way) as transport:
        answers = (await transport.status(StatusRequest(ids, close=True), 5)).answers
    assert [(answer.message_id, answer.outcome) for answer in answers] == [(each, NotHeld()) for each in ids]


@both
@pytest.mark.parametrize("proof", [None, ConsistencyProof(0), ConsistencyProof(7, (bytes(32), b"n" * 32))])
async def test_checkpoint_and_proof_come_home_as_they_were_given(lab: SimpleNamespace, way: str, proof) -> None:
    lab.door.checkpoint, lab.door.proof = b"n2n/v1/XB/XA\n8\n...\n", proof
    async with lab.over(way) as transport:
        response = await transport.deliver(lab.request, 5)
    assert (response.checkpoint, response.proof) == (lab.door.checkpoint, proof)


@both
async def test_what_waits_is_collected_and_its_receipts_are_confirmed(lab: SimpleNamespace, way: str) -> None:
    lab.door.waiting.append(lab.request)
    async with lab.over(way) as transport:
        offered = await transport.collect(CollectRequest(64, 0), 5)
        nothing = await transport.collect(CollectRequest(64, 0), 5)
        receipts = DeliverResponse((Answer(ID, SignedReceipt(b"receipt", SEAL, Place(0, ()))),))
        taken = await transport.confirm(receipts, 5)
    assert (offered.papers, offered.lease_ms, nothing.is_empty, taken) == (lab.request, 120_000, True, 1)


async def test_a_partner_that_waits_hears_as_soon_as_something_is_there(lab: SimpleNamespace) -> None:
    async with lab.over("grpc") as transport:
        waiting = asyncio.create_task(transport.collect(CollectRequest(64, 20_000), 25))
        await asyncio.to_thread(lab.door.seen.wait, 5)
        lab.door.waiting.append(lab.request)
        offered = await asyncio.wait_for(waiting, 10)
    assert offered.papers == lab.request


@both
async def test_a_register_is_asked_with_the_very_bytes_that_the_answer_covers(lab: SimpleNamespace, way: str) -> None:
    question = Question("certificate_of_origin", "XA:Chamber", "1", date(2026, 11, 22))
    asked = lookup_request_to_bytes(LookupRequest(b"n" * 32, question))
    async with lab.over(way) as transport:
        sealed = await transport.lookup(asked, 5)
    assert sealed.answer == b"n" * 32
    assert lab.door.asked == [asked]
    assert lab.door.calls == [("Lookup", "XA")]


@both
@pytest.mark.parametrize("after", [0, 1, 999_999_998])
async def test_a_registers_lists_are_asked_for(lab: SimpleNamespace, way: str, after: int) -> None:
    async with lab.over(way) as transport:
        sequence = await transport.request_register(RegisterRequest("aeo_status", after), 5)
        with pytest.raises(Malformed):
            await transport.request_register(RegisterRequest("aeo_status", 1_000_000_000), 5)
    assert sequence == after + 1
    assert lab.door.calls == [("RequestRegister", "XA")]


@both
async def test_a_node_describes_itself(lab: SimpleNamespace, way: str) -> None:
    async with lab.over(way) as transport:
        described = await transport.describe(5)
    assert described == lab.door.describe("XA")


@both
async def test_sixty_four_envelopes_travel_in_one_call(lab: SimpleNamespace, way: str) -> None:
    async with lab.over(way) as transport:
        answers = (await transport.deliver(lab.many(64, bytes(32 * 1024)), 10)).answers
    assert len(answers) == 64
    assert len(lab.door.calls) == 1


@both
@pytest.mark.parametrize(
    ("raised", "heard"),
    [
        (NotAgreed(partner="XA", kind="k", direction="in"), NotAgreed),
        (StoreUnavailable(detail="disk"), StoreUnavailable),
        (StoreCorrupt(what="exchange"), Unexpected),
        (CallerUnknown(), CallerUnknown),
        (KeyError("secret"), Unexpected),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
async def test_a_refusal_returns_as_the_class_it_was(
    lab: SimpleNamespace, way: str, raised: Exception, heard: type[Exception]
) -> None:
    def refuse() -> None:
        raise raised

    lab.door.act = refuse
    async with lab.over(way) as transport:
        with pytest.raises(PartnerRefusedCall) as refusal:
            await transport.deliver(lab.request, 5)
    assert type(refusal.value.__cause__) is heard
    assert refusal.value.fields == {"partner": "XB", "reason": heard.code}


@both
async def test_a_late_answer_is_no_answer_and_the_work_is_done_all_the_same(lab: SimpleNamespace, way: str) -> None:
    let_go = threading.Event()
    lab.door.act = lambda: let_go.wait(10) and None
    async with lab.over(way) as transport:
        with pytest.raises(NoAnswer) as refusal:
            await transport.deliver(lab.request, 0.4)
        assert refusal.value.fields == {"partner": "XB", "seconds": "0.4"}
        assert lab.door.done == []
        let_go.set()
    for _ in range(100):
        if lab.door.done:
            break
        threading.Event().wait(0.02)
    assert lab.door.done == ["Deliver"]


@both
async def test_one_call_is_tried_once(lab: SimpleNamespace, way: str) -> None:
    def refuse() -> None:
        raise StoreUnavailable(detail="disk")

    lab.door.act = refuse
    async with lab.over(way) as transport:
        with pytest.raises(PartnerRefusedCall):
            await transport.deliver(lab.request, 5)
    assert len(lab.door.calls) == 1


@both
async def test_a_request_that_breaks_a_rule_does_not_leave(lab: SimpleNamespace, way: str) -> None:
    async with lab.over(way) as transport:
        with pytest.raises(Malformed):
            await transport.status(StatusRequest(()), 5)
    assert lab.door.calls == []


@both
async def test_a_closed_channel_says_that_nothing_was_sent(lab: SimpleNamespace, way: str) -> None:
    async with lab.over(way) as transport:
        assert await transport.healthy(5)
        await transport.close()
        assert not await transport.healthy(5)
        with pytest.raises(PartnerUnreachable):
            await transport.deliver(lab.request, 5)
    assert lab.door.calls == []
