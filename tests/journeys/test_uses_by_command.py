"""A certificate is written off at the command line, and its exchange shows what is left and how it ended."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from uses_lab import TEA, left

from node.cli.main import main
from node.model.exchange import Direction, State

IN, OUT = Direction.IN, Direction.OUT


@pytest.fixture
def tea(pair) -> str:
    """The exchange that brought XA's certificate to XB; commands run at the machine's time, and so does the road."""
    pair.xa.hand_in(TEA, "XB", key="tea")
    pair.cross()
    return pair.xb.received()[0].id


def catch_up(pair) -> None:
    """The road's clock reaches the machine's, at which the command handed in."""
    now = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    pair.xb.clock.advance(now - pair.xb.clock.now())


@pytest.fixture
def n2n(pair, capsys, monkeypatch) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("N2N_LANG", "en")

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main([*arguments, "--home", str(pair.xb.home)])
        streams = capsys.readouterr()
        return code, streams.out + streams.err

    return run


def shown(n2n, exchange: str) -> dict[str, object]:
    code, out = n2n("exchange", "show", exchange, "--json")
    assert code == 0
    return json.loads(out)["certificate"]


USE = ("--declaration", "26XBHVN00041177R3", "--item", "1=120.5@2", "--value", "1=5400@2", "--date", "2026-11-20")


def test_a_use_crosses_and_both_sides_show_what_is_left(pair, tea, n2n) -> None:
    code, out = n2n("use", tea, *USE, "--json")
    assert code == 0
    use = json.loads(out)
    catch_up(pair)
    pair.xb.work()
    assert pair.xb.exchange(use["id"]).state is State.DELIVERED
    assert left(pair.xb, "XA", IN, TEA) == left(pair.xa, "XB", OUT, TEA) == 480 - 120.5
    account = shown(n2n, tea)
    assert account["life"] == "in_force"
    assert account["items"] == [
        {"item": "1", "measure": "quantity", "unit": "KGM", "certified": "480", "used": "120.5", "left": "359.5"},
        {"item": "1", "measure": "value", "unit": "USD", "certified": "21600", "used": "5400", "left": "16200"},
    ]
    assert [(one["number"], one["counts"]) for one in account["uses"]] == [(use["number"], True)]
    code, out = n2n("exchange", "show", tea)
    assert "359.5" in out
    assert "in force" in out


def test_the_same_command_again_is_the_same_use(pair, tea, n2n) -> None:
    first, again = (json.loads(n2n("use", tea, *USE, "--json")[1]) for _ in range(2))
    assert first == again
    other_day = [*USE[:-1], "2026-11-21"]
    code, out = n2n("use", tea, *other_day)
    assert (code, "N2N-USE-005" in out) == (65, True)
    assert left(pair.xb, "XA", IN, TEA) == 480 - 120.5


def test_a_use_is_taken_back(pair, tea, n2n) -> None:
    use = json.loads(n2n("use", tea, *USE, "--json")[1])
    code, _ = n2n("use", tea, "--withdraw", use["number"], "--reason", "Declaration cancelled.")
    assert code == 0
    assert shown(n2n, tea)["uses"][0]["being_taken_back"] is True
    catch_up(pair)
    pair.xb.work()
    assert left(pair.xb, "XA", IN, TEA) == left(pair.xa, "XB", OUT, TEA) == 480
    assert shown(n2n, tea)["uses"][0]["counts"] is False


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--declaration", "D", "--item", "1=481"], 65, "N2N-USE-003"),
        (["--declaration", "D", "--item", "2=1"], 65, "N2N-USE-004"),
        (["--declaration", "D", "--item", "1=0"], 65, "N2N-USE-004"),
        (["--declaration", "D", "--item", "1=1e3"], 2, "ITEM=AMOUNT"),
        (["--declaration", "D", "--item", "1=1", "--item", "1=2"], 2, "named twice"),
        (["--item", "1=1"], 2, "--declaration"),
        (["--withdraw", "U-1"], 2, "--reason"),
        (["--withdraw", "U-1", "--reason", "Error."], 66, "N2N-USE-006"),
    ],
)
def test_what_cannot_be_used_is_said(tea, n2n, arguments, code, said) -> None:
    ended, out = n2n("use", tea, *arguments)
    assert (ended, said in out) == (code, True), out


def test_a_withdrawn_certificate_shows_that_it_ended(pair, tea, n2n) -> None:
    ended = b"<Status>withdrawn</Status><StatusReason>Wrong goods.</StatusReason>"
    pair.xa.hand_in(TEA.replace(b"<Status>issued</Status>", ended), "XB", "tea-withdrawn")
    pair.xa.work()
    account = shown(n2n, tea)
    assert account["life"] == "withdrawn"
    assert account["ended_by"] in {one.id for one in pair.xb.received()}
    code, out = n2n("use", tea, *USE)
    assert (code, "N2N-USE-002" in out, "withdrawn" in out) == (65, True, True)
    assert "withdrawn by its issuer" in n2n("exchange", "show", tea)[1]


def test_what_is_no_certificate_has_no_account(pair, tea, n2n) -> None:
    use = json.loads(n2n("use", tea, *USE, "--json")[1])
    assert shown(n2n, use["id"]) is None
    code, out = n2n("use", use["id"], *USE)
    assert (code, "N2N-USE-001" in out) == (66, True)
