"""What the only door for XML lets through, and what it does not (security 2.1 X7 to X12)."""

import gzip
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.errors import CommentOrInstruction, DoctypeRefused, IdClash, NotXml, XmlError
from node.safe_xml import parse

SECRET = "hunter2"

DOCTYPES = {
    "plain": "<!DOCTYPE a><a/>",
    "after the declaration": '<?xml version="1.0"?>\n<!DOCTYPE a><a/>',
    "after a byte order mark": "\ufeff<!DOCTYPE a><a/>",
    "external entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "parameter entity": '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><a/>',
    "external subset": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
    "billion laughs": '<!DOCTYPE a [<!ENTITY b "ha">'
    + "".join(
        f'<!ENTITY b{n} "{"&b" + (str(n - 1) if n else "") + ";"}{"&b" + (str(n - 1) if n else "") + ";"}">'
        for n in range(30)
    )
    + "]><a>&b29;</a>",
    "quadratic": f'<!DOCTYPE a [<!ENTITY b "{"x" * 5000}">]><a>{"&b;" * 5000}</a>',
    "default attributes": '<!DOCTYPE a [<!ATTLIST a xmlns CDATA "urn:evil" id CDATA "x">]><a/>',
}


@pytest.mark.parametrize("document", DOCTYPES.values(), ids=DOCTYPES.keys())
def test_a_document_type_is_refused_before_any_parser_sees_it(document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("a parser opened a socket")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    with pytest.raises(DoctypeRefused):
        parse(document.encode())


COMMENTS = {
    "comment before the root": "<!--x--><a/>",
    "comment inside": "<a>admin@good<!-- -->.evil</a>",
    "comment deep inside": "<a><b><c/><!----></b></a>",
    "comment after the root": "<a/><!--x-->",
    "instruction before the root": "<?x y?><a/>",
    "stylesheet instruction": '<?xml version="1.0"?><?xml-stylesheet href="x"?><a/>',
    "instruction inside": "<a><?php x?></a>",
    "instruction after the root": "<a/><?x?>",
}


@pytest.mark.parametrize("document", COMMENTS.values(), ids=COMMENTS.keys())
def test_comments_and_instructions_are_refused_wherever_they_stand(document: str) -> None:
    with pytest.raises(CommentOrInstruction):
        parse(document.encode())


BROKEN = {
    "nothing": b"",
    "white space only": b" \n ",
    "text": b"hello",
    "unclosed": b"<a>",
    "crossed": b"<a><b></a></b>",
    "two roots": b"<a/><b/>",
    "attribute twice": b'<a b="1" b="2"/>',
    "attribute twice by namespace": b'<a xmlns:x="urn:a" xmlns:y="urn:a" x:q="" y:q=""/>',
    "unbound prefix": b"<x:a/>",
    "unknown entity": b"<a>&nbsp;</a>",
    "NUL": b"<a>\0</a>",
    "control character": b"<a>\x01</a>",
    "control character by reference": b"<a>&#1;</a>",
    "surrogate by reference": b"<a>&#xD800;</a>",
    "U+FFFF": "<a>\uffff</a>".encode(),
    "broken UTF-8": b"<a>\xff</a>",
    "overlong UTF-8": b"<a>\xc0\xaf</a>",
    "a surrogate in UTF-8": b"<a>\xed\xa0\x80</a>",
    "cut in the middle of a character": "<a>字</a>".encode()[:5],
    "UTF-16": "<a/>".encode("utf-16"),
    "UTF-16 without mark": "<a/>".encode("utf-16-le"),
    "UTF-32": "<a/>".encode("utf-32"),
    "UTF-16 with a declaration and without mark": '<?xml version="1.0"?><a/>'.encode("utf-16-le"),
    "UTF-16 of the other order": '<?xml version="1.0"?><a/>'.encode("utf-16-be"),
    "UTF-16 that brings a DTD": '<?xml version="1.0"?><!DOCTYPE a><a/>'.encode("utf-16-le"),
    "UTF-16 with a relative namespace": '<?xml version="1.0"?><a xmlns="relative"/>'.encode("utf-16-le"),
    "UTF-32 without mark": "<a/>".encode("utf-32-le"),
    "UTF-32 with a declaration": '<?xml version="1.0"?><a/>'.encode("utf-32-be"),
    "EBCDIC": '<?xml version="1.0" encoding="cp037"?><a/>'.encode("cp037"),
    "says UTF-16": b'<?xml version="1.0" encoding="UTF-16"?><a/>',
    "says Latin 1": b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    "says UTF-7": b'<?xml version="1.0" encoding="UTF-7"?><a>+ADw-b/+AD4-</a>',
    "version 1.1": b'<?xml version="1.1"?><a/>',
    "declaration after a blank": b' <?xml version="1.0"?><a/>',
    "relative namespace": b'<a xmlns="relative"/>',
    "relative namespace with a prefix": b'<a><b xmlns:x="some/where"/></a>',
    "relative namespace as a fragment": b"<a xmlns:x='#here'/>",
    "relative namespace hidden in a reference": b'<a xmlns:x="&#110;owhere"/>',
    "namespace that is no URI": b'<a xmlns:x="http://a b"/>',
    "gzip": gzip.compress(b"<a/>"),
}


@pytest.mark.parametrize("document", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_plain_xml_in_utf_8_is_refused(document: bytes) -> None:
    with pytest.raises((NotXml, CommentOrInstruction)):
        parse(document)


IDENTIFIERS = ["id", "Id", "ID", "iD", "xml:id", "z:ID"]


@pytest.mark.parametrize("first", IDENTIFIERS)
@pytest.mark.parametrize("second", IDENTIFIERS)
def test_two_identifiers_never_share_a_value_however_they_are_spelt(first: str, second: str) -> None:
    document = '<a xmlns:z="urn:z"><b {}="one"/><c {}="{}"/></a>'
    with pytest.raises(IdClash):
        parse(document.format(first, second, "one").encode())
    parse(document.format(first, second, "two").encode())


def test_names_that_only_contain_id_are_no_identifiers() -> None:
    parse(b'<a><b schemeID="x" listID="x"/><c schemeID="x"/></a>')


GOOD = {
    "declaration in double quotes": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<a>x</a>\n',
    "declaration in single quotes": b"<?xml version='1.0' encoding='utf-8'?><a>x</a>",
    "no declaration": b"<a>x</a>",
    "byte order mark": b"\xef\xbb\xbf<a>x</a>",
    "CDATA": b"<a><![CDATA[x]]></a>",
    "character reference": b"<a>&#x78;</a>",
}


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD.keys())
def test_plain_documents_pass(document: bytes) -> None:
    assert parse(document).text == "x"


def test_text_that_looks_like_a_namespace_declaration_is_text() -> None:
    assert parse(b'<a xmlns="urn:x">xmlns="relative"</a>').text == 'xmlns="relative"'


def test_an_undeclared_default_namespace_is_no_relative_one() -> None:
    parse(b'<a xmlns="urn:x"><b xmlns=""/></a>')


def test_cdata_and_references_give_the_text_that_canonical_xml_gives() -> None:
    assert parse(b"<a>ad<![CDATA[min]]>&#64;good</a>").text == "admin@good"


def test_xinclude_is_plain_markup(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    include = f'<a><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{secret}" parse="text"/></a>'
    root = parse(include.encode())
    assert root[0].get("href") == str(secret)
    assert SECRET not in "".join(map(str, root.itertext()))


@pytest.mark.parametrize(
    "document", [b"<a><hunter2></a>", b"<hunter2:a/>", b"<a>&hunter2;</a>", b'<a hunter2="" hunter2=""/>']
)
def test_an_error_never_quotes_the_document(document: bytes) -> None:
    with pytest.raises(NotXml) as caught:
        parse(document)
    assert SECRET not in str(caught.value)
    assert "line 1" in str(caught.value)


def test_searching_for_namespaces_takes_linear_time() -> None:
    hostile = b"<a>" + b"xmlns:" * 170_000 + b"</a>"
    assert parse(hostile).text is not None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_an_error_of_ours(data: bytes) -> None:
    # Anything but an XmlError fails the test by itself.
    with suppress(XmlError):
        parse(data)


@given(st.text(max_size=60), st.integers(0, 60), st.binary(max_size=4))
def test_any_edit_of_a_document_is_read_or_refused_by_an_error_of_ours(text: str, place: int, junk: bytes) -> None:
    document = f'<?xml version="1.0"?><a b="{"".join(c for c in text if c.isalnum())}"><c/></a>'.encode()
    with suppress(XmlError):
        parse(document[:place] + junk + document[place:])
