"""Key statements: one form, signed by the node's own sign key, windows and lengths sane, never from the future."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from node.crypto import key_statement as reading
from node.crypto.algorithms import Suite
from node.crypto.decryption import CHECKPOINT_SUITE, MAX_KEY_DAYS
from node.crypto.key_statement import MAX_KEYS, announcement_from_xml, announcement_to_xml, make_key_statement
from node.crypto.keys import AnnouncedKey, KeyUse, generate_decryption_key, key_id
from node.crypto.verification import verify_key_statement
from node.crypto.xades import sign_detached
from node.errors import (
    KeyStatementRefused,
    NodeError,
    ReferenceRefused,
    SenderMismatch,
    SignatureInvalid,
    SignerUnknown,
)
from node.model.receipt import KeyStatement

XML = "application/xml"


@pytest.fixture(scope="module")
def keys(lab: SimpleNamespace) -> tuple[AnnouncedKey, ...]:
    checkpoint = bytes(range(32))
    until = lab.NOW + timedelta(days=30)
    return (
        generate_decryption_key(Suite.X25519, lab.NOW, 365).announce(),
        generate_decryption_key(Suite.HYBRID, lab.NOW, 365).announce(),
        AnnouncedKey(key_id(checkpoint), KeyUse.CHECKPOINT, CHECKPOINT_SUITE, checkpoint, lab.NOW, until),
    )


@pytest.fixture(scope="module")
def statement(lab: SimpleNamespace, keys: tuple[AnnouncedKey, ...]) -> KeyStatement:
    return make_key_statement(lab.XA, keys, lab.NOW, lab.xa.sign)


def test_an_announced_set_arrives_whole(
    lab: SimpleNamespace, keys: tuple[AnnouncedKey, ...], statement: KeyStatement
) -> None:
    verified = verify_key_statement(statement, trust=lab.xa.trust, now=lab.NOW)
    assert verified.keys == keys
    assert (verified.node, verified.sequence) == ("XA", 1795358106123)
    assert verified.statement is statement


def test_a_statement_by_another_key_is_refused(lab: SimpleNamespace, keys: tuple[AnnouncedKey, ...]) -> None:
    for key in (lab.xa.receipt, lab.xa.tls, lab.xb.sign):
        with pytest.raises(SignerUnknown):
            verify_key_statement(make_key_statement(lab.XA, keys, lab.NOW, key), trust=lab.xa.trust, now=lab.NOW)


def test_a_node_announces_only_its_own_keys(lab: SimpleNamespace, keys: tuple[AnnouncedKey, ...]) -> None:
    foreign = make_key_statement(lab.XB, keys, lab.NOW, lab.xa.sign)
    with pytest.raises(SenderMismatch):
        verify_key_statement(foreign, trust=lab.xa.trust, now=lab.NOW)


def test_a_statement_from_the_future_is_refused(lab: SimpleNamespace, keys: tuple[AnnouncedKey, ...]) -> None:
    edge = timedelta(minutes=5)
    at_edge = make_key_statement(lab.XA, keys, lab.NOW + edge, lab.xa.sign)
    assert verify_key_statement(at_edge, trust=lab.xa.trust, now=lab.NOW)
    # The signature's own time is in whole seconds, so that only the sequence is ahead here.
    beyond = make_key_statement(lab.XA, keys, lab.NOW + edge + timedelta(milliseconds=1), lab.xa.sign)
    with pytest.raises(KeyStatementRefused, match="future"):
        verify_key_statement(beyond, trust=lab.xa.trust, now=lab.NOW)


def test_changed_bytes_are_refused(lab: SimpleNamespace, statement: KeyStatement) -> None:
    changed = replace(statement, document=statement.document.replace(b'sequence="1', b'sequence="2'))
    with pytest.raises(SignatureInvalid):
        verify_key_statement(changed, trust=lab.xa.trust, now=lab.NOW)


def test_a_signed_paper_is_no_key_statement(lab: SimpleNamespace) -> None:
    paper = b'<Paper xmlns="urn:example:paper"/>'
    signed = KeyStatement(paper, sign_detached(paper, "document.xml", XML, lab.xa.sign, lab.NOW))
    with pytest.raises(KeyStatementRefused):
        verify_key_statement(signed, trust=lab.xa.trust, now=lab.NOW)


def test_a_statement_signed_under_another_name_is_refused(lab: SimpleNamespace, statement: KeyStatement) -> None:
    for name in ("seal.xml", "receipt-seal.xml", "document.json", "statement.xml"):
        signed = replace(statement, signature=sign_detached(statement.document, name, XML, lab.xa.sign, lab.NOW))
        with pytest.raises(ReferenceRefused):
            verify_key_statement(signed, trust=lab.xa.trust, now=lab.NOW)


def fresh(lab: SimpleNamespace, count: int) -> list[AnnouncedKey]:
    return [generate_decryption_key(Suite.X25519, lab.NOW, 365).announce() for _ in range(count)]


def test_the_number_of_keys_has_two_ends(lab: SimpleNamespace) -> None:
    for count in (1, MAX_KEYS):
        assert make_key_statement(lab.XA, fresh(lab, count), lab.NOW, lab.xa.sign)
    for count in (0, MAX_KEYS + 1):
        with pytest.raises(KeyStatementRefused):
            make_key_statement(lab.XA, fresh(lab, count), lab.NOW, lab.xa.sign)


def test_a_full_statement_of_hybrid_keys_stays_within_the_limit(lab: SimpleNamespace) -> None:
    keys = [generate_decryption_key(Suite.HYBRID, lab.NOW, 365).announce() for _ in range(MAX_KEYS)]
    full = make_key_statement(lab.XA, keys, lab.NOW, lab.xa.sign)
    assert len(verify_key_statement(full, trust=lab.xa.trust, now=lab.NOW).keys) == MAX_KEYS


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: replace(key, id="0" * 16),
        lambda key: replace(key, id=key.id.upper() + "G"),
        lambda key: replace(key, public=key.public[:-1]),
        lambda key: replace(key, public=key.public + b"\x00"),
        lambda key: replace(key, suite="Ed25519"),
        lambda key: replace(key, suite="X25519"),
        lambda key: replace(key, use=KeyUse.CHECKPOINT),
        lambda key: replace(key, not_after=key.not_before),
        lambda key: replace(key, not_after=key.not_before - timedelta(days=1)),
        lambda key: replace(key, not_after=key.not_before + timedelta(days=MAX_KEY_DAYS, milliseconds=1)),
    ],
)
def test_a_key_that_breaks_a_rule_is_not_announced(
    lab: SimpleNamespace, keys: tuple[AnnouncedKey, ...], spoil: Callable[[AnnouncedKey], AnnouncedKey]
) -> None:
    with pytest.raises(KeyStatementRefused):
        make_key_statement(lab.XA, [spoil(keys[0])], lab.NOW, lab.xa.sign)


def test_a_key_announced_twice_is_refused(lab: SimpleNamespace, keys: tuple[AnnouncedKey, ...]) -> None:
    with pytest.raises(KeyStatementRefused):
        make_key_statement(lab.XA, [keys[0], keys[0]], lab.NOW, lab.xa.sign)


def sub(pattern: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda octets: re.sub(pattern, new, octets, count=1)


@pytest.mark.parametrize(
    "vary",
    [
        sub(b"<KeyStatement", b'<?xml version="1.0"?><KeyStatement'),
        sub(b"v1:keys", b"v2:keys"),
        sub(b"<KeyStatement", b"<Statement"),
        sub(b'version="n2n/v1"', b'version="n2n/v2"'),
        sub(b'node="XA"', b'node="xa"'),
        sub(b'node="XA" ', b""),
        sub(b'sequence="', b'sequence="0'),
        sub(b'sequence="[0-9]+"', b'sequence="0"'),
        sub(b'sequence="[0-9]+"', b'sequence="99999999999999999"'),
        sub(b' sequence="[0-9]+"', b""),
        sub(b'use="decrypt"', b'use="sign"'),
        sub(b'use="decrypt"', b'use="checkpoint"'),
        sub(b'suite="X25519-[^"]*"', b'suite="X448"'),
        sub(b'id="[0-9a-f]*"', b'id=""'),
        sub(b'notBefore="[^"]*"', b'notBefore="2026-11-22T14:35:06Z"'),
        sub(b'notAfter="[^"]*"', b'notAfter="2026-11-22"'),
        sub(b' notAfter="[^"]*"', b""),
        sub(b"=</Key>", b"</Key>"),
        sub(b"</Key>", b"\n</Key>"),
        sub(b"</Key>", b"<x/></Key>"),
        sub(b"</Key>", b"</Key> "),
        sub(b"<Key ", b"<key "),
        sub(b"<Key ", b'<Key note="x" '),
        sub(b"<Key [^>]*>[^<]*</Key>", b""),
        lambda octets: re.sub(b"<Key [^>]*>[^<]*</Key>", b"", octets),
        lambda octets: octets[:-1],
        lambda _: b"",
    ],
)
def test_any_other_spelling_is_refused_even_when_signed(
    lab: SimpleNamespace, statement: KeyStatement, vary: Callable[[bytes], bytes]
) -> None:
    varied = vary(statement.document)
    assert varied != statement.document
    signed = KeyStatement(varied, sign_detached(varied, "document.xml", XML, lab.xa.sign, lab.NOW))
    try:
        keys = verify_key_statement(signed, trust=lab.xa.trust, now=lab.NOW).keys
    except KeyStatementRefused:
        return
    assert announcement_to_xml(announcement_from_xml(varied)) == varied
    assert len(keys) == 2, "only leaving out a whole key gives another statement of the same form"


def test_a_statement_that_is_too_large_is_refused(lab: SimpleNamespace, statement: KeyStatement) -> None:
    for octets in (statement.document + b" " * 65536, b"<a/>" * 20000):
        with pytest.raises(KeyStatementRefused):
            announcement_from_xml(octets)


def test_only_typed_errors_come_out_of_truncations(lab: SimpleNamespace, statement: KeyStatement) -> None:
    for end in range(0, len(statement.document), 37):
        with pytest.raises(NodeError):
            announcement_from_xml(statement.document[:end])


def test_without_the_engine_a_statement_is_read_as_the_engine_reads_it(statement: KeyStatement) -> None:
    document, dice, read = statement.document, random.Random(5), 0
    assert reading._in_form(document) == reading._by_engine(document)
    for _ in range(2000):
        at = dice.randrange(len(document))
        piece = dice.choice(
            [b"0", b"A", b"a", b"Z", b"=", b"-", b"&#65;", b" ", b"\n", b'"', b"<x/>", dice.randbytes(1)]
        )
        varied = document[:at] + piece + document[at + dice.randrange(3) :]
        found = reading._in_form(varied)
        if found is not None:
            read += 1
            assert found == reading._by_engine(varied)
    assert read > 0, "digits of the sequence can be others"
