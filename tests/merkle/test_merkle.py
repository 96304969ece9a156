"""RFC 6962 2.1: known answers, and properties over all small trees."""

import hashlib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from node import merkle

# The inputs and roots that implementations of RFC 6962 have compared with one another since 2013.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(data) for data in INPUTS]
MAX_LEAVES = 64

sizes = st.integers(min_value=1, max_value=MAX_LEAVES)


def leaves_of(count: int) -> list[bytes]:
    return [merkle.leaf_hash(number.to_bytes(2, "big")) for number in range(count)]


def plain_root(data: list[bytes]) -> bytes:
    """The definition of RFC 6962 2.1, word for word."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return hashlib.sha256(b"\x01" + plain_root(data[:k]) + plain_root(data[k:])).digest()


def plain_path(m: int, data: list[bytes]) -> list[bytes]:
    """The definition of RFC 6962 2.1.1, word for word."""
    if len(data) == 1:
        return []
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m < k:
        return [*plain_path(m, data[:k]), plain_root(data[k:])]
    return [*plain_path(m - k, data[k:]), plain_root(data[:k])]


@pytest.mark.parametrize("count", range(9))
def test_the_roots_of_the_known_inputs_are_the_known_roots(count: int) -> None:
    assert merkle.root(LEAVES[:count]).hex() == ROOTS[count] == plain_root(INPUTS[:count]).hex()


@pytest.mark.parametrize("count", range(1, MAX_LEAVES + 1))
def test_every_path_of_every_seal_size_is_that_of_the_definition_and_leads_to_the_root(count: int) -> None:
    data = [number.to_bytes(2, "big") for number in range(count)]
    leaves = leaves_of(count)
    paths = merkle.paths(leaves)
    assert len(paths) == count
    for index, path in enumerate(paths):
        assert list(path) == plain_path(index, data)
        assert merkle.root_from_path(leaves[index], index, count, path) == merkle.root(leaves)


def test_a_lone_leaf_is_its_own_root() -> None:
    assert merkle.paths([LEAVES[0]]) == [()]
    assert merkle.root_from_path(LEAVES[0], 0, 1, ()) == LEAVES[0]


def test_no_leaves_have_no_paths() -> None:
    assert merkle.paths([]) == []


def leads_to_root(leaf: bytes, index: int, count: int, path: tuple[bytes, ...], root: bytes) -> bool:
    try:
        return merkle.root_from_path(leaf, index, count, path) == root
    except ValueError:
        return False


@given(count=sizes, data=st.data())
def test_another_leaf_or_index_does_not_lead_to_the_root(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    index, other = (data.draw(st.integers(0, count - 1)) for _ in range(2))
    assume(index != other)
    root, path = merkle.root(leaves), merkle.paths(leaves)[index]
    assert not leads_to_root(leaves[other], index, count, path, root)
    assert not leads_to_root(leaves[index], other, count, path, root)


@given(count=sizes, claimed=st.integers(min_value=-1, max_value=2 * MAX_LEAVES), data=st.data())
def test_another_count_leads_to_the_root_only_where_the_same_climb_is_meant(
    count: int, claimed: int, data: st.DataObject
) -> None:
    # RFC 6962 binds the count by the signed manifest, not by the path: what climbs the same way is the same path.
    assume(claimed != count)
    leaves = leaves_of(count)
    index = data.draw(st.integers(0, count - 1))
    path = merkle.paths(leaves)[index]
    accepted = leads_to_root(leaves[index], index, claimed, path, merkle.root(leaves))
    assert accepted == (0 <= index < claimed and climb(index, claimed) == climb(index, count))


def climb(index: int, count: int) -> list[bool]:
    """On which side of its sibling the way up stands, leaf end first."""
    if count == 1:
        return []
    k = 1
    while k * 2 < count:
        k *= 2
    return [*climb(index, k), True] if index < k else [*climb(index - k, count - k), False]


@given(count=sizes, data=st.data())
def test_a_changed_path_does_not_lead_to_the_root(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    index = data.draw(st.integers(0, count - 1))
    path = merkle.paths(leaves)[index]
    changed = data.draw(
        st.one_of(
            st.integers(0, len(path)).map(lambda at: (*path[:at], bytes(32), *path[at:])),
            st.integers(0, max(0, len(path) - 1)).map(lambda at: path[:at] + path[at + 1 :]),
            st.integers(0, max(0, len(path) - 1)).map(lambda at: (*path[:at], bytes(32), *path[at + 1 :])),
            st.integers(0, max(0, len(path) - 1)).map(
                lambda at: tuple(one[:31] if i == at else one for i, one in enumerate(path))
            ),
            st.permutations(path).map(tuple),
        )
    )
    assume(changed != path)
    assert not leads_to_root(leaves[index], index, count, changed, merkle.root(leaves))


@pytest.mark.parametrize(("index", "count"), [(-1, 3), (3, 3), (0, 0), (4, 3)])
def test_an_index_outside_the_tree_is_refused(index: int, count: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        merkle.root_from_path(LEAVES[0], index, count, ())


def test_an_inner_node_does_not_pass_as_a_leaf() -> None:
    leaves = leaves_of(4)
    inner = merkle.node_hash(leaves[0], leaves[1])
    assert merkle.leaf_hash(leaves[0] + leaves[1]) != inner
    assert not leads_to_root(inner, 0, 4, merkle.paths(leaves)[0][1:], merkle.root(leaves))


@settings(max_examples=300)
@given(n=st.integers(1, 100), data=st.data())
def test_every_beginning_of_a_log_is_provable(n: int, data: st.DataObject) -> None:
    m = data.draw(st.integers(1, n))
    leaves = leaves_of(n)
    proof = merkle.consistency_proof(leaves, m)
    old, new = merkle.root(leaves[:m]), merkle.root(leaves)
    assert merkle.verify_consistency(m, n, old, new, proof)
    if m < n:
        assert not merkle.verify_consistency(m, n, bytes(32), new, proof)
        assert not merkle.verify_consistency(m, n, old, bytes(32), proof)
        assert not merkle.verify_consistency(m, n, old, new, (*proof, bytes(32)))
        assert not merkle.verify_consistency(m, n, old, new, proof[:-1])


@settings(max_examples=300)
@given(n=st.integers(2, 100), data=st.data())
def test_a_log_that_was_rewritten_has_no_proof(n: int, data: st.DataObject) -> None:
    m = data.draw(st.integers(1, n - 1))
    at = data.draw(st.integers(0, m - 1))
    leaves = leaves_of(n)
    forked = [*leaves[:at], merkle.leaf_hash(b"rewritten"), *leaves[at + 1 :]]
    proof = merkle.consistency_proof(forked, m)
    assert not merkle.verify_consistency(m, n, merkle.root(leaves[:m]), merkle.root(forked), proof)


def test_the_empty_log_is_a_beginning_of_every_log() -> None:
    assert merkle.verify_consistency(0, 8, merkle.root(()), merkle.root(LEAVES), ())
    assert not merkle.verify_consistency(0, 8, merkle.root(()), merkle.root(LEAVES), (LEAVES[0],))
    assert not merkle.verify_consistency(0, 8, LEAVES[0], merkle.root(LEAVES), ())


def test_a_shrunk_log_is_never_consistent() -> None:
    assert not merkle.verify_consistency(3, 2, merkle.root(LEAVES[:3]), merkle.root(LEAVES[:2]), ())


def test_equal_logs_need_an_empty_proof() -> None:
    root = merkle.root(LEAVES)
    assert merkle.verify_consistency(8, 8, root, root, ())
    assert not merkle.verify_consistency(8, 8, root, root, (root,))
    assert not merkle.verify_consistency(8, 8, root, bytes(32), ())


@pytest.mark.parametrize("m", [0, 9])
def test_there_is_no_proof_for_a_beginning_that_does_not_exist(m: int) -> None:
    with pytest.raises(ValueError, match="no such beginning"):
        merkle.consistency_proof(LEAVES, m)


def test_proof_hashes_of_another_length_are_refused() -> None:
    proof = merkle.consistency_proof(LEAVES, 3)
    assert not merkle.verify_consistency(
        3, 8, merkle.root(LEAVES[:3]), merkle.root(LEAVES), (proof[0][:31], *proof[1:])
    )
