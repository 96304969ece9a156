"""`n2n paper`: official papers as files or exchanges, looked at without sending anything."""

import typer

from node.cli import paper_convert, paper_declaration, paper_show, paper_validate

app = typer.Typer(no_args_is_help=True, help="Official papers, looked at without sending them. 檢視文件，不予傳送。")

for part in (paper_validate, paper_show, paper_convert, paper_declaration):
    part.add_to(app)
