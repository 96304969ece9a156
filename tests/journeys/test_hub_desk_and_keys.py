"""What nodes tell each other about their keys is no hub's business, whatever it asks and whatever it may handle."""

import pytest

from node.errors import ExchangeUnknown
from node.flows import hub_registers
from node.flows.control import announce_keys
from node.flows.hub_desk import HubDesk
from node.flows.ports import ActorName
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.exchange import Direction, Exchange, State
from node.model.hub import ExchangeQuestion, HubClient
from node.model.ids import NodeCode

XA, XB = NodeCode("XA"), NodeCode("XB")

CLIENTS = [HubClient("agency"), HubClient("odd", frozenset({"key_statement", "certificate_of_origin"}))]


@pytest.fixture(params=CLIENTS, ids=["all kinds", "that kind too"])
def client(request: pytest.FixtureRequest) -> HubClient:
    return request.param


@pytest.fixture
def statements(pair, origin: bytes) -> tuple[Exchange, Exchange]:
    """A key statement and a paper went from XA to XB; the statement as each of them holds it."""
    sent = announce_keys(pair.xa.wired.node, XB, ActorName("clerk", "human")).exchange
    pair.xa.hand_in(origin, XB)
    pair.cross()
    there, *others = [one for one in pair.xb.received() if one.kind == "key_statement"]
    assert others == []
    assert pair.xa.exchange(sent).state is State.DELIVERED
    return pair.xa.exchange(sent), there


def test_a_key_statement_is_shown_to_nobody_who_asks(pair, statements, client: HubClient) -> None:
    for country, statement in zip((pair.xa, pair.xb), statements, strict=True):
        with pytest.raises(ExchangeUnknown):
            HubDesk(country.wired.node).exchange(client, ExchangeQuestion(statement.id, None))
    (paper,) = [one for one in pair.xb.received() if one.kind == "certificate_of_origin"]
    assert HubDesk(pair.xb.wired.node).exchange(client, ExchangeQuestion(paper.id, None)).exchange == paper


def test_a_key_statement_is_nothing_a_hub_could_acknowledge_or_answer(pair, statements, client: HubClient) -> None:
    desk, there = HubDesk(pair.xb.wired.node), statements[1]
    assert there.direction is Direction.IN
    assert desk.acknowledge(client, [there.id]).unknown == (there.id,)
    assert isinstance(desk.answer(client, there.id, BusinessAnswer(AnswerVerdict.ACCEPTED)), ExchangeUnknown)


def test_moves_of_a_key_statement_are_in_no_feed(pair, statements, client: HubClient) -> None:
    page = HubDesk(pair.xa.wired.node).moves(client, 0)
    assert {move.kind for move in page.moves} == {"certificate_of_origin"}


def test_no_trace_leads_to_a_key_statement(pair, statements, client: HubClient) -> None:
    for country, statement in zip((pair.xa, pair.xb), statements, strict=True):
        for name in (statement.id, statement.message_id):
            assert hub_registers.trace(country.wired.node, client, name).exchanges == ()
