"""A trace leads from a certificate to its uses and back, on both sides, and past no kind that the asker may not see."""

from typing import TYPE_CHECKING

import pytest
from uses_lab import TEA, taken_back, use_of

from node.documents import samples
from node.model.hub import Sight
from node.model.ids import NodeCode
from node.store import tracing

if TYPE_CHECKING:
    from conftest import Country, Pair

XA, XB = NodeCode("XA"), NodeCode("XB")
EVERYBODYS = "6XA2290187-PO5512"
NUMBER = "XA-115-CO-0093127"
ORIGIN, USE = "certificate_of_origin", "certificate_use"
WHOLE = [(ORIGIN, NUMBER, "1"), (USE, "U-1", "1"), (USE, "U-1", "withdrawn"), (USE, "U-2", "1")]


def traced(country: "Country", what: str, *kinds: str) -> list[tuple[str, str, str]]:
    found = country.wired.node.store.read(lambda tx: tracing.trace(tx, what, [XA, XB], Sight(frozenset(kinds))))
    return sorted((one.exchange.kind, one.exchange.number, one.exchange.version) for one in found.exchanges)


def test_certificate_and_uses_lead_to_each_other(pair: "Pair") -> None:
    pair.xa.hand_in(TEA, XB, "tea")
    pair.cross()
    for key, paper in (("1", use_of(TEA, "U-1", ucr=None)), ("2", use_of(TEA, "U-2")), ("3", taken_back(TEA, "U-1"))):
        pair.xb.hand_in(paper, XA, key)
        pair.cross()
    for country in (pair.xa, pair.xb):
        for begin in (NUMBER, "U-1", "U-2"):
            assert traced(country, begin) == WHOLE
        assert traced(country, NUMBER, ORIGIN) == WHOLE[:1]
        assert traced(country, "U-1", ORIGIN) == []
        assert traced(country, "U-1", USE) == WHOLE[1:3]


def test_uses_of_other_certificates_stay_out(pair: "Pair") -> None:
    other = TEA.replace(NUMBER.encode(), b"XA-115-CO-0093999")
    for key, paper in (("a", TEA), ("b", other)):
        pair.xa.hand_in(paper, XB, key)
    pair.cross()
    pair.xb.hand_in(use_of(other, "U-9"), XA, "u9")
    pair.cross()
    found = traced(pair.xb, "U-9")
    assert (USE, "U-9", "1") in found
    assert (ORIGIN, "XA-115-CO-0093999", "1") in found
    assert traced(pair.xb, NUMBER) == [(ORIGIN, NUMBER, "1")]


def test_what_may_not_be_seen_takes_nobodys_place(pair: "Pair", monkeypatch: pytest.MonkeyPatch) -> None:
    """One UCR for many papers: the cut counts what the asker may know, and a trace says when it was cut."""
    pair.xa.hand_in(TEA, XB, "tea")
    pair.cross()
    for number in range(4):
        pair.xb.hand_in(use_of(TEA, f"U-{number}", ucr=[EVERYBODYS]), XA, f"{number}")
        pair.cross()
    for number in range(2):
        paper = samples.vary(ORIGIN, samples.sample(ORIGIN, "machine_parts"), f"XA-115-CO-000000{number}")
        pair.xa.hand_in(paper, XB, f"named {number}")
    monkeypatch.setattr(tracing, "MAX_TRACED", 2)

    def trace(what: str, *kinds: str) -> tracing.Trace:
        return pair.xa.wired.node.store.read(lambda tx: tracing.trace(tx, what, [XB], Sight(frozenset(kinds))))

    origin = trace(EVERYBODYS, ORIGIN)
    assert [one.exchange.kind for one in origin.exchanges] == [ORIGIN, ORIGIN]
    assert origin.complete
    uses = trace(EVERYBODYS, USE)
    assert [one.exchange.kind for one in uses.exchanges] == [USE, USE]
    assert not uses.complete
    assert not trace(NUMBER).complete
