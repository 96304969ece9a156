"""Wrapping the call key and closing bodies: nothing opens in another relation, under another leaf, or when touched."""

import hashlib
import hmac
import secrets
from dataclasses import replace
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from node.crypto.algorithms import Suite
from node.crypto.boxes import WRAPPED_BYTES, close_body, open_body, unwrap_call_key, wrap_call_key
from node.crypto.keys import KeyUse, generate_decryption_key
from node.errors import BodyUnopenable, RecipientKeyUnknown, SuiteRefused, Unexpected
from node.model.envelope import KeyWrap
from node.model.ids import Leaf, NodeCode

XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")
CALL_KEY = bytes(range(32))
LEAF = Leaf(hashlib.sha256(b"leaf").digest())


@pytest.mark.parametrize("suite", Suite)
def test_a_wrapped_call_key_opens_for_its_recipient(lab: SimpleNamespace, suite: Suite) -> None:
    ours, other = (generate_decryption_key(suite, lab.NOW, 365) for _ in range(2))
    wrap = wrap_call_key(suite, ours.announce(), CALL_KEY, XA, XB)
    assert (wrap.suite, wrap.recipient_key_id) == (suite, ours.id)
    assert len(wrap.wrapped) == WRAPPED_BYTES[suite] == {Suite.X25519: 80, Suite.HYBRID: 1168}[suite]
    assert unwrap_call_key(wrap, [other, ours], XA, XB) == CALL_KEY


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize(("sender", "recipient"), [(XC, XB), (XA, XC), (XB, XA), (XA, XA), (XB, XB)])
def test_it_opens_in_no_other_relation(
    lab: SimpleNamespace, suite: Suite, sender: NodeCode, recipient: NodeCode
) -> None:
    key = generate_decryption_key(suite, lab.NOW, 365)
    wrap = wrap_call_key(suite, key.announce(), CALL_KEY, XA, XB)
    with pytest.raises(BodyUnopenable):
        unwrap_call_key(wrap, [key], sender, recipient)


def test_codes_that_run_together_are_told_apart(lab: SimpleNamespace) -> None:
    key = generate_decryption_key(Suite.X25519, lab.NOW, 365)
    wrap = wrap_call_key(Suite.X25519, key.announce(), CALL_KEY, NodeCode("XAX"), NodeCode("BB"))
    with pytest.raises(BodyUnopenable):
        unwrap_call_key(wrap, [key], NodeCode("XA"), NodeCode("XBB"))


@pytest.mark.parametrize("suite", Suite)
def test_a_wrap_of_any_other_length_does_not_open(lab: SimpleNamespace, suite: Suite) -> None:
    key = generate_decryption_key(suite, lab.NOW, 365)
    wrap = wrap_call_key(suite, key.announce(), CALL_KEY, XA, XB)
    lengths = {0, 1, 32, 79, 81, WRAPPED_BYTES[suite] - 16, WRAPPED_BYTES[suite] - 1, WRAPPED_BYTES[suite] + 1}
    for length in lengths - {WRAPPED_BYTES[suite]}:
        octets = (wrap.wrapped + bytes(WRAPPED_BYTES[suite]))[:length]
        with pytest.raises(BodyUnopenable):
            unwrap_call_key(replace(wrap, wrapped=octets), [key], XA, XB)


@pytest.mark.parametrize("suite", Suite)
def test_a_wrap_with_one_changed_bit_does_not_open(lab: SimpleNamespace, suite: Suite) -> None:
    key = generate_decryption_key(suite, lab.NOW, 365)
    wrap = wrap_call_key(suite, key.announce(), CALL_KEY, XA, XB)
    for at in range(0, len(wrap.wrapped), 7):
        octets = bytearray(wrap.wrapped)
        octets[at] ^= 1
        with pytest.raises(BodyUnopenable):
            unwrap_call_key(replace(wrap, wrapped=bytes(octets)), [key], XA, XB)


def test_a_point_of_low_order_does_not_open(lab: SimpleNamespace) -> None:
    key = generate_decryption_key(Suite.X25519, lab.NOW, 365)
    with pytest.raises(BodyUnopenable):
        unwrap_call_key(KeyWrap(Suite.X25519, key.id, bytes(80)), [key], XA, XB)


@pytest.mark.parametrize(
    "name", ["", "x25519", "P256-HKDF-SHA256-AES256GCM", "X25519-HKDF-SHA256-AES128GCM", "\n", "é"]
)
def test_an_unknown_suite_is_refused(lab: SimpleNamespace, name: str) -> None:
    key = generate_decryption_key(Suite.X25519, lab.NOW, 365)
    with pytest.raises(SuiteRefused):
        unwrap_call_key(KeyWrap(name, key.id, bytes(80)), [key], XA, XB)


def test_a_suite_other_than_the_keys_own_is_refused_on_both_sides(lab: SimpleNamespace) -> None:
    key = generate_decryption_key(Suite.X25519, lab.NOW, 365)
    wrap = wrap_call_key(Suite.X25519, key.announce(), CALL_KEY, XA, XB)
    with pytest.raises(SuiteRefused):
        unwrap_call_key(replace(wrap, suite=Suite.HYBRID), [key], XA, XB)
    with pytest.raises(SuiteRefused):
        wrap_call_key(Suite.HYBRID, key.announce(), CALL_KEY, XA, XB)
    with pytest.raises(SuiteRefused):
        wrap_call_key(Suite.X25519, replace(key.announce(), use=KeyUse.CHECKPOINT), CALL_KEY, XA, XB)
    with pytest.raises(SuiteRefused):
        wrap_call_key(Suite.X25519, replace(key.announce(), public=bytes(31)), CALL_KEY, XA, XB)


def test_an_unknown_key_id_is_told_apart_from_a_body_that_does_not_open(lab: SimpleNamespace) -> None:
    key = generate_decryption_key(Suite.X25519, lab.NOW, 365)
    wrap = wrap_call_key(Suite.X25519, key.announce(), CALL_KEY, XA, XB)
    for name in ("", "0" * 16, key.id.upper()):
        with pytest.raises(RecipientKeyUnknown):
            unwrap_call_key(replace(wrap, recipient_key_id=name), [key], XA, XB)
    with pytest.raises(RecipientKeyUnknown):
        unwrap_call_key(wrap, [], XA, XB)


def test_a_call_key_or_leaf_of_another_length_is_our_defect(lab: SimpleNamespace) -> None:
    key = generate_decryption_key(Suite.X25519, lab.NOW, 365)
    with pytest.raises(Unexpected):
        wrap_call_key(Suite.X25519, key.announce(), bytes(31), XA, XB)
    with pytest.raises(Unexpected):
        close_body(b"body", bytes(31), LEAF, secrets.token_bytes)
    with pytest.raises(Unexpected):
        close_body(b"body", CALL_KEY, Leaf(bytes(31)), secrets.token_bytes)


# --- agreement with the published constructions, from raw primitives only -------------------------------------------


def expand(prk: bytes, suite_id: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """LabeledExpand of RFC 9180 4 for one block."""
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + info
    return hmac.digest(prk, labelled + b"\x01", "sha256")[:length]


def extract(salt: bytes, suite_id: bytes, label: bytes, key: bytes) -> bytes:
    """LabeledExtract of RFC 9180 4."""
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite_id + label + key, "sha256")


def open_base_mode(shared: bytes, kem: int, info: bytes, sealed: bytes) -> bytes:
    """Key schedule and single-shot opening of RFC 9180 5.1, 6.1: base mode, HKDF-SHA256, AES-256-GCM, no AAD."""
    suite_id = b"HPKE" + kem.to_bytes(2, "big") + b"\x00\x01\x00\x02"
    context = b"\x00" + extract(b"", suite_id, b"psk_id_hash", b"") + extract(b"", suite_id, b"info_hash", info)
    secret = extract(shared, suite_id, b"secret", b"")
    key, nonce = expand(secret, suite_id, b"key", context, 32), expand(secret, suite_id, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, sealed, b"")


INFO = b"n2n/v1 key\x00XA\x00XB"


def test_the_wrap_is_plain_rfc_9180_with_x25519(lab: SimpleNamespace) -> None:
    key = generate_decryption_key(Suite.X25519, lab.NOW, 365)
    wrapped = wrap_call_key(Suite.X25519, key.announce(), CALL_KEY, XA, XB).wrapped
    enc, sealed = wrapped[:32], wrapped[32:]
    dh = X25519PrivateKey.from_private_bytes(key.private_key).exchange(X25519PublicKey.from_public_bytes(enc))
    kem_id = b"KEM\x00\x20"
    shared = expand(extract(b"", kem_id, b"eae_prk", dh), kem_id, b"shared_secret", enc + key.announce().public, 32)
    assert open_base_mode(shared, 0x0020, INFO, sealed) == CALL_KEY


def test_the_hybrid_wrap_is_x_wing_inside_rfc_9180(lab: SimpleNamespace) -> None:
    key = generate_decryption_key(Suite.HYBRID, lab.NOW, 365)
    public = key.announce().public
    wrapped = wrap_call_key(Suite.HYBRID, key.announce(), CALL_KEY, XA, XB).wrapped
    mlkem_enc, x25519_enc, sealed = wrapped[:1088], wrapped[1088:1120], wrapped[1120:]
    from_mlkem = MLKEM768PrivateKey.from_seed_bytes(key.private_key[:64]).decapsulate(mlkem_enc)
    from_x25519 = X25519PrivateKey.from_private_bytes(key.private_key[64:]).exchange(
        X25519PublicKey.from_public_bytes(x25519_enc)
    )
    shared = hashlib.sha3_256(from_mlkem + from_x25519 + x25519_enc + public[1184:] + b"\\.//^\\").digest()
    assert open_base_mode(shared, 0x647A, INFO, sealed) == CALL_KEY


def test_both_halves_of_the_hybrid_key_are_needed(lab: SimpleNamespace) -> None:
    key, other = (generate_decryption_key(Suite.HYBRID, lab.NOW, 365) for _ in range(2))
    wrap = wrap_call_key(Suite.HYBRID, key.announce(), CALL_KEY, XA, XB)
    for private in (key.private_key[:64] + other.private_key[64:], other.private_key[:64] + key.private_key[64:]):
        with pytest.raises(BodyUnopenable):
            unwrap_call_key(wrap, [replace(key, private_key=private)], XA, XB)


def test_a_body_is_aes_gcm_under_a_key_of_its_own_leaf() -> None:
    sealed = close_body(b"body", CALL_KEY, LEAF, lambda count: bytes(range(count)))
    key = HKDF(hashes.SHA256(), length=32, salt=LEAF, info=b"n2n/v1 body").derive(CALL_KEY)
    assert sealed[:12] == bytes(range(12))
    assert AESGCM(key).decrypt(sealed[:12], sealed[12:], LEAF) == b"body"


# --- bodies ---------------------------------------------------------------------------------------------------------


@given(
    body=st.binary(max_size=2000),
    call_key=st.binary(min_size=32, max_size=32),
    leaf=st.binary(min_size=32, max_size=32),
)
def test_what_was_closed_opens(body: bytes, call_key: bytes, leaf: bytes) -> None:
    assert open_body(close_body(body, call_key, Leaf(leaf), secrets.token_bytes), call_key, Leaf(leaf)) == body


@given(data=st.data())
def test_a_touched_body_does_not_open(data: st.DataObject) -> None:
    sealed = close_body(b"a paper", CALL_KEY, LEAF, secrets.token_bytes)
    touched = data.draw(
        st.one_of(
            st.tuples(st.integers(0, len(sealed) - 1), st.integers(1, 255)).map(
                lambda edit: sealed[: edit[0]] + bytes([sealed[edit[0]] ^ edit[1]]) + sealed[edit[0] + 1 :]
            ),
            st.integers(0, len(sealed) - 1).map(lambda end: sealed[:end]),
            st.binary(min_size=1, max_size=40).map(lambda more: sealed + more),
            st.binary(max_size=60).filter(lambda other: other != sealed),
        )
    )
    with pytest.raises(BodyUnopenable):
        open_body(touched, CALL_KEY, LEAF)


def test_a_body_opens_under_no_other_leaf_or_call_key() -> None:
    sealed = close_body(b"a paper", CALL_KEY, LEAF, secrets.token_bytes)
    with pytest.raises(BodyUnopenable):
        open_body(sealed, CALL_KEY, Leaf(bytes(32)))
    with pytest.raises(BodyUnopenable):
        open_body(sealed, bytes(32), LEAF)


def test_encryption_is_fresh_every_time(lab: SimpleNamespace) -> None:
    assert len({close_body(b"same", CALL_KEY, LEAF, secrets.token_bytes) for _ in range(100)}) == 100
    key = generate_decryption_key(Suite.HYBRID, lab.NOW, 365).announce()
    assert len({wrap_call_key(Suite.HYBRID, key, CALL_KEY, XA, XB).wrapped for _ in range(10)}) == 10
