"""The log that grows node by node is the tree that RFC 6962 works out from all its leaves."""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node import merkle
from node.errors import RaceLost, StoreCorrupt
from node.model.ids import NodeCode
from node.store import log, receipts, tree
from node.store.database import Database, Tx
from node.store.tables import LOG_NODE, RECEIPT_LOG

if TYPE_CHECKING:
    from conftest import Trade

XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")
MOST = 70


def leaf(number: int) -> bytes:
    return hashlib.sha256(b"leaf %d" % number).digest()


LEAVES = [leaf(number) for number in range(MOST)]


class Grown:
    """A tree in memory, kept as the store keeps it."""

    def __init__(self) -> None:
        self.nodes: dict[int, bytes] = {}
        self.size = 0

    def append(self, leaves: list[bytes]) -> None:
        edge = [self.nodes[each] for each in tree.peaks((0, self.size))]
        made = dict(tree.grow(self.size, edge, leaves))
        assert not made.keys() & self.nodes.keys(), "a node that was whole changed"
        self.nodes |= made
        self.size += len(leaves)
        assert edge == [self.nodes[each] for each in tree.peaks((0, self.size))]

    def folded(self, span: tree.Span) -> bytes:
        return tree.fold([self.nodes[each] for each in tree.peaks(span)])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), max_size=8), st.data())
def test_every_root_and_proof_of_a_growing_tree_is_that_of_the_whole_one(steps: list[int], data: st.DataObject) -> None:
    grown = Grown()
    for step in steps:
        grown.append(LEAVES[grown.size : min(grown.size + step, MOST)])
    size = grown.size
    leaves = LEAVES[:size]
    assert grown.folded((0, size)) == merkle.root(leaves)
    if size:
        index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
        path = tuple(map(grown.folded, tree.inclusion_spans(index, size)))
        assert path == merkle.paths(leaves)[index]
        proof = tuple(map(grown.folded, tree.consistency_spans(old, size)))
        assert proof == merkle.consistency_proof(leaves, old)


def test_all_proofs_between_all_small_sizes_hold() -> None:
    grown = Grown()
    for number in range(40):
        grown.append([leaf(number)])
        root = grown.folded((0, grown.size))
        for old in range(grown.size + 1):
            proof = list(map(grown.folded, tree.consistency_spans(old, grown.size)))
            before = merkle.root(LEAVES[:old])
            assert merkle.verify_consistency(old, grown.size, before, root, proof)


def test_nodes_are_numbered_from_left_to_right_without_gap() -> None:
    numbers = [tree.number(level, position) for level in range(7) for position in range(64 >> level)]
    assert sorted(numbers) == list(range(127))


@pytest.mark.parametrize("size", [2**20 - 1, 10**5, 2**63 - 1])
def test_what_a_proof_needs_grows_with_the_levels_of_the_tree(size: int) -> None:
    levels = size.bit_length()
    for old in (1, size // 3, size // 2 + 1, size - 1):
        spans = tree.consistency_spans(old, size)
        assert len(spans) <= levels + 1
        assert len(tree.needed([(0, size), *spans])) <= 2 * levels
    assert len(tree.inclusion_spans(size // 3, size)) <= levels


# --- in the store -----------------------------------------------------------------------------------------------------


@pytest.fixture
def issue(database: Database, trade: "Trade") -> Callable[..., None]:
    """Issues receipts with these contents, as one answer does."""

    def some(*contents: bytes, partner: NodeCode = XB) -> None:
        def work(tx: Tx) -> None:
            rows = [trade.issued(tx, receipt=content, partner=partner) for content in contents]
            receipts.insert_issued(tx, rows)

        database.write(work)

    return some


def whole(*contents: bytes) -> bytes:
    return merkle.root([merkle.leaf_hash(content) for content in contents])


def test_an_empty_log_has_the_root_of_the_empty_tree(database: Database) -> None:
    assert database.read(lambda tx: log.stand(tx, XB)) == log.Stand(0, merkle.root(()))
    assert database.read(lambda tx: log.stand(tx, XB, 0)) == log.Stand(0, merkle.root(()), ())


def test_the_log_holds_what_was_issued_in_its_order_and_per_partner(database: Database, issue) -> None:
    issue(b"1", b"2", b"3")
    issue(b"other", partner=XC)
    issue(b"4")
    assert database.read(lambda tx: log.stand(tx, XB)) == log.Stand(4, whole(b"1", b"2", b"3", b"4"))
    assert database.read(lambda tx: log.stand(tx, XC)) == log.Stand(1, whole(b"other"))
    assert [one.receipt for one in database.read(lambda tx: log.receipts(tx, XB, 1, 2))] == [b"2", b"3"]
    assert database.read(lambda tx: log.partners(tx, XA)) == [XB, XC]


def test_proofs_come_out_of_the_store(database: Database, issue) -> None:
    contents = [b"%d" % number for number in range(13)]
    for content in contents:
        issue(content)
    leaves = [merkle.leaf_hash(content) for content in contents]
    for old in range(1, 14):
        stand = database.read(lambda tx, old=old: log.stand(tx, XB, old))
        assert stand.proof == merkle.consistency_proof(leaves, old)
    assert database.read(lambda tx: log.stand(tx, XB, 14)).proof is None
    assert database.read(lambda tx: log.stand(tx, XB, 2**63 - 1)).proof is None
    for index in range(13):
        path = database.read(lambda tx, index=index: log.inclusion(tx, XB, index, 13))
        assert merkle.root_from_path(leaves[index], index, 13, path) == merkle.root(leaves)


def test_a_receipt_that_lost_its_race_leaves_no_node(database: Database, trade: "Trade", issue) -> None:
    issue(b"1")

    def twice(tx: Tx) -> None:
        one = trade.issued(tx, receipt=b"2")
        receipts.insert_issued(tx, [one, trade.issued(tx, receipt=b"3", message_id=one.message_id)])

    with pytest.raises(RaceLost):
        database.write(twice)
    assert database.read(lambda tx: log.stand(tx, XB)) == log.Stand(1, whole(b"1"))
    issue(b"4")
    assert database.read(lambda tx: log.stand(tx, XB)) == log.Stand(2, whole(b"1", b"4"))


def test_answers_that_share_a_commit_stand_one_behind_the_other(database: Database, trade: "Trade", together) -> None:
    def answer(*contents: bytes) -> Callable[[Tx], log.Stand]:
        def work(tx: Tx) -> log.Stand:
            receipts.insert_issued(tx, [trade.issued(tx, receipt=content) for content in contents])
            return log.stand(tx, XB, 0)

        return work

    first, second, third = together(database, [answer(b"1", b"2"), answer(b"3"), answer(b"4", b"5")])
    assert first == log.Stand(2, whole(b"1", b"2"), ())
    assert second == log.Stand(3, whole(b"1", b"2", b"3"), ())
    assert third == log.Stand(5, whole(b"1", b"2", b"3", b"4", b"5"), ())


def test_a_node_that_is_gone_is_told_and_not_guessed(database: Database, issue) -> None:
    issue(b"1", b"2", b"3")
    database.write(lambda tx: tx.execute(RECEIPT_LOG.update().values(size=9)))
    with pytest.raises(StoreCorrupt):
        database.read(lambda tx: log.stand(tx, XB))
    assert database.read(lambda tx: len(tx.execute(LOG_NODE.select()).all())) == 4
