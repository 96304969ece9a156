"""Our own tree gives the roots, paths and proofs of the vectors, and refuses what they refuse."""

from collections.abc import Callable

import pytest

from node import merkle
from node.crypto.seal import body_digest, paper_leaf, receipt_leaf
from node.model.ids import Digest

Load = Callable[[str], dict]


def unhex(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def test_our_digests_and_leaves_are_those_of_the_vectors(listed: Load) -> None:
    vectors = listed("digests.json")
    paper = {name: bytes.fromhex(value) for name, value in vectors["paper"].items()}
    digest = body_digest(paper["salt"], paper["metadata"], paper["document"])
    assert digest == paper["body_digest"]
    assert paper_leaf(paper["header"], Digest(digest)) == paper["leaf"]
    for one in vectors["receipts"]:
        assert receipt_leaf(bytes.fromhex(one["receipt"])).hex() == one["leaf"]


def test_our_trees_have_the_roots_and_paths_of_the_vectors(listed: Load) -> None:
    vectors = listed("merkle.json")
    leaves = unhex(vectors["leaves"])
    for tree in vectors["trees"]:
        grown = leaves[: tree["count"]]
        assert merkle.root(grown).hex() == tree["root"]
        ours = merkle.paths(grown)
        for index, path in tree["paths"].items():
            assert list(ours[int(index)]) == unhex(path)
            assert merkle.root_from_path(grown[int(index)], int(index), len(grown), unhex(path)).hex() == tree["root"]


def test_our_verifier_refuses_the_paths_that_the_vectors_refuse(listed: Load) -> None:
    for case in listed("merkle.json")["refused"]:
        try:
            reached = merkle.root_from_path(
                bytes.fromhex(case["leaf"]), case["index"], case["count"], unhex(case["path"])
            )
        except ValueError:
            continue
        assert reached.hex() != case["root"], case["name"]


@pytest.mark.parametrize(("which", "holds"), [("proofs", True), ("refused", False)])
def test_our_consistency_proofs_are_those_of_the_vectors(which: str, holds: bool, listed: Load) -> None:
    vectors = listed("consistency.json")
    leaves = unhex(vectors["leaves"])
    for case in vectors[which]:
        roots = bytes.fromhex(case["old_root"]), bytes.fromhex(case["new_root"])
        proof = unhex(case["proof"])
        assert merkle.verify_consistency(case["from"], case["to"], *roots, proof) is holds
        if holds:
            assert list(merkle.consistency_proof(leaves[: case["to"]], case["from"])) == proof
