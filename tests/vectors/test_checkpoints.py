"""The node's own reader and writer of checkpoints against the vectors."""

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from node.crypto.checkpoint_key import CheckpointKey
from node.crypto.checkpoints import sign_checkpoint, verify_checkpoint
from node.crypto.keys import key_id
from node.errors import CheckpointRefused
from node.model.checkpoint import Checkpoint
from node.model.ids import NodeCode

Load = Callable[[str], dict]
XA, XB = NodeCode("XA"), NodeCode("XB")
NOW = datetime(2026, 11, 22, 14, 35, 6, 123000, tzinfo=UTC)


@pytest.fixture
def key(listed: Load) -> CheckpointKey:
    vectors = listed("checkpoint.json")
    public, private = bytes.fromhex(vectors["public"]), bytes.fromhex(vectors["private"])
    begin, end = NOW - timedelta(days=1), NOW + timedelta(days=1)
    return CheckpointKey(key_id(public), public, Ed25519PrivateKey.from_private_bytes(private), begin, end)


def test_good_notes_say_what_is_told_and_are_written_byte_for_byte(listed: Load, key: CheckpointKey) -> None:
    *single, cosigned = listed("checkpoint.json")["good"]
    assert [one["size"] for one in single] == [0, 1, 7, 11]
    for one in (*single, cosigned):
        note, root = b64decode(one["note"]), bytes.fromhex(one["root"])
        read = verify_checkpoint(note, XB, XA, [key.announce()], NOW)
        assert read == Checkpoint(XB, XA, one["size"], root, note)
        assert (sign_checkpoint(XB, XA, one["size"], root, key) == note) is (one is not cosigned)


def test_every_note_to_refuse_is_refused(listed: Load, key: CheckpointKey) -> None:
    refused = listed("checkpoint.json")["refused"]
    assert len(refused) == 29
    taken = []
    for case in refused:
        try:
            verify_checkpoint(b64decode(case["note"]), XB, XA, [key.announce()], NOW)
        except CheckpointRefused:
            continue
        taken.append(case["name"])
    assert taken == []
