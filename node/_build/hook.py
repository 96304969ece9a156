"""Build hook of the wheel: generates the protocol classes, and ships the partner profiles of the demonstration.

hatchling loads this file by its path, so it cannot import its neighbours: the generator runs as a program of its own.
"""

import subprocess
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ProtocolHook(BuildHookInterface[Any]):
    """Runs before a wheel is put together, a real one or the pointer of an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate node/protocol/; `version` is "standard" or "editable"."""
        subprocess.run([sys.executable, "node/_build/generate.py"], cwd=self.root, check=True)
        if version == "standard":
            # An editable install reads partner_profiles/ where it lies; a copy in site-packages would go stale.
            build_data["force_include"]["partner_profiles"] = "node/sandbox/partner_profiles"
