"""Seals, identities and paths that do not hold: one of four words, nothing stored, and the neighbours are taken."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hostile import (
    DS,
    PHYTO,
    TAKEN,
    XA,
    XB,
    XC,
    Call,
    Peer,
    SealParts,
    Signer,
    Stage,
    Victim,
    detached,
    furnish,
    manifest,
    message,
)
from lxml import etree

from node.clock import StoppedClock
from node.model.ids import NodeCode
from node.protocol.n2n.v1.exchange_pb2 import DeliverResponse
from node.sandbox.homes import furnish_home
from node.settings import load_settings
from node.wire import answer
from node.wiring import wire

WORDS = {
    "N2N-WIRE-001": "coarse MALFORMED",
    "N2N-WIRE-002": "coarse MALFORMED",
    "N2N-WIRE-003": "coarse MALFORMED",
    "N2N-SIG-016": "coarse MALFORMED",
    "N2N-AUTH-002": "coarse NOT_FOR_US",
}
"""What the outside hears for each code; `not authentic` for all others."""


def word(code: str) -> str:
    return WORDS.get(code, "coarse NOT_AUTHENTIC")


# --- headers --------------------------------------------------------------------------------------------------------

HEADERS = [
    pytest.param({"sender": "XC"}, "N2N-AUTH-003", id="re-addressed-sender"),
    pytest.param({"sender": "XB"}, "N2N-AUTH-003", id="sender-is-us"),
    pytest.param({"recipient": "XC"}, "N2N-AUTH-002", id="re-addressed-recipient"),
    pytest.param({"recipient": "XA"}, "N2N-AUTH-002", id="recipient-is-the-sender"),
    pytest.param({"message_id": "not-a-uuid"}, "N2N-WIRE-001", id="message-id"),
    pytest.param({"message_id": "01920000-0000-4000-8000-000000000000"}, "N2N-WIRE-001", id="message-id-version-4"),
    pytest.param(
        {"message_id": "01920000-0000-7000-8000-000000000000"}, "N2N-WIRE-001", id="message-id-of-another-time"
    ),
    pytest.param({"message_id": None}, "N2N-WIRE-001", id="no-message-id"),
    pytest.param({"sender": "xa"}, "N2N-WIRE-001", id="sender-in-small-letters"),
    pytest.param({"sender": "XA\n"}, "N2N-WIRE-001", id="sender-with-line-end"),
    pytest.param({"kind": "../../x"}, "N2N-WIRE-001", id="kind-is-a-path"),
    pytest.param({"kind_version": 0}, "N2N-WIRE-001", id="version-0-explicit"),
    pytest.param({"kind_version": 65_536}, "N2N-WIRE-001", id="version-too-large"),
    pytest.param({"created_at": -1, "message_id": "x"}, "N2N-WIRE-001", id="created-before-time"),
    pytest.param({"expires_at": 1}, "N2N-WIRE-001", id="expired-before-created"),
    pytest.param({"expires_at": 1 << 62}, "N2N-WIRE-001", id="expires-never"),
    pytest.param({"priority": 9}, "N2N-WIRE-001", id="unknown-priority"),
    pytest.param({"priority": None}, "N2N-WIRE-001", id="no-priority"),
    pytest.param({"conversation_id": "'; DROP TABLE receipt; --"}, "N2N-WIRE-001", id="conversation-id"),
    pytest.param({"refers_to": "01920000-0000-4000-8000-000000000000"}, "N2N-WIRE-001", id="refers-to-version-4"),
    pytest.param({"sender": b"\xff\xfe"}, "N2N-WIRE-001", id="not-utf-8"),
]


@pytest.mark.parametrize(("changes", "code"), HEADERS)
def test_a_sealed_header_that_breaks_a_rule_is_refused_in_one_word(
    stage: Stage, changes: dict[str, object], code: str
) -> None:
    if changes.get("kind_version") == 0:
        code = "N2N-WIRE-002"  # a default that is written out
    bad = stage.xa.paper(**changes)
    call = stage.xa.call([stage.xa.paper(), bad, stage.xa.paper()])
    stage.victim.suffers(stage.xa, call, 1, word(code), code)


def rewritten(edit: Callable[[list[tuple[int, object]]], list[tuple[int, object]]]) -> Callable[[Peer], bytes]:
    return lambda peer: message(edit(sorted(peer.header().items())))


FORMS = [
    pytest.param(lambda peer: b"\xff" * 40, "N2N-WIRE-001", id="garbage"),
    pytest.param(rewritten(lambda f: [f[0], *f]), "N2N-WIRE-002", id="field-twice"),
    pytest.param(rewritten(lambda f: [*f, (3, "XB")]), "N2N-WIRE-002", id="recipient-again-at-the-end"),
    pytest.param(rewritten(lambda f: f[::-1]), "N2N-WIRE-002", id="disordered"),
    pytest.param(rewritten(lambda f: [*f, (15, "more")]), "N2N-WIRE-002", id="unknown-field"),
    pytest.param(rewritten(lambda f: [*f, (10, "")]), "N2N-WIRE-002", id="explicit-default"),
    pytest.param(lambda peer: message(sorted(peer.header().items()))[:-1], "N2N-WIRE-001", id="cut-off"),
    pytest.param(
        lambda peer: message(sorted(peer.header().items())).replace(b"\x28\x01", b"\x28\x81\x00"),
        "N2N-WIRE-002",
        id="over-long",
    ),
]


@pytest.mark.parametrize(("make", "code"), FORMS)
def test_a_header_that_is_not_canonical_is_refused_in_one_word(
    stage: Stage, make: Callable[[Peer], bytes], code: str
) -> None:
    bad = replace(stage.xa.paper(), header=make(stage.xa))
    call = stage.xa.call([stage.xa.paper(), bad, stage.xa.paper()])
    stage.victim.suffers(stage.xa, call, 1, word(code), code)


# --- paths, indices, digests ----------------------------------------------------------------------------------------


def flipped(octets: bytes) -> bytes:
    return bytes([octets[0] ^ 1]) + octets[1:]


def moved(**changes: object) -> Callable[[Call], None]:
    def spoil(call: Call) -> None:
        call.parcels[1] = replace(call.parcels[1], **changes)

    return spoil


def pathed(edit: Callable[[list[bytes], Call], list[bytes]]) -> Callable[[Call], None]:
    def spoil(call: Call) -> None:
        call.parcels[1].path = edit(call.parcels[1].path, call)

    return spoil


PATHS = [
    pytest.param(moved(leaf_index=0), id="neighbours-index"),
    pytest.param(moved(leaf_index=2), id="last-index"),
    pytest.param(moved(leaf_index=3), id="index-equals-count"),
    pytest.param(moved(leaf_index=63), id="largest-index"),
    pytest.param(moved(path=[]), id="no-path"),
    pytest.param(moved(body_digest=bytes(32)), id="another-digest"),
    pytest.param(pathed(lambda path, call: path[:1]), id="short"),
    pytest.param(pathed(lambda path, call: [*path, bytes(32)]), id="long"),
    pytest.param(pathed(lambda path, call: path[::-1]), id="backwards"),
    pytest.param(pathed(lambda path, call: [flipped(path[0]), *path[1:]]), id="one-bit"),
    pytest.param(pathed(lambda path, call: call.parcels[0].path), id="neighbours-path"),
    pytest.param(pathed(lambda path, call: [call.papers[1].leaf, path[1]]), id="own-leaf-as-sibling"),
]


@pytest.mark.parametrize("spoil", PATHS)
def test_a_path_that_does_not_lead_to_the_seal_is_not_authentic(stage: Stage, spoil: Callable[[Call], None]) -> None:
    call = stage.xa.call([stage.xa.paper() for _ in range(3)])
    spoil(call)
    stage.victim.suffers(stage.xa, call, 1, "coarse NOT_AUTHENTIC", "N2N-SIG-017")


def test_a_header_altered_under_an_untouched_seal_is_not_authentic(stage: Stage) -> None:
    call = stage.xa.call([stage.xa.paper() for _ in range(3)])
    call.parcels[1].header = call.parcels[1].header.replace(b"\x40\x02", b"\x40\x01")  # priority B becomes A
    assert call.parcels[1].header != call.papers[1].header
    stage.victim.suffers(stage.xa, call, 1, "coarse NOT_AUTHENTIC", "N2N-SIG-017")


def test_an_inner_node_of_the_tree_does_not_pass_as_a_leaf(stage: Stage) -> None:
    # Without the 0x00 and 0x01 before leaves and nodes, a header and a digest could be made that hash like two leaves.
    papers = [stage.xa.paper() for _ in range(4)]
    call = stage.xa.call(papers)
    left, right = papers[0].leaf, papers[1].leaf
    call.parcels[1] = replace(
        call.parcels[1], header=left, body_digest=right, leaf_index=0, path=call.parcels[1].path[1:]
    )
    heard = stage.victim.told(XA, call.octets())
    assert [one.words for one in heard] == ["accepted", "coarse MALFORMED", "accepted", "accepted"]


# --- seals ----------------------------------------------------------------------------------------------------------


def sealed(**changes: object) -> Callable[[Stage, bytes], SealParts]:
    """XA's seal over the leaf with departures from a good one."""
    return lambda stage, leaf: stage.xa.seal([leaf], **changes)[0]  # type: ignore[arg-type]


def by(name: str, **changes: object) -> Callable[[Stage, bytes], SealParts]:
    return lambda stage, leaf: sealed(signer=signer(stage, name), **changes)(stage, leaf)


def signer(stage: Stage, name: str) -> Signer:
    roles = {"receipt": stage.xa.receipt, "tls": stage.xa.tls, "issuer": stage.xa.issuer}
    return (roles | dict(stage.signers) | {"XC": stage.peers[XC].sign, "XB's receipt": stage.victim.receipt})[name]


def worded(edit: Callable[[bytes], bytes]) -> Callable[[Stage, bytes], SealParts]:
    """A manifest in other words, signed by the right key."""

    def make(stage: Stage, leaf: bytes) -> SealParts:
        octets = edit(manifest(XA, XB, 1, leaf, stage.xa.now))
        return SealParts(octets, detached(octets, "seal.xml", "application/xml", stage.xa.sign, stage.xa.now))

    return make


def altered(edit: Callable[[bytes], bytes], signature: bool = True) -> Callable[[Stage, bytes], SealParts]:
    """A good seal whose signature (or manifest) was altered afterwards."""

    def make(stage: Stage, leaf: bytes) -> SealParts:
        good = stage.xa.seal([leaf])[0]
        return (
            replace(good, signature=edit(good.signature)) if signature else replace(good, manifest=edit(good.manifest))
        )

    return make


def edited(edit: Callable[[etree._Element], object]) -> Callable[[Stage, bytes], SealParts]:
    """A seal whose owner departs from the form and signs that."""

    def make(stage: Stage, leaf: bytes) -> SealParts:
        octets = manifest(XA, XB, 1, leaf, stage.xa.now)
        return SealParts(octets, detached(octets, "seal.xml", "application/xml", stage.xa.sign, stage.xa.now, edit))

    return make


def doubled(root: etree._Element) -> None:
    copy = etree.fromstring(etree.tostring(root[0]))
    for element in copy.iter():
        if "Id" in element.attrib:
            element.set("Id", element.get("Id") + "2")
    root.append(copy)


def referring(**attributes: str) -> Callable[[etree._Element], None]:
    def edit(root: etree._Element) -> None:
        reference = etree.SubElement(root.find(f".//{DS}SignedInfo"), DS + "Reference", attributes)
        etree.SubElement(reference, DS + "DigestMethod", Algorithm="http://www.w3.org/2001/04/xmlenc#sha256")
        etree.SubElement(reference, DS + "DigestValue")

    return edit


def transformed(root: etree._Element) -> None:
    holder = etree.Element(DS + "Transforms")
    etree.SubElement(holder, DS + "Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")
    root.find(f".//{DS}Reference").insert(0, holder)


def renamed(name: str, algorithm: str) -> Callable[[etree._Element], None]:
    return lambda root: root.find(f".//{DS}{name}").set("Algorithm", algorithm)


FORGED_VALUE = b'<!DOCTYPE x [<!ENTITY a "b">]>'
LATER = timedelta(minutes=5, seconds=1)

SEALS = [
    # whose, for whom, for what
    pytest.param(sealed(sender="XC"), "N2N-AUTH-003", id="manifest-of-another-sender"),
    pytest.param(sealed(recipient="XC"), "N2N-AUTH-002", id="manifest-for-another-recipient"),
    pytest.param(sealed(uri="document.xml"), "N2N-SIG-005", id="document-signature-as-seal"),
    pytest.param(sealed(uri="receipt-seal.xml"), "N2N-SIG-005", id="named-as-receipt-seal"),
    pytest.param(sealed(purpose="receipts"), "N2N-SIG-005", id="receipts-seal-by-the-sign-key"),
    pytest.param(by("receipt", purpose="receipts"), "N2N-SIG-005", id="receipts-seal-by-the-receipt-key"),
    pytest.param(by("receipt", purpose="lookups"), "N2N-SIG-005", id="lookups-seal"),
    pytest.param(sealed(purpose="receipts", uri="seal.xml"), "N2N-SIG-016", id="manifest-for-receipts"),
    # the key
    pytest.param(by("receipt"), "N2N-SIG-009", id="receipt-key-signs-papers"),
    pytest.param(by("tls"), "N2N-SIG-009", id="tls-key"),
    pytest.param(by("issuer"), "N2N-SIG-009", id="issuers-key"),
    pytest.param(by("XC"), "N2N-SIG-009", id="another-countrys-key"),
    pytest.param(by("XB's receipt"), "N2N-SIG-009", id="our-own-key"),
    pytest.param(by("stranger"), "N2N-SIG-009", id="not-enrolled"),
    pytest.param(by("foreign"), "N2N-SIG-010", id="from-another-countrys-ca"),
    pytest.param(by("expired"), "N2N-SIG-011", id="expired-certificate"),
    pytest.param(by("early"), "N2N-SIG-011", id="certificate-not-yet-valid"),
    pytest.param(
        lambda stage, leaf: sealed(signer=replace(stage.xa.sign, key=stage.peers[XC].sign.key))(stage, leaf),
        "N2N-SIG-012",
        id="good-certificate-wrong-key",
    ),
    # the manifest
    pytest.param(sealed(count=2), "N2N-SIG-017", id="count-too-large"),
    pytest.param(sealed(count=0), "N2N-SIG-016", id="count-0"),
    pytest.param(sealed(count=65), "N2N-SIG-016", id="count-65"),
    pytest.param(sealed(root=bytes(32)), "N2N-SIG-017", id="another-root"),
    pytest.param(worded(lambda m: FORGED_VALUE + m), "N2N-SIG-012", id="manifest-with-dtd"),
    pytest.param(
        worded(lambda m: m.replace(b"<Count>", b"<!-- --><Count>")), "N2N-SIG-016", id="manifest-with-comment"
    ),
    pytest.param(worded(lambda m: m.replace(b"<Count>", b"<More/><Count>")), "N2N-SIG-016", id="manifest-with-more"),
    pytest.param(worded(lambda m: m + b"\n"), "N2N-SIG-016", id="manifest-with-line-end"),
    pytest.param(worded(lambda m: m.replace(b"n2n/v1", b"n2n/v2")), "N2N-SIG-016", id="manifest-of-another-version"),
    pytest.param(worded(lambda m: b"{}"), "N2N-SIG-016", id="manifest-in-json"),
    pytest.param(
        altered(lambda m: m.replace(b"<Recipient>XB", b"<Recipient>XC"), signature=False),
        "N2N-SIG-012",
        id="manifest-re-addressed-after-signing",
    ),
    pytest.param(altered(lambda m: m[:-1], signature=False), "N2N-SIG-012", id="manifest-cut-off"),
    # the signature
    pytest.param(altered(lambda s: bytes(500)), "N2N-SIG-004", id="garbage"),
    pytest.param(altered(lambda s: s[:-9]), "N2N-SIG-004", id="cut-off"),
    pytest.param(altered(lambda s: FORGED_VALUE + s), "N2N-SIG-004", id="dtd"),
    pytest.param(
        altered(lambda s: s.replace(b"<ds:Object>", b"<ds:Object>" + b"<a>" * 30 + b"</a>" * 30)),
        "N2N-SIG-004",
        id="deep",
    ),
    pytest.param(altered(lambda s: b"<a/>"), "N2N-SIG-001", id="unsigned"),
    pytest.param(altered(lambda s: etree.tostring(etree.fromstring(s)[0])), "N2N-SIG-003", id="not-in-its-wrapper"),
    pytest.param(
        altered(lambda s: s.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA")),
        "N2N-SIG-012",
        id="another-value",
    ),
    pytest.param(edited(doubled), "N2N-SIG-002", id="doubly-signed"),
    pytest.param(edited(lambda root: etree.SubElement(root, "a").append(root[0])), "N2N-SIG-003", id="wrapped"),
    pytest.param(edited(referring(URI="http://127.0.0.1:1/x")), "N2N-SIG-005", id="fourth-reference"),
    pytest.param(
        edited(lambda root: root.find(f".//{DS}Reference").set("URI", "file:///etc/hostname")),
        "N2N-SIG-005",
        id="a-file-of-ours",
    ),
    pytest.param(edited(transformed), "N2N-SIG-006", id="xslt"),
    pytest.param(edited(renamed("DigestMethod", "http://www.w3.org/2000/09/xmldsig#sha1")), "N2N-SIG-007", id="sha-1"),
    pytest.param(
        edited(renamed("CanonicalizationMethod", "http://www.w3.org/2001/10/xml-exc-c14n#")),
        "N2N-SIG-007",
        id="another-canonical-form",
    ),
    pytest.param(
        edited(lambda root: etree.SubElement(root.find(f".//{DS}KeyInfo"), DS + "KeyValue")),
        "N2N-SIG-008",
        id="key-value",
    ),
    pytest.param(
        lambda stage, leaf: replace(stage.xa, now=stage.xa.now + LATER).seal([leaf])[0],
        "N2N-SIG-015",
        id="signed-in-the-future",
    ),
]


@pytest.mark.parametrize(("make", "code"), SEALS)
def test_a_seal_that_does_not_hold_spoils_its_own_papers_only(
    stage: Stage, make: Callable[[Stage, bytes], SealParts], code: str
) -> None:
    bad = stage.xa.paper()
    call = stage.xa.call([stage.xa.paper(), stage.xa.paper()], [bad])
    call.seals[1] = make(stage, bad.leaf)
    stage.victim.suffers(stage.xa, call, 2, word(code), code)


def test_signatures_swapped_between_two_seals_spoil_both(stage: Stage) -> None:
    call = stage.xa.call([stage.xa.paper()], [stage.xa.paper()], [stage.xa.paper()])
    first, second = call.seals[:2]
    first.signature, second.signature = second.signature, first.signature
    heard = stage.victim.told(XA, call.octets())
    assert [one.words for one in heard] == ["coarse NOT_AUTHENTIC", "coarse NOT_AUTHENTIC", "accepted"]


def test_a_paper_under_the_seal_of_another_batch_is_not_authentic(stage: Stage) -> None:
    call = stage.xa.call([stage.xa.paper(), stage.xa.paper()], [stage.xa.paper(), stage.xa.paper()])
    call.parcels[1].seal_index = 1
    stage.victim.suffers(stage.xa, call, 1, "coarse NOT_AUTHENTIC", "N2N-SIG-017")


def test_our_own_receipt_seal_does_not_pass_as_a_seal_of_papers(stage: Stage) -> None:
    """A receipt that we signed is handed back as if it were a paper: its leaf is in that seal, and yet."""
    octets = answer(stage.victim.wired.door, "Deliver", XA, stage.xa.call([stage.xa.paper()]).octets())
    receipts = DeliverResponse.FromString(octets).seals[0]
    call = stage.xa.call([stage.xa.paper()], [stage.xa.paper()])
    call.seals[1] = SealParts(receipts.manifest, receipts.signature)
    stage.victim.suffers(stage.xa, call, 1, "coarse NOT_AUTHENTIC", "N2N-SIG-005")


# --- unusual and good -----------------------------------------------------------------------------------------------


def test_any_part_of_a_batch_may_come_by_itself_and_the_rest_later(stage: Stage) -> None:
    batch = [stage.xa.paper() for _ in range(5)]
    call = stage.xa.call(batch)
    everything = call.parcels
    for part in ([3], [0, 4], [2, 1]):
        call.parcels = [everything[index] for index in part]
        assert [one.words for one in stage.victim.told(XA, call.octets())] == ["accepted"] * len(part)
    call.parcels = everything
    assert [(one.words, one.repeat) for one in stage.victim.told(XA, call.octets())] == [("accepted", True)] * 5


def test_what_two_seals_left_over_may_travel_in_one_call(stage: Stage) -> None:
    one, two = [stage.xa.paper() for _ in range(3)], [stage.xa.paper(kind=PHYTO) for _ in range(4)]
    call = stage.xa.call(one, two)
    call.parcels = [call.parcels[index] for index in (5, 1, 3)]
    assert [said.words for said in stage.victim.told(XA, call.octets())] == ["accepted"] * 3
    assert all(stage.victim.holds(paper) for paper in (one[1], two[0], two[2]))


def test_sixty_four_papers_under_sixty_four_seals_are_taken(stage: Stage) -> None:
    call = stage.xa.call(*([stage.xa.paper()] for _ in range(64)))
    assert [said.words for said in stage.victim.told(XA, call.octets())] == ["accepted"] * 64


# --- one country's key speaking as another --------------------------------------------------------------------------

THREE = (XA, XB, XC)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> dict[NodeCode, Victim]:
    """Three countries, each the partner of the two others."""
    folder = tmp_path_factory.mktemp("three")
    now = stage.xa.now
    pki = furnish(folder, now)
    victims = {}
    for code in THREE:
        partners = {other: "localhost:1" for other in THREE if other != code}
        home = furnish_home(pki, folder / code, code, partners=partners, profiles=folder / "profiles")
        files = pki.keys(code)
        receipt = Signer.load(files.receipt_key, files.receipt_certificate)
        victims[code] = Victim(wire(load_settings(home, {}), StoppedClock(now)), receipt, pki)
    yield victims
    for victim in victims.values():
        victim.wired.close()


@pytest.mark.parametrize(("us", "caller"), [(us, caller) for us, caller in product(THREE, THREE) if us != caller])
def test_nobody_speaks_for_anybody_else(three: dict[NodeCode, Victim], us: NodeCode, caller: NodeCode) -> None:
    """Header sender, manifest sender and sign key from all three countries, over the connection of each partner."""
    victim = three[us]
    peers = {code: Peer.of(victim.pki, code, us, victim.wired.node.clock.now()) for code in THREE}
    mixtures = list(product(THREE, THREE, THREE))
    call = peers[caller].call(*([peers[header].paper(sender=header)] for header, _, _ in mixtures))
    for index, (_, named, key) in enumerate(mixtures):
        call.seals[index] = peers[named].seal([call.papers[index].leaf], signer=peers[key].sign)[0]
    before, audit = victim.count(), victim.last_audit()
    heard = [one.words for one in victim.told(caller, call.octets())]
    expected = dict.fromkeys(mixtures, "coarse NOT_AUTHENTIC")
    # A manifest from a node to itself is not even a manifest.
    expected |= {(header, us, caller): "coarse MALFORMED" for header in THREE}
    expected[caller, caller, caller] = "accepted"
    assert dict(zip(mixtures, heard, strict=True)) == expected
    assert victim.count() - before == TAKEN
    assert len(victim.audited(audit)) == len(mixtures) - 1
    victim.require_whole()


@pytest.mark.parametrize(("us", "caller"), [(us, caller) for us, caller in product(THREE, THREE) if us != caller])
def test_nobody_is_given_what_is_for_somebody_else(
    three: dict[NodeCode, Victim], us: NodeCode, caller: NodeCode
) -> None:
    """A partner passes on, unopened or sealed anew, what another node was sent (security K4)."""
    victim = three[us]
    now = victim.wired.node.clock.now()
    peer = Peer.of(victim.pki, caller, us, now)
    other = next(code for code in THREE if code not in (us, caller))
    mixtures = [(other, other), (other, us), (us, other), (caller, caller)]
    call = peer.call(*([peer.paper(recipient=header)] for header, _ in mixtures))
    for index, (_, named) in enumerate(mixtures):
        call.seals[index] = peer.seal([call.papers[index].leaf], recipient=named)[0]
    heard = [one.words for one in victim.told(caller, call.octets())]
    assert heard == ["coarse NOT_FOR_US"] * 3 + ["coarse MALFORMED"]
    assert victim.rows("SELECT * FROM receipt WHERE message_id IN (?, ?, ?, ?)", *(p.id for p in call.papers)) == []
