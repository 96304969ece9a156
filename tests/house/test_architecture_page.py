"""The architecture page tells of the house as it stands: every room, every helper of the walk, every layer."""

import re
import tomllib
from pathlib import Path


def _page(root: Path) -> str:
    return (root / "docs/architecture.md").read_text(encoding="utf-8")


def _modules(folder: Path) -> set[str]:
    files = {file.stem for file in folder.glob("*.py")}
    return (files | {one.parent.name for one in folder.glob("*/__init__.py")}) - {"__init__", "_build"}


def test_every_helper_of_the_walk_is_told(root: Path) -> None:
    walk = _page(root).split("## 2.")[0]
    told = set(re.findall(r"`([a-z_]+)`", walk))
    assert _modules(root / "node/flows") - {"outbound", "inbound"} - told == set()


def test_every_room_of_the_house_is_told(root: Path) -> None:
    house = _page(root).split("## 2.")[1].split("## 3.")[0]
    tree = house.split("```\nnode/\n")[1].split("```")[0]
    assert _modules(root / "node") - set(re.findall(r"([a-z_]+)(?:\.py|/)", tree)) == set()


def test_the_layers_are_those_that_are_enforced(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = _modules(root / "node")
    enforced = [
        {name for name in re.findall(r"[a-z_]+", layer) if name in rooms}
        for layer in settings["tool"]["importlinter"]["contracts"][0]["layers"]
    ]
    drawn = re.search(r"```\n(cli → .*?)```", _page(root), re.DOTALL)
    assert drawn is not None
    assert [set(re.findall(r"[a-z_]+", layer)) for layer in drawn[1].split("→")] == enforced
