"""AEO status papers and the operator register: which list may follow, what an entry changes, who must be forgotten.

A register grows by complete lists (baselines, in parts where they are long), deltas and single events. A delta changes
the list of the sequence before it and no other; a baseline starts anew at any sequence that is not older. The versions
of records decide between an event and a list that overtake each other (`model.operator_effect.news_of`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from node.errors import (
    BaselineIncomplete,
    ListMissing,
    ListOutOfPlace,
    NodeError,
    OperatorConsentGone,
    OperatorVersionTaken,
    Unexpected,
)
from node.flows.unfit import Unfit
from node.model.document import Finding
from node.model.effect import Effect
from node.model.exchange import Direction, Exchange
from node.model.ids import ExchangeId, NodeCode
from node.model.operator import OperatorRecord
from node.model.operator_effect import Entry, HeldOperator, News, OperatorEvent, OperatorList, OperatorPaper, news_of
from node.model.receipt import FindingCode
from node.store import actors, operator_changes, operator_series, register_requests, retention
from node.store.database import Tx
from node.store.operator_changes import Changes
from node.store.operator_series import Series

CONSENT = "consent withdrawn"
"""Why bodies go, in tombstones and in the audit."""


class OperatorEffects:
    """The handler of operator events and lists."""

    def unfit(
        self, tx: Tx, partner: NodeCode, direction: Direction, effect: Effect, earlier: Sequence[Effect]
    ) -> Unfit | None:
        """Why the paper cannot change the register, None when it can."""
        paper = _paper(effect)
        before = [one for one in earlier if isinstance(one, OperatorPaper) and one.authority == paper.authority]
        if isinstance(paper, OperatorList):
            series = operator_series.load(tx, partner, direction, paper.authority, paper.programme)
            unfit = _out_of_place(paper, _after(series or _empty(partner, direction, paper), before))
            if unfit is not None:
                return unfit
        numbers = [entry.certificate_number for entry in paper.entries]
        held = operator_changes.held(tx, partner, direction, paper.authority, numbers)
        _count_in(held, before)
        return _against(paper, held)

    def apply(self, tx: Tx, exchange: Exchange, effect: Effect, now: datetime) -> None:
        """Change the register; bodies that name somebody whose consent is gone go too."""
        paper = _paper(effect)
        series = operator_series.ensure(tx, exchange.partner, exchange.direction, paper.authority, paper.programme, now)
        if isinstance(paper, OperatorList):
            series = _advanced(series, paper)
        changes = Changes(tx, series, exchange.id, _sequence(paper), paper.issued, now)
        numbers = [entry.certificate_number for entry in paper.entries]
        held = operator_changes.held(tx, exchange.partner, exchange.direction, paper.authority, numbers)
        about: int | None = None
        for entry in paper.entries:
            known = held.get(entry.certificate_number)
            about = known.id if known is not None else None
            news = news_of(entry, known, paper.issued)
            if news is News.NEW:
                about = changes.add(entry)
            elif known is None:
                continue
            elif news is News.NEWER:
                changes.change(known, entry)
            else:
                changes.confirm(known)
            if known is not None and known.forgotten_at is not None and isinstance(entry, OperatorRecord):
                # A paper made before the consent went names the operator again: its body goes with the next baseline.
                series = replace(series, forgetful_run=series.run)
        changes.store()
        operator_series.note_paper(tx, exchange.id, series, about if isinstance(paper, OperatorEvent) else None)
        if changes.forgotten:
            series = replace(series, forgetful_run=series.run)
            _purge(tx, exchange, operator_series.events_about(tx, changes.forgotten), now)
        if isinstance(paper, OperatorList) and paper.is_baseline and series.incoming is None:
            operator_changes.end_unlisted(tx, series, exchange.id, paper.issued, now)
            if series.forgetful_run < series.run:
                _purge(tx, exchange, operator_series.lists_up_to(tx, series, series.forgetful_run), now)
        operator_series.keep(tx, series, now)
        if isinstance(paper, OperatorList) and series.incoming is None:
            _told(tx, exchange, paper, now)


def _told(tx: Tx, exchange: Exchange, paper: OperatorList, now: datetime) -> None:
    """Whoever asked for lists and waits has them now: the partner those that we send, we those that come."""
    asked = Direction.IN if exchange.direction is Direction.OUT else Direction.OUT
    register_requests.come(tx, exchange.partner, asked, exchange.kind, paper.sequence, paper.is_baseline, now)


def _paper(effect: Effect) -> OperatorPaper:
    if not isinstance(effect, OperatorPaper):
        raise Unexpected(detail=f"{type(effect).__name__} is no change of the operator register")
    return effect


def _sequence(paper: OperatorPaper) -> int | None:
    return paper.sequence if isinstance(paper, OperatorList) else None


def _purge(tx: Tx, exchange: Exchange, papers: Sequence[ExchangeId], now: datetime) -> None:
    """By whoever's paper this is: the partner, or our own hub."""
    others = [one for one in papers if one != exchange.id]
    if others:
        kind = actors.ActorKind.PARTNER if exchange.direction is Direction.IN else actors.ActorKind.HUB
        actor = actors.ensure(tx, exchange.partner if exchange.direction is Direction.IN else "hub", kind, now)
        retention.purge(tx, others, actor, CONSENT, now)


# --- lists ----------------------------------------------------------------------------------------------------------


def _empty(partner: NodeCode, direction: Direction, paper: OperatorPaper) -> Series:
    return Series(partner=partner, direction=direction, authority=paper.authority, programme=paper.programme)


def _after(series: Series, earlier: Iterable[OperatorPaper]) -> Series:
    """The series once the lists before this one are in it."""
    for one in earlier:
        if isinstance(one, OperatorList) and one.programme == series.programme:
            series = _advanced(series, one)
    return series


def _advanced(series: Series, paper: OperatorList) -> Series:
    """The series with a list that fits."""
    if not paper.is_baseline:
        return replace(series, sequence=paper.sequence, list_number=paper.number, gap=None, gap_since=None)
    if paper.part == 1:
        series = replace(
            series,
            run=series.run + 1,
            incoming=paper.sequence,
            parts=paper.parts,
            total=paper.total,
            counted=0,
            incoming_issued=paper.issued,
        )
    series = replace(series, parts_held=paper.part, counted=series.counted + len(paper.records))
    if paper.part < paper.parts:
        return series
    return replace(series, sequence=paper.sequence, list_number=paper.number, incoming=None, gap=None, gap_since=None)


def _out_of_place(paper: OperatorList, series: Series) -> Unfit | None:
    """Why this list cannot come after what is held."""
    if not paper.is_baseline:
        if series.sequence is None or paper.sequence > series.sequence + 1:
            return _missing(paper, series)
        if paper.sequence == series.sequence + 1:
            return None
        return _stood_in_for(paper, series) or _old(paper)
    if series.sequence is not None and paper.sequence < series.sequence:
        return _old(paper)
    if paper.part == 1:
        return None
    if (series.incoming, series.parts, series.total) != (paper.sequence, paper.parts, paper.total):
        return _missing(paper, series)
    if paper.part > series.parts_held + 1:
        return _missing(paper, series)
    if paper.part <= series.parts_held:
        return _refusal("/AeoStatus/list/part", "is not the next part of the baseline", _place(paper))
    counted = series.counted + len(paper.records)
    if counted > paper.total or (paper.part == paper.parts and counted != paper.total):
        error = BaselineIncomplete(sequence=paper.sequence, counted=counted, total=paper.total)
        return _refusal("/AeoStatus/list/total", "the parts do not add up to the total", error)
    return None


def _missing(paper: OperatorList, series: Series) -> Unfit:
    error = ListMissing(
        sequence=paper.sequence,
        held="none" if series.sequence is None else str(series.sequence),
        authority=paper.authority,
        programme=paper.programme,
    )
    finding = Finding(FindingCode.EFFECT, "/AeoStatus/list/sequence", "the lists before it are missing")
    return Unfit(finding, error, waits=True)


def _stood_in_for(paper: OperatorList, series: Series) -> Unfit | None:
    """A complete list made after this delta told all that it tells; while that list comes in, the delta waits."""
    if not series.run or paper.issued > series.incoming_issued:
        return None
    finding = Finding(FindingCode.TOLERATED, "/AeoStatus/list/sequence", "a newer baseline already tells all of it")
    is_whole = series.incoming is None
    return Unfit(finding, _place(paper), waits=not is_whole, superseded=is_whole)


def _old(paper: OperatorList) -> Unfit:
    return _refusal("/AeoStatus/list/sequence", "a newer list is held", _place(paper))


def _place(paper: OperatorList) -> ListOutOfPlace:
    return ListOutOfPlace(sequence=paper.sequence)


def _refusal(path: str, rule: str, error: NodeError) -> Unfit:
    return Unfit(Finding(FindingCode.EFFECT, path, rule), error)


# --- operators ------------------------------------------------------------------------------------------------------


def _count_in(held: dict[str, HeldOperator], earlier: Iterable[OperatorPaper]) -> None:
    """What will be held of these operators once the papers before are in the register."""
    for paper in earlier:
        for entry in paper.entries:
            known = held.get(entry.certificate_number)
            if known is not None and news_of(entry, known, paper.issued) is News.NEWER:
                held[entry.certificate_number] = _changed(known, entry, paper.issued)


def _changed(known: HeldOperator, entry: Entry, issued: datetime) -> HeldOperator:
    version = known.version if entry.version is None else entry.version
    content = operator_changes.content(entry)
    return replace(known, version=version, content=content, status=entry.status, issued=issued)


def _against(paper: OperatorPaper, held: dict[str, HeldOperator]) -> Unfit | None:
    """What an entry says against what is known of its operator."""
    for index, entry in enumerate(paper.entries, start=1):
        known = held.get(entry.certificate_number)
        if known is None:
            continue
        match news_of(entry, known, paper.issued):
            case News.CONTRADICTION:
                error: NodeError = OperatorVersionTaken(version=entry.version)
                path, rule = f"/AeoStatus/records[{index}]/version", "this version is known with other content"
                return _refusal(path, rule, error)
            case News.WITHOUT_CONSENT:
                path, rule = f"/AeoStatus/records[{index}]/consent/on", "the operator withdrew its consent since"
                return _refusal(path, rule, OperatorConsentGone())
    return None
