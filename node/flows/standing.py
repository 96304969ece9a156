"""Where a paper stands among its sender's accepted papers: new, known, successor, out of place (protocol 3, 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from node.model.document import Finding
from node.model.exchange import Direction
from node.model.ids import Digest, NodeCode
from node.model.receipt import FindingCode
from node.store import papers
from node.store.database import Tx


@dataclass(frozen=True, slots=True)
class Paper:
    """What the rules look at: identity, exact content, and the predecessor it names."""

    kind: str
    issuer: str
    number: str
    version: str
    document_sha256: Digest
    predecessor: Digest | None
    succeeds: str = ""
    """The number that the paper itself says it follows; empty when it follows none."""


class Rank(Enum):
    """The verdict."""

    NEW = auto()
    KNOWN = auto()
    SUCCESSOR = auto()
    ORPHAN = auto()
    NUMBER_TAKEN = auto()
    FOREIGN_CHAIN = auto()
    AFTER_WITHDRAWAL = auto()
    UNLINKED = auto()

    @property
    def finding(self) -> Finding | None:
        """What a refusal says; None where the paper is not refused."""
        return _FINDINGS.get(self)


_FINDINGS = {
    Rank.NUMBER_TAKEN: Finding(FindingCode.NUMBER_TAKEN, "", "this number is known with other content"),
    Rank.FOREIGN_CHAIN: Finding(FindingCode.CHAIN, "", "the predecessor is of another issuer"),
    Rank.UNLINKED: Finding(FindingCode.CHAIN, "", "the paper it follows is known and must be named"),
    Rank.AFTER_WITHDRAWAL: Finding(FindingCode.WITHDRAWN, "", "the predecessor was withdrawn"),
}


class Standing:
    """The accepted papers that matter to a few new ones; `add` lets later papers of the same call see earlier ones."""

    def __init__(self, known: Sequence[papers.KnownPaper] = ()) -> None:
        self._digests: dict[tuple[str, str, str], list[Digest]] = {}
        self._papers: dict[Digest, Paper] = {}
        self._chains: dict[Digest, str] = {}
        self._ended: set[tuple[str, str]] = set()
        for one in known:
            paper = Paper(one.kind, one.issuer, one.number, one.version, Digest(one.document_sha256), None)
            self._count(paper, one.chain_number)

    @classmethod
    def read(cls, tx: Tx, sender: NodeCode, about: Sequence[Paper]) -> "Standing":
        """What the store holds of this sender under the same numbers, and the chains of the predecessors named."""
        numbers = {(paper.issuer, number) for paper in about for number in (paper.number, paper.succeeds) if number}
        predecessors = {paper.predecessor for paper in about if paper.predecessor is not None}
        same = papers.known(tx, sender, Direction.IN, numbers) if numbers else {}
        before = papers.by_document(tx, sender, Direction.IN, predecessors) if predecessors else {}
        chains = {(one.issuer, one.chain_number) for one in before.values()}
        chained = papers.of_chains(tx, sender, Direction.IN, chains) if chains else []
        return cls([*(paper for group in same.values() for paper in group), *chained])

    def add(self, paper: Paper) -> None:
        """Count `paper` among the accepted ones."""
        self._count(paper, self.chain_of(paper))

    def chain_of(self, paper: Paper) -> str:
        """The number at the root of the paper's chain: its predecessor's, or its own."""
        if paper.predecessor is None:
            return paper.number
        return self._chains.get(paper.predecessor, paper.number)

    def of(self, paper: Paper) -> Rank:
        """Judge one paper. The rules look only at accepted papers of this sender."""
        # Authorities keep a series of numbers per kind.
        same_number = self._digests.get((paper.kind, paper.issuer, paper.number), [])
        if paper.document_sha256 in same_number:
            return Rank.KNOWN
        if paper.predecessor is None:
            return self._without_predecessor(paper, bool(same_number))
        before = self._papers.get(paper.predecessor)
        if before is None:
            return Rank.ORPHAN
        if before.issuer != paper.issuer:
            return Rank.FOREIGN_CHAIN
        if (before.issuer, self._chains[paper.predecessor]) in self._ended:
            return Rank.AFTER_WITHDRAWAL
        # A change under the same number names a paper of that number; another number's paper does not free it.
        if same_number and before.number != paper.number:
            return Rank.NUMBER_TAKEN
        return Rank.SUCCESSOR

    def _without_predecessor(self, paper: Paper, same_number: bool) -> Rank:
        if same_number:
            return Rank.NUMBER_TAKEN
        # Leaving out what it follows must not let a paper slip past the withdrawal of what it follows.
        followed = self._digests.get((paper.kind, paper.issuer, paper.succeeds), [])
        return Rank.UNLINKED if followed else Rank.NEW

    def _count(self, paper: Paper, chain: str) -> None:
        if paper.document_sha256 in self._papers:
            return
        self._papers[paper.document_sha256] = paper
        self._chains[paper.document_sha256] = chain
        self._digests.setdefault((paper.kind, paper.issuer, paper.number), []).append(paper.document_sha256)
        if paper.version in papers.TERMINAL_VERSIONS:
            self._ended.add((paper.issuer, chain))
