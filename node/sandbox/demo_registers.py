"""A scene of the demonstration: one country suspends an operator, and the other country's lookup says so.

XA's customs grants and later suspends. XB's officer looks the operator up in XB's own register, before and after, for
today and for yesterday, and puts the question to XA itself.
"""

import asyncio
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from node.clock import SystemClock
from node.documents import samples
from node.errors import Unexpected
from node.flows.asking import ask
from node.flows.ports import ActorName
from node.model.certificate import OPERATOR_LIVES, OPERATORS, Life, last_moment
from node.model.ids import NodeCode
from node.model.lookup import Question
from node.safe_json import Json, parse
from node.settings import load_settings
from node.store import operators
from node.store.database import Database
from node.wiring import wire

TELLS, LOOKS_UP = NodeCode("XA"), NodeCode("XB")

SAMPLE, OPERATOR = "operator_granted", "XA-AEOS-DEMO-0001"
"""The sample that the grant is made of, and the certificate of the operator."""

SINCE = timedelta(days=30)
"""So long ago the operator was granted its status."""

SETTLE_S = 20
"""A suspension arrives within a second or two; this is when the scene stops hoping."""


@dataclass(frozen=True, slots=True)
class Lookups:
    """What the lookups said: words of docs/registers.md."""

    operator: str
    before: str
    """In XB's register, before the suspension."""
    after: str
    """The same when it has arrived."""
    yesterday: str
    """The same, asked about the day before."""
    as_known_before: str
    """The same, as it was known before the suspension arrived."""
    by_partner: str
    """XA's own sealed answer."""
    kept: int
    """Under which number XB keeps that answer."""
    seconds: float
    """From the hub that suspends to the lookup that says so."""

    @property
    def ok(self) -> bool:
        """In force as long as it was, suspended where it is, at home and at the partner."""
        was = (self.before, self.yesterday, self.as_known_before)
        return set(was) == {Life.IN_FORCE.value} and self.after == self.by_partner == Life.SUSPENDED.value

    def told(self) -> dict[str, str | int | float]:
        """For programs."""
        return {
            "operator": self.operator,
            "before": self.before,
            "after": self.after,
            "yesterday": self.yesterday,
            "as_known_before": self.as_known_before,
            "by_partner": self.by_partner,
            "lookup": self.kept,
            "seconds": self.seconds,
        }


def show(folder: Path) -> Lookups:
    """Play the scene between running nodes whose homes lie in `folder`.

    Raises Unexpected when something does not happen in time, and what asking XA raises.
    """
    clock, home = SystemClock(), folder / LOOKS_UP
    hub = folder / TELLS / "hub" / "outbound" / LOOKS_UP
    granted = _granted(clock.now())
    _hand_in(hub, "operator-granted", granted)
    _wait_for_status(home, Life.IN_FORCE)
    before, known = _status(home), clock.now()
    began = time.monotonic()
    _hand_in(hub, "operator-suspended", _suspended(granted, clock.now()))
    _wait_for_status(home, Life.SUSPENDED)
    seconds = round(time.monotonic() - began, 1)
    today = clock.now().date()
    by_partner, kept = _asked(home, str(_authority(granted)["id"]), today)
    return Lookups(
        operator=OPERATOR,
        before=before,
        after=_status(home),
        yesterday=_status(home, on=last_moment(today - timedelta(days=1))),
        as_known_before=_status(home, known_at=known),
        by_partner=by_partner,
        kept=kept,
        seconds=seconds,
    )


# --- papers -----------------------------------------------------------------------------------------------------------


def _granted(now: datetime) -> dict[str, Json]:
    """The sample's grant, of an operator of its own, a month old."""
    since = now - SINCE
    paper = _object(parse(samples.sample(OPERATORS, SAMPLE)))
    record = _record(paper)
    del record["tin"]
    record |= {
        "certificateNumber": OPERATOR,
        "effective": _moment(since),
        "certifiedOn": since.date().isoformat(),
        "validUntil": (now + timedelta(days=1_000)).date().isoformat(),
        "consent": {**_object(record["consent"]), "on": since.date().isoformat()},
    }
    return paper | {"number": f"{OPERATOR}-E-1", "issued": _moment(since), "records": [record]}


def _suspended(granted: Mapping[str, Json], now: datetime) -> dict[str, Json]:
    record = _record(granted) | {"status": "40", "reason": "security-incident", "effective": _moment(now), "version": 2}
    told = {"number": f"{OPERATOR}-E-2", "previous": granted["number"], "issued": _moment(now), "event": "suspend"}
    return {**granted, **told, "records": [record]}


def _record(paper: Mapping[str, Json]) -> dict[str, Json]:
    records = paper["records"]
    return _object(records[0] if isinstance(records, list) else None)


def _authority(paper: Mapping[str, Json]) -> dict[str, Json]:
    return _object(paper["authority"])


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise Unexpected(detail="the sample is no AEO status paper")
    return dict(value)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _hand_in(outbound: Path, name: str, paper: Mapping[str, Json]) -> None:
    hidden = outbound / f".{name}.json"
    hidden.write_text(json.dumps(paper, ensure_ascii=False), encoding="utf-8")
    os.replace(hidden, outbound / f"{name}.json")
    (outbound / f"{name}.done").touch()


# --- lookups ----------------------------------------------------------------------------------------------------------


def _status(home: Path, on: datetime | None = None, known_at: datetime | None = None) -> str:
    """How the operator stands in the register of the node at `home`; now, unless told otherwise."""
    when = on or SystemClock().now()
    store = Database.open(load_settings(home, {}).store_url)
    try:
        found = store.read(lambda tx: operators.find(tx, OPERATOR, partner=TELLS, on=when, known_at=known_at))
    finally:
        store.close()
    return OPERATOR_LIVES[found[0].status].value if found else Life.UNKNOWN.value


def _asked(home: Path, authority: str, day: date) -> tuple[str, int]:
    """What XA itself says, sealed, and the number under which it is kept."""
    wired = wire(load_settings(home, {}))
    question = Question(OPERATORS, authority, OPERATOR, day)

    async def once() -> tuple[str, int]:
        transport = wired.transport_to(TELLS)
        try:
            told = await ask(wired.node, transport, TELLS, question, ActorName("demonstration", "human"))
        finally:
            await transport.close()
        return told.answer.status, told.lookup

    try:
        return asyncio.run(once())
    finally:
        wired.close()


def _wait_for_status(home: Path, life: Life) -> None:
    give_up = time.monotonic() + SETTLE_S
    while _status(home) != life:
        if time.monotonic() > give_up:
            raise Unexpected(detail=f"waited {SETTLE_S} seconds in vain for the operator to be {life}")
        time.sleep(0.1)
