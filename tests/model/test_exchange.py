"""The life of an exchange: the table of moves holds what the walk promises (architecture 2)."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.errors import IllegalMove
from node.model.exchange import BIRTH, MOVES, Direction, State, is_end, may_move, require_move

EVERY_MOVE = list(product(Direction, State, State))
ENDS = {
    Direction.OUT: {State.ANSWERED, State.REFUSED, State.EXPIRED, State.CANCELLED},
    Direction.IN: {State.ANSWERED, State.REFUSED},
}


def reachable(direction: Direction, start: State) -> set[State]:
    found, waiting = {start}, [start]
    while waiting:
        fresh = MOVES[direction].get(waiting.pop(), frozenset()) - found
        found |= fresh
        waiting += fresh
    return found


def lived(direction: Direction) -> set[State]:
    """States an exchange of this direction can ever be in."""
    return set().union(*(reachable(direction, birth) for birth in BIRTH[direction]))


def test_every_state_can_be_reached_in_some_direction() -> None:
    assert set().union(*(lived(direction) for direction in Direction)) == set(State)


def test_the_two_directions_share_only_their_ends() -> None:
    assert lived(Direction.OUT) & lived(Direction.IN) == {State.ANSWERED, State.REFUSED}


@pytest.mark.parametrize("direction", list(Direction))
def test_the_ends_are_the_ends(direction: Direction) -> None:
    assert {state for state in lived(direction) if is_end(direction, state)} == ENDS[direction]


@pytest.mark.parametrize("direction", list(Direction))
def test_from_every_state_an_end_can_be_reached(direction: Direction) -> None:
    assert [state for state in lived(direction) if not reachable(direction, state) & ENDS[direction]] == []


@pytest.mark.parametrize("direction", list(Direction))
def test_no_row_speaks_of_a_state_nobody_can_be_in(direction: Direction) -> None:
    assert set(MOVES[direction]) <= lived(direction)


@pytest.mark.parametrize(("direction", "state", "target"), EVERY_MOVE)
def test_require_move_agrees_with_the_table(direction: Direction, state: State, target: State) -> None:
    if may_move(direction, state, target):
        require_move(direction, state, target)
    else:
        with pytest.raises(IllegalMove) as refused:
            require_move(direction, state, target)
        assert refused.value.fields == {"state": state.value, "target": target.value}


@pytest.mark.parametrize(("direction", "state"), list(product(Direction, State)))
def test_staying_is_not_a_move(direction: Direction, state: State) -> None:
    assert not may_move(direction, state, state)


def test_what_was_delivered_is_never_taken_back() -> None:
    after = reachable(Direction.OUT, State.DELIVERED)
    assert after == {State.DELIVERED, State.ANSWERED}


def test_what_may_be_with_the_partner_never_returns_to_not_yet_sent() -> None:
    """UNRESOLVED means sent: only a receipt, a human's pause or a signed ABSENT leads on (protocol 3)."""
    assert MOVES[Direction.OUT][State.UNRESOLVED].isdisjoint({State.ACCEPTED, State.SEALED})


def test_a_receipt_settles_an_exchange_that_is_under_way_or_paused() -> None:
    for state in (State.SEALED, State.UNRESOLVED, State.PARKED):
        assert {State.DELIVERED, State.REFUSED} <= MOVES[Direction.OUT][state]


def test_an_exchange_is_born_in_few_states() -> None:
    assert BIRTH[Direction.IN] == {State.RECEIVED, State.HANDED_OVER, State.REFUSED}
    assert BIRTH[Direction.OUT] == {State.ACCEPTED}


@given(st.sampled_from(list(Direction)), st.lists(st.sampled_from(list(State)), max_size=12))
def test_no_sequence_of_attempts_leaves_an_end(direction: Direction, attempts: list[State]) -> None:
    state, ended = next(iter(BIRTH[direction])), None
    for target in attempts:
        if may_move(direction, state, target):
            assert ended is None
            state = target
        if is_end(direction, state):
            ended = state
    assert ended is None or state is ended
