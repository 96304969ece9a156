"""One bad call of every family over a real socket with mutual TLS: what gRPC adds must not change the answers."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # refused handshakes are what some of these tests are about

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from hostile import (
    PHYTO,
    XA,
    XB,
    XC,
    XD,
    Call,
    Peer,
    SealParts,
    Stage,
    Victim,
    detached,
    manifest,
    message,
    numbered,
    uuid7,
    with_signature,
)
from hostile import stage as staged

from node.clock import SystemClock
from node.crypto.keys import Role
from node.sandbox.dev_pki import Credential, mint
from node.sandbox.processes import free_port
from node.service import serve

DEADLINE_S = 20

Identity = tuple[bytes, bytes]
"""A private key and its certificate, PEM."""

Heard = bytes | grpc.aio.AioRpcError
"""A response, or the status that a call ended with."""


@dataclass(frozen=True)
class Served:
    """The stage, with XB serving in a loop that runs while a test calls."""

    stage: Stage
    runner: asyncio.Runner
    address: str

    @property
    def victim(self) -> Victim:
        return self.stage.victim

    def peer(self, code: str = XA) -> Peer:
        """A peer at this very moment."""
        return replace(self.stage.peers[code], now=datetime.now(UTC))

    def identity(self, code: str = XA) -> Identity:
        """A partner's own TLS key and certificate."""
        files = self.victim.pki.keys(code)
        return files.tls_key.read_bytes(), files.tls_certificate.read_bytes()

    def calls(self, who: Identity | None, *requests: bytes, call: str = "Deliver") -> list[Heard]:
        """What XB answers to requests over one connection: response bytes, or the status."""
        return self.runner.run(self._talk(who or (None, None), requests, call))

    async def _talk(self, who: tuple[bytes | None, bytes | None], requests: Sequence[bytes], call: str) -> list[Heard]:
        credentials = grpc.ssl_channel_credentials(self.victim.pki.ca(XB).read_bytes(), *who)
        options = [("grpc.ssl_target_name_override", "localhost"), ("grpc.enable_retries", 0)]
        async with grpc.aio.secure_channel(self.address, credentials, options=options) as channel:
            ask = channel.unary_unary(f"/n2n.v1.Exchange/{call}")
            return [await answered(ask, request) for request in requests]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The stage at the real time, which is the time that TLS goes by."""
    now = datetime.now(UTC).replace(microsecond=0)
    made = staged(tmp_path_factory.mktemp("served"), now, SystemClock(), f"127.0.0.1:{free_port()}")
    with asyncio.Runner() as runner:
        stop, ready = asyncio.Event(), runner.get_loop().create_future()
        serving = runner.get_loop().create_task(serve(made.victim.wired, stop, ready.set_result))
        yield Served(made, runner, runner.run(within_deadline(ready)))
        stop.set()
        runner.run(within_deadline(serving))
    made.victim.wired.close()


async def within_deadline(awaited: asyncio.Future[str]) -> str:
    return await asyncio.wait_for(awaited, DEADLINE_S)


async def answered(ask: Callable[..., Awaitable[bytes]], request: bytes) -> Heard:
    try:
        return await ask(request, timeout=DEADLINE_S)
    except grpc.aio.AioRpcError as error:
        return error


def reason(error: Heard) -> tuple[str, str, str]:
    """Status code, word and stable code of a refused call."""
    assert isinstance(error, grpc.aio.AioRpcError), error
    trailing = dict(error.trailing_metadata() or ())
    status = Status.FromString(trailing["grpc-status-details-bin"])
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    return error.code().name, error.details() or "", info.reason


# --- one paper of each family between two good ones -----------------------------------------------------------------


def sealed_by(name: str) -> Callable[[Stage, Call], None]:
    def spoil(stage: Stage, call: Call) -> None:
        call.seals[1] = stage.xa.seal([call.papers[2].leaf], signer=stage.signers[name])[0]

    return spoil


def doubly_signed(stage: Stage, call: Call) -> None:
    octets = manifest(XA, XB, 1, call.papers[2].leaf, stage.xa.now)
    signature = detached(octets, "seal.xml", "application/xml", stage.xa.sign, stage.xa.now)
    inner = signature[signature.index(b"<ds:Signature") : signature.index(b"</asic:")]
    call.seals[1] = SealParts(octets, signature.replace(inner, inner * 2))


def truncated(stage: Stage, call: Call) -> None:
    call.parcels[2].sealed_body = call.parcels[2].sealed_body[:-1]


def readdressed(stage: Stage, call: Call) -> None:
    call.parcels[2].header = call.parcels[2].header.replace(b"\x1a\x02XB", b"\x1a\x02XC")


def twice(stage: Stage, call: Call) -> None:
    call.parcels[2].header += message([(10, uuid7(stage.xa.now))] * 2)


def nothing(stage: Stage, call: Call) -> None:
    pass


FAMILIES = [
    pytest.param({"document": b"<a>" * 5_000}, nothing, "refused XML", id="deep"),
    pytest.param({"document": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}, nothing, "refused XML", id="dtd"),
    pytest.param({"document": b"\x00\xff" * 99}, nothing, "refused XML", id="garbage"),
    pytest.param({"document": b'<Nothing xmlns="urn:x"/>'}, nothing, "refused KIND_UNKNOWN", id="unknown-document"),
    pytest.param({"kind": "unheard_of"}, nothing, "refused KIND_UNKNOWN", id="unknown-kind"),
    pytest.param({"recipient": "XC"}, nothing, "coarse NOT_FOR_US", id="re-addressed"),
    pytest.param({"sender": "XC"}, nothing, "coarse NOT_AUTHENTIC", id="anothers-name"),
    pytest.param({}, readdressed, "coarse NOT_FOR_US", id="re-addressed-after-sealing"),
    pytest.param({}, twice, "coarse MALFORMED", id="field-twice"),
    pytest.param({}, doubly_signed, "coarse NOT_AUTHENTIC", id="doubly-signed"),
    pytest.param({}, sealed_by("stranger"), "coarse NOT_AUTHENTIC", id="wrong-key"),
    pytest.param({}, sealed_by("expired"), "coarse NOT_AUTHENTIC", id="expired-certificate"),
    pytest.param({}, truncated, "deferred BODY", id="truncated-body"),
]


@pytest.mark.parametrize(("changes", "spoil", "words"), FAMILIES)
def test_a_bad_paper_over_the_wire_spoils_no_neighbour(
    served: Served, changes: dict[str, object], spoil: Callable[[Stage, Call], None], words: str
) -> None:
    peer = served.peer()
    call = peer.call([peer.paper(), peer.paper(kind=PHYTO)], [peer.paper(**changes)])
    spoil(served.stage, call)
    octets = call.octets()
    first, again = (served.victim.heard(XA, one) for one in served.calls(served.identity(XA), octets, octets))
    assert [one.words for one in first] == ["accepted", "accepted", words]
    assert [one.words for one in again] == ["accepted", "accepted", words]
    assert [(one.receipt, one.repeat) for one in again[:2]] == [(one.receipt, True) for one in first[:2]]
    served.victim.require_whole()


def test_an_unsigned_paper_over_the_wire_is_asked_for_anew(served: Served) -> None:
    peer = served.peer()
    call = peer.call([with_signature(peer.paper(kind=PHYTO)), peer.paper()])
    (response,) = served.calls(served.identity(XA), call.octets())
    assert [one.words for one in served.victim.heard(XA, response)] == ["deferred SIGNATURE", "accepted"]


def test_papers_under_a_suspended_arrangement_wait_over_the_wire_too(served: Served) -> None:
    peer = served.peer(XD)
    (response,) = served.calls(served.identity(XD), peer.call([peer.paper()]).octets())
    assert [one.words for one in served.victim.heard(XD, response)] == ["deferred SUSPENDED"]


def test_what_one_partner_sealed_another_cannot_bring(served: Served) -> None:
    peer = served.peer()
    call = peer.call([peer.paper(), peer.paper()])
    (stolen,) = served.calls(served.identity(XC), call.octets())
    assert [one.words for one in served.victim.heard(XC, stolen)] == ["coarse NOT_AUTHENTIC"] * 2
    (own,) = served.calls(served.identity(XA), call.octets())
    assert [(one.words, one.repeat) for one in served.victim.heard(XA, own)] == [("accepted", False)] * 2


# --- calls that are none --------------------------------------------------------------------------------------------


def test_malformed_calls_end_with_invalid_argument_and_the_connection_lives_on(served: Served) -> None:
    peer = served.peer()
    good = peer.call([peer.paper()])
    octets = good.octets()
    garbage, empty, cut, again, last = served.calls(
        served.identity(XA), b"\xff" * 99, b"", octets[:-5], octets + message([(3, good.parcels[0].octets())]), octets
    )
    for refused in (garbage, empty, cut, again):
        assert reason(refused) == ("INVALID_ARGUMENT", "malformed", "N2N-WIRE-001")
    assert isinstance(last, bytes)
    assert [(one.words, one.repeat) for one in served.victim.heard(XA, last)] == [("accepted", False)]


def test_an_oversized_call_is_refused_by_its_size_alone(served: Served) -> None:
    before = served.victim.count()
    within, beyond = served.calls(served.identity(XA), bytes(4 << 20), bytes((4 << 20) + 1))
    assert reason(within)[0] == "INVALID_ARGUMENT"
    assert isinstance(beyond, grpc.aio.AioRpcError)
    assert beyond.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT)
    assert served.victim.count() == before


@pytest.mark.parametrize("call", ["Nonsense"])
def test_a_call_that_is_not_served_says_so(served: Served, call: str) -> None:
    (refused,) = served.calls(served.identity(XA), b"", call=call)
    assert reason(refused) == ("UNIMPLEMENTED", "malformed", "N2N-WIRE-004")


# --- callers that are none ------------------------------------------------------------------------------------------


def pem(credential: Credential) -> Identity:
    key = credential.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key, credential.certificate.public_bytes(Encoding.PEM)


CALLERS = [
    pytest.param(lambda served, now: pem(mint(served.victim.pki, XA, Role.TLS, now)), id="not-enrolled"),
    pytest.param(
        lambda served, now: (
            served.victim.pki.keys(XA).sign_key.read_bytes(),
            served.victim.pki.keys(XA).sign_certificate.read_bytes(),
        ),
        id="sign-key-as-tls-key",
    ),
    pytest.param(lambda served, now: served.identity(XB), id="our-own-certificate"),
]


@pytest.mark.parametrize("make", CALLERS)
def test_a_caller_without_an_enrolled_certificate_is_not_heard(
    served: Served, make: Callable[[Served, datetime], Identity]
) -> None:
    peer = served.peer()
    before = served.victim.count()
    (refused,) = served.calls(make(served, peer.now), peer.call([peer.paper(numbered())]).octets())
    assert isinstance(refused, grpc.aio.AioRpcError)
    # Some do not even get through the handshake; those that do hear one word and our code for it.
    if refused.code() is not grpc.StatusCode.UNAVAILABLE:
        assert reason(refused) == ("UNAUTHENTICATED", "not authentic", "N2N-AUTH-001")
    assert served.victim.count() == before


def test_a_caller_without_any_certificate_does_not_get_in(served: Served) -> None:
    before = served.victim.count()
    (refused,) = served.calls(None, served.peer().call([served.peer().paper()]).octets())
    assert isinstance(refused, grpc.aio.AioRpcError)
    assert refused.code() is grpc.StatusCode.UNAVAILABLE
    assert served.victim.count() == before


def test_who_was_turned_away_is_in_the_audit(served: Served) -> None:
    stranger = pem(mint(served.victim.pki, XA, Role.TLS, datetime.now(UTC)))
    audit = served.victim.last_audit()
    served.calls(served.identity(), b"\xff" * 99)
    served.calls(stranger, b"")
    for _ in range(DEADLINE_S):
        if len(served.victim.audited(audit)) >= 2:
            break
        served.runner.run(asyncio.sleep(0.5))
    assert {code for _, code in served.victim.audited(audit)} >= {"N2N-WIRE-001", "N2N-AUTH-001"}
    assert served.victim.wired.journal.counters()["call.refused"] >= 2
