"""What was handed in, recorded beside the nodes, and the judge who believes only that record and what came out.

The judge looks at the record, the hubs' folders and exported evidence files; the tables of the nodes are not asked.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from node.archive import check
from node.archive.collect import export
from node.clock import SystemClock
from node.crypto.trust import load_certificates
from node.documents import samples
from node.errors import NodeError
from node.model.ids import ExchangeId, NodeCode, sha256
from node.profiles.book import load_book
from node.settings import load_settings
from node.store.database import Database

KIND, SAMPLE = "certificate_of_origin", "machine_parts"

_ENDED = frozenset({"REFUSED", "EXPIRED"})


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One paper that a hub handed in."""

    sender: NodeCode
    recipient: NodeCode
    name: str
    digest: str


class Recorder:
    """Hands papers in as hubs do, and writes down each before it does."""

    def __init__(self, folder: Path, pairs: Mapping[NodeCode, NodeCode]) -> None:
        self._folder = folder
        self._pairs = pairs
        self._file = (folder / "history.jsonl").open("a", encoding="utf-8")
        self._gate = threading.Lock()
        self.history: list[HandedIn] = []
        plain = samples.sample(KIND, SAMPLE)
        codes = list(pairs)
        self._plain = {codes[0]: plain, codes[1]: _mirrored(plain, *codes)}

    def hand_in(self, sender: NodeCode, count: int = 1) -> None:
        """`count` new papers of one side: the paper first, then its .done."""
        for _ in range(count):
            with self._gate:
                name = f"chaos-{len(self.history):06d}"
                content = samples.vary(KIND, self._plain[sender], f"{sender}-CHAOS-{len(self.history):06d}")
                one = HandedIn(sender, self._pairs[sender], name, sha256(content).hex())
                self._file.write(json.dumps([one.sender, one.recipient, one.name, one.digest]) + "\n")
                self._file.flush()
                self.history.append(one)
            outbound = self._folder / sender / "hub" / "outbound" / one.recipient
            hidden = outbound / f".{name}.xml"
            hidden.write_bytes(content)
            os.replace(hidden, outbound / f"{name}.xml")
            (outbound / f"{name}.done").touch()

    def close(self) -> None:
        """Close the record."""
        self._file.close()


def _mirrored(content: bytes, one: NodeCode, other: NodeCode) -> bytes:
    return content.replace(one.encode(), b"@@").replace(other.encode(), one.encode()).replace(b"@@", other.encode())


@dataclass(slots=True)
class Verdict:
    """What the judge found, paper by paper."""

    papers: int = 0
    waiting: list[HandedIn] = field(default_factory=list)
    """Never acknowledged: still in the hub's own folder, nothing was promised."""
    lost: list[HandedIn] = field(default_factory=list)
    doubled: list[HandedIn] = field(default_factory=list)
    unproven: list[HandedIn] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing was lost, doubled or left without proof, and nothing waits any more."""
        return not (self.waiting or self.lost or self.doubled or self.unproven)


class Judge:
    """Reads hubs' folders and evidence files against a record."""

    def __init__(self, folder: Path, history: list[HandedIn]) -> None:
        self._folder = folder
        self._history = history

    def open_papers(self) -> int:
        """How many papers have not come to an end yet."""
        arrived = {side: self._arrived(*side) for side in self._sides()}
        return sum(
            1
            for one in self._history
            if one.digest not in arrived[one.sender, one.recipient] and self._ended(one) not in _ENDED
        )

    def judge(self, anchors: Path, ahead: timedelta = timedelta(0)) -> Verdict:
        """The last word, after the nodes have stopped; `anchors` are the authorities' certificates.

        Spoken when the clock that ran ahead furthest, by `ahead`, is right: what it signed is of the future before.
        """
        verdict = Verdict(papers=len(self._history))
        arrived = {side: self._arrived(*side) for side in self._sides()}
        known = {one.digest for one in self._history}
        for (sender, recipient), counted in arrived.items():
            # What nobody handed in is as bad as what came twice.
            strangers = [digest for digest in counted if digest not in known]
            verdict.doubled += [HandedIn(sender, recipient, "?", digest) for digest in strangers]
        delivered: dict[NodeCode, list[HandedIn]] = {sender: [] for sender, _ in self._sides()}
        for one in self._history:
            count = arrived[one.sender, one.recipient][one.digest]
            if count > 1:
                verdict.doubled.append(one)
            if count:
                delivered[one.sender].append(one)
            elif not self._acknowledged(one):
                verdict.waiting.append(one)
            elif self._ended(one) not in _ENDED:
                verdict.lost.append(one)
        for sender, papers in delivered.items():
            verdict.unproven += self._unproven(sender, papers, anchors, SystemClock().now() + ahead)
        return verdict

    def _sides(self) -> list[tuple[NodeCode, NodeCode]]:
        return sorted({(one.sender, one.recipient) for one in self._history})

    def _arrived(self, sender: NodeCode, recipient: NodeCode) -> Counter[str]:
        """How often each digest lies with the recipient's hub, complete."""
        inbound = self._folder / recipient / "hub" / "inbound" / sender
        return Counter(sha256(done.with_suffix(".xml").read_bytes()).hex() for done in inbound.glob("*.done"))

    def _note(self, one: HandedIn) -> Path:
        return self._folder / one.sender / "hub" / "taken" / one.recipient / f"{one.name}.note"

    def _acknowledged(self, one: HandedIn) -> bool:
        return self._note(one).exists()

    def _exchange(self, one: HandedIn) -> str:
        return str(json.loads(self._note(one).read_bytes())["exchange"])

    def _ended(self, one: HandedIn) -> str:
        """What the sender's hub was told became of it."""
        if not self._acknowledged(one):
            return "REFUSED" if self._refused(one) else ""
        told = self._folder / one.sender / "hub" / "status" / f"{self._exchange(one)}.json"
        return str(json.loads(told.read_bytes())["state"]) if told.exists() else ""

    def _refused(self, one: HandedIn) -> bool:
        return (self._folder / one.sender / "hub" / "refused" / one.recipient / f"{one.name}.note").exists()

    def _unproven(self, sender: NodeCode, papers: list[HandedIn], anchors: Path, now: datetime) -> Iterator[HandedIn]:
        """Papers without an evidence file that verifies, alone, and is about that very paper."""
        settings = load_settings(self._folder / sender, {})
        book = load_book(settings.profiles_folder, settings.home, settings.code)
        trusted, store = load_certificates(anchors), Database.open(settings.store_url)
        try:
            for one in papers:
                try:
                    _, data = export(store, settings, book, ExchangeId(self._exchange(one)))
                    report = check.verify(data, trusted, now=now)
                    proved = report.ok and report.told is not None and report.told.document_sha256.hex() == one.digest
                except (NodeError, OSError):
                    proved = False
                if not proved:
                    yield one
        finally:
            store.close()
