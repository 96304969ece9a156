"""The hub as a web service that the node calls, to push and to pull; docs/hub-rest.md describes it for its engineers.

    PUT inbound/ID              a partner's paper                 PUT status/ID    how a paper of the hub ended
    PUT answers/ID              the partner's decision about it
    GET outbound                papers to send                    PUT outbound/NAME/outcome
    GET answers/outgoing        decisions to send                 PUT answers/outgoing/NAME/outcome

Every call may be repeated. A list holds what has no outcome yet, oldest first. It is read from its beginning, always; a
cursor only leads past pages of things that must wait. So none has to outlive the process: whatever a crash forgot is
still in the list, and a paper overtakes nothing but what must wait, or what spoils its page (hub/rest_list.py).
"""

import base64
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from node.errors import HubAnswerUnusable, HubError, NodeError
from node.http_out import HttpOut
from node.hub import notes
from node.hub.put_off import PutOff
from node.hub.rest_calls import HubCalls, name_of
from node.hub.rest_list import RestList
from node.hub.rest_pages import Item, Unreadable, paper_reader, read_handed_answer, read_object
from node.journal import Journal
from node.model.hub import FromHub, HandedAnswer, HandedIn, HubPaper, HubReport
from node.model.ids import sha256

PAGES_A_LOOK: Final = 8
"""Pages that hold nothing new are passed over, so many in one look."""

Given = TypeVar("Given", HubPaper, HubReport)


class RestHub:
    """The adapter: what the flows push, and what is fetched for them. Any thread may push; one fetches."""

    def __init__(self, http: HttpOut, max_bytes: int, journal: Journal) -> None:
        """`max_bytes` is the largest paper that is taken."""
        self._calls = HubCalls(http)
        self._journal = journal
        self._papers = RestList(self._calls, ("outbound",), paper_reader(max_bytes), journal)
        self._answers = RestList(self._calls, ("answers", "outgoing"), read_handed_answer, journal)
        self._put_off: PutOff[tuple[str, ...]] = PutOff()

    # --- to the hub --------------------------------------------------------------------------------------------------

    def hand_over(self, papers: Sequence[HubPaper]) -> list[NodeError | None]:
        """Bring inbound papers; the hub has one when it has named the digest of what it stored, else HubError."""
        return [_outcome_of(self._hand_over, paper) for paper in papers]

    def report(self, reports: Sequence[HubReport]) -> list[NodeError | None]:
        """Tell what became of outbound papers, and what the partner's agencies decided; HubError where that failed."""
        return [_outcome_of(self._report, one) for one in reports]

    def _hand_over(self, paper: HubPaper) -> None:
        digest = sha256(paper.content).hex()
        note = {
            **notes.particulars(paper.exchange),
            "sha256": digest,
            "media_type": paper.media_type,
            "fields": dict(paper.fields),
            "document": base64.b64encode(paper.content).decode("ascii"),
        }
        path = ("inbound", paper.exchange.id)
        answer = self._calls.put(path, note)
        if read_object(answer, name_of("PUT", path)).get("sha256") != digest:
            raise HubAnswerUnusable(call=name_of("PUT", path), detail="sha256 is not that of the paper")

    def _report(self, one: HubReport) -> None:
        self._calls.put(("status", one.exchange.id), notes.became(one.exchange, one.findings))
        if one.answer is not None:
            self._calls.put(("answers", one.exchange.id), notes.decided(one.exchange, one.answer))

    # --- from the hub ------------------------------------------------------------------------------------------------

    def waiting(self) -> list[HandedIn]:
        """Papers without an outcome, in the hub's order, a page at most; unreadable ones are refused here.

        Raises HubError.
        """
        return self._look(self._papers)

    def answers(self) -> list[HandedAnswer]:
        """Decisions without an outcome, under the same rules as papers."""
        return self._look(self._answers)

    def taken(self, item: FromHub, exchange: str) -> None:
        """The node has committed `item` as that exchange. Where the hub does not hear it, `item` is offered again."""
        self._settle(item, notes.accepted(exchange))

    def refused(self, item: FromHub, error: NodeError) -> None:
        """The node will not take `item`, and why. Where the hub does not hear it, `item` is offered again."""
        self._settle(item, notes.refused(error))

    def put_off(self, item: FromHub) -> None:
        """The node cannot take `item` yet, for no fault of its own: look at others first."""
        self._put_off.add(self._outcome(item))

    def _look(self, waiting: RestList[Item]) -> list[Item]:
        self._put_off.forget_ended()
        for _ in range(PAGES_A_LOOK):
            page = waiting.next_page()
            self._refuse_unreadable(waiting.path, page.unreadable)
            items = [item for item in page.items if self._outcome(item) not in self._put_off]
            if items:
                waiting.rewind()
            if items or waiting.at_beginning:
                return items
        return []

    def _refuse_unreadable(self, place: tuple[str, ...], unreadable: Sequence[Unreadable]) -> None:
        """Tell the hub of each; whatever comes of that, it is passed over then, and stops nobody."""
        for one in unreadable:
            path = (*place, one.name, "outcome")
            if path in self._put_off:
                continue
            self._put_off.add(path)
            self._journal("hub.item-unreadable", place="/".join(place), name=one.name, error=one.error)
            if one.name:
                self._tell(path, {"name": one.name, **notes.refused(one.error)})

    def _settle(self, item: FromHub, outcome: notes.Note) -> None:
        about: notes.Note = {"name": item.name, "partner": item.partner}
        if isinstance(item, HandedIn):
            about["sha256"] = sha256(item.content).hex()
        if not self._tell(self._outcome(item), about | outcome):
            # Else the next look would begin with the same item, and never come to its neighbours.
            self.put_off(item)

    def _tell(self, path: tuple[str, ...], outcome: notes.Note) -> bool:
        """Whether the hub took the outcome. If not, the item is still in its list, and will be told of again."""
        try:
            self._calls.put(path, outcome)
        except HubError as error:
            self._journal("hub.outcome-not-taken", place="/".join(path), error=error)
            return False
        return True

    def _outcome(self, item: FromHub) -> tuple[str, ...]:
        waiting = self._answers if isinstance(item, HandedAnswer) else self._papers
        return (*waiting.path, item.name, "outcome")


def _outcome_of(give: Callable[[Given], None], one: Given) -> NodeError | None:
    try:
        give(one)
    except HubError as error:
        return error
    return None
