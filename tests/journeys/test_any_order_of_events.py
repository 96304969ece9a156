"""A state machine: whatever happens in whatever order, every accepted paper comes to one end, and comes over once."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from node.errors import StoreUnavailable
from node.flows.settling import give_back
from node.model.exchange import State
from node.model.job import Verb
from node.store import jobs

XB = "XB"
ENDED = {State.DELIVERED, State.REFUSED, State.EXPIRED}


def test_every_accepted_paper_comes_to_one_end_whatever_happens_in_whatever_order(pair, papers, reopen) -> None:
    contents = iter(papers(400))
    count = iter(range(10_000))

    class Events(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.sent: dict[str, tuple[str, bytes]] = {}
            self.before = len(pair.xb.hub_has())

        @rule()
        def accept(self) -> None:
            key, content = f"m{next(count)}", next(contents)
            self.sent[key] = (pair.xa.hand_in(content, XB, key), content)

        @precondition(lambda self: self.sent)
        @rule(data=st.data())
        def accept_again(self, data: st.DataObject) -> None:
            key = data.draw(st.sampled_from(sorted(self.sent)))
            exchange, content = self.sent[key]
            assert pair.xa.hand_in(content, XB, key) == exchange

        @rule()
        def work(self) -> None:
            pair.xa.work()

        @rule()
        def receiver_works(self) -> None:
            pair.xb.work()

        @rule(verb=st.sampled_from([Verb.SEAL, Verb.DELIVER]), returned=st.booleans())
        def claim_and_crash(self, verb: Verb, returned: bool) -> None:
            """A worker takes jobs and is never heard of again, or gives them back for want of the store."""
            node, now = pair.xa.wired.node, pair.xa.clock.now()
            claimed = node.store.write(
                lambda tx: jobs.claim(tx, jobs.Lane(XB, verb), "ghost", 3, now, timedelta(minutes=1))
            )
            if claimed and returned:
                give_back(node, claimed, StoreUnavailable(detail="test"))

        @rule()
        def lose_an_answer(self) -> None:
            pair.xa.road.loses_answers = 1

        @rule(cut=st.booleans())
        def road(self, cut: bool) -> None:
            pair.xa.road.cut = cut

        @rule(minutes=st.sampled_from([0, 1, 2, 10, 60]))
        def time_passes(self, minutes: int) -> None:
            pair.xa.later(minutes=minutes)

        @rule(sender=st.booleans())
        def restart(self, sender: bool) -> None:
            reopen(pair.xa if sender else pair.xb)

        def teardown(self) -> None:
            pair.xa.road.cut, pair.xa.road.loses_answers = False, 0
            for _ in range(40):
                states = [pair.xa.exchange(one).state for one, _ in self.sent.values()]
                if set(states) <= ENDED:
                    break
                pair.xa.later(minutes=10)
            pair.xb.later(minutes=10)
            assert {pair.xa.exchange(one).state for one, _ in self.sent.values()} <= {State.DELIVERED}
            arrived = pair.xb.hub_has()
            assert len(arrived) - self.before == len(self.sent)
            assert len(set(arrived)) == len(arrived)

    run_state_machine_as_test(
        Events,
        settings=settings(
            max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
