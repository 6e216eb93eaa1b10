"""`klinik kb lint`: what is wrong in the knowledge base."""

from __future__ import annotations

import click

from tui.cli import printing
from tui.cli.decorators import common_options, output_option
from tui.cli.failures import FAILED, OK, complain
from tui.cli.library import all_problems
from tui.cli.options import Root
from tui.cli.printing import one_row, say
from tui.cli.texts import t


@click.command(help=t("kb.lint"))
@output_option
@common_options
def lint(output: str, root: Root) -> int:
    """Names every problem with file and line; exit code 1 where there is an error."""
    found = all_problems(root)
    errors = [p for p in found if p.severity == "error"]
    if output == "json":
        printing.as_json(
            [
                {"path": p.path, "line": p.line, "code": p.code, "severity": p.severity, "message": p.message}
                for p in found
            ]
        )
    else:
        for problem in found:
            say(one_row(str(problem)))
        complain(t("kb.lint-total", errors=len(errors), warnings=len(found) - len(errors)))
    return FAILED if errors else OK
