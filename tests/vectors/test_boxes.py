"""Our own code opens the wraps and bodies of the vectors, and nothing that departs from them."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from node.clock import from_ms
from node.crypto.algorithms import Suite
from node.crypto.boxes import close_body, open_body, unwrap_call_key
from node.crypto.decryption import DecryptionKey
from node.errors import NodeError
from node.model.envelope import KeyWrap
from node.model.ids import Leaf, NodeCode

FOLDER = Path(__file__).parent / "protocol"


def cases(name: str, which: str) -> list[object]:
    listed = json.loads((FOLDER / name).read_bytes())[which]
    return [pytest.param(case, id=f"{case.get('suite', '')} {case.get('name', '')}".strip()) for case in listed]


@pytest.fixture(scope="module")
def keys(listed: Callable[[str], dict]) -> list[DecryptionKey]:
    begin = from_ms(0)
    return [
        DecryptionKey(
            one["recipient_key_id"],
            Suite(one["suite"]),
            bytes.fromhex(one["recipient_private"]),
            begin,
            begin + timedelta(days=1),
        )
        for one in listed("hpke.json")["wraps"]
    ]


def test_each_key_announces_the_public_half_that_is_told(
    keys: list[DecryptionKey], listed: Callable[[str], dict]
) -> None:
    told = [(one["recipient_key_id"], one["recipient_public"]) for one in listed("hpke.json")["wraps"]]
    assert [(key.announce().id, key.announce().public.hex()) for key in keys] == told


@pytest.mark.parametrize("case", cases("hpke.json", "wraps"))
def test_a_wrap_opens_to_the_call_key(case: dict, keys: list[DecryptionKey], listed: Callable[[str], dict]) -> None:
    wrap = KeyWrap(case["suite"], case["recipient_key_id"], bytes.fromhex(case["wrapped"]))
    call_key = unwrap_call_key(wrap, keys, NodeCode("XA"), NodeCode("XB"))
    assert call_key.hex() == listed("hpke.json")["call_key"]


@pytest.mark.parametrize("case", cases("hpke.json", "refused"))
def test_a_wrap_that_departs_does_not_open(case: dict, keys: list[DecryptionKey]) -> None:
    wrap = KeyWrap(case["suite"], case["recipient_key_id"], bytes.fromhex(case["wrapped"]))
    with pytest.raises(NodeError) as caught:
        unwrap_call_key(wrap, keys, NodeCode(case["sender"]), NodeCode(case["recipient"]))
    assert caught.value.code == case["error"]


def test_the_body_closes_and_opens_as_told(listed: Callable[[str], dict]) -> None:
    told = {name: bytes.fromhex(value) for name, value in listed("sealed-body.json").items() if name != "refused"}
    leaf = Leaf(told["leaf"])
    assert close_body(told["body"], told["call_key"], leaf, lambda _: told["nonce"]) == told["sealed_body"]
    assert open_body(told["sealed_body"], told["call_key"], leaf) == told["body"]


@pytest.mark.parametrize("case", cases("sealed-body.json", "refused"))
def test_a_body_that_departs_does_not_open(case: dict) -> None:
    sealed, call_key, leaf = (bytes.fromhex(case[name]) for name in ("sealed_body", "call_key", "leaf"))
    with pytest.raises(NodeError) as caught:
        open_body(sealed, call_key, Leaf(leaf))
    assert caught.value.code == case["error"]
