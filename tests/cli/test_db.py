"""`n2n db`: back up, rehearse, restore, check."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def home(n2n: Run, tmp_path: Path) -> Path:
    assert n2n("init", tmp_path / "xa", "--code", "XA", "--listen", "127.0.0.1:0").code == 0
    return tmp_path / "xa"


def test_a_backup_is_made_rehearsed_and_gone_back_to(n2n: Run, home: Path, tmp_path: Path) -> None:
    made = n2n("db", "backup", "--to", tmp_path / "backups", "--home", home, "--json").data
    assert Path(made["file"]).stat().st_size == made["bytes"]
    drilled = n2n("db", "drill", made["file"], "--home", home, "--json")
    assert (drilled.code, drilled.data["differing"]) == (0, "")
    again = n2n("db", "restore", made["file"], "--home", home)
    assert again.code == 65
    assert "--replace" in again.err
    done = n2n("db", "restore", made["file"], "--replace", "--home", home, "--json").data
    assert done["asked_about"] == 0
    assert Path(done["before"]).exists()
    assert n2n("db", "check", "--home", home).code == 0


def test_a_drill_without_a_backup_makes_one_and_leaves_nothing(n2n: Run, home: Path) -> None:
    before = sorted(one.name for one in home.iterdir())
    assert n2n("db", "drill", "--home", home).code == 0
    assert sorted(one.name for one in home.iterdir()) == before


def test_a_broken_store_is_named(n2n: Run, home: Path) -> None:
    with closing(sqlite3.connect(home / "node.db")) as store:
        store.execute("PRAGMA writable_schema = ON")
        store.execute("UPDATE sqlite_master SET rootpage = 999999 WHERE name = 'ix_job_lane'")
        store.commit()
    found = n2n("db", "check", "--home", home, "--json")
    assert found.code == 74
    assert not json.loads(found.out)["ok"]


def test_a_database_server_is_backed_up_by_its_own_tools(n2n: Run, home: Path) -> None:
    settings = home / "node.toml"
    settings.write_text(settings.read_text() + '\n[store]\nurl = "postgresql://localhost/n2n"\n')
    assert n2n("db", "check", "--home", home).code != 0
