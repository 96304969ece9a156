"""In continuous integration a skipped test is a failure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPING = """
import pytest

def test_proves_something():
    pass

def test_proves_nothing():
    pytest.skip("xmlsec1 is not installed")

@pytest.mark.xfail(strict=True)
def test_is_known_to_fail():
    assert False
"""
SKIPPING_WHOLLY = 'import pytest\npytest.skip("no database server", allow_module_level=True)\n'


def run(folder: Path, root: Path, test: str, ci: str) -> "subprocess.CompletedProcess[str]":
    shutil.copyfile(root / "tests" / "conftest.py", folder / "conftest.py")
    (folder / "test_some.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "."]
    environment = {**os.environ, "CI": ci, "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_skipped_test_fails_and_is_named(tmp_path: Path, root: Path) -> None:
    done = run(tmp_path, root, SKIPPING, ci="true")
    assert done.returncode != 0
    assert "test_some.py::test_proves_nothing: skipped" in done.stdout
    assert "xmlsec1 is not installed" in done.stdout
    assert "1 failed, 1 passed, 1 xfailed" in done.stdout


def test_a_skipped_file_fails_and_is_named(tmp_path: Path, root: Path) -> None:
    done = run(tmp_path, root, SKIPPING_WHOLLY, ci="true")
    assert done.returncode != 0
    assert "test_some.py: skipped" in done.stdout
    assert "no database server" in done.stdout


@pytest.mark.parametrize("ci", ["", "false"])
def test_elsewhere_a_test_may_be_skipped(tmp_path: Path, root: Path, ci: str) -> None:
    done = run(tmp_path, root, SKIPPING, ci=ci)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 skipped, 1 xfailed" in done.stdout
