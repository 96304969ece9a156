"""A device for tests: named points at which this process ends as in a power cut, or freezes.

    NODE_TEST_KILL_POINT="flows.settling.settle/committed:3" n2n up   # SIGKILL at its third hit
    NODE_TEST_KILL_POINT="flows.settling.settle/committed:1:freeze" …   # SIGSTOP instead: somebody must thaw it

Whoever may set the environment of the process may end it anyway. The variable is read once, when the program starts;
no setting, file, call or message can arm a point, and unarmed nothing is counted and nothing is kept. A node that
starts armed says so in its journal (`test.armed`).

Each commit of the store has two points, named by the function that writes: `<module>.<function>/uncommitted`, all of
the work done and nothing on disk, and `…/committed`, on disk and nobody told. Calls and files have points by name.
The table of all of them is `node/sandbox/kill_table.py`; a commit that is not in it fails a test.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Final

VARIABLE: Final = "NODE_TEST_KILL_POINT"

UNCOMMITTED: Final = "uncommitted"
COMMITTED: Final = "committed"

_ENDS: Final = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}
_STORE: Final = "node.store.database"
_DOOR: Final = "write"


class Device:
    """One armed point; what it counts it counts for the whole process."""

    def __init__(self, point: str, hits: int, number: signal.Signals) -> None:
        self.point = point
        self._left = hits
        self._number = number
        self._gate = threading.Lock()

    def reach(self, point: str) -> None:
        """Somebody is at `point`: end or freeze the process when it is the armed one and its time has come."""
        if point != self.point:
            return
        with self._gate:
            self._left -= 1
            due = self._left == 0
        if due:
            os.kill(os.getpid(), self._number)

    def name(self, work: Callable[..., object]) -> str:
        """The name of the commit that is being asked for: the function of ours that called, else where `work` is."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            module = str(frame.f_globals.get("__name__", ""))
            code = frame.f_code
            if module.startswith("node.") and not (module == _STORE and code.co_name == _DOOR):
                return named(module, code.co_qualname)
            frame = frame.f_back
        # A thread that was given the store's own method: all that is ours is the work.
        return named(str(getattr(work, "__module__", "")), str(getattr(work, "__qualname__", "")))


def named(module: str, qualified: str) -> str:
    """`flows.settling.settle` for whatever is written inside that function."""
    return f"{module.removeprefix('node.')}.{qualified.partition('.<locals>')[0]}"


def armed_by(environment: Mapping[str, str]) -> Device | None:
    """The device that an environment asks for; ValueError when it asks for something else."""
    asked = environment.get(VARIABLE, "")
    if not asked:
        return None
    point, hits, end = (*asked.split(":"), "kill")[:3]
    return Device(point, int(hits), _ENDS[end])


ARMED: Final = armed_by(os.environ)


def reach(point: str) -> None:
    """Say that this process is at `point`; nothing happens unless this very point is armed."""
    if ARMED is not None:
        ARMED.reach(point)
