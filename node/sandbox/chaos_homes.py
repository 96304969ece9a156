"""Homes of the fault bench: arrangements in a hurry, and stores where the run wants them."""

import re
from pathlib import Path

from node.model.ids import NodeCode
from node.settings import SETTINGS_FILE

_PATIENCE = (("first_s", 1), ("max_s", 10), ("deadline_s", 3))


def hurry(home: Path) -> None:
    """Arrangements that wait for seconds, not minutes: the walk is the same."""
    for file in (home / "partner_profiles").glob("*/*.toml"):
        text = file.read_text(encoding="utf-8")
        for key, value in _PATIENCE:
            text = re.sub(rf"^{key} = \d+", f"{key} = {value}", text, flags=re.MULTILINE)
        file.write_text(text, encoding="utf-8")


def move_store(home: Path, code: NodeCode, database: str) -> None:
    """Put the store where `database` says; `{node}` in it is the node's code, small. Empty: it stays in the home."""
    if database:
        file = home / SETTINGS_FILE
        url = database.replace("{node}", code.lower())
        file.write_text(file.read_text(encoding="utf-8").replace("sqlite:///node.db", url, 1), encoding="utf-8")
