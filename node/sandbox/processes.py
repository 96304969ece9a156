"""Real nodes as real processes: started, waited for, stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from node.errors import Unexpected
from node.service import READY_FILE

START_S = 20
"""A node that is not serving after this long will not be: start-up takes about two seconds on a slow machine."""

STOP_S = 15
"""A node that has not stopped after this long is killed; its work is on disk either way."""


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        assert isinstance(port, int)  # noqa: S101 - AF_INET names are (host, port)
        return port


class NodeProcess:
    """One `n2n up` for one home."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        """`environment` comes on top of ours, each time the node starts."""
        self.home = home
        self.environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until the node serves. Raises Unexpected with the log's last lines when it does not."""
        ready = self.home / READY_FILE
        ready.unlink(missing_ok=True)
        with (self.home / "node.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "node.cli", "--home", str(self.home), "up"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "GRPC_VERBOSITY": "NONE", **self.environment},
            )
        give_up = time.monotonic() + START_S
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise Unexpected(detail=f"{self.home.name} did not start: {self.log_tail()}")
            time.sleep(0.02)

    @property
    def pid(self) -> int | None:
        """The process while it runs; None before it was started and after its end."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def stop(self) -> None:
        """Ask the node to finish what it holds and stop."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Power cut: no good-bye."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def log_tail(self) -> str:
        """The last lines the node wrote."""
        text = (self.home / "node.log").read_text(encoding="utf-8", errors="replace")
        return " | ".join(text.splitlines()[-5:])
