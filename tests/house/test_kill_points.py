"""A commit without a kill point fails here; so does a point that nobody can reach, and a device that could be armed."""

import ast
from collections.abc import Iterator, Mapping

import pytest

from node import kill_points
from node.sandbox.kill_table import COMMITS, EXEMPT, OTHERS

STORES = frozenset({"store", "_store", "database", "_database"})
DATABASE = "node/store/database.py"


def commits(name: str, tree: ast.Module) -> Iterator[str]:
    """The functions of a module that write to the store, by the names that the device gives their commits."""
    module = name.removesuffix(".py").replace("/", ".")

    def look(node: ast.AST, above: tuple[str, ...], outermost: bool) -> Iterator[str]:
        for each in ast.iter_child_nodes(node):
            if isinstance(each, ast.ClassDef) and outermost:
                yield from look(each, (*above, each.name), True)
            elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and outermost:
                yield from look(each, (*above, each.name), False)
            else:
                if isinstance(each, ast.Attribute) and each.attr == "write":
                    owner = getattr(each.value, "attr", getattr(each.value, "id", ""))
                    if owner in STORES or (owner == "self" and name == DATABASE):
                        yield kill_points.named(module, ".".join(above))
                yield from look(each, above, outermost)

    return look(tree, (), True)


def reached(tree: ast.Module) -> Iterator[str]:
    """The points that a module names itself."""
    for each in ast.walk(tree):
        if isinstance(each, ast.Call):
            words = [each.func, *each.args]
            if any(isinstance(word, ast.Attribute) and word.attr == "reach" for word in words):
                yield from (
                    one.value for one in each.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )


def test_every_commit_of_the_node_has_its_kill_points_or_a_reason(modules: Mapping[str, ast.Module]) -> None:
    written = {commit for name, tree in modules.items() for commit in commits(name, tree)}
    # A new commit? Give it a line in node/sandbox/kill_table.py: what brings a node to it, or why it needs no point.
    assert written == COMMITS.keys() | EXEMPT.keys()
    assert not COMMITS.keys() & EXEMPT.keys()
    assert all(EXEMPT.values())


def test_every_other_point_is_in_the_table_and_in_the_code(modules: Mapping[str, ast.Module]) -> None:
    assert {point for tree in modules.values() for point in reached(tree)} == OTHERS.keys()


def test_a_commit_without_a_point_is_noticed() -> None:
    tree = ast.parse("class Desk:\n    def keep(self):\n        def work(tx): ...\n        self._store.write(work)\n")
    assert list(commits("node/flows/new.py", tree)) == ["flows.new.Desk.keep"]
    tree = ast.parse("async def go(node):\n    await to_thread(node.store.write, lambda tx: None)\n")
    assert list(commits("node/flows/new.py", tree)) == ["flows.new.go"]


def test_nothing_but_the_environment_at_start_arms_the_device(modules: Mapping[str, ast.Module]) -> None:
    """Whatever the node reads later, from files, calls or people, no line of it sets the device."""
    for name, tree in modules.items():
        if name == "node/kill_points.py":
            continue
        for each in ast.walk(tree):
            assert not (isinstance(each, ast.Attribute) and each.attr == "ARMED" and not isinstance(each.ctx, ast.Load))
            assert not (isinstance(each, ast.Attribute) and each.attr in ("armed_by", "Device")), name
            assert not (
                isinstance(each, ast.ImportFrom) and each.module == "node.kill_points" and "sandbox" not in name
            )
    assert kill_points.ARMED is None


def test_only_the_armed_point_ends_the_process_and_only_when_its_time_has_come(monkeypatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(kill_points.os, "kill", lambda _, number: ended.append(number))
    device = kill_points.armed_by({kill_points.VARIABLE: "flows.a.b/committed:2"})
    assert device is not None
    for point in ("flows.a.b/committed", "flows.a.b/uncommitted", "other"):
        device.reach(point)
    assert ended == []
    for _ in range(3):
        device.reach("flows.a.b/committed")
    assert ended == [kill_points.signal.SIGKILL]


@pytest.mark.parametrize("asked", ["a:b", "a", "a:1:wound"])
def test_a_device_that_is_asked_for_nonsense_does_not_start(asked: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        kill_points.armed_by({kill_points.VARIABLE: asked})
    assert kill_points.armed_by({}) is None
