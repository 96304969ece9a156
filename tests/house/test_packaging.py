"""What is installed: pinned, hashed, and complete."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)\s*([<>=!~].*)?$")
PIN = re.compile(r"^([a-z0-9-]+)==([^ ]+)")


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, object]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pins(root: Path) -> dict[str, list[str]]:
    """Package → its lines: the pin, then the hashes."""
    found: dict[str, list[str]] = {}
    for line in (root / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if pin := PIN.match(line):
            current = found.setdefault(pin[1], [])
            current.append(line)
        elif line.startswith("    --hash=sha256:"):
            current.append(line)
        else:
            assert line.startswith("#"), line
    return found


def wanted(project: dict[str, object]) -> set[str]:
    table, build = project["project"], project["build-system"]
    assert isinstance(table, dict)
    assert isinstance(build, dict)
    requirements = [*table["dependencies"], *table["optional-dependencies"]["test"], *build["requires"]]
    names = [REQUIREMENT.match(each) for each in requirements]
    assert all(names), requirements
    return {normalised(each[1]) for each in names if each}


def test_everything_we_name_is_pinned(project: dict[str, object], pins: dict[str, list[str]]) -> None:
    assert wanted(project) - set(pins) == set()


def test_every_pin_has_hashes(pins: dict[str, list[str]]) -> None:
    assert [name for name, lines in pins.items() if len(lines) < 2] == []


def test_what_the_tests_ran_with_is_what_is_pinned(project: dict[str, object], pins: dict[str, list[str]]) -> None:
    """The seven mandated packages, exactly; a drift here means constraints.txt was not remade."""
    build = project["build-system"]
    assert isinstance(build, dict)
    assert "grpcio-tools==1.85.1" in build["requires"]
    assert pins["grpcio-tools"][0].startswith("grpcio-tools==1.85.1 ")
    assert pins["signxml"][0].startswith("signxml==5.2.0 ")


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in a wheel built from here."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = target.glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


@pytest.mark.parametrize(
    "name",
    [
        "node/py.typed",
        "node/cli/main.py",
        "node/protocol/descriptors.binpb",
        "node/protocol/n2n/v1/exchange_pb2.py",
        "node/protocol/n2n/v1/exchange_pb2_grpc.py",
        "node/store/migrations/env.py",
        "node/store/migrations/script.py.mako",
        "node/sandbox/partner_profiles/XA/partner.toml",
        "node/sandbox/partner_profiles/XB/partner.toml",
    ],
)
def test_the_wheel_holds(wheel: set[str], name: str) -> None:
    assert name in wheel


def test_the_wheel_holds_every_file_of_the_package(wheel: set[str], root: Path) -> None:
    ours = {
        path.relative_to(root).as_posix()
        for path in (root / "node").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "_build" not in path.parts
    }
    assert ours - wheel == set()


def test_the_wheel_holds_no_key_no_test_and_no_build_tool(wheel: set[str]) -> None:
    strange = [name for name in wheel if name.endswith((".key", ".db")) or name.startswith(("tests/", "node/_build/"))]
    assert strange == []
