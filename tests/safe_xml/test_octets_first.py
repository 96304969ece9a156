"""The looks at the octets spare walks through the tree; they never hide what a walk would find."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.errors import CommentOrInstruction, IdClash, NotXml, XmlTooLarge
from node.safe_xml import (
    _IDENTIFIERS,
    _SCHEME,
    DOCUMENT_LIMITS,
    _declares_little,
    _may_hold_identifiers,
    _strings,
    parse,
)

NAMES = ["id", "Id", "xml:id", "q:iD", "schemeID", "idx", "a", "\u00e9id", "unit"]
BEFORE = [" ", "\n", "\t", "\r\n", "  "]
EQUALS = ["=", " =", "= ", "\n=\t", " = "]
TEXTS = ["", "id=", " id = 1", "a = b", "!", "?", "xmlns:a='relative'", "<![CDATA[ id='x' ]]>", "&lt;id=&amp;"]
DECLARED = ["", ' xmlns="urn:x"', " xmlns:a = 'urn:x'", ' xmlns:a="relative"', ' xmlns=""', " xmlns:b='&#114;'"]

attributes = st.tuples(st.sampled_from(BEFORE), st.sampled_from(NAMES), st.sampled_from(EQUALS), st.integers(0, 3))
elements = st.tuples(
    st.lists(attributes, max_size=3, unique_by=lambda one: one[1]), st.sampled_from(TEXTS), st.sampled_from(DECLARED)
)


Parts = list[tuple[list[tuple[str, str, str, int]], str, str]]


def _document(parts: Parts) -> bytes:
    inside = ""
    for of, text, declared in parts:
        said = "".join(f'{before}{name}{equals}"{value}"' for before, name, equals, value in of)
        inside += f"<b{declared}{said}>{text}</b>"
    return f'<?xml version="1.0"?>\n<a xmlns:q="urn:q">{inside}</a>'.encode()


@given(st.lists(elements, max_size=6))
def test_no_identifier_and_no_namespace_is_overlooked(parts: Parts) -> None:
    data = _document(parts)
    values = [str(value) for of, _, _ in parts for _, name, _, value in of if name.rpartition(":")[2].lower() == "id"]
    names = [part[2].partition("=")[2].strip().strip("'\"").replace("&#114;", "r") for part in parts if part[2]]
    relative = any(name and not _SCHEME.match(name) for name in names)
    if relative:
        assert not _declares_little(data, 64)
        with pytest.raises(NotXml):
            parse(data)
    elif len(set(values)) < len(values):
        with pytest.raises(IdClash):
            parse(data)
    else:
        root = parse(data)
        assert sorted(_strings(_IDENTIFIERS, root)) == sorted(values)
        assert _may_hold_identifiers(data.split(b"=")[:-1]) or not values


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("equals", EQUALS)
@pytest.mark.parametrize("name", ["id", "ID", "xml:Id"])
def test_white_space_around_an_identifier_hides_nothing(name: str, before: str, equals: str) -> None:
    with pytest.raises(IdClash):
        parse(f'<a{before}{name}{equals}"x"><b id="x"/></a>'.encode())


@pytest.mark.parametrize("part", ["<!-- -->", "<?x?>", "<?x y?>"])
@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0"?>', "\ufeff<?xml version='1.0'?>\n"])
@pytest.mark.parametrize("document", ["{}<a/>", "<a>{}</a>", "<a/>{}"])
def test_a_comment_or_instruction_is_seen_with_and_without_a_declaration(
    part: str, declaration: str, document: str
) -> None:
    with pytest.raises(CommentOrInstruction):
        parse((declaration + document.format(part)).encode())


@given(st.lists(st.integers(0, 9), max_size=9), st.integers(1, 6), st.sampled_from(["", "a = b", "=====", "x"]))
def test_no_element_with_too_many_attributes_is_overlooked(counts: list[int], most: int, text: str) -> None:
    elements = (" ".join(["<b", *(f'a{n}="{text}"' for n in range(count))]) + f">{text}</b>" for count in counts)
    data = f'<a xmlns="urn:a">{"".join(elements)}</a>'.encode()
    limits = replace(DOCUMENT_LIMITS, attributes=most)
    if max(counts, default=0) > most:
        with pytest.raises(XmlTooLarge):
            parse(data, limits)
    else:
        parse(data, limits)


def test_attributes_are_counted_by_element_and_not_by_document() -> None:
    one = " ".join(f'a{n}=""' for n in range(DOCUMENT_LIMITS.attributes))
    parse(f"<a>{f'<b {one}/>' * 5}</a>".encode())
    with pytest.raises(XmlTooLarge):
        parse(f'<a><b {one}/><b {one} c=""/></a>'.encode())
