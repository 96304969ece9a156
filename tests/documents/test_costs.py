"""What a paper costs grows with its size and no faster, whatever stands in it."""

import re
import time
from collections.abc import Callable

import pytest

from node.documents import reader
from node.documents.samples import sample
from node.errors import NodeError
from node.model.document import Document
from node.safe_xml import DOCUMENT_LIMITS

WHOLE = DOCUMENT_LIMITS.size_bytes
QUARTER = WHOLE // 4

ROUNDS = 3

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


def _cost(content: bytes) -> float:
    began = time.process_time()
    with pytest.raises(NodeError):
        reader.recognise(content)
    return time.process_time() - began


def _require_linear(measure: Callable[[], tuple[float, float]]) -> None:
    """Costs of a quarter and of the whole, measured again when a busy machine spoils them; a square never passes."""
    measured = []
    for _ in range(ROUNDS):
        small, large = measure()
        # Sixteen times would be the square; the fifth of a second is the noise of a busy machine.
        if large < 8 * small + 0.2:
            return
        measured.append((small, large))
    pytest.fail(f"seconds of CPU for a quarter and for the whole: {measured}")


@pytest.mark.parametrize("make", SHAPES.values(), ids=SHAPES.keys())
def test_four_times_the_junk_costs_about_four_times_as_much(make: Callable[[int], str]) -> None:
    small, large = make(QUARTER).encode(), make(WHOLE).encode()
    assert WHOLE * 0.9 < len(large) <= WHOLE
    _require_linear(lambda: (_cost(small), _cost(large)))


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


def _reading_cost(size: int) -> float:
    content = _certificate(size)
    began = time.process_time()
    reader.recognise(content)
    return time.process_time() - began


def _paths_cost(document: Document) -> float:
    began = time.process_time()
    paths = list(reader.paths(document))
    assert len(paths) == len(set(paths)) > 1_000
    return time.process_time() - began


def test_a_good_paper_of_a_mebibyte_is_read_and_its_paths_are_told_in_linear_time() -> None:
    small, large = (reader.recognise(_certificate(size)) for size in (QUARTER, WHOLE))
    _require_linear(lambda: (_reading_cost(QUARTER), _reading_cost(WHOLE)))
    _require_linear(lambda: (_paths_cost(small), _paths_cost(large)))
