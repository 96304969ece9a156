"""Writes constraints.txt: every package of the node, its tests and its build, pinned to one version with hashes.

`make pins` runs this from the repository root. The file names no address, so it works with whatever package index the
machine is set up for; a package that was tampered with does not install, wherever it came from.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

TARGET = Path("constraints.txt")
HEADER = """\
# Every package, one version, all its hashes. Made by `make pins`; do not edit by hand.
# Install with: pip install --require-hashes --only-binary :all: -r constraints.txt
"""


def main() -> None:
    """Resolve pyproject.toml for every supported Python and system; keep names, versions, markers and hashes."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    options = ["--no-header", "--no-annotate", "--extra", "test"]
    resolved = subprocess.run(  # noqa: S603 - our own arguments
        [*command, *options, "pyproject.toml", "-"],
        input="\n".join(project["build-system"]["requires"]),
        capture_output=True,
        text=True,
        check=False,
    )
    if resolved.returncode != 0:
        sys.exit(resolved.stderr)
    pins = [line for line in resolved.stdout.splitlines() if is_pin(line)]
    TARGET.write_text(HEADER + "\n".join(pins) + "\n", encoding="utf-8")


def is_pin(line: str) -> bool:
    """Whether a line names a package or a hash, and not where to look for one."""
    return bool(line.strip()) and not line.lstrip().startswith(("#", "--index", "--extra-index", "--find-links"))


if __name__ == "__main__":
    main()
