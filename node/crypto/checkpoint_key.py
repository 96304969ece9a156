"""Checkpoint keys: Ed25519, ours with their private halves in small text files, announced in the key statement.

A key file, mode 600:

    n2n checkpoint key v1
    not-before: 2026-11-22T14:35:06.123Z
    not-after: 2027-11-22T14:35:06.123Z
    private: <base64 of the 32 raw bytes>
"""

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from node.clock import from_ms, to_ms, to_xml
from node.crypto.decryption import CHECKPOINT_SUITE, MAX_KEY_DAYS, AnnouncedKey, KeyUse, key_id
from node.crypto.files import read_file, write_private_file
from node.crypto.moments import moment_from_xml
from node.errors import KeyFileUnusable

FILE_PATTERN = "checkpoint-*.key"
"""How the files of checkpoint keys are called in the folder of keys."""

_TITLE = "n2n checkpoint key v1"
_FIELDS = ("not-before", "not-after", "private")


@dataclass(frozen=True, slots=True)
class CheckpointKey:
    """A checkpoint key of ours; `private_key` never leaves this room."""

    id: str
    public: bytes
    private_key: Ed25519PrivateKey = field(repr=False)
    not_before: datetime
    not_after: datetime

    def announce(self) -> AnnouncedKey:
        """The public half, as a key statement carries it."""
        return AnnouncedKey(self.id, KeyUse.CHECKPOINT, CHECKPOINT_SUITE, self.public, self.not_before, self.not_after)

    def usable(self, now: datetime) -> bool:
        """Whether `now` lies in the window, its end not included."""
        return self.not_before <= now < self.not_after


def generate_checkpoint_key(moment: datetime, days: int) -> CheckpointKey:
    """A fresh key, usable from `moment` for `days` days (1 to MAX_KEY_DAYS); raises ValueError for other days."""
    if not 1 <= days <= MAX_KEY_DAYS:
        raise ValueError(f"a checkpoint key lives 1 to {MAX_KEY_DAYS} days")
    begin = from_ms(to_ms(moment))
    return _key(Ed25519PrivateKey.generate(), begin, begin + timedelta(days=days))


def save_checkpoint_key(key: CheckpointKey, folder: Path) -> Path:
    """Write the key to `checkpoint-<id>.key` in `folder`, mode 600; raises KeyFileUnusable when that exists."""
    path = folder / FILE_PATTERN.replace("*", key.id)
    private = base64.b64encode(key.private_key.private_bytes_raw()).decode("ascii")
    values = (to_xml(key.not_before), to_xml(key.not_after), private)
    lines = [_TITLE, *(f"{name}: {value}" for name, value in zip(_FIELDS, values, strict=True))]
    write_private_file(path, ("\n".join(lines) + "\n").encode("ascii"))
    return path


def load_checkpoint_keys(folder: Path) -> tuple[CheckpointKey, ...]:
    """Every checkpoint key of `folder` in order of file name; raises KeyFileTooOpen, KeyFileUnusable."""
    return tuple(_load(path) for path in sorted(folder.glob(FILE_PATTERN)))


def current_key(keys: Collection[CheckpointKey], now: datetime) -> CheckpointKey | None:
    """The key to sign with at `now`: of those usable the one that was made last; None when there is none."""
    usable = [key for key in keys if key.usable(now)]
    return max(usable, key=lambda key: (key.not_before, key.id), default=None)


def _load(path: Path) -> CheckpointKey:
    data = read_file(path, private=True)
    try:
        title, *lines = data.decode("ascii").splitlines()
        names, values = zip(*(line.split(": ", 1) for line in lines), strict=True)
        if title != _TITLE or names != _FIELDS:
            raise ValueError("unknown form")
        not_before, not_after = moment_from_xml(values[0]), moment_from_xml(values[1])
        if not_before >= not_after:
            raise ValueError("impossible window")
        private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(values[2], validate=True))
    except (ValueError, binascii.Error) as error:
        raise KeyFileUnusable(path=path, detail="it is not a checkpoint key of the form v1") from error
    return _key(private, not_before, not_after)


def _key(private: Ed25519PrivateKey, not_before: datetime, not_after: datetime) -> CheckpointKey:
    public = private.public_key().public_bytes_raw()
    return CheckpointKey(key_id(public), public, private, not_before, not_after)
