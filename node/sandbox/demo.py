"""The demonstration: two nodes as real processes, a decision, a partner that is away, a replay, forgeries, and proof.

result = run(folder, progress)        # folder: new or empty; progress: told what happens
result.ok                             # every claim held
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from node.archive import check
from node.archive.collect import export
from node.clock import SystemClock
from node.crypto.trust import load_certificates
from node.documents import samples
from node.errors import Unexpected
from node.model.answer import AnswerVerdict
from node.model.control_kinds import ANSWER_KINDS
from node.model.document import MediaType
from node.model.exchange import Direction, Exchange, State
from node.model.ids import ExchangeId, NodeCode
from node.model.receipt import Verdict
from node.profiles.book import load_book
from node.safe_json import Json, parse
from node.sandbox import demo_registers, demo_uses, dev_pki
from node.sandbox.homes import furnish_home
from node.sandbox.impostor import FORGERIES, Impostor
from node.sandbox.processes import NodeProcess, free_port
from node.settings import load_settings
from node.store import exchanges, queries
from node.store import receipts as stored
from node.store.database import Database
from node.wire import receipt_from_bytes

XA, XB = NodeCode("XA"), NodeCode("XB")

SETTLE_S = 20
"""All papers of the demonstration are across within about two seconds; this is when it stops hoping."""

LATE_KINDS = ("phytosanitary_certificate", "certificate_of_origin")
"""Kinds of the papers that wait for the partner."""

EVIDENCE, ANCHORS, SUFFIX = "evidence", "anchors.pem", ".asice"
"""Where the evidence files lie, beside the certificates of those who vouch for the signers."""

KINDS = ("phytosanitary_certificate", "certificate_of_origin", "aeo_status", "inspection_result")

DECIDED_KIND = "phytosanitary_certificate"
"""XB's agency decides about one of XA's papers of this kind."""


_ACROSS = frozenset({State.DELIVERED, State.ANSWERED})


@dataclass(frozen=True, slots=True)
class Crossing:
    """One paper of the demonstration, as its sender's node knows it at the end."""

    exchange: ExchangeId
    kind: str
    number: str
    sender: NodeCode
    recipient: NodeCode
    assurance: str
    state: State
    receipt: bool
    handed_over: bool
    evidence: Path | None = None
    proved: bool = False

    @property
    def ok(self) -> bool:
        """Delivered, receipted, with the recipient's hub, and proved by an evidence file that stands alone."""
        return self.state in _ACROSS and self.receipt and self.handed_over and self.proved


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What was shown: papers, and the answers to them, which are papers too."""

    crossings: tuple[Crossing, ...]
    answers: tuple[Crossing, ...]
    waited: int
    refused: int
    repeated: int
    seconds: float
    folder: Path
    anchors: Path
    uses: demo_uses.Uses
    lookups: demo_registers.Lookups

    @property
    def ok(self) -> bool:
        """Everything the demonstration claims held."""
        both_ways = {(one.sender, one.kind) for one in self.crossings} == {(c, k) for c in (XA, XB) for k in KINDS}
        levels = {one.assurance for one in self.crossings} == {"document", "batch"}
        held = all(one.ok for one in (*self.crossings, *self.answers))
        answered = sum(one.state is State.ANSWERED for one in self.crossings) == len(self.answers) == 1
        turned_away = self.refused == FORGERIES and self.repeated == 1
        shown = answered and turned_away and self.uses.ok and self.lookups.ok
        return both_ways and levels and held and shown and self.waited > 0


Progress = Callable[[str], None]
"""Told the name of each step as it begins: a key of STEPS."""

STEPS = {
    "pki": ("drawing keys and certificates for two countries", "為兩國產製金鑰與憑證"),
    "start": ("starting both nodes", "啟動兩個節點"),
    "exchange": ("both hubs hand in papers", "雙方樞紐送件"),
    "answer": ("XB's agency decides about a paper; the answer comes back", "XB 主管機關作成決定並回覆"),
    "away": ("XB is switched off; XA's papers wait", "關閉 XB；XA 的文件等待中"),
    "return": ("XB comes back; the papers cross", "XB 恢復；文件送達"),
    "uses": ("a certificate is written off; used again, both sides refuse", "核銷證明書；再次使用遭雙方拒絕"),
    "lookups": ("XA suspends an operator; XB's lookup says so", "XA 停止一優質企業資格；XB 查詢即知"),
    "replay": ("an envelope is replayed", "重放同一封袋"),
    "forge": ("two forged envelopes knock", "兩個偽造封袋叩門"),
    "check": ("checking every receipt and hub", "核對所有收據與樞紐"),
    "prove": ("every paper's evidence file is checked without the nodes", "離線查驗每份文件的證據檔"),
}


def run(folder: Path, progress: Progress) -> Demonstration:
    """Run all of it inside `folder`. Raises NodeError when something does not even start."""
    began = time.monotonic()
    with ExitStack() as stack:
        progress("pki")
        nodes = _furnish(folder)
        progress("start")
        for process in nodes.values():
            stack.callback(process.stop)
            process.start()
        progress("exchange")
        for sender, recipient in ((XA, XB), (XB, XA)):
            for kind in KINDS:
                _hand_in(folder, sender, recipient, _samples(kind, sender))
        _wait_for(lambda: _all_settled(folder, (XA, XB)), "the first papers to cross")
        progress("answer")
        _decide(folder)
        _wait_for(lambda: _answered(folder), "the agency's decision to close its exchange on both sides")
        progress("away")
        nodes[XB].stop()
        for kind in LATE_KINDS:
            _hand_in(folder, XA, XB, _late(kind))
        _wait_for(lambda: len(_trying(folder, XA)) == len(LATE_KINDS), "the first failed try")
        waited = len(_trying(folder, XA))
        progress("return")
        nodes[XB].start()
        _wait_for(lambda: _all_settled(folder, (XA, XB)), "the waiting papers to cross")
        progress("uses")
        used = demo_uses.show(folder)
        progress("lookups")
        looked_up = demo_registers.show(folder)
        progress("replay")
        with Impostor(folder / XA, XB) as impostor:
            repeated = impostor.replay()
            progress("forge")
            refused = impostor.forge()
        progress("check")
        _wait_for(lambda: all(one.handed_over for one in _crossings(folder)), "the hubs to take the papers")
    # The nodes have stopped: what follows needs the files alone.
    progress("prove")
    anchors = _anchors(folder)
    proved = list(_proved(folder, anchors))
    return Demonstration(
        crossings=tuple(one for one in proved if one.kind not in ANSWER_KINDS),
        answers=tuple(one for one in proved if one.kind in ANSWER_KINDS),
        waited=waited,
        refused=refused,
        repeated=repeated,
        seconds=round(time.monotonic() - began, 1),
        folder=folder,
        anchors=anchors,
        uses=used,
        lookups=looked_up,
    )


def _furnish(folder: Path) -> dict[NodeCode, NodeProcess]:
    pki = dev_pki.draw(folder / "pki", [XA, XB], SystemClock().now())
    addresses = {code: f"127.0.0.1:{free_port()}" for code in (XA, XB)}
    for code, partner in ((XA, XB), (XB, XA)):
        furnish_home(pki, folder / code, code, listen=addresses[code], partners={partner: addresses[partner]})
    return {code: NodeProcess(folder / code) for code in (XA, XB)}


# --- the hubs' side -------------------------------------------------------------------------------------------------


def _hand_in(folder: Path, sender: NodeCode, recipient: NodeCode, papers: Mapping[str, bytes]) -> None:
    """Do what a hub does: write each paper, then its .done."""
    outbound = folder / sender / "hub" / "outbound" / recipient
    for name, content in papers.items():
        paper = outbound / f"{name}.{MediaType.of(content).extension}"
        hidden = outbound / f".{paper.name}"
        hidden.write_bytes(content)
        os.replace(hidden, paper)
        paper.with_suffix(".done").touch()


OF_LATER_MONTHS = frozenset(
    {
        "operator_merged",
        "operator_reinstated",
        "operator_renamed",
        "operator_withdrew_consent",
        "operators_baseline_part",
        "operators_baseline_part_last",
    }
)
"""Papers that follow those that are shown: all go in at once here, and these would come too early or too late."""


def _samples(kind: str, sender: NodeCode) -> dict[str, bytes]:
    """The shipped samples are XA's; XB's are their mirror image."""
    names = [name for name in samples.sample_names(kind) if name not in OF_LATER_MONTHS]
    papers = {name: samples.sample(kind, name) for name in names}
    return papers if sender == XA else {name: _mirrored(content) for name, content in papers.items()}


def _mirrored(content: bytes) -> bytes:
    return content.replace(XA.encode(), b"@@").replace(XB.encode(), XA.encode()).replace(b"@@", XB.encode())


def _late(kind: str) -> dict[str, bytes]:
    """One more paper of a kind, under a number of its own."""
    name, content = next(iter(_samples(kind, XA).items()))
    return {f"late-{name}": samples.vary(kind, content, f"XA-LATE-{KINDS.index(kind) + 1}")}


def _all_settled(folder: Path, senders: Sequence[NodeCode]) -> bool:
    waiting = [file for code in senders for file in (folder / code / "hub" / "outbound").glob("*/*.done")]
    sent = [one for code in senders for one in _sent(folder / code)]
    return not waiting and bool(sent) and all(one.state in _ACROSS for one in sent)


def _decide(folder: Path) -> None:
    """Do what XB's hub does when an agency has looked at a paper of XA's: write the decision, then its .done."""
    inbound, answers = (folder / XB / "hub" / place / XA for place in ("inbound", "answers"))
    notes = [_note(file) for file in sorted(inbound.glob("*.note"))]
    paper = next(note["exchange"] for note in notes if note["kind"] == DECIDED_KIND)
    decision = {
        "exchange": paper,
        "verdict": AnswerVerdict.CONDITIONAL,
        "reason_code": "SAMPLE",
        "reason": "Released after sampling. 抽驗後放行。",
        "reference": "XB-2026-0001",
    }
    (answers / "decision.json").write_text(json.dumps(decision, ensure_ascii=False), encoding="utf-8")
    (answers / "decision.done").touch()


def _answered(folder: Path) -> bool:
    """Whether both sides call that exchange answered, and XA's hub has the decision."""
    ours = [one.message_id for one in _listed(folder / XA, Direction.OUT, State.ANSWERED)]
    theirs = [one.message_id for one in _listed(folder / XB, Direction.IN, State.ANSWERED)]
    return len(ours) == 1 and ours == theirs == list(_decisions(folder / XA))


def _decisions(home: Path) -> Iterator[str]:
    """Message ids of the papers whose decisions a hub has been brought."""
    for file in sorted((home / "hub" / "answered").glob("*.json")):
        yield str(_note(file)["message_id"])


def _note(file: Path) -> dict[str, Json]:
    """What a node wrote beside a paper for its hub; raises Unexpected when it is no object."""
    note = parse(file.read_bytes())
    if not isinstance(note, dict):
        raise Unexpected(detail=f"{file.name} is no JSON object")
    return note


def _trying(folder: Path, sender: NodeCode) -> list[Exchange]:
    """Papers that were tried in vain and wait for their partner."""
    owed = (State.SEALED, State.UNRESOLVED)
    return [one for one in _sent(folder / sender) if one.state in owed and one.first_cause]


def _sent(home: Path) -> list[Exchange]:
    return _listed(home, Direction.OUT)


def _listed(home: Path, direction: Direction, *states: State) -> list[Exchange]:
    with _reading(home) as store:
        wanted = queries.ExchangeFilter(direction=direction, states=frozenset(states), limit=500)
        return store.read(lambda tx: queries.list_exchanges(tx, wanted))


class _reading(ExitStack):
    """A second reader of a running node's store."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home

    def __enter__(self) -> Database:  # type: ignore[override]
        super().__enter__()
        store = Database.open(load_settings(self._home, {}).store_url)
        self.callback(store.close)
        return store


def _crossings(folder: Path) -> Iterator[Crossing]:
    for sender, recipient in ((XA, XB), (XB, XA)):
        with _reading(folder / sender) as store:
            rows = [one for one in _sent(folder / sender) if one.kind != demo_uses.USE_KIND]
            receipts = store.read(lambda tx, rows=rows: stored.received(tx, [one.id for one in rows]))  # type: ignore[misc]
        inbound = folder / recipient / "hub" / "inbound" / sender
        arrived = {file.read_bytes() for file in inbound.glob("*.[xj]*") if file.with_suffix(".done").exists()}
        with _reading(folder / sender) as store:
            bodies = store.read(lambda tx, rows=rows: exchanges.documents(tx, [one.id for one in rows]))  # type: ignore[misc]
        decided = set(_decisions(folder / recipient))
        for one in rows:
            signed = receipts.get(one.id)
            accepted = signed is not None and receipt_from_bytes(signed.receipt).verdict is Verdict.ACCEPTED
            yield Crossing(
                one.id,
                one.kind,
                one.number,
                sender,
                recipient,
                one.assurance,
                one.state,
                accepted,
                one.refers_to in decided if one.kind in ANSWER_KINDS else bodies[one.id].content in arrived,
            )


# --- the auditor's side ---------------------------------------------------------------------------------------------


def _anchors(folder: Path) -> Path:
    """Both countries' authorities in one file, as an auditor has got them from the countries themselves."""
    path = folder / EVIDENCE / ANCHORS
    path.parent.mkdir()
    path.write_bytes(b"".join((folder / "pki" / code / "ca.pem").read_bytes() for code in (XA, XB)))
    return path


def _proved(folder: Path, anchors: Path) -> Iterator[Crossing]:
    """Each crossing with its evidence file, which is checked with nothing but itself and the authorities."""
    trusted = load_certificates(anchors)
    for sender in (XA, XB):
        settings = load_settings(folder / sender, {})
        book = load_book(settings.profiles_folder, settings.home, settings.code)
        crossings = [one for one in _crossings(folder) if one.sender == sender]
        with _reading(settings.home) as store:
            for one in crossings:
                exchange, data = export(store, settings, book, one.exchange)
                path = anchors.with_name(f"{exchange.id}{SUFFIX}")
                path.write_bytes(data)
                report = check.verify(path.read_bytes(), trusted, now=SystemClock().now())
                yield replace(one, evidence=path, proved=report.ok)


def _wait_for(holds: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + SETTLE_S
    while not holds():
        if time.monotonic() > give_up:
            raise Unexpected(detail=f"waited {SETTLE_S} seconds in vain for {what}")
        time.sleep(0.1)
