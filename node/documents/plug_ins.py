"""Kinds that other packages bring, each through one entry point of the group `n2n.kinds` (docs/papers.md).

A plug-in is judged as a whole before anything of it is used: one that is broken stops the start, for a node that serves
half of what was agreed is worse than one that says what is wrong. Packages are code of the operator's choice; what is
judged here is mistakes, not malice.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from node.documents.code_lists import list_names
from node.documents.kind import JsonKind, Kind, XmlKind
from node.documents.views import read_plan
from node.errors import KindPlugInBroken
from node.model.control_kinds import CONTROL_KINDS
from node.model.document import Finding

GROUP = "n2n.kinds"
MAX_VERSION = 1_000_000

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PlugIn:
    """A kind and the package that brings it, as `name version`."""

    kind: Kind
    package: str


def installed(built_in: Iterable[Kind]) -> tuple[PlugIn, ...]:
    """The kinds of all installed packages, by name and version; raises KindPlugInBroken."""
    return judged(entry_points(group=GROUP), built_in)


def judged(points: Iterable[EntryPoint], built_in: Iterable[Kind]) -> tuple[PlugIn, ...]:
    """The kinds behind these entry points, every one fit and none in the place of another; raises KindPlugInBroken."""
    ours = tuple(built_in)
    names = {kind.name for kind in ours} | CONTROL_KINDS
    roots = {kind.root: "this node" for kind in ours}
    versions: dict[tuple[str, int], str] = {}
    found = []
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        package = _package(point)
        kind = _loaded(point, package)
        if kind.name in names:
            raise _broken(point, package, f"the kind {kind.name} is the node's own")
        for taken, owner in ((versions.get((kind.name, kind.version)), "kind"), (roots.get(kind.root), "root")):
            if taken is not None:
                raise _broken(point, package, f"its {owner} is that of {taken}")
        versions[kind.name, kind.version] = roots[kind.root] = package
        found.append(PlugIn(kind, package))
    return tuple(sorted(found, key=lambda one: (one.kind.name, one.kind.version)))


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "?"


def _broken(point: EntryPoint, package: str, detail: str) -> KindPlugInBroken:
    return KindPlugInBroken(name=point.name, package=package, detail=detail)


def _loaded(point: EntryPoint, package: str) -> Kind:
    try:
        kind = point.load()
    except Exception as error:
        raise _broken(point, package, f"it cannot be loaded ({type(error).__name__})") from error
    if not isinstance(kind, XmlKind | JsonKind):
        raise _broken(point, package, "it names no XmlKind and no JsonKind")
    try:
        wrong = _unfit(kind)
    except Exception as error:
        raise _broken(point, package, f"it cannot be judged ({type(error).__name__})") from error
    if wrong:
        raise _broken(point, package, wrong)
    return kind


def _unfit(kind: Kind) -> str:
    """What is wrong with a kind as a whole; empty when nothing is."""
    if not _NAME.fullmatch(kind.name):
        return "its name must have small letters, digits and underscores"
    if isinstance(kind.version, bool) or not 1 <= kind.version <= MAX_VERSION:
        return "its version must be a whole number from 1"
    if not kind.root or not kind.title_en or not kind.title_zh:
        return "it needs a root and a title in both languages"
    if any(len(rule) > Finding.MAX_RULE for rule in (*kind.schema.rules, *kind.rule_texts)):
        return f"a rule has at most {Finding.MAX_RULE} characters"
    if kind.codes is not None and kind.codes.lists - list_names():
        return "it uses code lists that do not exist"
    if kind.view is not None:
        read_plan(kind.view)
    for name in kind.samples:
        if kind.sample_folder is None or not (kind.sample_folder / f"{name}.{kind.media_type.extension}").is_file():
            return f"its sample {name} is not in its sample_folder"
    return ""


def packages(plug_ins: Iterable[PlugIn]) -> Mapping[tuple[str, int], str]:
    """Which package brings a kind, by name and version."""
    return {(one.kind.name, one.kind.version): one.package for one in plug_ins}
