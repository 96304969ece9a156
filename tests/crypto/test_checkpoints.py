"""Checkpoints: which keys may sign them, and how their files lie on the disk."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from node.crypto.algorithms import Suite
from node.crypto.checkpoint_key import (
    CheckpointKey,
    current_key,
    generate_checkpoint_key,
    load_checkpoint_keys,
    save_checkpoint_key,
)
from node.crypto.checkpoints import (
    MAX_NOTE_BYTES,
    MAX_NOTE_SIGNATURES,
    claimed_checkpoint,
    key_hash,
    sign_checkpoint,
    verify_checkpoint,
)
from node.crypto.decryption import KeyUse, generate_decryption_key
from node.crypto.keys import AnnouncedKey
from node.errors import CheckpointRefused, KeyFileTooOpen, KeyFileUnusable
from node.model.checkpoint import MAX_LOG_SIZE
from node.model.ids import NodeCode
from node.wire import limits

NOW = datetime(2026, 11, 22, 14, 35, 6, 123000, tzinfo=UTC)
XA, XB = NodeCode("XA"), NodeCode("XB")
ROOT = b"r" * 32


@pytest.fixture
def key() -> CheckpointKey:
    return generate_checkpoint_key(NOW, 30)


def test_key_hashes_are_those_of_everybody_elses_notes() -> None:
    """The key that the Go checksum database's documentation signs its example with."""
    name, hint, key = ["PeterNeumann", "c74f20a3", "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"]
    encoded = base64.b64decode(key)
    assert encoded[:1] == b"\x01"
    assert key_hash(name, encoded[1:]).hex() == hint


def test_a_note_that_was_signed_is_read_and_says_the_same(key: CheckpointKey) -> None:
    note = sign_checkpoint(XB, XA, MAX_LOG_SIZE, ROOT, key)
    read = verify_checkpoint(note, XB, XA, [key.announce()], NOW)
    assert (read.signer, read.partner, read.size, read.root, read.note) == (XB, XA, MAX_LOG_SIZE, ROOT, note)
    assert claimed_checkpoint(note, XB, XA) == read


def test_signing_the_same_head_twice_gives_the_same_note(key: CheckpointKey) -> None:
    assert sign_checkpoint(XB, XA, 7, ROOT, key) == sign_checkpoint(XB, XA, 7, ROOT, key)


def test_a_key_signs_from_its_first_moment_to_before_its_last(key: CheckpointKey) -> None:
    note = sign_checkpoint(XB, XA, 7, ROOT, key)
    last = key.not_after - timedelta(milliseconds=1)
    for moment, holds in ((NOW, True), (last, True), (NOW - timedelta(milliseconds=1), False), (key.not_after, False)):
        assert key.usable(moment) is holds
        if holds:
            assert verify_checkpoint(note, XB, XA, [key.announce()], moment).size == 7
        else:
            with pytest.raises(CheckpointRefused, match="SIG-021"):
                verify_checkpoint(note, XB, XA, [key.announce()], moment)
    assert verify_checkpoint(note, XB, XA, [key.announce()], None).size == 7


def test_a_key_announced_for_something_else_signs_no_checkpoint(key: CheckpointKey) -> None:
    mine = key.announce()
    disguised = AnnouncedKey(mine.id, KeyUse.DECRYPT, mine.suite, mine.public, mine.not_before, mine.not_after)
    with pytest.raises(CheckpointRefused):
        verify_checkpoint(sign_checkpoint(XB, XA, 7, ROOT, key), XB, XA, [disguised], NOW)


def test_an_announced_key_that_is_no_point_refuses_and_does_not_break(key: CheckpointKey) -> None:
    mine = key.announce()
    note = sign_checkpoint(XB, XA, 7, ROOT, key)
    bad = AnnouncedKey("0" * 16, KeyUse.CHECKPOINT, mine.suite, b"\xff" * 32, mine.not_before, mine.not_after)
    line = note.decode().splitlines()[-1].split(" ")
    forged = key_hash(line[1], bad.public) + base64.b64decode(line[2])[4:]
    spoilt = note.replace(line[2].encode(), base64.b64encode(forged))
    with pytest.raises(CheckpointRefused):
        verify_checkpoint(spoilt, XB, XA, [bad], NOW)


def test_the_key_made_last_signs_and_one_that_is_over_does_not(key: CheckpointKey) -> None:
    later = generate_checkpoint_key(NOW + timedelta(days=20), 30)
    assert current_key((), NOW) is None
    assert current_key((later, key), NOW) is key
    assert current_key((key, later), NOW + timedelta(days=25)) is later
    assert current_key((key, later), NOW + timedelta(days=60)) is None


def test_a_key_file_is_closed_and_read_back(key: CheckpointKey, tmp_path: Path) -> None:
    path = save_checkpoint_key(key, tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    (read,) = load_checkpoint_keys(tmp_path)
    assert (read.id, read.public, read.not_before, read.not_after) == (
        key.id, key.public, key.not_before, key.not_after,
    )  # fmt: skip
    assert sign_checkpoint(XB, XA, 1, ROOT, read) == sign_checkpoint(XB, XA, 1, ROOT, key)
    with pytest.raises(KeyFileUnusable):
        save_checkpoint_key(key, tmp_path)
    path.chmod(0o640)
    with pytest.raises(KeyFileTooOpen):
        load_checkpoint_keys(tmp_path)


def test_no_key_shows_its_private_half(key: CheckpointKey) -> None:
    assert "private" not in repr(key)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("n2n checkpoint key v1", "n2n decryption key v1"),
        lambda text: text.replace("not-before", "from"),
        lambda text: text.replace("private: ", "private: AAAA"),
        lambda text: text.replace("2026-11-22", "2027-11-22"),
        lambda text: text + "more: 1\n",
        lambda text: "",
    ],
)
def test_a_file_of_another_form_is_no_key(key: CheckpointKey, tmp_path: Path, spoil) -> None:
    path = save_checkpoint_key(key, tmp_path)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(KeyFileUnusable):
        load_checkpoint_keys(tmp_path)


def test_keys_live_as_long_as_a_statement_can_announce(key: CheckpointKey) -> None:
    for days in (0, 1101):
        with pytest.raises(ValueError, match="1 to 1100 days"):
            generate_checkpoint_key(NOW, days)


def test_a_decryption_key_is_no_checkpoint_key(key: CheckpointKey) -> None:
    announced = generate_decryption_key(Suite.X25519, NOW, 1)
    with pytest.raises(CheckpointRefused):
        verify_checkpoint(sign_checkpoint(XB, XA, 7, ROOT, key), XB, XA, [announced.announce()], NOW)


def test_a_note_of_more_bytes_than_the_wire_carries_is_not_even_read(key: CheckpointKey) -> None:
    text, line = sign_checkpoint(XB, XA, 7, ROOT, key).split(b"\n\n")
    stranger = b"\xe2\x80\x94 %s AAAAAAA=\n"
    room = MAX_NOTE_BYTES - len(text) - 2 - len(line) - len(stranger % b"")
    for name, holds in ((b"w" * room, True), (b"w" * (room + 1), False)):
        note = text + b"\n\n" + stranger % name + line
        assert (len(note) <= MAX_NOTE_BYTES) is holds
        if holds:
            assert verify_checkpoint(note, XB, XA, [key.announce()], NOW).size == 7
        else:
            with pytest.raises(CheckpointRefused):
                verify_checkpoint(note, XB, XA, [key.announce()], NOW)


def test_the_limits_of_a_note_are_those_of_the_wire() -> None:
    assert limits.MAX_CHECKPOINT_BYTES == MAX_NOTE_BYTES
    assert MAX_NOTE_SIGNATURES == 8
