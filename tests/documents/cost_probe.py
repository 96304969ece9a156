"""Measures what papers cost, in a process of its own: a test runner's heap makes everything look worse than linear.

python cost_probe.py junk        a line for each shape: its name, CPU seconds for a quarter, for the whole
python cost_probe.py tolerant    the same for junk that is read tolerantly, and for a paper that is all departures
python cost_probe.py certificate the same for reading a good certificate, and for telling its paths
"""

import gc
import re
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial

from node.documents import reader
from node.documents.samples import sample
from node.errors import NodeError
from node.model.terms import NO_TERMS, Terms, Tolerance
from node.safe_xml import DOCUMENT_LIMITS

WHOLE = DOCUMENT_LIMITS.size_bytes
QUARTER = WHOLE // 4

ROUNDS = 5
"""The least of so many measurements is what a busy machine cannot spoil."""

XSI = "http://www.w3.org/2001/XMLSchema-instance"
ORIGIN_ROOT = f'<CertificateOfOrigin xmlns="urn:n2n:v1:certificate-of-origin" xmlns:i="{XSI}">'
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:21"
UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:21"
PHYTO_ROOT = (
    f'<r:SPSCertificate xmlns:r="urn:un:unece:uncefact:data:standard:SPSCertificate:17" xmlns="{RAM}" xmlns:u="{UDT}">'
)
LINES = "<r:SPSConsignment><IncludedSPSConsignmentItem>", "</IncludedSPSConsignmentItem></r:SPSConsignment>"
NESTED = "".join(f'<a{n} xmlns:n{n}="u:{n}">' for n in range(60)), "".join(f"</a{n}>" for n in reversed(range(60)))


def _half_and_half(before: str, one: str, between: str, two: str, after: str) -> Callable[[int], str]:
    """A document of so many bytes: half of it the first unit, half of it the second one."""

    def make(size: int) -> str:
        room = size - len(before + between + after) - len(one + two)
        return before + one * (room // 2 // len(one)) + between + two * (room // 2 // len(two)) + after

    return make


SHAPES = {
    "items behind strangers": _half_and_half(
        ORIGIN_ROOT, "<x/>", "", "<Item><OriginCriterion/></Item>", "</CertificateOfOrigin>"
    ),
    "attributes of another schema": _half_and_half(
        ORIGIN_ROOT, '<x i:type="" i:nil=""/>', "", '<Item i:type="" i:nil=""/>', "</CertificateOfOrigin>"
    ),
    "lines behind notes": _half_and_half(
        f"{PHYTO_ROOT}<r:SPSExchangedDocument>",
        "<x/>",
        f"</r:SPSExchangedDocument>{LINES[0]}",
        "<IncludedSPSTradeLineItem/>",
        f"{LINES[1]}</r:SPSCertificate>",
    ),
    "moments in one element": _half_and_half(
        f"{PHYTO_ROOT}<x><u:DateTimeString>2026-11-22T09:30:00Z</u:DateTimeString>",
        "<u:DateTimeString/>",
        "",
        "<y/>",
        "</x></r:SPSCertificate>",
    ),
    "comments and instructions": _half_and_half("<x>", "<!---->", "", "<?y?>", "</x>"),
    "namespaces on every level": _half_and_half(f"<x>{NESTED[0]}", "<y/>", "", "xmlns ", f"{NESTED[1]}</x>"),
    "identifiers": lambda size: "<x>" + "".join(f'<y id="{n:09}"/>' for n in range(size // 19 - 1)) + "</x>",
    "long names": _half_and_half("<x>", f"<{'y' * 4_000}/>", "", f'<z {"z" * 4_000}=""/>', "</x>"),
}

HABITS = {
    "lines out of order": _half_and_half(
        f"{PHYTO_ROOT}{LINES[0]}",
        "<IncludedSPSTradeLineItem><CommonName/><Description>a</Description><SequenceNumeric/></IncludedSPSTradeLineItem>",
        "",
        "<NatureIdentificationSPSCargo/>",
        f"{LINES[1]}</r:SPSCertificate>",
    ),
    "one child among others": _half_and_half(
        f"{PHYTO_ROOT}{LINES[0]}<IncludedSPSTradeLineItem><ScientificName>x</ScientificName>",
        "<Description>a</Description>",
        "",
        "<CommonName>a</CommonName>",
        f"</IncludedSPSTradeLineItem>{LINES[1]}</r:SPSCertificate>",
    ),
    "countries without names": _half_and_half(
        f"{PHYTO_ROOT}<r:SPSConsignment>",
        "<TransitSPSCountry/>",
        "",
        "<ReExportSPSCountry><Name/></ReExportSPSCountry>",
        "</r:SPSConsignment></r:SPSCertificate>",
    ),
    "moments as text": _half_and_half(
        f"{PHYTO_ROOT}{LINES[0]}<IncludedSPSTradeLineItem>",
        "<ExpiryDateTime>x</ExpiryDateTime>",
        "",
        "<ExpiryDateTime><u:DateTimeString/></ExpiryDateTime>",
        f"</IncludedSPSTradeLineItem>{LINES[1]}</r:SPSCertificate>",
    ),
}
"""What tolerance mends, a thousand times too often."""


def _cost(act: Callable[[], object]) -> float:
    def once() -> float:
        began = time.process_time()
        act()
        return time.process_time() - began

    return min(once() for _ in range(ROUNDS))


def _judge(content: bytes, terms: Terms = NO_TERMS) -> None:
    try:
        reader.recognise(content, lambda _: terms)
    except NodeError:
        return
    raise SystemExit("junk was taken for a paper")


def _of_junk() -> None:
    _of(SHAPES, NO_TERMS)


def _of_tolerant_junk() -> None:
    _of(SHAPES | HABITS, Terms(tolerance=Tolerance.TOLERANT))


def _of(shapes: Mapping[str, Callable[[int], str]], terms: Terms) -> None:
    for name, make in shapes.items():
        small, large = make(QUARTER).encode(), make(WHOLE).encode()
        if not WHOLE * 0.9 < len(large) <= WHOLE:
            raise SystemExit(f"{name} is no document of the largest size")
        _tell(name, _cost(partial(_judge, small, terms)), _cost(partial(_judge, large, terms)))


def _certificate(size: int) -> bytes:
    """A certificate of origin without a defect, filled up with items."""
    whole = sample("certificate_of_origin", "machine_parts").decode()
    whole = re.sub(r"<Totals>.*?</Totals>\s*", "", whole, flags=re.DOTALL)
    items = re.compile(r"<Item>.*</Item>", re.DOTALL)
    item = whole[whole.index("<Item>") : whole.index("</Item>") + len("</Item>")]
    room = size - len(items.sub("", whole).encode())
    numbers = range(1, room // (len(item.encode()) + 5))
    filled = "".join(re.sub(r"<Sequence>[0-9]+", f"<Sequence>{number}", item) for number in numbers)
    return items.sub(lambda _: filled, whole).encode()


def _of_a_certificate() -> None:
    small, large = (_certificate(size) for size in (QUARTER, WHOLE))
    _tell("reading", _cost(lambda: reader.recognise(small)), _cost(lambda: reader.recognise(large)))
    papers = reader.recognise(small), reader.recognise(large)
    for paper in papers:
        paths = list(reader.paths(paper))
        if len(paths) != len(set(paths)):
            raise SystemExit("two things stand in one place")
    _tell("paths", *(_cost(lambda paper=paper: list(reader.paths(paper))) for paper in papers))


def _tell(name: str, small: float, large: float) -> None:
    sys.stdout.write(f"{name}\t{small}\t{large}\n")


if __name__ == "__main__":
    gc.disable()
    {"junk": _of_junk, "tolerant": _of_tolerant_junk, "certificate": _of_a_certificate}[sys.argv[1]]()
