"""The folder hub: papers handed in and taken out as files, for systems that speak nothing else.

    outbound/<PARTNER>/NAME.xml + NAME.done   the hub writes the paper (.xml or .json), then an empty .done
    taken/<PARTNER>/NAME.xml + NAME.note      the node has committed it; the note tells its exchange id
    refused/<PARTNER>/NAME.xml + NAME.note    the node did not take it, and why
    inbound/<PARTNER>/ID.xml + ID.note + ID.done   the node brings a partner's paper; .done comes last
    status/ID.json                            what became of a paper that was taken
    answers/<PARTNER>/NAME.json + NAME.done   the hub writes an agency's decision about an inbound paper
    answers-taken/<PARTNER>/, answers-refused/<PARTNER>/   where it goes then, with a note beside it
    answered/ID.json                          what the partner's agency decided about a paper that was taken

Notes are JSON too. Every file appears complete and on disk (hub/files.py). All acts may be repeated.
"""

import json
import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from node.errors import HubUnavailable, NodeError, SubmissionUnreadable
from node.hub import notes
from node.hub.answer_files import answer_from_file
from node.hub.files import Bundle, write_all
from node.model.document import MediaType
from node.model.hub import FromHub, HandedAnswer, HandedIn, HubPaper, HubReport
from node.model.ids import NodeCode, is_node_code

DONE = ".done"
NOTE = ".note"

OUTBOUND = "outbound"
ANSWERS = "answers"
_TAKEN = {OUTBOUND: "taken", ANSWERS: "answers-taken"}
_REFUSED = {OUTBOUND: "refused", ANSWERS: "answers-refused"}
_PARTNER_FOLDERS = (OUTBOUND, ANSWERS, "inbound", *_TAKEN.values(), *_REFUSED.values())

Item = TypeVar("Item")

MAX_TAKEN_AT_ONCE = 64
"""Papers read into memory in one look; the rest wait for the next."""

PUT_OFF_S = 30.0
"""How long a paper that must wait, or an entry that cannot be moved, is passed over."""


class FolderHub:
    """One folder tree shared with the hub, on a local disk."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        """`max_bytes` is the largest paper that is read at all."""
        self._root = root
        self._max_bytes = max_bytes
        self._put_off: dict[Path, float] = {}

    def prepare(self, partners: list[NodeCode]) -> None:
        """Make the folders. Raises HubUnavailable."""
        try:
            for partner in partners:
                for part in _PARTNER_FOLDERS:
                    (self._root / part / partner).mkdir(parents=True, exist_ok=True)
            for part in ("status", "answered"):
                (self._root / part).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HubUnavailable(detail=f"{self._root}: {error.strerror}") from error

    # --- from the hub ------------------------------------------------------------------------------------------------

    def waiting(self) -> list[HandedIn]:
        """Papers whose .done is there, in the order they were handed in, at most MAX_TAKEN_AT_ONCE.

        Unreadable ones are refused here. One that the node put off is offered again after PUT_OFF_S, so that papers
        that must wait never stand in the way of others.
        """
        return self._look(OUTBOUND, self._read)

    def answers(self) -> list[HandedAnswer]:
        """Answers whose .done is there, under the same rules as papers."""
        return self._look(ANSWERS, self._read_answer)

    def _look(self, place: str, read: Callable[[Path, str, str], Item]) -> list[Item]:
        items: list[Item] = []
        for done in sorted((self._root / place).glob(f"*/*{DONE}"), key=_handed_in):
            if len(items) == MAX_TAKEN_AT_ONCE:
                break
            if self._put_off.get(done, 0.0) > time.monotonic():
                continue
            self._put_off.pop(done, None)
            name, partner = done.name.removesuffix(DONE), done.parent.name
            try:
                items.append(read(done, name, partner))
            except SubmissionUnreadable as error:
                self._refuse(done, name, partner, error)
        return items

    def put_off(self, item: FromHub) -> None:
        """The node cannot take `item` yet, for no fault of its own: look at others first."""
        done = self._root / _place(item) / item.partner / f"{item.name}{DONE}"
        self._put_off[done] = time.monotonic() + PUT_OFF_S

    def _read_answer(self, done: Path, name: str, partner: str) -> HandedAnswer:
        content = self._read(done, name, partner).content
        exchange, answer = answer_from_file(name, content)
        return HandedAnswer(name, NodeCode(partner), exchange, answer)

    def _read(self, done: Path, name: str, partner: str) -> HandedIn:
        if not notes.is_hub_name(name) or not is_node_code(partner):
            raise SubmissionUnreadable(name="(name withheld)", detail="its name is not allowed")
        paper = _paper_file(done.parent, name)
        try:
            # No links: a name in the shared folder must not make us read somebody else's file. No blocking: a pipe
            # must not make us wait for whoever writes into it.
            with open(os.open(paper, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise SubmissionUnreadable(name=name, detail="it is not a regular file")
                content = file.read(self._max_bytes + 1)
        except OSError as error:
            raise SubmissionUnreadable(name=name, detail=error.strerror or "cannot be read") from error
        if len(content) > self._max_bytes:
            raise SubmissionUnreadable(name=name, detail=f"larger than {self._max_bytes} bytes")
        return HandedIn(name, NodeCode(partner), content)

    def taken(self, item: FromHub, exchange: str) -> None:
        """The node has committed `item`: move it out of the way, with its exchange id beside it."""
        self._clear(item, _TAKEN[_place(item)], notes.accepted(exchange))

    def refused(self, item: FromHub, error: NodeError) -> None:
        """The node did not take `item`: move it aside with the reason in both languages."""
        self._clear(item, _REFUSED[_place(item)], notes.refused(error))

    def _clear(self, item: FromHub, place: str, note: Mapping[str, object]) -> None:
        folder = self._root / _place(item) / item.partner
        source, target = _paper_file(folder, item.name), self._root / place / item.partner
        try:
            _write(target / f"{item.name}{NOTE}", _json(note))
            if os.path.lexists(source):
                source.replace(target / source.name)
            (folder / f"{item.name}{DONE}").unlink(missing_ok=True)
        except OSError as error:
            raise HubUnavailable(detail=f"{target}: {error.strerror}") from error

    def _refuse(self, done: Path, name: str, partner: str, error: SubmissionUnreadable) -> None:
        """Say why and take the .done away; where even that fails, put the entry off: it must not stop the others."""
        folder = self._root / _REFUSED[done.parent.parent.name] / partner
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / f"{name}{NOTE}", _json(notes.refused(error)))
            done.unlink(missing_ok=True)
        except OSError:
            self._put_off[done] = time.monotonic() + PUT_OFF_S

    # --- to the hub --------------------------------------------------------------------------------------------------

    def hand_over(self, papers: Sequence[HubPaper]) -> list[NodeError | None]:
        """Bring inbound papers, each as three files that are on disk when this returns; HubUnavailable for the others.

        The .done files of a folder come when all papers and notes in it are on disk.
        """
        bundles = [
            Bundle(
                self._root / "inbound" / paper.exchange.partner,
                (
                    (f"{paper.exchange.id}.{paper.media_type.extension}", paper.content),
                    (
                        f"{paper.exchange.id}{NOTE}",
                        _json({**notes.particulars(paper.exchange), "fields": dict(paper.fields)}),
                    ),
                ),
                mark=f"{paper.exchange.id}{DONE}",
            )
            for paper in papers
        ]
        return _outcomes(bundles)

    def report(self, reports: Sequence[HubReport]) -> list[NodeError | None]:
        """Tell what became of outbound papers, a file for each, and one for each decision of the partner's agencies.

        HubUnavailable for those that are not on disk.
        """
        status, answered = self._root / "status", self._root / "answered"
        told = _outcomes(
            [
                Bundle(status, ((f"{one.exchange.id}.json", _json(notes.became(one.exchange, one.findings))),))
                for one in reports
            ]
        )
        decided = {
            index: Bundle(answered, ((f"{one.exchange.id}.json", _json(notes.decided(one.exchange, one.answer))),))
            for index, one in enumerate(reports)
            if one.answer is not None
        }
        for index, outcome in zip(decided, _outcomes(list(decided.values())), strict=True):
            told[index] = told[index] or outcome
        return told


def _outcomes(bundles: Sequence[Bundle]) -> list[NodeError | None]:
    return [
        None if trouble is None else HubUnavailable(detail=f"{bundle.folder}: {trouble.strerror}")
        for bundle, trouble in zip(bundles, write_all(bundles), strict=True)
    ]


def _note_of(paper: HubPaper) -> bytes:
    return _json({**notes.particulars(paper.exchange), "fields": dict(paper.fields)})


def _status_of(report: HubReport) -> bytes:
    return _json(notes.became(report.exchange, report.findings))


def _place(item: FromHub) -> str:
    return ANSWERS if isinstance(item, HandedAnswer) else OUTBOUND


def _handed_in(done: Path) -> tuple[int, str]:
    """A withdrawal must not overtake the paper it withdraws, so order counts; the name breaks ties."""
    try:
        return done.lstat().st_mtime_ns, done.name
    except OSError:
        return 0, done.name


def _paper_file(folder: Path, name: str) -> Path:
    """The paper beside its .done: XML, or JSON where no XML of that name is there."""
    xml, json_ = (folder / f"{name}.{form.extension}" for form in (MediaType.XML, MediaType.JSON))
    return json_ if os.path.lexists(json_) and not os.path.lexists(xml) else xml


_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def _json(note: Mapping[str, object]) -> bytes:
    """One entry a line, for people; the encoder's own indenting is many times slower."""
    return "{{\n{}\n}}\n".format(",\n".join(f'  "{name}": {_ENCODE(note[name])}' for name in sorted(note))).encode()


def _write(target: Path, content: bytes) -> None:
    """One file, complete and on disk; raises OSError."""
    (trouble,) = write_all([Bundle(target.parent, ((target.name, content),))])
    if trouble is not None:
        raise trouble
