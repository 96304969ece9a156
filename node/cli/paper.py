"""`n2n paper`: papers as files, without sending them."""

import typer

from node.cli import paper_convert

app = typer.Typer(help="Papers as files. 文件檔案。", no_args_is_help=True)
paper_convert.add_to(app)
