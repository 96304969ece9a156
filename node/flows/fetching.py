"""Fetching from a hub that is asked: its papers and its answers, each settled there only after our commit."""

from collections.abc import Sequence

from node.errors import HubError, NodeError
from node.flows import answering, outbound
from node.flows.intake import Accepted, Submission
from node.flows.ports import ActorName, HubSource, Node
from node.model.hub import FromHub


def fetch(node: Node, source: HubSource, by: ActorName) -> bool:
    """Take what waits at the hub; whether anything moved. Raises HubError, StoreUnavailable."""
    try:
        moved = _papers(node, source, by)
    except HubError:
        # Papers that cannot be had now are no reason to leave the answers there.
        _answers(node, source, by)
        raise
    return _answers(node, source, by) or moved


def _papers(node: Node, source: HubSource, by: ActorName) -> bool:
    papers = source.waiting()
    if not papers:
        return False
    submissions = [
        Submission(paper.content, paper.partner, paper.key, attachments=paper.attachments) for paper in papers
    ]
    return _settle(node, source, papers, outbound.accept(node, submissions, by, node.hub_guarded))


def _answers(node: Node, source: HubSource, by: ActorName) -> bool:
    waiting = source.answers()
    return _settle(node, source, waiting, [answering.attempt(node, one, by) for one in waiting])


def _settle(node: Node, source: HubSource, items: Sequence[FromHub], outcomes: Sequence[Accepted | NodeError]) -> bool:
    """Say of each what became of it. "Taken" is said only after the commit."""
    moved = False
    for item, outcome in zip(items, outcomes, strict=True):
        if not isinstance(outcome, Accepted) and outcome.category.retry:
            # Not the fault of what was handed in: it stays where it is and is looked at again.
            node.report("hub.item-waits", name=item.name, error=outcome)
            source.put_off(item)
            continue
        try:
            if isinstance(outcome, Accepted):
                source.taken(item, outcome.exchange)
            else:
                node.report("hub.item-refused", name=item.name, error=outcome)
                source.refused(item, outcome)
        except HubError as error:
            # It is looked at again; its neighbours are settled all the same, and others come first.
            node.report("hub.outcome-not-taken", name=item.name, error=error)
            source.put_off(item)
            continue
        moved = True
    return moved
