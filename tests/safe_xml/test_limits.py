"""Every limit of the parser at one below, at, and one above (security 2.8)."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from node.errors import XmlTooLarge
from node.safe_xml import DOCUMENT_LIMITS, MANIFEST_LIMITS, SIGNATURE_LIMITS, XmlLimits, parse

WIDE = XmlLimits(size_bytes=1 << 20, nodes=10_000, depth=100, attributes=64, text_bytes=1 << 20)


def _of_size(count: int) -> bytes:
    return b"<a>" + b"x" * (count - 7) + b"</a>"


def _of_elements(count: int) -> bytes:
    return b"<a>" + b"<b/>" * (count - 1) + b"</a>"


def _of_depth(count: int) -> bytes:
    return b"<a>" * count + b"</a>" * count


def _of_attributes(count: int) -> bytes:
    return b"<a>" + b"<b " + b" ".join(b'a%d="x"' % index for index in range(count)) + b"/></a>"


def _of_namespaces(count: int) -> bytes:
    return b"<a " + b" ".join(b'xmlns:n%d="urn:%d"' % (index, index) for index in range(count)) + b"/>"


def _of_text(count: int) -> bytes:
    return b"<a>" + "字".encode() * (count // 3) + b"x" * (count % 3) + b"</a>"


def _of_attribute_text(count: int) -> bytes:
    return b'<a b="' + b"x" * count + b'"/>'


CASES = [
    pytest.param(_of_size, replace(WIDE, size_bytes=200), 200, id="size"),
    pytest.param(_of_elements, replace(WIDE, nodes=50), 50, id="elements"),
    pytest.param(_of_depth, replace(WIDE, depth=7), 7, id="depth"),
    pytest.param(_of_depth, WIDE, 100, id="depth as for documents"),
    pytest.param(_of_attributes, replace(WIDE, attributes=5), 5, id="attributes"),
    pytest.param(_of_attributes, WIDE, 64, id="attributes as for documents"),
    pytest.param(_of_namespaces, replace(WIDE, attributes=5), 5, id="namespaces in scope"),
    pytest.param(_of_text, replace(WIDE, text_bytes=100), 100, id="bytes of a text"),
    pytest.param(_of_attribute_text, replace(WIDE, text_bytes=100), 100, id="bytes of an attribute"),
]


@pytest.mark.parametrize(("make", "limits", "limit"), CASES)
def test_a_limit_holds_exactly(make: Callable[[int], bytes], limits: XmlLimits, limit: int) -> None:
    parse(make(limit - 1), limits)
    parse(make(limit), limits)
    with pytest.raises(XmlTooLarge):
        parse(make(limit + 1), limits)


def test_a_document_of_one_mebibyte_passes_and_one_byte_more_does_not() -> None:
    parse(_of_size(1 << 20))
    with pytest.raises(XmlTooLarge):
        parse(_of_size((1 << 20) + 1))


def test_elements_are_counted_before_a_tree_is_built() -> None:
    flood = b"<a>" + b"<b/>" * DOCUMENT_LIMITS.nodes + b"</a>"
    with pytest.raises(XmlTooLarge, match="200000 elements"):
        parse(flood, DOCUMENT_LIMITS)


def test_angle_brackets_inside_cdata_do_not_hide_elements() -> None:
    limits = replace(WIDE, nodes=20)
    parse(b"<a><![CDATA[<<<]]>" + b"<b/>" * 15 + b"</a>", limits)
    with pytest.raises(XmlTooLarge):
        parse(b"<a><![CDATA[</</</</</</</</</</]]>" + b"<b/>" * 20 + b"</a>", limits)


def test_depth_beyond_what_the_library_bears_is_too_large_and_not_an_accident() -> None:
    with pytest.raises(XmlTooLarge):
        parse(_of_depth(10_000))


def test_namespaces_piled_up_over_several_levels_are_refused_at_the_level_that_has_too_many() -> None:
    pile = b"".join(b'<a%d xmlns:n%d="urn:%d">' % (index, index, index) for index in range(20))
    close = b"".join(b"</a%d>" % index for index in reversed(range(20)))
    parse(pile + close, replace(WIDE, attributes=20))
    with pytest.raises(XmlTooLarge):
        parse(pile + close, replace(WIDE, attributes=19))


@pytest.mark.parametrize("limits", [DOCUMENT_LIMITS, SIGNATURE_LIMITS, MANIFEST_LIMITS])
def test_the_named_limits_admit_a_small_document(limits: XmlLimits) -> None:
    assert parse(b"<a/>", limits).tag == "a"


def _repeated(levels: int) -> bytes:
    return b'<a xmlns:n="urn:n">' * levels + b"</a>" * levels


def test_declarations_of_one_prefix_on_every_level_count_each() -> None:
    filler = b"<b>" + b"xmlns " * 100 + b"</b>"  # more such words than declarations, as a comment field may hold them
    parse(b"<c>" + filler + _repeated(64) + b"</c>")
    with pytest.raises(XmlTooLarge, match="namespaces"):
        parse(b"<c>" + filler + _repeated(65) + b"</c>")


def test_declarations_beside_one_another_are_not_in_one_scope() -> None:
    parse(b"<c>" + b"".join(b'<a xmlns:n%d="urn:n" xmlns:m="urn:m"/>' % n for n in range(1_000)) + b"</c>")


def test_namespaces_in_scope_make_no_element_dearer() -> None:
    words = b"xmlns " * 100

    def cost(declaration: bytes) -> float:
        levels = b"".join(b"<a" + declaration % (n, n) + b">" for n in range(60))
        document = levels + words + b"<b/>" * 150_000 + b"</a>" * 60
        began = time.process_time()
        parse(document)
        return time.process_time() - began

    plain = cost(b' a%d="urn:%d"')
    # Looking at every namespace for every element would be thirty times as much.
    assert cost(b' xmlns:n%d="urn:%d"') < 4 * plain + 0.2
