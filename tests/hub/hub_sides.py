"""The hub's side of every adapter, so that one suite can tell the same story over all of them."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hub_over_https

from node.errors import NodeError
from node.hub.folder import FolderHub
from node.hub.rest import RestHub
from node.model.answer import BusinessAnswer
from node.model.document import Finding
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.hub import HubPaper, HubReport
from node.model.ids import ExchangeId, NodeCode, sha256

OURS, HUBS, XB = NodeCode("XA"), NodeCode("XH"), NodeCode("XB")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
MAX_BYTES = 1000

Note = Mapping[str, Any]


def exchange(content: bytes = b"<a/>", direction: Direction = Direction.IN, state: State = State.RECEIVED) -> Exchange:
    return Exchange(
        ExchangeId("01939b6e-0000-7000-8000-000000000001"), direction, XB, "a", 1, "certificate_of_origin", 1,
        Assurance.BATCH, state, 2, "I", "N-1", "1", sha256(content), NOW, NOW, idempotency_key="XB/one",
    )  # fmt: skip


class FolderSide:
    """The hub as the owner of a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.open().prepare([XB])

    def open(self) -> FolderHub:
        """A node's adapter, as after a start."""
        return FolderHub(self.root, MAX_BYTES)

    def hand_in(self, name: str, content: bytes) -> None:
        self._put("outbound", name, "json" if content.startswith(b"{") else "xml", content)

    def hand_in_answer(self, name: str, answer: Note) -> None:
        self._put("answers", name, "json", json.dumps(answer).encode())

    def _put(self, place: str, name: str, form: str, content: bytes) -> None:
        (self.root / place / XB / f"{name}.{form}").write_bytes(content)
        (self.root / place / XB / f"{name}.done").touch()

    def outcome(self, name: str, place: str = "") -> Note | None:
        for word in ("taken", "refused"):
            note = self.root / f"{place}{word}" / XB / f"{name}.note"
            if note.exists():
                return json.loads(note.read_text())
        return None

    def brought(self, identifier: str) -> tuple[bytes, Note]:
        folder = self.root / "inbound" / XB
        assert (folder / f"{identifier}.done").exists()
        (paper,) = (file for file in folder.glob(f"{identifier}.*") if file.suffix in (".xml", ".json"))
        return paper.read_bytes(), json.loads((folder / f"{identifier}.note").read_text())

    def count_brought(self) -> int:
        return len(list((self.root / "inbound" / XB).glob("*.done")))

    def told(self, identifier: str) -> Note:
        return json.loads((self.root / "status" / f"{identifier}.json").read_text())

    def decided(self, identifier: str) -> Note:
        return json.loads((self.root / "answered" / f"{identifier}.json").read_text())

    def go_away(self) -> None:
        self.root.rename(self.root.with_name("away"))

    def come_back(self) -> None:
        self.root.with_name("away").rename(self.root)


class RestSide:
    """The hub as a web service."""

    def __init__(self, hub: hub_over_https.Hub, open_: Callable[[], RestHub]) -> None:
        self.hub = hub
        self.open = open_

    def hand_in(self, name: str, content: bytes) -> None:
        self.hub.hand_in(name, content)

    def hand_in_answer(self, name: str, answer: Note) -> None:
        self.hub.outgoing_answers.append({"name": name, "partner": XB, **answer})

    def outcome(self, name: str, place: str = "") -> Note | None:
        told = self.hub.outcomes.get(f"{'answers' if place else 'outbound'}/{name}")
        return told[-1] if told else None

    def brought(self, identifier: str) -> tuple[bytes, Note]:
        note = self.hub.inbound[identifier]
        return hub_over_https.document(note), note

    def count_brought(self) -> int:
        return len([effect for effect in self.hub.effects if effect.startswith("inbound")])

    def told(self, identifier: str) -> Note:
        return self.hub.status[identifier]

    def decided(self, identifier: str) -> Note:
        return self.hub.answers[identifier]

    def go_away(self) -> None:
        self.hub.fault = hub_over_https.instead(lambda request: request.answer(503))

    def come_back(self) -> None:
        self.hub.fault = None


def give(adapter: FolderHub | RestHub, paper: HubPaper) -> None:
    """Hand over one paper; raises what the hub did not take it for."""
    _held(adapter.hand_over([paper]))


def tell(
    adapter: FolderHub | RestHub,
    ended: Exchange,
    findings: tuple[Finding, ...] = (),
    answer: BusinessAnswer | None = None,
) -> None:
    """Report one exchange; raises what the hub did not take it for."""
    _held(adapter.report([HubReport(ended, findings, answer)]))


def _held(outcomes: Sequence[NodeError | None]) -> None:
    (outcome,) = outcomes
    if outcome is not None:
        raise outcome
