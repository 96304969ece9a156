"""Commands on a real node home: made by `init`, filled by `send`, read by `exchange`."""

import csv
import io
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from node.cli.main import main
from node.cli.moments import since
from node.documents import samples
from node.documents.catalogue import CATALOGUE
from node.model.exchange import State
from node.settings import load_settings

Run = Callable[..., Any]
KIND = "certificate_of_origin"


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of two countries."""
    folder = tmp_path_factory.mktemp("keys") / "pki"
    assert main(["pki", "dev", str(folder), "XA", "XB"]) == 0
    return folder


@pytest.fixture(scope="session")
def furnished(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of XA, which knows XB; XB does not run."""
    home = tmp_path_factory.mktemp("homes") / "xa"
    partner = ["--partner", "XB=127.0.0.1:1"]
    assert main(["init", str(home), "--code", "XA", "--pki", str(drawn), *partner]) == 0
    return home


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three papers, each with a number of its own."""
    folder = tmp_path_factory.mktemp("papers")
    original = samples.sample(KIND, samples.sample_names(KIND)[0])
    files = []
    for position in range(3):
        files.append(folder / f"{position}.xml")
        files[-1].write_bytes(samples.vary(KIND, original, f"CLI-{position}"))
    return files


@pytest.fixture(scope="session")
def ids(furnished: Path, papers: list[Path]) -> list[str]:
    """The exchanges of those papers, in XA's store."""
    for paper in papers:
        assert main(["send", str(paper), "--to", "XB", "--home", str(furnished)]) == 0
    from node.store import queries
    from node.store.database import Database

    store = Database.open(load_settings(furnished, {}).store_url)
    found = store.read(lambda tx: queries.list_exchanges(tx, queries.ExchangeFilter()))
    store.close()
    return [one.id for one in sorted(found, key=lambda one: one.number)]


# --- making a home ---------------------------------------------------------------------------------------------------


def test_a_new_home_is_complete_and_its_keys_are_nobody_elses(furnished: Path) -> None:
    settings = load_settings(furnished, {})
    assert settings.code == "XA"
    assert (furnished / "node.db").is_file()
    keys = list((furnished / "keys").glob("*.key"))
    assert len(keys) >= 5
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_a_home_is_never_made_over_something(n2n: Run, furnished: Path) -> None:
    before = sorted(path.name for path in furnished.iterdir())
    ran = n2n("init", furnished, "--code", "XA")
    assert ran.code == 65
    assert "N2N-CFG-007" in ran.err
    assert sorted(path.name for path in furnished.iterdir()) == before


def test_a_home_alone_needs_one_command(n2n: Run, tmp_path: Path) -> None:
    ran = n2n("init", tmp_path / "xc", "--code", "XC", "--listen", "127.0.0.1:7555", "--lang", "zh-TW")
    assert ran.code == 0
    assert "下一步：n2n up --home" in ran.err
    assert load_settings(tmp_path / "xc", {}).listen_exchange == "127.0.0.1:7555"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--code", "xa"),
        ("--code", "XA", "--partner", "XB=127.0.0.1:1"),
        ("--code", "XA", "--partner", "XB", "--pki", "."),
        (),
    ],
)
def test_what_init_cannot_use_is_a_usage_error_and_makes_nothing(
    n2n: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert n2n("init", tmp_path / "home", *arguments).code == 2
    assert not (tmp_path / "home").exists()


def test_keys_are_never_drawn_over_keys(n2n: Run, drawn: Path) -> None:
    ran = n2n("pki", "dev", drawn, "XA")
    assert ran.code == 65
    assert n2n("pki", "dev", drawn.parent / "more", "xa").code == 2


# --- handing in ------------------------------------------------------------------------------------------------------


def test_the_same_paper_again_is_the_same_exchange(
    n2n: Run, furnished: Path, papers: list[Path], ids: list[str]
) -> None:
    again = n2n("send", papers[0], "--to", "XB", "--home", furnished, "--json")
    assert again.data["id"] == ids[0]
    assert again.data["state"] == "ACCEPTED"


def test_another_paper_under_the_same_key_is_a_conflict(n2n: Run, furnished: Path, papers: list[Path]) -> None:
    for number, code in (("CLI-K1", 0), ("CLI-K1", 0), ("CLI-K2", 65)):
        paper = papers[0].with_name(f"{number}.xml")
        paper.write_bytes(samples.vary(KIND, papers[0].read_bytes(), number))
        ran = n2n("send", paper, "--to", "XB", "--key", "k-1", "--home", furnished)
        assert ran.code == code
    assert ran.out == ""
    assert ran.err.startswith("N2N-SEQ-001")


def test_a_paper_for_nobody_we_know_is_refused(n2n: Run, furnished: Path, papers: list[Path]) -> None:
    ran = n2n("send", papers[0], "--to", "XQ", "--home", furnished)
    assert ran.code == 66
    assert "No partner has the code XQ." in ran.err


def test_something_that_is_no_paper_is_refused(n2n: Run, furnished: Path, tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("hello")
    ran = n2n("send", tmp_path / "x.xml", "--to", "XB", "--home", furnished)
    assert ran.code == 65
    assert ran.err.startswith("N2N-XML-")


def test_waiting_for_a_partner_that_is_away_ends(n2n: Run, furnished: Path, papers: list[Path], ids: list[str]) -> None:
    ran = n2n("send", papers[0], "--to", "XB", "--home", furnished, "--wait", "--wait-s", "0.1")
    assert ids
    assert ran.code == 75
    assert "did not answer within 0.1 seconds" in ran.err


# --- looking ---------------------------------------------------------------------------------------------------------


def test_a_list_shows_the_newest_first(n2n: Run, furnished: Path, ids: list[str]) -> None:
    listed = n2n("exchange", "list", "--home", furnished, "--json").data
    assert [each["id"] for each in listed if each["id"] in ids] == ids[::-1]
    assert {"direction": "out", "partner": "XB", "kind": KIND, "state": "ACCEPTED"}.items() <= listed[-1].items()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--partner", "XB"), True),
        (("--partner", "XQ"), False),
        (("--kind", KIND), True),
        (("--kind", "phytosanitary_certificate"), False),
        (("--state", "accepted"), True),
        (("--state", "DELIVERED", "--state", "ACCEPTED"), True),
        (("--state", "delivered"), False),
        (("--direction", "out"), True),
        (("--direction", "in"), False),
        (("--text", "cli-"), True),
        (("--text", "%"), False),
        (("--since", "1h"), True),
        (("--since", "2020-01-01"), True),
        (("--since", "2999-01-01T00:00:00Z"), False),
    ],
)
def test_a_list_is_narrowed_by_what_is_asked(
    n2n: Run, furnished: Path, ids: list[str], words: tuple[str, ...], found: bool
) -> None:
    listed = n2n("exchange", "list", "--home", furnished, *words, "--json").data
    assert bool(listed) is found
    assert not found or set(ids) <= {each["id"] for each in listed}


def test_a_list_is_no_longer_than_asked(n2n: Run, furnished: Path, ids: list[str]) -> None:
    assert len(n2n("exchange", "list", "--home", furnished, "--limit", "1", "--json").data) == 1
    assert n2n("exchange", "list", "--home", furnished, "--limit", "0").code == 2
    assert ids


def test_table_csv_and_json_name_the_same_exchanges(n2n: Run, furnished: Path, ids: list[str]) -> None:
    as_csv = n2n("exchange", "list", "--home", furnished, "--csv").out
    rows = list(csv.DictReader(io.StringIO(as_csv, newline="")))
    as_json = n2n("exchange", "list", "--home", furnished, "--json").data
    as_table = n2n("exchange", "list", "--home", furnished).out
    assert [row["id"] for row in rows] == [each["id"] for each in as_json]
    assert all(each["id"] in as_table for each in as_json)
    assert {(row["state"], row["direction"]) for row in rows} == {("ACCEPTED", "out")}
    assert ids


def test_one_exchange_is_shown_with_its_timeline(n2n: Run, furnished: Path, ids: list[str]) -> None:
    ran = n2n("exchange", "show", ids[0], "--home", furnished)
    assert ran.code == 0
    for part in (ids[0], "CLI-0", "accepted (ACCEPTED)", "handed in"):
        assert part in ran.out
    shown = n2n("exchange", "show", ids[0], "--home", furnished, "--json").data
    assert shown["number"] == "CLI-0"
    assert [each["fact"] for each in shown["timeline"]] == ["submitted"]
    assert shown["timeline"][0]["digest"] == shown["document_sha256"]
    assert shown["receipt"] is None


def test_it_is_shown_in_chinese(n2n: Run, furnished: Path, ids: list[str]) -> None:
    ran = n2n("exchange", "show", ids[0], "--home", furnished, "--lang", "zh-TW")
    for part in ("交換", "已受理 (ACCEPTED)", "已送件", "送出"):
        assert part in ran.out


def test_the_beginning_of_an_id_is_enough_when_it_is_unique(n2n: Run, furnished: Path, ids: list[str]) -> None:
    assert n2n("exchange", "show", ids[1][:30], "--home", furnished, "--json").data["id"] == ids[1]
    assert n2n("exchange", "show", ids[1][:2], "--home", furnished).code == 66
    assert n2n("exchange", "show", "%", "--home", furnished).code == 66


def test_a_store_that_was_never_made_says_so(n2n: Run, furnished: Path, tmp_path: Path) -> None:
    home = tmp_path / "bare"
    home.mkdir()
    (home / "node.toml").write_text((furnished / "node.toml").read_text())
    ran = n2n("exchange", "list", "--home", home)
    assert ran.code == 78
    assert ran.err.startswith("N2N-DB-003")


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_kinds_lists_the_catalogue(n2n: Run, language: str) -> None:
    listed = n2n("kinds", "--json", "--lang", language).data
    assert {(each["kind"], each["version"]) for each in listed} == set(CATALOGUE)
    titles = {kind.title_zh if language == "zh-TW" else kind.title_en for kind in CATALOGUE.values()}
    assert {each["title"] for each in listed} == titles
    assert all(title in n2n("kinds", "--lang", language).out for title in titles)


def test_every_state_may_be_asked_for(n2n: Run, furnished: Path) -> None:
    for state in State:
        assert n2n("exchange", "list", "--home", furnished, "--state", state.value.lower(), "--json").code == 0


# --- moments ---------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("24h", NOW - timedelta(days=1)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T08:00:00Z", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("2026-11-20T08:00:00+08:00", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_moments_as_people_type_them(text: str, moment: datetime) -> None:
    assert since(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "7w", "-1d", "999999d9", "999999d999999d", "2026-13-01", "\uff19h"])
def test_other_words_are_a_usage_error(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        since(text, NOW)


def test_a_moment_before_time_began_is_a_usage_error(n2n: Run, furnished: Path) -> None:
    ran = n2n("exchange", "list", "--home", furnished, "--since", "999999d")
    assert ran.code == 2
    assert ran.out == ""
