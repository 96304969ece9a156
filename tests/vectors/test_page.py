"""docs/protocol.md says what the code does, wherever a machine can compare the two."""

import re
import subprocess
import sys
from enum import IntEnum
from pathlib import Path

import pytest

from node.crypto.algorithms import SignatureAlgorithm, Suite
from node.crypto.boxes import WRAPPED_BYTES
from node.crypto.decryption import MAX_KEY_DAYS
from node.errors import catalogue
from node.model.envelope import Purpose
from node.model.receipt import CoarseReason, DeferredCode, FindingCode, Verdict
from node.protocol.n2n.v1 import exchange_pb2
from node.wire import SERVED, UPLOAD

ROOT = Path(__file__).parents[2]
PAGES = ("docs/protocol.md", "tests/vectors/README.md")


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / PAGES[0]).read_text(encoding="utf-8")


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    below = page.split(f"\n### {heading}", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert table
    return [[cell.strip(" `") for cell in line.strip("|").split(" | ")] for line in table[0].splitlines()[2:]]


def test_rules_limits_and_examples_are_current() -> None:
    script = ROOT / "tests/vectors/page.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_call_is_told_served_or_reserved_as_it_is(page: str) -> None:
    told = {row[0].strip("` "): row[2] for row in rows(page, "1.2")}
    calls = exchange_pb2.DESCRIPTOR.services_by_name["Exchange"].methods_by_name
    assert told == {call: "served" if call in {*SERVED, UPLOAD} else "reserved" for call in calls}


@pytest.mark.parametrize(("heading", "kind"), [("3.4", DeferredCode), ("3.3", CoarseReason)])
def test_every_word_of_an_answer_has_its_row_and_number(heading: str, kind: type[IntEnum], page: str) -> None:
    assert {(row[0].strip("| "), row[1]) for row in rows(page, heading)} == {(one.name, str(one.value)) for one in kind}


def test_every_verdict_and_finding_is_explained(page: str) -> None:
    answers = page.split("\n## 3.", 1)[1].split("\n## 4.", 1)[0]
    for word in (*(one.name for one in Verdict), *FindingCode):
        assert word in answers, word


def test_every_algorithm_suite_and_purpose_stands_with_its_identifiers(page: str) -> None:
    for algorithm in SignatureAlgorithm:
        assert f"`{algorithm}`" in page
        assert f"`{algorithm.uri}`" in page
    for suite in Suite:
        assert f"`{suite}`" in page
        assert f"{WRAPPED_BYTES[suite] - 48} + 48 bytes" in page
    for purpose in Purpose:
        assert f"`{purpose.file_name}`" in page
    assert f"at most {MAX_KEY_DAYS} days" in page


def test_every_code_that_is_named_exists(page: str) -> None:
    named = set(re.findall(r"N2N-[A-Z]+-\d{3}", page))
    named |= {f"N2N-SIG{short}" for short in re.findall(r"`(-\d{3})`", page)}
    assert named <= set(catalogue())
    assert len(named) > 20


def test_every_vector_that_is_named_exists_and_every_vector_is_listed(page: str) -> None:
    folder = ROOT / "tests/vectors/protocol"
    files = {path.name for path in folder.iterdir() if path.is_file()}
    named = set(re.findall(r"`([a-z-]+\.(?:json|bin))`", page)) - {"document.json", "header.bin", "metadata.bin"}
    assert named - {"salt.bin", "receipt.bin"} <= files
    listed = (ROOT / PAGES[1]).read_text(encoding="utf-8")
    patterns = {name.replace("*", "[a-z]+") for name in re.findall(r"`([a-z*-]+\.(?:json|bin))`", listed)}
    assert [name for name in files if not any(re.fullmatch(pattern, name) for pattern in patterns)] == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert ((ROOT / name).parent / target).exists(), target
