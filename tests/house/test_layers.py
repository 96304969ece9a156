"""Imports point downwards only, and every foreign library has one home (architecture 3)."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# Where each foreign package may be imported: folders end in /. A package without a row may not be imported at all.
HOMELESS = frozenset({"node/sandbox/naive.py"})
"""The yardstick of `n2n bench` is everything that the node is not: one file that does it all the naive way."""

HOMES: Mapping[str, tuple[str, ...]] = {
    "lxml": ("node/safe_xml.py", "node/crypto/", "node/documents/"),
    "signxml": ("node/crypto/",),
    "cryptography": ("node/crypto/", "node/transport/tls.py", "node/sandbox/"),
    "sqlmodel": ("node/store/",),
    "sqlalchemy": ("node/store/",),
    "alembic": ("node/store/",),
    "grpc": ("node/transport/", "node/server/", "node/protocol/"),
    "grpc_health": ("node/transport/", "node/server/"),
    "grpc_reflection": ("node/server/",),
    "grpc_status": ("node/wire/", "node/transport/", "node/server/"),
    "google": ("node/wire/", "node/transport/", "node/server/", "node/protocol/"),
    "httpx": ("node/http_out.py",),
    "tenacity": ("node/jobs/", "node/transport/", "node/http_out.py"),
    "typer": ("node/cli/",),
    "rich": ("node/cli/",),
    # Build time only; never shipped in the wheel.
    "grpc_tools": ("node/_build/",),
    "hatchling": ("node/_build/",),
}


def imported(tree: ast.AST) -> Iterator[str]:
    """Top-level names of what a module imports, wherever in it."""
    for each in ast.walk(tree):
        if isinstance(each, ast.Import):
            yield from (alias.name.split(".")[0] for alias in each.names)
        elif isinstance(each, ast.ImportFrom) and each.module and not each.level:
            yield each.module.split(".")[0]


def homeless(name: str, tree: ast.AST) -> list[str]:
    """Foreign packages that `name` imports although it is not their home."""
    foreign = sorted({each for each in imported(tree) if each != "node" and each not in sys.stdlib_module_names})
    if name in HOMELESS:
        return []
    return [f"{name} imports {each}" for each in foreign if not name.startswith(HOMES.get(each, ()))]


def test_imports_point_downwards_only(root: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
    ]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_foreign_library_stays_in_its_home(modules: Mapping[str, ast.Module]) -> None:
    assert [found for name, tree in modules.items() for found in homeless(name, tree)] == []


def test_a_library_outside_its_home_is_noticed() -> None:
    tree = ast.parse("import lxml.etree\ndef f():\n    from sqlalchemy import select\nimport json\nimport unheard_of")
    assert homeless("node/flows/outbound.py", tree) == [
        "node/flows/outbound.py imports lxml",
        "node/flows/outbound.py imports sqlalchemy",
        "node/flows/outbound.py imports unheard_of",
    ]
    assert homeless("node/store/jobs.py", ast.parse("from sqlalchemy import select")) == []


def test_no_relative_imports_hide_a_direction(modules: Mapping[str, ast.Module]) -> None:
    relative = [
        name
        for name, tree in modules.items()
        for each in ast.walk(tree)
        if isinstance(each, ast.ImportFrom) and each.level
    ]
    assert relative == []
