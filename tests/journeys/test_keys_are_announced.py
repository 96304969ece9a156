"""Key statements as control papers: sent like any paper, confirmed by their receipt (protocol 2, Keys)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from node.crypto.key_statement import make_key_statement
from node.crypto.keys import generate_decryption_key, save_decryption_key
from node.documents import samples
from node.errors import ControlKindRefused, PartnerUnknown
from node.flows import reading
from node.flows.control import KEY_STATEMENT, announce_keys
from node.flows.intake import Submission
from node.flows.outbound import accept
from node.flows.ports import ActorName
from node.model.exchange import State
from node.model.receipt import KeyStatement
from node.store import partner_keys

XA, XB = "XA", "XB"
CLERK = ActorName("clerk", "human")


@pytest.fixture
def rekey(reopen) -> Callable[..., None]:
    """Gives a country a new decryption key and a statement that names it alone; the old keys open what is under way."""

    def again(country, *, forget_old: bool = False) -> None:
        node, files, now = country.wired.node, country.wired.settings.keys, country.clock.now()
        if forget_old:
            for old in files.decryption_keys:
                old.unlink()
        fresh = generate_decryption_key(node.own_trust.suites[0], now, 365)
        save_decryption_key(fresh, files.folder)
        write(country, make_key_statement(node.code, [fresh.announce()], now, node.keys.sign))
        reopen(country)

    return again


def write(country, statement: KeyStatement) -> None:
    files = country.wired.settings.keys
    files.statement.write_bytes(statement.document)
    files.statement_signature.write_bytes(statement.signature)


def in_force(pair) -> bytes:
    """What XA holds of XB; the signature is made anew for each journey, the announcement is not."""
    statement = pair.xa.wired.node.store.read(lambda tx: partner_keys.current(tx, XB))
    assert statement is not None
    return statement.document


def test_a_new_statement_is_sent_receipted_and_in_force(pair, rekey, origin: bytes) -> None:
    rekey(pair.xb, forget_old=True)
    sent = announce_keys(pair.xb.wired.node, XA, CLERK).exchange
    pair.xb.work()
    assert pair.xb.exchange(sent).state is State.DELIVERED
    assert in_force(pair) == pair.xb.wired.node.statement.document
    paper = pair.xa.hand_in(origin, XB)
    pair.cross()
    assert pair.xa.exchange(paper).state is State.DELIVERED
    assert "deferred" not in pair.xa.timeline(paper)


def test_without_an_announcement_the_first_paper_brings_the_new_statement_home(pair, rekey, origin: bytes) -> None:
    rekey(pair.xb, forget_old=True)
    paper = pair.xa.hand_in(origin, XB)
    pair.cross()
    assert in_force(pair) == pair.xb.wired.node.statement.document
    pair.xa.next_try()
    assert pair.xa.exchange(paper).state is State.DELIVERED


def test_announcing_twice_is_one_exchange(pair) -> None:
    first = announce_keys(pair.xa.wired.node, XB, CLERK)
    second = announce_keys(pair.xa.wired.node, XB, CLERK)
    assert (first.exchange, second.repeated) == (second.exchange, True)


def test_an_announcement_never_reaches_the_hub(pair) -> None:
    announce_keys(pair.xa.wired.node, XB, CLERK)
    pair.cross()
    assert pair.xb.hub_has() == []
    (arrived,) = pair.xb.received()
    assert (arrived.kind, arrived.state) == (KEY_STATEMENT, State.HANDED_OVER)


def test_an_older_statement_changes_nothing(pair, rekey, reopen) -> None:
    before = pair.xb.wired.node.statement
    rekey(pair.xb)
    announce_keys(pair.xb.wired.node, XA, CLERK)
    pair.xb.work()
    newest = in_force(pair)
    write(pair.xb, before)
    reopen(pair.xb)
    older = announce_keys(pair.xb.wired.node, XA, CLERK).exchange
    pair.xb.work()
    assert pair.xb.exchange(older).state is State.DELIVERED
    assert in_force(pair) == newest != before.document


def test_control_papers_are_refused_from_outside(pair) -> None:
    submission = Submission(pair.xa.wired.node.statement.document, XB, "k", kind=KEY_STATEMENT)
    (outcome,) = accept(pair.xa.wired.node, [submission], CLERK)
    assert isinstance(outcome, ControlKindRefused)


def test_nobody_announces_to_a_stranger(pair) -> None:
    with pytest.raises(PartnerUnknown):
        announce_keys(pair.xa.wired.node, "XZ", CLERK)


def test_the_life_of_an_announcement_fits_its_certificate(pair) -> None:
    sent = announce_keys(pair.xa.wired.node, XB, CLERK).exchange
    pair.cross()
    exchange = pair.xa.exchange(sent)
    assert exchange.expires_at is not None
    assert exchange.expires_at - exchange.created_at <= timedelta(days=30)


def test_a_defect_in_judging_a_statement_takes_no_neighbour_along(pair, monkeypatch) -> None:
    urgent = samples.sample("aeo_status", "operator_granted")

    def defect(*_: object, **__: object) -> None:
        raise RuntimeError("a defect of ours")

    with monkeypatch.context() as patch:
        patch.setattr(reading, "verify_key_statement", defect)
        statement = announce_keys(pair.xa.wired.node, XB, CLERK).exchange
        paper = pair.xa.hand_in(urgent, XB)
        pair.xa.work()
        assert len(pair.xa.road.carried) == 1
        assert pair.xa.exchange(paper).state is State.DELIVERED
        assert pair.xa.exchange(statement).state is State.SEALED
        assert pair.xb.audited("refused")[-1]["code"] == "N2N-INT-001"
    pair.xa.next_try()
    assert pair.xa.exchange(statement).state is State.DELIVERED
