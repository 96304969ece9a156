"""Closing and opening: HPKE for the call key, AES-256-GCM under the leaf for each body (protocol 2).

There is one answer for everything that does not open, whatever the reason (security 2.3 K2).
"""

from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM
from cryptography.hazmat.primitives.hpke import Suite as HpkeSuite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from node.crypto.algorithms import Suite
from node.crypto.decryption import AnnouncedKey, DecryptionKey, KeyUse, hpke_public_key
from node.errors import BodyUnopenable, RecipientKeyUnknown, SuiteRefused, Unexpected
from node.model.envelope import KeyWrap
from node.model.ids import Leaf, NodeCode, Randomness

CALL_KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
_LEAF_BYTES = 32
_KEY_INFO = b"n2n/v1 key"
_BODY_INFO = b"n2n/v1 body"

_HPKE = {
    Suite.X25519: HpkeSuite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    Suite.HYBRID: HpkeSuite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}

_ENCAPSULATED_BYTES = {Suite.X25519: 32, Suite.HYBRID: 1088 + 32}

WRAPPED_BYTES = {suite: length + CALL_KEY_BYTES + TAG_BYTES for suite, length in _ENCAPSULATED_BYTES.items()}
"""Length of `wrapped` = enc || ct by suite: 80 and 1168 bytes."""


def wrap_call_key(
    suite: Suite, public: AnnouncedKey, call_key: bytes, sender: NodeCode, recipient: NodeCode
) -> KeyWrap:
    """Wrap the 32-byte call key to a key the recipient announced; raises SuiteRefused when that is of another suite."""
    if public.suite != suite or public.use is not KeyUse.DECRYPT:
        raise SuiteRefused(suite=public.suite)
    if len(call_key) != CALL_KEY_BYTES:
        raise Unexpected(detail="a call key that is not 32 bytes")
    try:
        wrapped = _HPKE[suite].encrypt(call_key, hpke_public_key(suite, public.public), _info(sender, recipient))
    except ValueError as error:
        raise SuiteRefused(suite=public.suite) from error
    return KeyWrap(suite, public.id, wrapped)


def unwrap_call_key(wrap: KeyWrap, keys: Sequence[DecryptionKey], sender: NodeCode, recipient: NodeCode) -> bytes:
    """The call key, opened with the key of ours that the wrap names.

    Raises SuiteRefused for a suite that is unknown or not that of the named key, RecipientKeyUnknown when no key has
    the id, BodyUnopenable when it does not open.
    """
    suite = _suite(wrap.suite)
    key = next((key for key in keys if key.id == wrap.recipient_key_id), None)
    if key is None:
        raise RecipientKeyUnknown
    if key.suite is not suite:
        raise SuiteRefused(suite=suite)
    if len(wrap.wrapped) != WRAPPED_BYTES[suite]:
        raise BodyUnopenable
    try:
        return _HPKE[suite].decrypt(wrap.wrapped, key.hpke_key(), _info(sender, recipient))
    except (InvalidTag, ValueError) as error:  # a point of low order is a ValueError
        raise BodyUnopenable from error


def close_body(body: bytes, call_key: bytes, leaf: Leaf, random: Randomness) -> bytes:
    """Encrypt a serialised body: 12 random bytes || AES-256-GCM(body), AAD = leaf."""
    nonce = random(NONCE_BYTES)
    return nonce + AESGCM(_body_key(call_key, leaf)).encrypt(nonce, body, leaf)


def open_body(sealed: bytes, call_key: bytes, leaf: Leaf) -> bytes:
    """The serialised body; raises BodyUnopenable when it is not what was closed with this key under this leaf."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise BodyUnopenable
    try:
        return AESGCM(_body_key(call_key, leaf)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], leaf)
    except (InvalidTag, ValueError) as error:
        raise BodyUnopenable from error


def _suite(name: str) -> Suite:
    try:
        return Suite(name)
    except ValueError as error:
        raise SuiteRefused(suite="?") from error


def _info(sender: NodeCode, recipient: NodeCode) -> bytes:
    """Binds the wrap to who sends to whom, so that it opens in no other relation (security 2.3 K4)."""
    return b"\x00".join((_KEY_INFO, sender.encode("ascii"), recipient.encode("ascii")))


def _body_key(call_key: bytes, leaf: Leaf) -> bytes:
    if len(call_key) != CALL_KEY_BYTES or len(leaf) != _LEAF_BYTES:
        raise Unexpected(detail="a call key or leaf that is not 32 bytes")
    return HKDF(hashes.SHA256(), length=32, salt=leaf, info=_BODY_INFO).derive(call_key)
