"""The house itself as test data: every module of the node as syntax tree, every text file as text."""

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MADE_BY_MACHINES = {"node/protocol", ".venv", ".git", "build", "dist", "shared"}
TEXT_SUFFIXES = {".py", ".pyi", ".proto", ".toml", ".md", ".txt", ".xsd", ".xml", ".mako", ".yaml", ".yml", ".sh"}
TEXT_NAMES = {"Makefile", ".gitignore", "run"}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def modules() -> Mapping[str, ast.Module]:
    """Path relative to the repository → syntax tree, for every module of the node."""
    return {name: ast.parse(text) for name, text in _texts("node").items() if name.endswith(".py")}


@pytest.fixture(scope="session")
def texts() -> Mapping[str, str]:
    """Path relative to the repository → text, for every file people write."""
    return _texts(".")


def _texts(folder: str) -> dict[str, str]:
    found = {}
    for path in sorted((ROOT / folder).rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.is_file() and _written_by_people(name) and (path.suffix in TEXT_SUFFIXES or path.name in TEXT_NAMES):
            found[name] = path.read_text(encoding="utf-8")
    return found


def _written_by_people(name: str) -> bool:
    parts = name.split("/")
    if any(
        (part.startswith(".") and part.endswith("_cache")) or part in ("__pycache__", ".hypothesis") for part in parts
    ):
        return False
    return not any(name == made or name.startswith(f"{made}/") for made in MADE_BY_MACHINES)
