"""The yardstick does its work: what it counts are real exchanges, and it refuses what a naive program would refuse."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from signxml.exceptions import InvalidDigest
from sqlmodel import Session, select

from node.errors import PaperRefused
from node.model.exchange import Assurance
from node.model.ids import NodeCode
from node.sandbox import bench, naive
from node.sandbox.bench_papers import Papers
from node.settings import HubKind

XA, XB = NodeCode("XA"), NodeCode("XB")


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[tuple[naive.Side, naive.Side]]:
    folder = bench.furnish(tmp_path / "homes", Assurance.BATCH, HubKind.GRPC)
    sender, receiver = naive.Side.at(folder / XA, XB), naive.Side.at(folder / XB, XA)
    yield sender, receiver
    for side in (sender, receiver):
        side.engine.dispose()


def send(sides: tuple[naive.Side, naive.Side], content: bytes, tamper=lambda signed: signed) -> None:
    """One paper by hand: the two programs without the network between them."""
    sender = naive.Sender(sides[0], "localhost:1")
    sender._call = lambda signed, timeout: naive.receive(sides[1], tamper(signed))
    sender.send(content)


def rows(side: naive.Side, table: type[naive.NaiveRow]) -> int:
    with Session(side.engine) as session:
        return len(session.exec(select(table)).all())


def test_a_naive_exchange_leaves_paper_and_receipt_on_both_sides(sides) -> None:
    send(sides, Papers(4_096).next()[1])
    assert (rows(sides[0], naive.SentRow), rows(sides[0], naive.ReceiptRow)) == (1, 1)
    assert rows(sides[1], naive.ReceivedRow) == 1


def test_a_naive_receiver_refuses_an_altered_paper(sides) -> None:
    number, content = Papers(4_096).next()
    with pytest.raises(InvalidDigest):
        send(sides, content, lambda signed: signed.replace(number.encode(), number.encode()[::-1]))
    assert rows(sides[1], naive.ReceivedRow) == 0
    assert rows(sides[0], naive.ReceiptRow) == 0


def test_a_naive_sender_judges_papers_as_the_node_does(sides) -> None:
    with pytest.raises(PaperRefused):
        send(sides, Papers(4_096).next()[1].replace(b"<Items>3<", b"<Items>4<"))
    assert rows(sides[0], naive.SentRow) == 0
