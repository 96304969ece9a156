"""The table of rules is whole: every field of the protocol has one, and every refusal quotes one that exists."""

import ast
import subprocess
import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

import node.wire
from node.protocol.n2n.v1 import answer_pb2, envelope_pb2, exchange_pb2
from node.wire import RULES, limits
from node.wire.calls import SERVED, SERVICE
from node.wire.rules import rule_of

ROOT = Path(node.wire.__file__).parents[2]
DESCRIPTORS = ROOT / "node/protocol/descriptors.binpb"
MESSAGES = {
    name: descriptor
    for module in (envelope_pb2, answer_pb2, exchange_pb2)
    for name, descriptor in module.DESCRIPTOR.message_types_by_name.items()
}


def test_every_message_and_field_has_a_rule_and_no_rule_is_an_orphan() -> None:
    assert set(RULES) == set(MESSAGES)
    for name, descriptor in MESSAGES.items():
        assert set(RULES[name]) - {""} == set(descriptor.fields_by_name), name


def test_every_place_that_a_check_names_has_a_rule() -> None:
    places = {
        constant.value
        for path in (ROOT / "node/wire").glob("*.py")
        for constant in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(constant, ast.Constant)
        and isinstance(constant.value, str)
        and constant.value.partition(".")[0] in RULES
        and constant.value.partition(".")[2].isidentifier()
    }
    assert len(places) > 50
    for place in places:
        assert rule_of(place)


def test_every_message_field_value_and_call_is_commented_in_the_descriptor_set() -> None:
    files = FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file
    bare = []
    for file in files:
        commented = {
            tuple(location.path) for location in file.source_code_info.location if location.leading_comments.strip()
        }
        wanted = [(4, m) for m in range(len(file.message_type))]
        wanted += [(4, m, 2, f) for m, message in enumerate(file.message_type) for f in range(len(message.field))]
        wanted += [(5, e, 2, v) for e, enum in enumerate(file.enum_type) for v in range(len(enum.value))]
        wanted += [(6, s, 2, c) for s, service in enumerate(file.service) for c in range(len(service.method))]
        # Alternatives of a oneof are explained by the messages they hold.
        bare += [(file.name, path) for path in wanted if path not in commented and not _is_alternative(file, path)]
    assert bare == []


def _is_alternative(file: object, path: tuple[int, ...]) -> bool:
    return len(path) == 4 and path[0] == 4 and file.message_type[path[1]].field[path[3]].HasField("oneof_index")


def test_the_served_calls_are_calls_of_the_service() -> None:
    service = exchange_pb2.DESCRIPTOR.services_by_name["Exchange"]
    assert service.full_name == SERVICE
    assert set(SERVED) < {method.name for method in service.methods}


def test_the_largest_body_and_sixty_four_receipts_fit_into_a_call() -> None:
    assert limits.MAX_SEALED_BODY_BYTES + limits.MAX_SIGNATURE_BYTES < limits.MAX_REQUEST_BYTES
    assert limits.MAX_ENVELOPES * limits.MAX_RECEIPT_BYTES < limits.MAX_RESPONSE_BYTES


def test_generating_again_changes_nothing() -> None:
    folder = ROOT / "node/protocol"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.suffix in {".py", ".pyi", ".binpb"}}
    assert before
    subprocess.run([sys.executable, "node/_build/generate.py"], cwd=ROOT, check=True)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_generating_elsewhere_says_where_to_stand(tmp_path: Path) -> None:
    script = ROOT / "node/_build/generate.py"
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "repository root" in done.stderr


def test_a_broken_proto_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "protos").mkdir()
    (tmp_path / "protos/m.proto").write_text('syntax = "proto3"; message M { strin name = 1; }')
    script = ROOT / "node/_build/generate.py"
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "m.proto:1:" in done.stderr
    assert not (tmp_path / "node").exists()
