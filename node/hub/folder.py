"""The folder hub: papers handed in and taken out as files, for systems that speak nothing else.

    outbound/<PARTNER>/NAME.files/            what travels beside the paper NAME, written before its .done
    inbound/<PARTNER>/ID.files/               what came beside the paper ID (hub/folder_files.py)
    outbound/<PARTNER>/NAME.xml + NAME.done   the hub writes the paper (.xml or .json), then an empty .done
    taken/<PARTNER>/NAME.xml + NAME.note      the node has committed it; the note tells its exchange id
    refused/<PARTNER>/NAME.xml + NAME.note    the node did not take it, and why
    inbound/<PARTNER>/ID.xml + ID.note + ID.done   the node brings a partner's paper; .done comes last
    status/ID.json                            what became of a paper that was taken
    answers/<PARTNER>/NAME.json + NAME.done   the hub writes an agency's decision about an inbound paper
    answers-taken/<PARTNER>/, answers-refused/<PARTNER>/   where it goes then, with a note beside it
    answered/ID.json                          what the partner's agency decided about a paper that was taken

Notes are JSON too. Every file appears complete and on disk (hub/files.py). All acts may be repeated. The hub writes in
the tree as it likes, so no link in it is followed (hub/tree.py).
"""

import json
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from node import kill_points
from node.errors import HubUnavailable, NodeError, SubmissionUnreadable
from node.hub import notes
from node.hub.answer_files import answer_from_file
from node.hub.files import Bundle, write_all
from node.hub.folder_files import FILES, attachment_notes, give_files, handed_files, move_folder
from node.hub.put_off import PutOff
from node.hub.tree import is_there, opened
from node.model.document import MediaType
from node.model.hub import FromHub, HandedAnswer, HandedIn, HubPaper, HubReport
from node.model.ids import NodeCode, is_node_code

DONE = ".done"
NOTE = ".note"

OUTBOUND = "outbound"
ANSWERS = "answers"
INBOUND = "inbound"
STATUS = "status"
ANSWERED = "answered"
_TAKEN = {OUTBOUND: "taken", ANSWERS: "answers-taken"}
_REFUSED = {OUTBOUND: "refused", ANSWERS: "answers-refused"}
_PARTNER_FOLDERS = (OUTBOUND, ANSWERS, INBOUND, *_TAKEN.values(), *_REFUSED.values())

Item = TypeVar("Item")

MAX_TAKEN_AT_ONCE = 64
"""Papers read into memory in one look; the rest wait for the next."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A .done file: something handed in at a place for a partner, under a name. Any of them may be nonsense."""

    place: str
    partner: str
    name: str


class FolderHub:
    """One folder tree shared with the hub, on a local disk."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        """`max_bytes` is the largest paper that is read at all."""
        self._root = root
        self._max_bytes = max_bytes
        self._put_off: PutOff[_Entry] = PutOff()

    def prepare(self, partners: list[NodeCode]) -> None:
        """Make the folders. Raises HubUnavailable."""
        folders = [(part, partner) for partner in partners for part in _PARTNER_FOLDERS]
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            for folder in (*folders, (STATUS,), (ANSWERED,)):
                with opened(self._root, folder, make=True):
                    pass
        except OSError as error:
            raise HubUnavailable(detail=f"{self._root}: {error.strerror}") from error

    # --- from the hub ------------------------------------------------------------------------------------------------

    def waiting(self) -> list[HandedIn]:
        """Papers whose .done is there, in the order they were handed in, at most MAX_TAKEN_AT_ONCE.

        Unreadable ones are refused here. One that the node put off is offered again after PUT_OFF_S, so that papers
        that must wait never stand in the way of others. Raises HubUnavailable.
        """
        return self._look(OUTBOUND, self._read)

    def answers(self) -> list[HandedAnswer]:
        """Answers whose .done is there, under the same rules as papers."""
        return self._look(ANSWERS, self._read_answer)

    def _look(self, place: str, read: Callable[[_Entry], Item]) -> list[Item]:
        self._put_off.forget_ended()
        items: list[Item] = []
        for entry in self._handed_in(place):
            if len(items) == MAX_TAKEN_AT_ONCE:
                break
            if entry in self._put_off:
                continue
            try:
                items.append(read(entry))
            except SubmissionUnreadable as error:
                self._refuse(entry, error)
        return items

    def _handed_in(self, place: str) -> list[_Entry]:
        """What is done, oldest first: a withdrawal must not overtake the paper it withdraws. The name breaks ties."""
        found: list[tuple[int, str, _Entry]] = []
        try:
            with opened(self._root, (place,)) as at:
                partners = os.listdir(at)
        except FileNotFoundError:
            # The tree is away, a disk that is not mounted say, and nothing waits there.
            return []
        except OSError as error:
            raise HubUnavailable(detail=f"{self._root / place}: {error.strerror}") from error
        for partner in partners:
            # What is no folder, or a link to one, is none of ours.
            with suppress(OSError), opened(self._root, (place, partner)) as at, os.scandir(at) as files:
                found += [
                    (_handed_in_at(file), file.name, _Entry(place, partner, file.name.removesuffix(DONE)))
                    for file in files
                    if file.name.endswith(DONE)
                ]
        return [entry for _, _, entry in sorted(found, key=lambda one: one[:2])]

    def put_off(self, item: FromHub) -> None:
        """The node cannot take `item` yet, for no fault of its own: look at others first."""
        self._put_off.add(_Entry(_place(item), item.partner, item.name))

    def _read_answer(self, entry: _Entry) -> HandedAnswer:
        content = self._read(entry).content
        exchange, answer = answer_from_file(entry.name, content)
        return HandedAnswer(entry.name, NodeCode(entry.partner), exchange, answer)

    def _read(self, entry: _Entry) -> HandedIn:
        name = entry.name
        if not notes.is_hub_name(name) or not is_node_code(entry.partner):
            raise SubmissionUnreadable(name="(name withheld)", detail="its name is not allowed")
        try:
            with opened(self._root, (entry.place, entry.partner)) as at:
                content = _content(at, name, self._max_bytes + 1)
        except OSError as error:
            raise SubmissionUnreadable(name=name, detail=error.strerror or "cannot be read") from error
        if len(content) > self._max_bytes:
            raise SubmissionUnreadable(name=name, detail=f"larger than {self._max_bytes} bytes")
        files = handed_files(self._root, (entry.place, entry.partner, f"{name}{FILES}"))
        return HandedIn(name, NodeCode(entry.partner), content, files)

    def taken(self, item: FromHub, exchange: str) -> None:
        """The node has committed `item`: move it out of the way, with its exchange id beside it."""
        self._clear(item, _TAKEN[_place(item)], notes.accepted(exchange))

    def refused(self, item: FromHub, error: NodeError) -> None:
        """The node did not take `item`: move it aside with the reason in both languages."""
        self._clear(item, _REFUSED[_place(item)], notes.refused(error))

    def _clear(self, item: FromHub, place: str, note: Mapping[str, object]) -> None:
        source, target = (_place(item), item.partner), (place, item.partner)
        try:
            # The hub may hand in for a partner that we do not know: its folder is made here.
            with opened(self._root, target, make=True) as there:
                kill_points.reach("hub.folder/untold")
                self._write(target, f"{item.name}{NOTE}", note)
                kill_points.reach("hub.folder/told")
                with opened(self._root, source) as here:
                    paper = _paper_file(here, item.name)
                    with suppress(FileNotFoundError):
                        os.replace(paper, paper, src_dir_fd=here, dst_dir_fd=there)
                    move_folder(f"{item.name}{FILES}", here, there)
                    kill_points.reach("hub.folder/moved")
                    with suppress(FileNotFoundError):
                        os.unlink(f"{item.name}{DONE}", dir_fd=here)
        except OSError as error:
            raise HubUnavailable(detail=f"{self._root.joinpath(*target)}: {error.strerror}") from error

    def _refuse(self, entry: _Entry, error: SubmissionUnreadable) -> None:
        """Say why and take the .done away; where even that fails, put the entry off: it must not stop the others."""
        target = (_REFUSED[entry.place], entry.partner)
        try:
            with opened(self._root, target, make=True):
                self._write(target, f"{entry.name}{NOTE}", notes.refused(error))
            with opened(self._root, (entry.place, entry.partner)) as here, suppress(FileNotFoundError):
                os.unlink(f"{entry.name}{DONE}", dir_fd=here)
        except OSError:
            self._put_off.add(entry)

    def _write(self, folder: tuple[str, ...], name: str, note: Mapping[str, object]) -> None:
        """One note, complete and on disk; raises OSError."""
        (trouble,) = write_all(self._root, [Bundle(folder, ((name, _json(note)),))])
        if trouble is not None:
            raise trouble

    # --- to the hub --------------------------------------------------------------------------------------------------

    def hand_over(self, papers: Sequence[HubPaper]) -> list[NodeError | None]:
        """Bring inbound papers, each as three files that are on disk when this returns; HubUnavailable for the others.

        The .done files of a folder come when all papers and notes in it are on disk.
        """
        bundles = [
            Bundle(
                (INBOUND, paper.exchange.partner),
                (
                    (f"{paper.exchange.id}.{paper.media_type.extension}", paper.content),
                    (f"{paper.exchange.id}{NOTE}", _json(_note_of(paper))),
                ),
                mark=f"{paper.exchange.id}{DONE}",
            )
            for paper in papers
        ]
        before = [give_files(self._root, (INBOUND, paper.exchange.partner), paper) for paper in papers]
        told = iter(self._outcomes([one for one, trouble in zip(bundles, before, strict=True) if trouble is None]))
        return [trouble if trouble is not None else next(told) for trouble in before]

    def report(self, reports: Sequence[HubReport]) -> list[NodeError | None]:
        """Tell what became of outbound papers, a file for each, and one for each decision of the partner's agencies.

        HubUnavailable for those that are not on disk.
        """
        told = self._outcomes(
            [
                Bundle((STATUS,), ((f"{one.exchange.id}.json", _json(notes.became(one.exchange, one.findings))),))
                for one in reports
            ]
        )
        decided = {
            index: Bundle((ANSWERED,), ((f"{one.exchange.id}.json", _json(notes.decided(one.exchange, one.answer))),))
            for index, one in enumerate(reports)
            if one.answer is not None
        }
        for index, outcome in zip(decided, self._outcomes(list(decided.values())), strict=True):
            told[index] = told[index] or outcome
        return told

    def _outcomes(self, bundles: Sequence[Bundle]) -> list[NodeError | None]:
        return [
            None
            if trouble is None
            else HubUnavailable(detail=f"{self._root.joinpath(*bundle.folder)}: {trouble.strerror}")
            for bundle, trouble in zip(bundles, write_all(self._root, bundles), strict=True)
        ]


def _note_of(paper: HubPaper) -> notes.Note:
    told = {**notes.particulars(paper.exchange), "fields": dict(paper.fields)}
    return told | {"attachments": attachment_notes(paper)} if paper.attachments else told


def _place(item: FromHub) -> str:
    return ANSWERS if isinstance(item, HandedAnswer) else OUTBOUND


def _handed_in_at(file: "os.DirEntry[str]") -> int:
    try:
        return file.stat(follow_symlinks=False).st_mtime_ns
    except OSError:
        return 0


def _paper_file(at: int, name: str) -> str:
    """The paper beside its .done: XML, or JSON where no XML of that name is there."""
    xml, json_ = (f"{name}.{form.extension}" for form in (MediaType.XML, MediaType.JSON))
    return json_ if is_there(at, json_) and not is_there(at, xml) else xml


def _content(at: int, name: str, most: int) -> bytes:
    """Up to `most` bytes of that paper. Raises OSError, SubmissionUnreadable."""
    # No blocking: a pipe must not make us wait for whoever writes into it.
    paper = os.open(_paper_file(at, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    with open(paper, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise SubmissionUnreadable(name=name, detail="it is not a regular file")
        return file.read(most)


_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def _json(note: Mapping[str, object]) -> bytes:
    """One entry a line, for people; the encoder's own indenting is many times slower."""
    return "{{\n{}\n}}\n".format(",\n".join(f'  "{name}": {_ENCODE(note[name])}' for name in sorted(note))).encode()
