"""A real node in XB's place, with XB's keys and an empty store, gives the recorded answers to the recorded request."""

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from node.clock import StoppedClock, from_ms
from node.crypto.algorithms import SignatureAlgorithm, Suite
from node.crypto.decryption import DecryptionKey
from node.crypto.keys import OwnKeys, Role, SigningKey
from node.crypto.trust import PartnerTrust
from node.flows.capacity import Capacity
from node.flows.door import Door
from node.flows.ports import Node
from node.jobs import retry
from node.model.envelope import Priority
from node.model.exchange import Assurance, Direction
from node.model.ids import NodeCode, sha256
from node.model.receipt import DeliverResponse, KeyStatement, SignedReceipt
from node.profiles.book import Book
from node.profiles.partner import Channel, ChannelKind, Partner
from node.profiles.profile import AgreedKind, IssuerSignature, Profile, RetryPolicy
from node.settings import IntakeLimits
from node.store.database import Database
from node.store.upload_files import UploadFiles
from node.wire import answer, deliver_response_from_bytes, receipt_from_bytes

XA, XB = NodeCode("XA"), NodeCode("XB")
Load = Callable[[str], dict]
Read = Callable[[str], bytes]


@pytest.fixture
def node(tmp_path: Path, listed: Load, octets: Read, trust: Callable[..., PartnerTrust]) -> Iterator[Node]:
    now = from_ms(listed("deliver-request.json")["now"])
    store = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    store.migrate()
    yield Node(
        code=XB,
        store=store,
        book=_book(trust("XA")),
        keys=_keys(listed, octets),
        own_trust=trust("XB"),
        statement=KeyStatement(octets("key-statement/statement.xml"), octets("key-statement/statement.sig.xml")),
        clock=StoppedClock(now + timedelta(milliseconds=250)),
        random=secrets.token_bytes,
        decide=retry.decide,
        report=lambda action, /, **fields: None,
        wake=lambda: None,
        batch_bytes=1 << 18,
        capacity=Capacity(store, StoppedClock(now), IntakeLimits(1000, 1000, 0), lambda: None, lambda *_, **__: None),
        uploads_out=UploadFiles(tmp_path / "out", 0),
        uploads_in=UploadFiles(tmp_path / "in", 0),
        takes_uploads=False,
    )
    store.close()


def _keys(listed: Load, octets: Read) -> OwnKeys:
    secrets = listed("keys.json")

    def signer(role: Role) -> SigningKey:
        private = ec.derive_private_key(int(secrets[f"xb-{role}"]["private"], 16), ec.SECP256R1())
        certificate = x509.load_pem_x509_certificate(octets(f"certificates/xb-{role}.pem"))
        return SigningKey(XB, role, private, certificate, SignatureAlgorithm.ECDSA_P256_SHA256)

    begin = from_ms(1)
    boxes = tuple(
        DecryptionKey(one["id"], Suite(one["suite"]), bytes.fromhex(one["private"]), begin, begin + timedelta(days=1))
        for one in (secrets["xb-decrypt-hybrid"], secrets["xb-decrypt-x25519"])
    )
    return OwnKeys(XB, signer(Role.SIGN), signer(Role.RECEIPT), boxes)


def _book(trust: PartnerTrust) -> Book:
    agreed = AgreedKind(
        name="certificate_of_origin",
        version=1,
        directions=frozenset({Direction.IN}),
        assurance=Assurance.BATCH,
        priority=Priority.B,
        issuer_signature=IssuerSignature.OPTIONAL,
        max_bytes=1 << 20,
    )
    profile = Profile(
        id="xa-xb-trade-papers",
        version=1,
        partner=XA,
        title={},
        legal_basis={},
        valid_from=from_ms(0),
        valid_until=from_ms(253402300799999),
        suspended=False,
        kinds=(agreed,),
        retry=RetryPolicy(1, 2, 60, 48, 168),
        digest=sha256(b""),
    )
    channel = Channel(ChannelKind.GRPC, "127.0.0.1:1", "localhost", 1)
    return Book([Partner(XA, {}, channel, trust, frozenset(), b"")], [profile])


def said(response: DeliverResponse) -> list[object]:
    """What was answered, without what signatures and their moments make different every time."""
    return [
        (one.message_id, receipt_from_bytes(one.outcome.receipt))
        if isinstance(one.outcome, SignedReceipt)
        else (one.message_id, one.outcome)
        for one in response.answers
    ]


def test_a_node_gives_the_recorded_answers(node: Node, octets: Read) -> None:
    given = answer(Door(node), "Deliver", XA, octets("deliver-request.bin"))
    recorded = deliver_response_from_bytes(octets("deliver-response.bin"))
    assert said(deliver_response_from_bytes(given)) == said(recorded)


def test_a_node_repeats_its_own_bytes_and_promises_nothing_about_what_it_does_not_hold(
    node: Node, octets: Read
) -> None:
    door = Door(node)
    first = deliver_response_from_bytes(answer(door, "Deliver", XA, octets("deliver-request.bin")))
    asked = deliver_response_from_bytes(answer(door, "Status", XA, octets("status-request.bin")))
    assert said(asked) == said(deliver_response_from_bytes(octets("status-response.bin")))
    assert isinstance(first.answers[0].outcome, SignedReceipt)
    assert isinstance(asked.answers[0].outcome, SignedReceipt)
    assert asked.answers[0].outcome.receipt == first.answers[0].outcome.receipt
    assert asked.answers[0].outcome.seal == first.answers[0].outcome.seal


def test_a_node_closes_what_it_does_not_hold(node: Node, octets: Read) -> None:
    (closed,) = deliver_response_from_bytes(
        answer(Door(node), "Status", XA, octets("status-close-request.bin"))
    ).answers
    (recorded,) = deliver_response_from_bytes(octets("status-close-response.bin")).answers
    assert isinstance(closed.outcome, SignedReceipt)
    assert isinstance(recorded.outcome, SignedReceipt)
    ours, theirs = receipt_from_bytes(closed.outcome.receipt), receipt_from_bytes(recorded.outcome.receipt)
    assert (ours.message_id, ours.verdict, ours.leaf) == (theirs.message_id, theirs.verdict, theirs.leaf)
