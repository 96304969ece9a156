"""The fast path for our own signatures says what signxml says: the short run. `make oracle` is the long one."""

import random

import pytest
from cast import Cast, draw
from forgeries import FORGERIES
from judges import XMLSEC1, judged
from trials import honest, try_forgeries, try_honest, try_let_through, try_xmlsec1

PARTS = 4
SIGNATURES, MUTATIONS, SECOND_ENGINE = 400, 800, 120


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return draw(tmp_path_factory.mktemp("oracle"))


@pytest.mark.parametrize("seed", range(PARTS))
def test_what_we_sign_every_judge_accepts_in_the_same_words(cast: Cast, seed: int) -> None:
    tally = try_honest(seed, cast, SIGNATURES // PARTS)
    assert tally.broken == []
    assert tally.counts.total() == SIGNATURES // PARTS


@pytest.mark.parametrize("seed", range(PARTS))
def test_on_no_forgery_does_the_fast_path_differ_from_the_engine(cast: Cast, seed: int) -> None:
    tally = try_forgeries(seed, cast, MUTATIONS // PARTS)
    assert tally.broken == []
    assert all(tally.counts[f"kind: {name}"] for name in FORGERIES)
    assert 0 < tally.counts["accepted by the fast path"] < tally.counts["accepted by the node"] < MUTATIONS // PARTS / 2


@pytest.mark.skipif(XMLSEC1 is None, reason="apt-get install xmlsec1")
def test_a_second_engine_accepts_what_we_sign(cast: Cast) -> None:
    tally = try_xmlsec1(0, cast, SECOND_ENGINE)
    assert tally.broken == []
    assert tally.counts["xmlsec1"] == SECOND_ENGINE


@pytest.mark.skipif(XMLSEC1 is None, reason="apt-get install xmlsec1")
def test_a_second_engine_accepts_what_the_fast_path_lets_through(cast: Cast) -> None:
    let_through = try_forgeries(1, cast, MUTATIONS // PARTS).let_through
    tally = try_let_through(cast, let_through)
    assert tally.broken == []
    assert tally.counts.total() > 0


def test_the_oracle_notices_a_fast_path_that_is_too_kind(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    one = honest(random.Random(7), cast, 0)
    forged = FORGERIES["another's key"](random.Random(3), cast, one)
    assert not judged(forged).disagreement
    monkeypatch.setattr("node.crypto.own_form.OwnForm.holds_under", lambda *_: True)
    assert judged(forged).disagreement == ("the fast path accepts what signxml refuses")
