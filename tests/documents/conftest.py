"""Specimens of other organisations are tested where their folder is present, and not collected elsewhere."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[2].parent / "shared" / "data" / "papers"
SPECIMENS = Path(os.environ.get("N2N_SPECIMENS", _BESIDE))

collect_ignore = [] if SPECIMENS.is_dir() else ["test_specimens.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if collect_ignore:
        terminalreporter.write_line("tests/documents/test_specimens.py not collected: N2N_SPECIMENS names no folder")


@pytest.fixture(scope="session")
def specimens() -> Path:
    return SPECIMENS
