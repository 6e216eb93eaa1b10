"""What goes wrong at the command line: one clear line on stderr, and the exit code of its kind."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from checks.errors import ClusterError, ConfigError, NoCluster
from kb.safe import one_line, printable
from kb.said import about_file
from tui.cli.clickwords import complaint
from tui.cli.lazy import ReaderGone
from tui.cli.texts import help_language, t

OK, FAILED, USAGE, UNKNOWN, NO_CLUSTER = 0, 1, 2, 3, 4


class Stop(Exception):
    """Ends a command with a message and an exit code."""

    def __init__(self, message: str, code: int = USAGE):
        super().__init__(message)
        self.code = code


def complain(text: str) -> None:
    """One line on stderr."""
    click.echo(f"klinik: {printable(text)}", err=True)


def _show(error: click.ClickException) -> None:
    """A wrong call: what click says of it, in the operator's language; a group without a command shows its help."""
    if isinstance(error, click.UsageError) and type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        click.echo(printable(complaint(error)), err=True)


def guarded(run: Callable[[], Any]) -> int:
    """Runs a command and turns every foreseeable failure into a line on stderr and an exit code."""
    try:
        result = run()
    except click.exceptions.Exit as stop:
        return int(stop.exit_code)
    except click.exceptions.Abort:
        complain(t("aborted"))
        return 130
    except KeyboardInterrupt:
        return 130
    except Stop as stop:
        complain(str(stop))
        return stop.code
    except click.ClickException as error:
        _show(error)
        return int(error.exit_code)
    except ConfigError as error:
        complain(one_line(error.text.get(help_language())))
        if not isinstance(error, NoCluster):
            return USAGE
        complain(t("try-practice"))
        return NO_CLUSTER
    except ClusterError as error:
        complain(t("cluster-error", reason=error.reason, message=one_line(error.text.get(help_language()))))
        return NO_CLUSTER
    except (BrokenPipeError, ReaderGone):
        # The reader went away (`klinik … | head`): nothing to say, and nothing more to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:  # a folder, file or port that the command cannot have
        complain(one_line(about_file(error).get(help_language())))
        return USAGE
    return result if isinstance(result, int) else OK
