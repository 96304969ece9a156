"""Not yet, says the partner: the same leaf comes again later – newly encrypted or signed where that was asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from node.crypto.decryption import generate_decryption_key
from node.crypto.key_statement import Announcement, announcement_from_xml, announcement_to_xml, make_key_statement
from node.crypto.xades import sign_detached
from node.errors import PartnerKeyMissing, PartnerUnreachable, PartnerWantsAnew
from node.flows.settling import MAX_HINT
from node.model.document import MediaType
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.exchange import State
from node.model.receipt import Answer, Deferred, DeferredCode, DeliverResponse, KeyStatement
from node.sandbox import dev_pki
from node.store import exchanges, partner_keys
from node.transport.loopback import Loopback
from node.wire import header_from_bytes

XB = "XB"
ANEW = (DeferredCode.KEY, DeferredCode.BODY, DeferredCode.SIGNATURE)


@dataclass(slots=True)
class Hesitant:
    """A partner that gives these answers to its first deliveries and keeps nothing of them."""

    there: Loopback
    answers: list[Deferred] = field(default_factory=list)

    async def deliver(self, request: DeliverRequest, deadline_s: float) -> DeliverResponse:
        if not self.answers:
            return await self.there.deliver(request, deadline_s)
        deferred = self.answers.pop(0)
        answers = (Answer(header_from_bytes(one.header).message_id, deferred) for one in request.envelopes)
        return DeliverResponse(tuple(answers))

    async def status(self, request: StatusRequest, deadline_s: float) -> DeliverResponse:
        return await self.there.status(request, deadline_s)


@pytest.fixture
def hesitate(pair) -> Callable[..., None]:
    """Makes XB answer so at first."""

    def answer(*answers: Deferred) -> None:
        pair.xa.road.there = Hesitant(pair.xa.road.there, list(answers))

    return answer


def tried(country) -> int:
    return len(country.road.carried)


# --- keys -------------------------------------------------------------------------------------------------------------


def known_statement(country) -> KeyStatement | None:
    return country.wired.node.store.read(lambda tx: partner_keys.current(tx, XB))


def test_after_a_key_change_the_next_try_is_encrypted_to_the_new_key(pair, origin: bytes, reopen) -> None:
    keys = pair.xb.wired.settings.keys
    for old in keys.decryption_keys:
        old.unlink()
    dev_pki.announce(keys, XB, pair.xb.wired.settings.suites, pair.xb.clock.now())
    reopen(pair.xb)

    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    waiting = pair.xa.exchange(sent)
    assert (waiting.state, waiting.last_cause) == (State.SEALED, PartnerWantsAnew.code)
    assert known_statement(pair.xa) == pair.xb.wired.node.statement

    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    first, second = pair.xa.road.carried
    assert first.key.recipient_key_id != second.key.recipient_key_id
    assert first.envelopes[0].header == second.envelopes[0].header
    pair.xb.work()
    assert pair.xb.hub_has() == [origin]


def statement_of(country, days: float = 0, key=None, node: str = XB) -> KeyStatement:
    """Fresh keys, announced by whoever signs with `key`."""
    moment = country.clock.now() + timedelta(days=days)
    fresh = [generate_decryption_key(suite, moment, 30).announce() for suite in country.wired.settings.suites]
    document = announcement_to_xml(Announcement(node, int(moment.timestamp() * 1000), tuple(fresh)))
    signer = key or country.wired.node.keys.sign
    signature = sign_detached(document, MediaType.XML.file_name, MediaType.XML, signer, country.clock.now())
    return KeyStatement(document, signature)


def altered(statement: KeyStatement) -> KeyStatement:
    return replace(statement, document=statement.document.replace(b'use="decrypt"', b'use="decrypT"', 1))


WORTHLESS = {
    "older": lambda pair: statement_of(pair.xb, days=-20),
    "from the future": lambda pair: statement_of(pair.xb, days=1),
    "by the receipt key": lambda pair: statement_of(pair.xb, key=pair.xb.wired.node.keys.receipt),
    "by another node": lambda pair: statement_of(pair.xa),
    "of another node": lambda pair: statement_of(pair.xb, node="XC"),
    "altered": lambda pair: altered(statement_of(pair.xb)),
    "not a statement": lambda pair: KeyStatement(b"<a/>", b"<b/>"),
}


@pytest.mark.parametrize("kind", WORTHLESS)
def test_a_statement_that_is_older_or_forged_changes_nothing(pair, hesitate, origin: bytes, kind: str) -> None:
    before = known_statement(pair.xa)
    hesitate(Deferred(DeferredCode.KEY, 0, WORTHLESS[kind](pair)))
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert known_statement(pair.xa) == before
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_other_keys_under_the_sequence_in_force_change_nothing_and_alarm(pair, hesitate, origin: bytes) -> None:
    before = known_statement(pair.xa)
    in_force = announcement_from_xml(before.document)
    document = announcement_to_xml(replace(in_force, keys=in_force.keys[:1]))
    sign = pair.xb.wired.node.keys.sign
    signature = sign_detached(document, MediaType.XML.file_name, MediaType.XML, sign, pair.xb.clock.now())
    hesitate(Deferred(DeferredCode.KEY, 0, KeyStatement(document, signature)))
    pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert known_statement(pair.xa) == before
    assert pair.xa.wired.journal.counters()["alarm.key-statement-conflict"] == 1


def test_a_statement_beside_any_other_deferral_is_not_looked_at(pair, hesitate, origin: bytes) -> None:
    before = known_statement(pair.xa)
    hesitate(Deferred(DeferredCode.OVERLOAD, 0, statement_of(pair.xb)))
    pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert known_statement(pair.xa) == before


def test_without_a_usable_key_of_the_partner_papers_wait_and_nothing_is_called_sent(
    pair, hesitate, origin: bytes
) -> None:
    now = pair.xb.clock.now()
    own = pair.xb.wired.node.keys
    later = [replace(key.announce(), not_before=now + timedelta(hours=2)) for key in own.decryption]
    hesitate(Deferred(DeferredCode.KEY, 0, make_key_statement(XB, later, now, own.sign)))
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.next_try()
    waiting = pair.xa.exchange(sent)
    assert (waiting.state, waiting.last_cause) == (State.SEALED, PartnerKeyMissing.code)
    assert tried(pair.xa) == 1

    pair.xa.later(hours=3)
    assert pair.xa.exchange(sent).state is State.DELIVERED


# --- anew -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "codes", [(code,) * 3 for code in ANEW] + [ANEW], ids=lambda codes: "-".join(c.name for c in codes)
)
def test_the_third_wish_for_another_encryption_or_signature_parks(pair, hesitate, phyto: bytes, codes) -> None:
    hesitate(*(Deferred(code) for code in codes))
    sent = pair.xa.hand_in(phyto, XB)
    pair.xa.work()
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.SEALED
    pair.xa.next_try()
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.first_cause) == (State.PARKED, PartnerWantsAnew.code)
    assert tried(pair.xa) == 3
    assert pair.xb.received() == []


def test_an_outage_before_does_not_count_as_a_wish(pair, hesitate, origin: bytes) -> None:
    pair.xa.road.cut = True
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    for _ in range(10):
        pair.xa.next_try()
    pair.xa.road.cut = False
    hesitate(Deferred(DeferredCode.BODY), Deferred(DeferredCode.BODY), Deferred(DeferredCode.BODY))
    pair.xa.next_try()
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.SEALED
    pair.xa.next_try()
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.first_cause) == (State.PARKED, PartnerUnreachable.code)


def test_two_wishes_and_a_good_answer_deliver(pair, hesitate, origin: bytes) -> None:
    hesitate(Deferred(DeferredCode.KEY), Deferred(DeferredCode.BODY))
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.next_try()
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def signatures(country, exchange) -> tuple[bytes, ...]:
    return country.wired.node.store.read(lambda tx: exchanges.sealed(tx, [exchange]))[exchange].signatures


def test_a_wish_for_another_signature_gets_one_over_the_same_leaf(pair, hesitate, phyto: bytes) -> None:
    hesitate(Deferred(DeferredCode.SIGNATURE))
    sent = pair.xa.hand_in(phyto, XB)
    pair.xa.work()
    pair.xa.next_try()
    (arrived,) = pair.xb.received()
    assert arrived.leaf == pair.xa.exchange(sent).leaf
    first, second = pair.xa.road.carried
    assert (first.seals, first.envelopes[0].header) == (second.seals, second.envelopes[0].header)
    assert signatures(pair.xb, arrived.id) == signatures(pair.xa, sent)
    assert pair.xa.timeline(sent).count("document-signed") == 2


def test_a_partner_that_wants_a_signature_where_only_the_seal_was_agreed_gets_none(
    pair, hesitate, origin: bytes
) -> None:
    hesitate(Deferred(DeferredCode.SIGNATURE))
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert len(signatures(pair.xa, sent)) == 0
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


# --- patience ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [code for code in DeferredCode if code not in ANEW], ids=lambda code: code.name)
def test_what_time_can_cure_is_tried_again_and_again(pair, hesitate, origin: bytes, code: DeferredCode) -> None:
    hesitate(*[Deferred(code)] * 5)
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    for _ in range(5):
        assert pair.xa.exchange(sent).state is State.SEALED
        pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert len(pair.xb.received()) == 1


@pytest.mark.parametrize(
    ("hint_ms", "shortest", "longest"),
    [
        (0, timedelta(seconds=4), timedelta(seconds=6)),
        (1, timedelta(seconds=4), timedelta(seconds=6)),
        (600_000, timedelta(minutes=10), timedelta(minutes=10)),
        (3 * 365 * 86_400_000, MAX_HINT, MAX_HINT),
        (2**31 - 1, MAX_HINT, MAX_HINT),
    ],
    ids=["none", "a millisecond", "ten minutes", "three years", "the largest int32"],
)
def test_a_hint_lengthens_the_wait_but_not_for_ever(pair, hesitate, origin: bytes, hint_ms, shortest, longest) -> None:
    hesitate(Deferred(DeferredCode.OVERLOAD, hint_ms))
    pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert shortest <= pair.xa.next_try() <= longest


def test_one_deferred_paper_does_not_hold_up_the_others_of_its_call(pair, papers) -> None:
    def defer_the_second(answers: Sequence[Answer]) -> Sequence[Answer]:
        if len(answers) < 3:
            return answers
        return [answers[0], replace(answers[1], outcome=Deferred(DeferredCode.RACE)), answers[2]]

    pair.xa.road.spoil = defer_the_second
    sent = [pair.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(papers(3))]
    pair.xa.work()
    states = [pair.xa.exchange(one).state for one in sent]
    assert sorted(states) == [State.DELIVERED, State.DELIVERED, State.SEALED]
