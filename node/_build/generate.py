"""Generates node/protocol/ from protos/: message classes, stubs, service stubs and one descriptor set with comments.

Run from the repository root after editing a .proto, and by the build hook: `python node/_build/generate.py` (0.3 s).
Only files whose content changed are written, so running it again changes nothing.
"""

import re
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

SOURCES = Path("protos")
TARGET = Path("node/protocol")
PACKAGE = "node.protocol"
DESCRIPTORS = "descriptors.binpb"
PACKAGE_DOCSTRING = '"""Generated from protos/ by node/_build/generate.py; not kept in version control."""\n'


def main() -> None:
    """Generate into a scratch folder, then bring node/protocol/ to exactly that; exits with protoc's complaint."""
    names = sorted(path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.proto"))
    if not names:
        sys.exit(f"no .proto files under {SOURCES}/: run this from the repository root")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        compile_protos(names, scratch)
        move_imports(scratch, roots={name.split("/")[0] for name in names})
        drop_empty_services(scratch)
        add_packages(scratch)
        synchronise(scratch, TARGET)


def compile_protos(names: list[str], out: Path) -> None:
    """Run protoc; its own messages on stderr name file and line."""
    well_known = files("grpc_tools") / "_proto"
    arguments = [
        "protoc",
        f"-I{SOURCES}",
        f"-I{well_known}",
        f"--python_out={out}",
        f"--pyi_out={out}",
        f"--grpc_python_out={out}",
        f"--descriptor_set_out={out / DESCRIPTORS}",
        "--include_imports",
        "--include_source_info",
        *names,
    ]
    if protoc.main(arguments) != 0:
        sys.exit("protoc refused the files above")


def move_imports(out: Path, roots: set[str]) -> None:
    """Make `import n2n...` read `import node.protocol.n2n...`, so that no path needs changing at run time."""
    ours = re.compile(rf"^(\s*)(from|import) ({'|'.join(sorted(roots))})\b", re.MULTILINE)
    for path in [*out.rglob("*.py"), *out.rglob("*.pyi")]:
        text = path.read_text(encoding="utf-8")
        path.write_text(ours.sub(rf"\1\2 {PACKAGE}.\3", text), encoding="utf-8")


def drop_empty_services(out: Path) -> None:
    """Remove service stubs of files that declare no service."""
    for path in out.rglob("*_pb2_grpc.py"):
        if "class " not in path.read_text(encoding="utf-8"):
            path.unlink()


def add_packages(out: Path) -> None:
    """Make every folder a package."""
    for folder in [out, *(path for path in out.rglob("*") if path.is_dir())]:
        (folder / "__init__.py").write_text(PACKAGE_DOCSTRING, encoding="utf-8")


def synchronise(source: Path, target: Path) -> None:
    """Make `target` hold exactly the files of `source`, touching only what differs.

    A process that imports the package meanwhile never finds it missing.
    """
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    for name in sorted(wanted):
        write_if_changed(target / name, (source / name).read_bytes())
    for path in sorted(target.rglob("*")):
        if path.is_file() and path.relative_to(target) not in wanted and "__pycache__" not in path.parts:
            path.unlink()


def write_if_changed(path: Path, content: bytes) -> None:
    """Write through a neighbour and a rename, so that nobody reads half a file."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    fresh.replace(path)


if __name__ == "__main__":
    main()
