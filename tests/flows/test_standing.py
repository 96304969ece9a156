"""Where a paper stands, told without a store: the rules of protocol 3 and 5 on their own."""

import hashlib

import pytest

from node.flows.standing import Paper, Rank, Standing
from node.model.ids import Digest

COO, SPS = "certificate_of_origin", "phytosanitary_certificate"


def paper(number: str, content: str = "", *, after: Paper | None = None, says: str = "", **other: str) -> Paper:
    """A paper; `after` is the predecessor its metadata names, `says` the number that it says itself it follows."""
    digest = Digest(hashlib.sha256(f"{number} {content} {other}".encode()).digest())
    return Paper(
        kind=other.get("kind", COO),
        issuer=other.get("issuer", "XA"),
        number=number,
        version=other.get("version", "1"),
        document_sha256=digest,
        predecessor=None if after is None else after.document_sha256,
        succeeds=says,
    )


FIRST = paper("1")
SECOND = paper("2", after=FIRST)


@pytest.mark.parametrize(
    ("accepted", "new", "rank"),
    [
        pytest.param([], FIRST, Rank.NEW, id="first"),
        pytest.param([FIRST], FIRST, Rank.KNOWN, id="again"),
        pytest.param([FIRST], paper("1", "other"), Rank.NUMBER_TAKEN, id="other-content"),
        pytest.param([FIRST], paper("1", "other", kind=SPS), Rank.NEW, id="a-series-of-numbers-per-kind"),
        pytest.param([FIRST], paper("1", "other", issuer="XC"), Rank.NEW, id="another-issuer"),
        pytest.param([], SECOND, Rank.ORPHAN, id="predecessor-unknown"),
        pytest.param([FIRST], SECOND, Rank.SUCCESSOR, id="replacement"),
        pytest.param([FIRST], paper("1", "gone", after=FIRST, version="withdrawn"), Rank.SUCCESSOR, id="withdrawal"),
        pytest.param([FIRST], paper("2", after=FIRST, issuer="XC"), Rank.FOREIGN_CHAIN, id="by-another-issuer"),
        pytest.param([FIRST, paper("9")], paper("1", "x", after=paper("9")), Rank.NUMBER_TAKEN, id="wrong-predecessor"),
        pytest.param([FIRST], paper("2", says="1"), Rank.UNLINKED, id="follows-without-naming"),
        pytest.param([], paper("2", says="1"), Rank.NEW, id="follows-what-we-never-had"),
    ],
)
def test_a_paper_stands_where_the_rules_put_it(accepted: list[Paper], new: Paper, rank: Rank) -> None:
    standing = Standing()
    for one in accepted:
        standing.add(one)
    assert standing.of(new) is rank


@pytest.mark.parametrize("version", ["withdrawn", "cancelled", "revoked"])
@pytest.mark.parametrize("named", [FIRST, SECOND])
def test_nothing_follows_the_end_of_a_chain_whichever_paper_is_named(version: str, named: Paper) -> None:
    standing = Standing()
    for one in (FIRST, SECOND, paper("2", "gone", after=SECOND, version=version)):
        standing.add(one)
    assert standing.of(paper("3", after=named)) is Rank.AFTER_WITHDRAWAL
    assert standing.of(paper("3", says="2")) is Rank.UNLINKED
