"""Decryption keys: ours with their private halves in small text files, and the public halves nodes announce.

A key file, mode 600:

    n2n decryption key v1
    suite: X25519-HKDF-SHA256-AES256GCM
    not-before: 2026-11-22T14:35:06.123Z
    not-after: 2027-11-22T14:35:06.123Z
    private: <base64 of the raw private key>

Raw private keys: X25519 32 bytes; hybrid ML-KEM-768 seed 64 || X25519 32. Raw public keys: X25519 32 bytes; hybrid
ML-KEM-768 1184 || X25519 32 (protocol 2, Suites).
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from node.clock import from_ms, to_ms, to_xml
from node.crypto.algorithms import Suite
from node.crypto.files import read_file, write_private_file
from node.crypto.moments import moment_from_xml
from node.errors import KeyFileUnusable

CHECKPOINT_SUITE = "Ed25519"
"""What a checkpoint key announces as its suite (protocol 3, Witnessing)."""

MAX_KEY_DAYS = 1100
"""Three years and a little: a key announced for longer is a mistake (security 6.2 asks for one year)."""

_X25519_BYTES = 32
_MLKEM_PUBLIC_BYTES = 1184
_MLKEM_SEED_BYTES = 64
_ID_CHARACTERS = 16
_TITLE = "n2n decryption key v1"
_FIELDS = ("suite", "not-before", "not-after", "private")

PUBLIC_BYTES = {
    Suite.X25519: _X25519_BYTES,
    Suite.HYBRID: _MLKEM_PUBLIC_BYTES + _X25519_BYTES,
    CHECKPOINT_SUITE: 32,
}
"""Length of a raw public key by suite."""

_PRIVATE_BYTES = {Suite.X25519: _X25519_BYTES, Suite.HYBRID: _MLKEM_SEED_BYTES + _X25519_BYTES}

HpkePrivateKey = X25519PrivateKey | MLKEM768X25519PrivateKey
HpkePublicKey = X25519PublicKey | MLKEM768X25519PublicKey


class KeyUse(StrEnum):
    """What an announced key is for."""

    DECRYPT = "decrypt"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class AnnouncedKey:
    """A public key of a key statement; `public` is raw, the window is UTC with its end not included."""

    id: str
    use: KeyUse
    suite: str
    public: bytes
    not_before: datetime
    not_after: datetime

    def usable(self, now: datetime) -> bool:
        """Whether `now` lies in the window."""
        return self.not_before <= now < self.not_after


@dataclass(frozen=True, slots=True)
class DecryptionKey:
    """A decryption key of ours; `private_key` is raw and never shown."""

    id: str
    suite: Suite
    private_key: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime

    _made: list[HpkePrivateKey] = field(default_factory=list, init=False, repr=False, compare=False)

    def hpke_key(self) -> HpkePrivateKey:
        """The key as the HPKE library takes it; made once, because a hybrid one is grown from its seed."""
        if not self._made:
            self._made.append(_hpke_private_key(self.suite, self.private_key))
        return self._made[0]

    def announce(self) -> AnnouncedKey:
        """The public half, as a key statement carries it."""
        public = _public_of(self.suite, self.private_key)
        return AnnouncedKey(self.id, KeyUse.DECRYPT, self.suite, public, self.not_before, self.not_after)


def key_id(public: bytes) -> str:
    """The id of a raw public key: the first 16 hex characters of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:_ID_CHARACTERS]


def generate_decryption_key(suite: Suite, moment: datetime, days: int) -> DecryptionKey:
    """A fresh key, usable from `moment` for `days` days (1 to MAX_KEY_DAYS); raises ValueError for other days."""
    if not 1 <= days <= MAX_KEY_DAYS:
        raise ValueError(f"a decryption key lives 1 to {MAX_KEY_DAYS} days")
    private = X25519PrivateKey.generate().private_bytes_raw()
    if suite is Suite.HYBRID:
        private = MLKEM768PrivateKey.generate().private_bytes_raw() + private
    begin = from_ms(to_ms(moment))
    return DecryptionKey(key_id(_public_of(suite, private)), suite, private, begin, begin + timedelta(days=days))


@lru_cache(maxsize=64)
def hpke_public_key(suite: Suite, public: bytes) -> HpkePublicKey:
    """A raw public key as the HPKE library takes it; raises ValueError when it is not one of this suite."""
    if len(public) != PUBLIC_BYTES[suite]:
        raise ValueError("a raw public key of this suite has another length")
    if suite is Suite.X25519:
        return X25519PublicKey.from_public_bytes(public)
    mlkem = MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_BYTES])
    return MLKEM768X25519PublicKey(mlkem, X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_BYTES:]))


def _hpke_private_key(suite: Suite, private: bytes) -> HpkePrivateKey:
    if suite is Suite.X25519:
        return X25519PrivateKey.from_private_bytes(private)
    mlkem, x25519 = _hybrid_halves(private)
    return MLKEM768X25519PrivateKey(mlkem, x25519)


def decryption_key_file_name(key: DecryptionKey) -> str:
    """The file name a key is kept under: `decrypt-<id>.key`."""
    return f"decrypt-{key.id}.key"


def save_decryption_key(key: DecryptionKey, folder: Path) -> Path:
    """Write the key to its own file in `folder`, mode 600; raises KeyFileUnusable when the file exists already."""
    path = folder / decryption_key_file_name(key)
    values = (key.suite, to_xml(key.not_before), to_xml(key.not_after), base64.b64encode(key.private_key).decode())
    lines = [_TITLE, *(f"{name}: {value}" for name, value in zip(_FIELDS, values, strict=True))]
    write_private_file(path, ("\n".join(lines) + "\n").encode())
    return path


def load_decryption_key(path: Path) -> DecryptionKey:
    """The key of one file; raises KeyFileTooOpen, KeyFileUnusable."""
    data = read_file(path, private=True)
    try:
        return _parse(data.decode("ascii"))
    except (ValueError, binascii.Error) as error:
        raise KeyFileUnusable(path=path, detail="it is not a decryption key of the form v1") from error


def load_decryption_keys(folder: Path) -> tuple[DecryptionKey, ...]:
    """Every key of `folder` in order of file name; raises KeyFileTooOpen, KeyFileUnusable."""
    return tuple(load_decryption_key(path) for path in sorted(folder.glob("decrypt-*.key")))


def _parse(text: str) -> DecryptionKey:
    title, *lines = text.splitlines()
    names, values = zip(*(line.split(": ", 1) for line in lines), strict=True)
    if title != _TITLE or names != _FIELDS:
        raise ValueError("unknown form")
    suite = Suite(values[0])
    not_before, not_after = moment_from_xml(values[1]), moment_from_xml(values[2])
    private = base64.b64decode(values[3], validate=True)
    if len(private) != _PRIVATE_BYTES[suite] or not_before >= not_after:
        raise ValueError("impossible length or window")
    return DecryptionKey(key_id(_public_of(suite, private)), suite, private, not_before, not_after)


def _hybrid_halves(private: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    seed, scalar = private[:_MLKEM_SEED_BYTES], private[_MLKEM_SEED_BYTES:]
    return MLKEM768PrivateKey.from_seed_bytes(seed), X25519PrivateKey.from_private_bytes(scalar)


def _public_of(suite: Suite, private: bytes) -> bytes:
    if suite is Suite.X25519:
        return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    mlkem, x25519 = _hybrid_halves(private)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
