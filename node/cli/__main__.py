"""`python -m node.cli` is `n2n`, also where no script was installed."""

from node.cli.main import run

run()
