"""The Hub service has a rule for every field, and its page shows them."""

import ast
from pathlib import Path

import node.wire
from node.protocol.n2n.v1 import hub_pb2
from node.server.hub_service import SERVICE
from node.wire import RULES
from node.wire.hub_rules import HUB_RULES

ROOT = Path(node.wire.__file__).parents[2]
MESSAGES = hub_pb2.DESCRIPTOR.message_types_by_name


def test_every_message_and_field_has_a_rule_and_no_rule_is_an_orphan() -> None:
    assert set(HUB_RULES) == set(MESSAGES)
    for name, descriptor in MESSAGES.items():
        assert set(HUB_RULES[name]) - {""} == set(descriptor.fields_by_name), name


def test_no_message_of_the_hub_is_called_as_one_of_the_partners() -> None:
    assert not set(HUB_RULES) & set(RULES)


def test_every_place_that_a_check_names_has_a_rule() -> None:
    source = (ROOT / "node/wire/hub_requests.py").read_text(encoding="utf-8")
    places = {
        constant.value
        for constant in ast.walk(ast.parse(source))
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
        if constant.value.partition(".")[0] in HUB_RULES and constant.value.partition(".")[2].isidentifier()
    }
    assert len(places) >= 10
    for place in places:
        message, _, field = place.partition(".")
        assert HUB_RULES[message][field]


def test_the_service_is_called_as_its_proto_says() -> None:
    assert hub_pb2.DESCRIPTOR.services_by_name["Hub"].full_name == SERVICE
