"""A trace leads from a certificate to its uses and back, on both sides, and past no kind that the asker may not see."""

from typing import TYPE_CHECKING

from uses_lab import TEA, taken_back, use_of

from node.model.ids import NodeCode
from node.store import tracing

if TYPE_CHECKING:
    from conftest import Country, Pair

XA, XB = NodeCode("XA"), NodeCode("XB")
NUMBER = "XA-115-CO-0093127"
ORIGIN, USE = "certificate_of_origin", "certificate_use"
WHOLE = [(ORIGIN, NUMBER, "1"), (USE, "U-1", "1"), (USE, "U-1", "withdrawn"), (USE, "U-2", "1")]


def traced(country: "Country", what: str, *kinds: str) -> list[tuple[str, str, str]]:
    found = country.wired.node.store.read(
        lambda tx: tracing.trace(tx, what, [XA, XB], lambda kind: not kinds or kind in kinds)
    )
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
