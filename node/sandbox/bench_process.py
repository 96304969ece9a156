"""A process that is measured: told what to do by lines of JSON, asked by the kernel what it cost.

Parent and child speak one language, whether the child is a node or the naive program it is compared with:

    child: {"ready": "127.0.0.1:40123"}
    parent: {"size": 4096, "seconds": 5.0, "batch": 32, "lone": false}
    child: {"exchanges": 9120, "seconds": 5.02, "latencies_ms": []}
    parent closes the child's input: the child ends
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from node.errors import Unexpected

STOP_S = 15
"""A child that has not ended after this long is killed; nothing it holds is needed any more."""

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_USER_TICKS, _SYSTEM_TICKS = 11, 12
"""Where proc(5) has utime and stime, counted from the field after the command's name."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a sender is to do: papers of `size` bytes for `seconds`, `batch` at a time, or one in flight (`lone`)."""

    size: int
    seconds: float
    batch: int
    lone: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What it did: whole exchanges, from the first paper handed in to the last receipt committed."""

    exchanges: int
    seconds: float
    latencies_ms: tuple[float, ...] = ()


class Child:
    """One measured process running `python -m MODULE ARGUMENTS`."""

    def __init__(self, module: str, arguments: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._log = log
        self._env = {**os.environ, "GRPC_VERBOSITY": "NONE", **env}
        self._process: subprocess.Popen[str] | None = None

    def launch(self) -> None:
        """Start it without waiting, so that two processes can come up side by side."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=self._env
            )

    def ready(self) -> str:
        """Wait until it is ready; the address it says. Raises Unexpected when it ends instead."""
        return str(self._hear()["ready"])

    @property
    def pid(self) -> int:
        """The process to look at."""
        return self._running().pid

    def work(self, load: Load) -> Done:
        """Have it do `load`. Raises Unexpected when it fails."""
        stdin = self._running().stdin
        if stdin is None:
            raise Unexpected(detail="the measured process has no input")
        stdin.write(json.dumps(asdict(load)) + "\n")
        stdin.flush()
        match self._hear():
            case {"exchanges": int(exchanges), "seconds": int() | float() as seconds, "latencies_ms": list(latencies)}:
                return Done(exchanges, seconds, tuple(latencies))
            case _:
                raise Unexpected(detail="a measured process answered something else")

    def stop(self) -> None:
        """Close its input and wait for its end."""
        if self._process is None:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            raise Unexpected(detail="the measured process was not started")
        return self._process

    def _hear(self) -> dict[str, object]:
        stdout = self._running().stdout
        line = stdout.readline() if stdout is not None else ""
        if not line:
            tail = self._log.read_text(errors="replace").splitlines()[-5:]
            raise Unexpected(detail=f"a measured process ended early: {' | '.join(tail)}")
        said: dict[str, object] = json.loads(line)
        if "failed" in said:
            raise Unexpected(detail=f"a measured process failed: {said['failed']}")
        return said


def obey(address: str, work: Callable[[Load], Done], orders: TextIO = sys.stdin, answers: TextIO = sys.stdout) -> None:
    """The child's side: say it is ready, then do loads until there are no more orders."""
    _say(answers, {"ready": address})
    for order in orders:
        try:
            done = work(Load(**json.loads(order)))
        except Exception as error:
            # Whatever it was, the parent must hear of it instead of waiting for ever.
            _say(answers, {"failed": f"{type(error).__name__}: {error}"})
        else:
            _say(answers, asdict(done))


def _say(answers: TextIO, said: Mapping[str, object]) -> None:
    answers.write(json.dumps(said) + "\n")
    answers.flush()


def cpu_s(pid: int) -> float:
    """CPU seconds a process has used, in user and kernel mode, in steps of the kernel's clock (10 ms)."""
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / _TICKS_PER_S


def peak_rss_mb(pid: int) -> float:
    """The most memory a process ever held, in MB."""
    for line in _read(pid, "status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise Unexpected(detail="the kernel does not tell how much memory a process held")


def _read(pid: int, name: str) -> str:
    try:
        return (_PROC / str(pid) / name).read_text()
    except OSError as error:
        raise Unexpected(detail="measuring needs Linux: what a process cost is read from its /proc") from error
