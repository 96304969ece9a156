"""Used, repeated, taken back and raced in any order: never more than is certified, and both sides agree."""

from decimal import Decimal
from itertools import count
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uses_lab import TEA, line, quantity, taken_back, use_of

from node.documents import reader, samples
from node.errors import NodeError
from node.flows import use_effects
from node.model.exchange import Direction, State
from node.store import jobs, uses

IN, OUT = Direction.IN, Direction.OUT
CERTIFIED = Decimal(480)
SERIES = count(1)
"""Each example has a certificate of its own between the same two nodes."""

AMOUNTS = st.decimals("0.000001", "300", places=6)
NUMBERS = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.just("use"), NUMBERS, AMOUNTS),
    st.tuples(st.just("use twice in one hand"), NUMBERS, AMOUNTS),
    st.tuples(st.just("repeat"), NUMBERS, st.just(Decimal(0))),
    st.tuples(st.just("take back"), NUMBERS, st.just(Decimal(0))),
    st.tuples(st.just("use behind the ledger"), NUMBERS, AMOUNTS),
    st.tuples(st.just("lose an answer"), NUMBERS, st.just(Decimal(0))),
    st.tuples(st.just("deliver"), NUMBERS, st.just(Decimal(0))),
    st.tuples(st.just("withdraw the certificate"), st.just(0), st.just(Decimal(0))),
)


class Story:
    """One certificate and what is done with it."""

    def __init__(self, pair) -> None:
        self.pair = pair
        self.name = f"XA-115-{next(SERIES):06d}"
        self.certificate = samples.vary("certificate_of_origin", TEA, self.name)
        self.used: dict[int, bytes] = {}
        self.behind: dict[str, tuple[str, Decimal]] = {}
        self.keys = count(1)
        pair.xa.hand_in(self.certificate, "XB", self.name)
        pair.xa.work()

    def number(self, which: int) -> str:
        return f"U-{self.name}-{which}"

    def hand_in(self, content: bytes) -> str | None:
        try:
            return self.pair.xb.hand_in(content, "XA", f"{self.name}-{next(self.keys)}")
        except NodeError:
            return None

    def do(self, act: str, which: int, amount: Decimal) -> None:
        match act:
            case "use" | "use twice in one hand":
                half = [line("1", format(amount, "f"))]
                content = use_of(self.certificate, self.number(which), lines=half)
                if self.hand_in(content):
                    self.used[which] = content
                if act != "use":
                    self.hand_in(use_of(self.certificate, self.number(which + 10), lines=half))
            case "repeat":
                if which in self.used:
                    self.hand_in(self.used[which])
            case "take back":
                self.hand_in(taken_back(self.certificate, self.number(which)))
            case "use behind the ledger":
                self.use_behind(amount)
            case "lose an answer":
                self.pair.xb.road.loses_answers = 1
            case "withdraw the certificate":
                ended = b"<Status>withdrawn</Status><StatusReason>Error.</StatusReason>"
                content = self.certificate.replace(b"<Status>issued</Status>", ended)
                self.pair.xa.hand_in(content, "XB", f"{self.name}-withdrawn")
            case _:
                self.pair.cross()

    def use_behind(self, amount: Decimal) -> None:
        """As a node would that keeps no ledger: only the issuing side judges it."""
        number = f"R-{self.name}-{next(self.keys)}"
        content = use_of(self.certificate, number, lines=[line("1", format(amount, "f"))])
        blind = {"unfit": lambda *_: None, "apply": lambda *_: None}
        with patch.multiple(use_effects.UseEffects, **blind):
            self.behind[number] = (self.hand_in(content) or "", amount)

    def of(self, country, partner: str, direction: Direction) -> Decimal:
        known = reader.recognise(self.certificate)
        identity = known.reading.identity
        balance = country.wired.node.store.read(
            lambda tx: uses.balance(tx, partner, direction, known.kind, identity.issuer, identity.number)
        )
        return quantity(balance).used

    @property
    def ours(self) -> Decimal:
        return self.of(self.pair.xb, "XA", IN)

    @property
    def theirs(self) -> Decimal:
        return self.of(self.pair.xa, "XB", OUT)

    def settle(self) -> None:
        """Let everything arrive."""
        self.pair.xb.road.loses_answers = 0
        self.pair.cross()
        while any(one.wired.node.store.read(jobs.next_due) is not None for one in (self.pair.xa, self.pair.xb)):
            for one in (self.pair.xa, self.pair.xb):
                if one.wired.node.store.read(jobs.next_due) is not None:
                    one.next_try()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=10))
def test_never_more_than_certified_and_both_sides_agree(pair, steps) -> None:
    story = Story(pair)
    for step in steps:
        story.do(*step)
        assert 0 <= story.ours <= CERTIFIED
        assert 0 <= story.theirs <= CERTIFIED
    story.settle()
    behind = sum(
        (amount for exchange, amount in story.behind.values() if pair.xb.exchange(exchange).state is State.DELIVERED),
        Decimal(0),
    )
    assert story.theirs == story.ours + behind
    assert story.theirs <= CERTIFIED
