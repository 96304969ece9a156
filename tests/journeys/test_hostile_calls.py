"""Calls that are no calls: refused as a whole with a code of the catalogue, and nothing in them has any effect."""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hostile import PHYTO, XA, XC, Call, Stage, message, uuid7, varint

from node.errors import CallUnsupported, Category, Malformed, NodeError, PartnerUnknown, TooLarge
from node.wire import answer

Make = Callable[[Stage, Call], bytes]


def refused(stage: Stage, octets: bytes, error: type[NodeError], call: str = "Deliver", caller: str = XA) -> None:
    before = stage.victim.count()
    for _ in range(2):
        with pytest.raises(error) as caught:
            answer(stage.victim.wired.door, call, caller, octets)
        assert caught.value.category is not Category.INTERNAL
    assert stage.victim.count() == before


def spoilt(edit: Callable[[Call], object]) -> Make:
    """The call after an edit of its parts."""

    def make(stage: Stage, call: Call) -> bytes:
        edit(call)
        return call.octets()

    return make


def part(index: int, **changes: object) -> Make:
    """The call with some fields of one envelope replaced."""
    return spoilt(lambda call: call.parcels.__setitem__(index, replace(call.parcels[index], **changes)))


def fields(*keep: int) -> Callable[[Stage, Call], bytes]:
    """Only these fields of the call: 1 seals, 2 key, 3 envelopes."""

    def make(stage: Stage, call: Call) -> bytes:
        everything = [(1, call.seals[0].octets()), (2, key_of(call)), *((3, one.octets()) for one in call.parcels)]
        return message((number, value) for number, value in everything if number in keep)

    return make


def key_of(call: Call) -> bytes:
    return message([(1, call.suite), (2, call.key_id), (3, call.wrapped)])


def same_id_twice(stage: Stage, call: Call) -> bytes:
    other = replace(stage.xa.paper(), header=call.papers[0].header)
    return stage.xa.call([*call.papers, other]).octets()


def same_id_garbled(stage: Stage, call: Call) -> bytes:
    """The second header with the id is not canonical: it still names the id twice."""
    other = replace(stage.xa.paper(), header=call.papers[0].header + message([(15, "x")]))
    return stage.xa.call([*call.papers, other]).octets()


CALLS = [
    pytest.param(lambda s, c: b"", Malformed, id="empty"),
    pytest.param(lambda s, c: b"\xff" * 1_000, Malformed, id="garbage"),
    pytest.param(lambda s, c: b'{"seals": []}', Malformed, id="json"),
    pytest.param(lambda s, c: b"<soap:Envelope/>", Malformed, id="xml"),
    pytest.param(lambda s, c: c.octets()[:-1], Malformed, id="cut-off"),
    pytest.param(lambda s, c: c.octets() + b"\x0b", Malformed, id="open-group"),
    pytest.param(lambda s, c: c.octets() + b"\x1a" + varint(1 << 40), Malformed, id="length-beyond-the-end"),
    pytest.param(lambda s, c: c.octets() + b"\x1a" + b"\xff" * 11, Malformed, id="varint-without-end"),
    pytest.param(lambda s, c: c.octets() + message([(3, b"\xff\xff")]), Malformed, id="garbage-envelope"),
    pytest.param(lambda s, c: c.octets() + message([(9, bytes(4 << 20))]), TooLarge, id="more-than-4-mib"),
    pytest.param(lambda s, c: c.octets() + message([(9, b"")] * 160), TooLarge, id="more-than-160-fields"),
    pytest.param(lambda s, c: c.octets() + message([(3, b"")]) * 100_000, TooLarge, id="100000-envelopes"),
    pytest.param(
        lambda s, c: s.xa.call([s.xa.paper() for _ in range(64)]).octets() + message([(3, c.parcels[0].octets())]),
        Malformed,
        id="65-envelopes",
    ),
    pytest.param(fields(1, 2), Malformed, id="no-envelope"),
    pytest.param(fields(2, 3), Malformed, id="no-seal"),
    pytest.param(fields(1, 3), Malformed, id="no-key"),
    pytest.param(lambda s, c: c.octets() + message([(1, c.seals[0].octets())]), Malformed, id="unused-seal"),
    pytest.param(same_id_twice, Malformed, id="an-id-twice"),
    pytest.param(same_id_garbled, Malformed, id="an-id-twice-once-garbled"),
    pytest.param(
        lambda s, c: c.octets() + message([(3, c.parcels[0].octets())]), Malformed, id="the-same-envelope-twice"
    ),
    pytest.param(part(0, seal_index=1), Malformed, id="seal-index-equals-count"),
    pytest.param(part(0, seal_index=(1 << 32) - 1), Malformed, id="largest-seal-index"),
    pytest.param(part(0, leaf_index=64), Malformed, id="leaf-index-64"),
    pytest.param(part(0, path=[bytes(32)] * 7), Malformed, id="path-of-7"),
    pytest.param(part(0, path=[bytes(31)]), Malformed, id="path-of-31-bytes"),
    pytest.param(part(0, body_digest=bytes(31)), Malformed, id="digest-of-31-bytes"),
    pytest.param(part(0, body_digest=b""), Malformed, id="no-digest"),
    pytest.param(part(0, header=b""), Malformed, id="no-header"),
    pytest.param(part(0, header=bytes(1_025)), TooLarge, id="header-of-1025-bytes"),
    pytest.param(part(0, sealed_body=b""), Malformed, id="no-body"),
    pytest.param(part(0, sealed_body=bytes(28)), Malformed, id="body-of-28-bytes"),
    pytest.param(part(0, sealed_body=bytes(3 << 20)), TooLarge, id="body-of-3-mib"),
    pytest.param(spoilt(lambda c: setattr(c, "suite", "")), Malformed, id="no-suite"),
    pytest.param(spoilt(lambda c: setattr(c, "suite", "X25519\n")), Malformed, id="suite-with-line-end"),
    pytest.param(spoilt(lambda c: setattr(c, "suite", "X" * 65)), Malformed, id="suite-of-65"),
    pytest.param(spoilt(lambda c: setattr(c, "key_id", "\u202e")), Malformed, id="key-id-that-turns-around"),
    pytest.param(spoilt(lambda c: setattr(c, "wrapped", b"")), Malformed, id="no-wrap"),
    pytest.param(spoilt(lambda c: setattr(c, "wrapped", bytes(2_049))), TooLarge, id="wrap-of-2049-bytes"),
    pytest.param(spoilt(lambda c: setattr(c.seals[0], "manifest", b"")), Malformed, id="no-manifest"),
    pytest.param(
        spoilt(lambda c: setattr(c.seals[0], "manifest", bytes(4_097))), TooLarge, id="manifest-of-4097-bytes"
    ),
    pytest.param(spoilt(lambda c: setattr(c.seals[0], "signature", b"")), Malformed, id="no-signature"),
    pytest.param(spoilt(lambda c: setattr(c.seals[0], "signature", bytes(65_537))), TooLarge, id="signature-of-65-kib"),
    pytest.param(lambda s, c: c.octets() + message([(4, bytes(4_097))]), TooLarge, id="checkpoint-of-4097-bytes"),
]


@pytest.mark.parametrize(("make", "error"), CALLS)
def test_a_call_that_breaks_a_rule_of_calls_is_refused_as_a_whole(
    stage: Stage, make: Make, error: type[NodeError]
) -> None:
    call = stage.xa.call([stage.xa.paper(), stage.xa.paper()])
    good = stage.xa.call(call.papers).octets()
    refused(stage, make(stage, call), error)
    # The papers themselves are fine: in a good call they are taken, so the refused one has left no trace of them.
    assert [(one.words, one.repeat) for one in stage.victim.told(XA, good)] == [("accepted", False)] * 2


QUESTIONS = [
    pytest.param([], id="no-id"),
    pytest.param([(1, "not-an-id")], id="no-uuid"),
    pytest.param([(1, "")], id="empty-id"),
    pytest.param([(1, "SAME"), (1, "SAME")], id="an-id-twice"),
    pytest.param([(1, "EACH")] * 65, id="65-ids"),
    pytest.param([(1, b"\xff\xfe")], id="not-utf-8"),
    pytest.param([(1, 7)], id="a-number"),
]


@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_that_breaks_a_rule_is_refused_and_closes_nothing(
    stage: Stage, question: list[tuple[int, object]], close: bool
) -> None:
    same = uuid7(stage.xa.now)
    ids = [(number, {"SAME": same, "EACH": uuid7(stage.xa.now)}.get(value, value)) for number, value in question]
    refused(stage, message([*ids, (2, int(close))]), Malformed, "Status")
    assert stage.victim.rows("SELECT 1 FROM receipt WHERE message_id = ?", same) == []


@pytest.mark.parametrize("call", ["Upload", "deliver", "__init__", ""])
def test_a_call_that_is_not_served_is_said_to_be_so(stage: Stage, call: str) -> None:
    refused(stage, stage.xa.call([stage.xa.paper()]).octets(), CallUnsupported, call)


def test_somebody_who_is_no_partner_is_not_heard_at_all(stage: Stage) -> None:
    refused(stage, stage.xa.call([stage.xa.paper()]).octets(), PartnerUnknown, caller="XZ")


@pytest.mark.parametrize("seed", range(12))
def test_a_call_altered_anywhere_is_answered_by_the_rules_and_forges_nothing(stage: Stage, seed: int) -> None:
    """Bits flipped, bytes cut, doubled and exchanged: each outcome is one of the protocol, each paper XA's."""
    chance = random.Random(seed)
    call = stage.xa.call([stage.xa.paper(), stage.xa.paper(kind=PHYTO)], [stage.xa.paper()])
    leaves = {paper.leaf for paper in call.papers}
    before = stage.victim.count()
    heard: Counter[str] = Counter()
    for _ in range(10):
        try:
            heard.update(one.words for one in stage.victim.told(XA, altered(call.octets(), chance)))
        except (Malformed, TooLarge) as error:
            heard[error.code] += 1
    known = {
        "accepted",
        "coarse MALFORMED",
        "coarse NOT_AUTHENTIC",
        "coarse NOT_FOR_US",
        "deferred BODY",
        "deferred KEY",
    }
    assert set(heard) <= known | {"N2N-WIRE-001", "N2N-WIRE-003"}
    found = stage.victim.rows("SELECT leaf FROM exchange WHERE leaf IN (?, ?, ?)", *leaves)
    assert stage.victim.count()["exchange"] - before["exchange"] == len(found) == len(set(found))
    stage.victim.require_whole()


def altered(octets: bytes, chance: random.Random) -> bytes:
    work = bytearray(octets)
    for _ in range(chance.randint(1, 3)):
        at, length = chance.randrange(len(work)), chance.randint(1, 40)
        match chance.choice(["bit", "byte", "cut", "double", "exchange", "random"]):
            case "bit":
                work[at] ^= 1 << chance.randrange(8)
            case "byte":
                work[at] = chance.randrange(256)
            case "cut":
                del work[at : at + length]
            case "double":
                work[at:at] = work[at : at + length]
            case "exchange":
                other = chance.randrange(len(work))
                work[at], work[other] = work[other], work[at]
            case "random":
                work[at : at + length] = secrets.token_bytes(length)
    return bytes(work)


def test_the_hub_gets_the_good_papers_of_a_bad_call_and_nothing_else(stage: Stage) -> None:
    victim = stage.victim
    papers = [stage.xa.paper(), stage.xa.paper(b"<a/>"), stage.xa.paper(sender=XC), stage.xa.paper()]
    heard = [one.words for one in victim.told(XA, stage.xa.call(papers).octets())]
    assert heard == ["accepted", "refused KIND_UNKNOWN", "coarse NOT_AUTHENTIC", "accepted"]
    asyncio.run(victim.wired.worker.drain())
    inbound = victim.wired.settings.home / "hub" / "inbound" / XA
    handed_over = Counter(file.with_suffix(".xml").read_bytes() for file in inbound.glob("*.done"))
    accepted = Counter(
        content
        for (content,) in victim.rows(
            "SELECT d.content FROM paper p JOIN document d ON d.exchange_id = p.exchange_id WHERE p.partner = ?", XA
        )
    )
    assert handed_over == accepted
    assert handed_over[papers[0].document] == handed_over[papers[3].document] == 1
    assert victim.rows(
        "SELECT DISTINCT state FROM exchange WHERE partner = ? AND id IN (SELECT exchange_id FROM paper)", XA
    ) == [("HANDED_OVER",)]
