"""The command line as a person uses it: arguments in, exit code and two streams out."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from node.cli.main import main


@dataclass(frozen=True)
class Ran:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> object:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def n2n(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `n2n ARGUMENTS` in this process, in English unless told otherwise, and at home nowhere."""
    for name in ("N2N_HOME", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("N2N_LANG", "en")
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        streams = capsys.readouterr()
        return Ran(code, streams.out, streams.err)

    return run
