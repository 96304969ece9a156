"""The recorded calls: every paper of the request, every answer to it, judged step by step as protocol 2 and 3 say."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from node.clock import from_ms
from node.crypto.algorithms import Suite
from node.crypto.boxes import open_body, unwrap_call_key
from node.crypto.decryption import DecryptionKey
from node.crypto.seal import body_digest, paper_leaf, receipt_leaf
from node.crypto.trust import PartnerTrust
from node.crypto.verification import verify_document_signature, verify_key_statement, verify_place, verify_seal
from node.errors import PathRefused
from node.model.document import MediaType
from node.model.envelope import DeliverRequest, Purpose
from node.model.ids import NodeCode
from node.model.receipt import Coarse, Deferred, DeferredCode, NotHeld, SignedReceipt, Verdict
from node.wire import (
    body_from_bytes,
    deliver_request_from_bytes,
    deliver_request_to_bytes,
    deliver_response_from_bytes,
    deliver_response_to_bytes,
    header_from_bytes,
    metadata_from_bytes,
    receipt_from_bytes,
    status_request_from_bytes,
    status_request_to_bytes,
)

XA, XB = NodeCode("XA"), NodeCode("XB")
RESPONSES = ("deliver", "key-unknown", "status", "status-close")
Load = Callable[[str], dict]
Read = Callable[[str], bytes]
Trust = Callable[..., PartnerTrust]


@pytest.fixture(scope="module")
def request_(octets: Read) -> DeliverRequest:
    return deliver_request_from_bytes(octets("deliver-request.bin"))


@pytest.fixture(scope="module")
def call_key(request_: DeliverRequest, listed: Load) -> bytes:
    wraps = {one["recipient_key_id"]: one for one in listed("hpke.json")["wraps"]}
    one = wraps[request_.key.recipient_key_id]
    now = from_ms(1)
    key = DecryptionKey(one["recipient_key_id"], Suite(one["suite"]), bytes.fromhex(one["recipient_private"]), now, now)
    return unwrap_call_key(request_.key, [key], XA, XB)


def test_the_bytes_of_a_call_are_read_and_written_alike(octets: Read) -> None:
    request = octets("deliver-request.bin")
    assert deliver_request_to_bytes(deliver_request_from_bytes(request)) == request
    for name in ("status", "status-close"):
        data = octets(f"{name}-request.bin")
        assert status_request_to_bytes(status_request_from_bytes(data)) == data
    for name in RESPONSES:
        data = octets(f"{name}-response.bin")
        assert deliver_response_to_bytes(deliver_response_from_bytes(data)) == data


def test_each_paper_of_the_request_is_what_is_told_about_it(
    request_: DeliverRequest, call_key: bytes, listed: Load, trust: Trust
) -> None:
    told = listed("deliver-request.json")
    now = from_ms(told["now"])
    assert call_key.hex() == told["call_key"]
    assert [seal.manifest.decode() for seal in request_.seals] == told["seals"]
    seals = [
        verify_seal(seal, purpose=Purpose.PAPERS, recipient=XB, trust=trust("XA"), now=now) for seal in request_.seals
    ]
    assert len(request_.envelopes) == len(told["papers"]) == 6
    for envelope, paper in zip(request_.envelopes, told["papers"], strict=True):
        header, leaf = header_from_bytes(envelope.header), paper_leaf(envelope.header, envelope.body_digest)
        assert (header.message_id, header.sender, header.recipient) == (paper["message_id"], XA, XB)
        assert (envelope.body_digest.hex(), leaf.hex()) == (paper["body_digest"], paper["leaf"])
        if paper["name"] == "wrong path":
            with pytest.raises(PathRefused):
                verify_place(seals[envelope.seal_index], leaf, envelope.place)
        else:
            verify_place(seals[envelope.seal_index], leaf, envelope.place)
        body = body_from_bytes(open_body(envelope.sealed_body, call_key, leaf))
        assert envelope.sealed_body[:12].hex() == paper["nonce"]
        assert (body.salt.hex(), body.metadata.hex()) == (paper["salt"], paper["metadata"])
        assert body.document.decode() == paper["document"]
        assert body_digest(body.salt, body.metadata, body.document) == envelope.body_digest
        assert metadata_from_bytes(body.metadata).media_type is MediaType.XML
        assert len(body.signatures) == paper["signatures"]
        for signature in body.signatures:
            verify_document_signature(body.document, MediaType.XML, signature, trust=trust("XA"), now=now)


@pytest.mark.parametrize("name", RESPONSES)
def test_each_answer_is_what_is_told_about_it(name: str, octets: Read, listed: Load) -> None:
    answers = deliver_response_from_bytes(octets(f"{name}-response.bin")).answers
    responses = {one["file"]: one["expect"] for one in listed("deliver-response.json")["responses"]}
    words = {"receipt": SignedReceipt, "deferred": Deferred, "not_held": NotHeld, "coarse": Coarse}
    told = responses[f"{name}-response.bin"]
    assert [answer.message_id for answer in answers] == [one["message_id"] for one in told]
    for answer, one in zip(answers, told, strict=True):
        assert isinstance(answer.outcome, words[one["outcome"]])
        match answer.outcome:
            case Deferred(code):
                assert one["detail"] == f"DEFERRED_CODE_{code.name}"
            case Coarse(reason):
                assert one["detail"] == f"COARSE_REASON_{reason.name}"


@pytest.mark.parametrize("name", RESPONSES)
def test_each_receipt_is_sealed_by_the_receipt_key_and_about_the_asked_id(
    name: str, octets: Read, listed: Load, trust: Trust
) -> None:
    now = from_ms(listed("deliver-response.json")["now"])
    for answer in deliver_response_from_bytes(octets(f"{name}-response.bin")).answers:
        if isinstance(answer.outcome, SignedReceipt):
            one = answer.outcome
            seal = verify_seal(one.seal, purpose=Purpose.RECEIPTS, recipient=XA, trust=trust("XB"), now=now)
            verify_place(seal, receipt_leaf(one.receipt), one.place)
            assert receipt_from_bytes(one.receipt).message_id == answer.message_id


def test_the_receipts_say_what_is_told_and_name_the_papers_leaf(octets: Read, listed: Load) -> None:
    told = listed("deliver-response.json")["receipts"]
    leaves = {paper["message_id"]: paper["leaf"] for paper in listed("deliver-request.json")["papers"]}
    answers = deliver_response_from_bytes(octets("deliver-response.bin")).answers
    signed = [answer.outcome for answer in answers if isinstance(answer.outcome, SignedReceipt)]
    assert [one.receipt.hex() for one in signed] == [one["bytes"] for one in told]
    receipts = [receipt_from_bytes(one.receipt) for one in signed]
    assert [one.verdict for one in receipts] == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.REFUSED, Verdict.ABSENT]
    assert [one.already_known for one in receipts] == [False, True, False, False]
    for receipt in receipts:
        expected = None if receipt.verdict is Verdict.ABSENT else leaves[receipt.message_id]
        assert (receipt.leaf.hex() if receipt.leaf else None) == expected


def test_a_repeat_is_the_first_answer_byte_for_byte(octets: Read) -> None:
    first = deliver_response_from_bytes(octets("deliver-response.bin")).answers[0].outcome
    again = deliver_response_from_bytes(octets("status-response.bin")).answers[0].outcome
    assert isinstance(first, SignedReceipt)
    assert isinstance(again, SignedReceipt)
    assert (again.receipt, again.seal, again.place) == (first.receipt, first.seal, first.place)
    assert (first.repeat, again.repeat) == (False, True)


def test_an_unknown_key_is_answered_with_the_current_statement(octets: Read, listed: Load, trust: Trust) -> None:
    (answer,) = deliver_response_from_bytes(octets("key-unknown-response.bin")).answers
    assert isinstance(answer.outcome, Deferred)
    assert answer.outcome.code is DeferredCode.KEY
    statement = answer.outcome.key_statement
    assert statement is not None
    assert statement.document == octets("key-statement/statement.xml")
    now = from_ms(listed("key-statement.json")["now"])
    assert verify_key_statement(statement, trust=trust("XB"), now=now).node == XB


def test_the_committed_files_are_what_the_generator_makes() -> None:
    make = Path(__file__).parent / "make.py"
    done = subprocess.run([sys.executable, str(make), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_vectors_stay_small() -> None:
    files = [path for path in (Path(__file__).parent / "protocol").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 400_000
