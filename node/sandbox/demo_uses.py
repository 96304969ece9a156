"""A scene of the demonstration: a certificate is written off, and whoever uses it again is refused, twice.

First by the importing side's own ledger, where its hub hands the second use in. Then by the issuing side alone: the
same use goes out past XB's ledger, as it would from a node that keeps none.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from node.documents import reader, samples, use_writing
from node.errors import CertificateOverUsed, Unexpected
from node.flows.admission import admit
from node.flows.intake import Intake, Submission
from node.model.exchange import Direction, State
from node.model.ids import ExchangeId, NodeCode
from node.model.receipt import FindingCode
from node.model.uses import Amount, Balance, CertificateName, ItemBalance, Measure, plain
from node.safe_json import Json, parse
from node.settings import load_settings
from node.store import exchanges, receipts, uses
from node.store.database import Database, Tx
from node.wire import receipt_from_bytes
from node.wiring import wire

T = TypeVar("T")

ISSUER, USER = NodeCode("XA"), NodeCode("XB")
"""Whose certificate it is, and who uses it."""

USE_KIND = "certificate_use"
KIND, SAMPLE, ITEM = "certificate_of_origin", "machine_parts", "1"

WRITTEN_OFF, AGAIN, PAST_THE_LEDGER = "written-off", "written-off-again", "past-the-ledger"
"""Names of the three uses: of the first two as files, of the third as its key."""

SETTLE_S = 20
"""A use crosses within a second or two; this is when the scene stops hoping."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What the scene showed."""

    certificate: str
    certified: str
    unit: str
    left_here: str
    """By the ledger of the side that uses it."""
    left_there: str
    """By the ledger of its issuer."""
    delivered: bool
    refused_at_intake: str
    """The code that the hub of the using side is told."""
    refused_by_issuer: str
    """The code of the finding in the issuer's signed receipt."""

    @property
    def ok(self) -> bool:
        """Written off on both sides to the last piece, and never beyond."""
        refused = (self.refused_at_intake, self.refused_by_issuer)
        told = (CertificateOverUsed.code, FindingCode.EFFECT.value)
        return self.delivered and self.left_here == self.left_there == "0" and refused == told

    def told(self) -> dict[str, str | bool | dict[str, str]]:
        """For programs."""
        return {
            "certificate": self.certificate,
            "certified": self.certified,
            "unit": self.unit,
            "left": {ISSUER: self.left_there, USER: self.left_here},
            "delivered": self.delivered,
            "refused_at_intake": self.refused_at_intake,
            "refused_by_issuer": self.refused_by_issuer,
        }


def show(folder: Path) -> Uses:
    """Play the scene between running nodes whose homes lie in `folder`, and that have exchanged the samples.

    Raises Unexpected when something does not happen in time.
    """
    content = samples.sample(KIND, SAMPLE)
    known = reader.recognise(content)
    name = CertificateName(KIND, known.reading.identity.issuer, known.reading.identity.number, known.digest)
    whole = _item(_balance(folder / USER, ISSUER, Direction.IN, name))
    home, hub = folder / USER, folder / USER / "hub"
    _hand_in(hub, WRITTEN_OFF, _use(name, whole, whole.certified, WRITTEN_OFF))
    _wait_for(lambda: _ended(home, _taken(hub, WRITTEN_OFF)), "the use to cross")
    delivered = _state(home, _taken(hub, WRITTEN_OFF)) is State.DELIVERED
    again = _use(name, whole, Decimal(1), AGAIN)
    _hand_in(hub, AGAIN, again)
    _wait_for(lambda: _note(hub, "refused", AGAIN) is not None, "the second use to be refused")
    beyond = _past_the_ledger(home, again)
    _wait_for(lambda: _ended(home, beyond), "the issuer's answer")
    return Uses(
        certificate=name.number,
        certified=plain(whole.certified),
        unit=whole.unit,
        left_here=plain(_item(_balance(home, ISSUER, Direction.IN, name)).left),
        left_there=plain(_item(_balance(folder / ISSUER, USER, Direction.OUT, name)).left),
        delivered=delivered,
        refused_at_intake=str((_note(hub, "refused", AGAIN) or {}).get("code", "")),
        refused_by_issuer=_finding(home, beyond),
    )


def _use(name: CertificateName, item: ItemBalance, number: Decimal, called: str) -> bytes:
    authority = use_writing.Authority(f"{USER}-CUSTOMS", "Customs of Belmare", USER)
    lines = [use_writing.Taken(ITEM, (Amount(ITEM, Measure.QUANTITY, item.unit, number),), goods_item=1)]
    return use_writing.use(authority, name, date(2026, 11, 24), [f"26{USER}-{called}"], lines)


def _past_the_ledger(home: Path, content: bytes) -> ExchangeId:
    """Hand a use in beside the running node, as a node without a ledger would: nobody here asks what is left."""
    wired = wire(load_settings(home, {}))
    try:
        node, now = wired.node, wired.node.clock.now()
        admitted = admit(node, content, ISSUER, None, now)
        blind = replace(admitted.document, reading=replace(admitted.document.reading, effect=None))
        submission = Submission(content, ISSUER, PAST_THE_LEDGER)

        def commit(tx: Tx) -> ExchangeId:
            intake = Intake(node, tx, [submission.key], now)
            taken = intake.take(submission, replace(admitted, document=blind))
            intake.store()
            return taken.exchange

        return node.store.write(commit)
    finally:
        wired.close()


# --- the hub's side -------------------------------------------------------------------------------------------------


def _hand_in(hub: Path, name: str, content: bytes) -> None:
    outbound = hub / "outbound" / ISSUER
    hidden = outbound / f".{name}.json"
    hidden.write_bytes(content)
    os.replace(hidden, outbound / f"{name}.json")
    (outbound / f"{name}.done").touch()


def _taken(hub: Path, name: str) -> ExchangeId | None:
    note = _note(hub, "taken", name)
    return ExchangeId(str(note["exchange"])) if note is not None else None


def _note(hub: Path, place: str, name: str) -> dict[str, Json] | None:
    """What the node wrote beside a paper; None while it has written nothing."""
    file = hub / place / ISSUER / f"{name}.note"
    if not file.exists():
        return None
    note = parse(file.read_bytes())
    if not isinstance(note, dict):
        raise Unexpected(detail=f"{file.name} is no JSON object")
    return note


# --- what the stores say --------------------------------------------------------------------------------------------


def _balance(home: Path, partner: NodeCode, direction: Direction, name: CertificateName) -> Balance:
    found = _read(home, lambda tx: uses.balance(tx, partner, direction, name.kind, name.issuer, name.number))
    if found is None:
        raise Unexpected(detail="the certificate of the scene did not cross")
    return found


def _item(balance: Balance) -> ItemBalance:
    return next(one for one in balance.items if (one.item, one.measure) == (ITEM, Measure.QUANTITY))


def _state(home: Path, exchange: ExchangeId | None) -> State | None:
    if exchange is None:
        return None
    return _read(home, lambda tx: exchanges.load(tx, [exchange]))[exchange].state


def _ended(home: Path, exchange: ExchangeId | None) -> bool:
    return _state(home, exchange) in (State.DELIVERED, State.REFUSED)


def _finding(home: Path, exchange: ExchangeId) -> str:
    held = _read(home, lambda tx: receipts.received(tx, [exchange])).get(exchange)
    findings = receipt_from_bytes(held.receipt).findings if held is not None else ()
    return findings[0].code if findings else ""


def _read(home: Path, question: Callable[[Tx], T]) -> T:
    store = Database.open(load_settings(home, {}).store_url)
    try:
        return store.read(question)
    finally:
        store.close()


def _wait_for(holds: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + SETTLE_S
    while not holds():
        if time.monotonic() > give_up:
            raise Unexpected(detail=f"waited {SETTLE_S} seconds in vain for {what}")
        time.sleep(0.1)
