"""Any edit of anything signed is refused with a typed error, or changes nothing that was signed."""

import random
from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from node.crypto.algorithms import Suite
from node.crypto.boxes import open_body, unwrap_call_key, wrap_call_key
from node.crypto.key_statement import make_key_statement
from node.crypto.keys import generate_decryption_key
from node.crypto.seal import make_seal, receipt_leaf
from node.crypto.verification import verify_issuer_signature, verify_key_statement, verify_place, verify_seal
from node.errors import NodeError
from node.model.envelope import KeyWrap, Place, Purpose, Seal
from node.model.ids import Leaf
from node.model.receipt import KeyStatement

PAPER = '<Paper xmlns="urn:example:paper"><Number>BR-001</Number><Name>產地證明書</Name></Paper>'.encode()
PIECES = [
    b"", b" ", b"<", b">", b"/", b"&", b"&lt;", b'"', b"'", b"=", b"#", b"\x00", b"\xff", b"\xc3", b"\r\n", b"<!--x-->",
    b"<?x?>", b"<![CDATA[x]]>", b"<!DOCTYPE x>", b"<x/>", b"xmlns=''", b" Id='x'", b"ds:", b"AAAA", b"urn:",
    b"\xf0\xa0\xae\xb7",
]  # fmt: skip

# One edit of bytes: where (as a fraction), how many are taken out, what is put in.
byte_edits = st.tuples(
    st.floats(0, 1),
    st.sampled_from([0, 1, 1, 1, 2, 4, 50]),
    st.one_of(st.binary(max_size=3), st.sampled_from(PIECES)),
)


def apply(octets: bytes, edit: tuple[float, int, bytes]) -> bytes:
    at = int(edit[0] * len(octets))
    return octets[:at] + edit[2] + octets[at + edit[1] :]


@pytest.fixture(scope="module")
def seal(lab: SimpleNamespace) -> Seal:
    leaves = [receipt_leaf(bytes([number])) for number in range(3)]
    return make_seal(leaves, Purpose.PAPERS, lab.XA, lab.XB, lab.xa.sign, lab.NOW, lab.xa.trust, "trade", 1)[0]


@pytest.fixture(scope="module")
def paper(lab: SimpleNamespace) -> bytes:
    return lab.enveloped(PAPER, lab.xa.sign, xades=True)


def require_refused_or_unchanged(lab: SimpleNamespace, seal: Seal, varied: Seal) -> None:
    arguments = {"purpose": Purpose.PAPERS, "recipient": lab.XB, "trust": lab.xa.trust, "now": lab.NOW}
    before = verify_seal(seal, **arguments)
    try:
        after = verify_seal(varied, **arguments)
    except NodeError:
        return
    assert varied.manifest == seal.manifest
    assert replace_seal(after) == replace_seal(before)


def replace_seal(verified: object) -> tuple[object, ...]:
    """Everything a verified seal says, apart from the bytes it was read from."""
    return verified.manifest, verified.partner, verified.role, verified.signer_fingerprint, verified.signed_at


@settings(max_examples=600, deadline=None)
@given(edit=byte_edits, of_manifest=st.booleans())
def test_a_seal_with_edited_bytes_is_refused_or_says_the_same(
    lab: SimpleNamespace, seal: Seal, edit: tuple[float, int, bytes], of_manifest: bool
) -> None:
    varied = (
        replace(seal, manifest=apply(seal.manifest, edit))
        if of_manifest
        else replace(seal, signature=apply(seal.signature, edit))
    )
    require_refused_or_unchanged(lab, seal, varied)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_seal_with_an_edited_tree_is_refused_or_says_the_same(
    lab: SimpleNamespace, seal: Seal, data: st.DataObject
) -> None:
    root = etree.fromstring(seal.signature)
    for _ in range(data.draw(st.integers(1, 3))):
        edit_tree(root, data)
    require_refused_or_unchanged(lab, seal, replace(seal, signature=etree.tostring(root)))


def edit_tree(root: etree._Element, data: st.DataObject) -> None:
    elements = list(root.iter())
    element, other = data.draw(st.sampled_from(elements)), data.draw(st.sampled_from(elements))
    act = data.draw(st.sampled_from(["remove", "copy", "move", "text", "tail", "attribute", "drop", "rename"]))
    if act == "remove" and element is not root:
        element.getparent().remove(element)
    elif act == "copy":
        other.append(deepcopy(element))
    elif act == "move" and element is not root and other not in element.iter():
        other.insert(data.draw(st.integers(0, len(other))), element)
    elif act == "text":
        element.text = data.draw(st.sampled_from(["", "x", "\n", other.text or "", (element.text or "") + " "]))
    elif act == "tail" and element is not root:
        element.tail = data.draw(st.sampled_from(["x", " ", "\n"]))
    elif act == "attribute":
        values = [value for one in elements for value in one.attrib.values()]
        name = data.draw(st.sampled_from(["Id", "URI", "Algorithm", "Type", "Target", "ObjectReference", "xml"]))
        element.set(name, data.draw(st.sampled_from(["", "x", *values])))
    elif act == "drop" and element.attrib:
        del element.attrib[data.draw(st.sampled_from(sorted(element.attrib)))]
    elif act == "rename":
        element.tag = other.tag


@settings(max_examples=600, deadline=None)
@given(edit=byte_edits)
def test_an_issuers_paper_with_edited_bytes_is_refused_or_covers_the_same(
    lab: SimpleNamespace, paper: bytes, edit: tuple[float, int, bytes]
) -> None:
    arguments = {"issuers": (lab.xa.sign.certificate,), "now": lab.NOW}
    before = verify_issuer_signature(paper, **arguments)
    try:
        after = verify_issuer_signature(apply(paper, edit), **arguments)
    except NodeError:
        return
    assert (after.signed_octets, after.signer_fingerprint) == (before.signed_octets, before.signer_fingerprint)


@settings(max_examples=200)
@given(edit=byte_edits, of_document=st.booleans())
def test_a_key_statement_with_edited_bytes_is_refused_or_says_the_same(
    lab: SimpleNamespace, edit: tuple[float, int, bytes], of_document: bool
) -> None:
    keys = [generate_decryption_key(Suite.X25519, lab.NOW, 365).announce()]
    statement = make_key_statement(lab.XA, keys, lab.NOW, lab.xa.sign)
    varied = KeyStatement(
        apply(statement.document, edit) if of_document else statement.document,
        statement.signature if of_document else apply(statement.signature, edit),
    )
    try:
        verified = verify_key_statement(varied, trust=lab.xa.trust, now=lab.NOW)
    except NodeError:
        return
    assert varied.document == statement.document
    assert verified.keys == tuple(keys)


def mutate(octets: bytes, dice: random.Random) -> bytes:
    """One to four random byte edits."""
    varied = bytearray(octets)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(varied) + 1)
        piece = dice.choice(
            [bytes([dice.randrange(256)]), dice.choice(PIECES), bytes(varied[at : at + dice.randint(1, 80)])]
        )
        varied[at : at + dice.choice([0, 1, 1, 2, 30])] = piece
    return bytes(varied)


def test_two_thousand_random_mutations_give_typed_errors_only(lab: SimpleNamespace, seal: Seal, paper: bytes) -> None:
    dice = random.Random(20261122)
    key = generate_decryption_key(Suite.X25519, lab.NOW, 365)
    wrap = wrap_call_key(Suite.X25519, key.announce(), bytes(32), lab.XA, lab.XB)
    statement = make_key_statement(lab.XA, [key.announce()], lab.NOW, lab.xa.sign)
    verified = verify_seal(seal, purpose=Purpose.PAPERS, recipient=lab.XB, trust=lab.xa.trust, now=lab.NOW)
    seal_of = {"purpose": Purpose.PAPERS, "recipient": lab.XB, "trust": lab.xa.trust, "now": lab.NOW}
    acts = [
        lambda: verify_seal(replace(seal, manifest=mutate(seal.manifest, dice)), **seal_of),
        lambda: verify_seal(replace(seal, signature=mutate(seal.signature, dice)), **seal_of),
        lambda: verify_seal(replace(seal, signature=mutate(seal.signature, dice)), **seal_of),
        lambda: verify_issuer_signature(mutate(paper, dice), issuers=(lab.xa.sign.certificate,), now=lab.NOW),
        lambda: verify_issuer_signature(mutate(paper, dice), issuers=(lab.xa.sign.certificate,), now=lab.NOW),
        lambda: verify_key_statement(
            replace(statement, document=mutate(statement.document, dice)), trust=lab.xa.trust, now=lab.NOW
        ),
        lambda: unwrap_call_key(replace(wrap, wrapped=mutate(wrap.wrapped, dice)), [key], lab.XA, lab.XB),
        lambda: unwrap_call_key(KeyWrap(dice.choice(list(Suite)), key.id, dice.randbytes(80)), [key], lab.XA, lab.XB),
        lambda: open_body(dice.randbytes(dice.randrange(80)), bytes(32), Leaf(bytes(32))),
        lambda: verify_place(
            verified,
            Leaf(dice.randbytes(dice.choice([0, 31, 32, 33]))),
            Place(dice.randint(-1, 70), tuple(dice.randbytes(dice.choice([31, 32])) for _ in range(dice.randrange(4)))),
        ),
    ]
    refused = 0
    for number in range(2000):
        try:
            acts[number % len(acts)]()
        except NodeError:
            refused += 1
    assert refused > 1900, "mutations that change nothing signed are rare"
