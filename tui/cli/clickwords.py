"""What click says by itself (headings of the help, usage errors) in the operator's language.

click translates through gettext alone, which follows the environment's locale; klinik's language may be another one
(``--lang``, ``KLINIK_LANG``). English stays click's own. Words of click that are not known here are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from kb.messages import message
from kb.said import quoted
from tui.cli.texts import help_language

_HEADINGS = {"Options": "options", "Commands": "commands", "Positional arguments": "arguments"}
_OWN_HELP = {"Show the version and exit.": "show-version", "Show this message and exit.": "show-help"}
_EXTRA = re.compile(r"  \[([^\[\]]*)\]$")
_SAID = tuple(
    (re.compile(pattern, re.DOTALL), key)
    for pattern, key in (
        (r"(?P<value>.+) is not (?:one of )?(?P<choices>'.*)\.", "choice"),
        (r"(?P<value>.+) is not a valid (?:integer|float)(?: range)?\.", "number"),
        (r"(?P<value>.+) is not in the range (?P<range>.+)\.", "range"),
        (r"(?:File|Path) (?P<path>'.*') does not exist\.", "no-file"),
        (r"Directory (?P<path>'.*') does not exist\.", "no-folder"),
        (r"(?:Directory|Path) (?P<path>'.*') is a file\.", "is-file"),
        (r"(?:File|Path) (?P<path>'.*') is a directory\.", "is-folder"),
        (r"\w+ (?P<path>'.*') is not readable\.", "not-readable"),
        (r"\w+ (?P<path>'.*') is not writable\.", "not-writable"),
        (r"Option (?P<name>'.*') requires an argument\.", "needs-value"),
        (r"Option (?P<name>'.*') does not take a value\.", "takes-none"),
        (r"Got unexpected extra arguments? \((?P<words>.*)\)", "too-many"),
        (r"No such command (?P<name>'.*')\.", "no-command"),
        (r"Missing command\.", "no-command-given"),
    )
)
"""click's sentences (its types and its parser make them, and say them as text only) and the catalogue's."""


def _say(key: str, **params: object) -> str:
    return message(f"click.{key}", **params).get(help_language())


def _own_words() -> bool:
    return help_language() == "en"


class Formatter(click.HelpFormatter):
    """Help pages whose headings and remarks are in the language of their texts."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line that shows how a command is called."""
        super().write_usage(prog, args, prefix if prefix is not None or _own_words() else _say("usage"))

    def write_heading(self, heading: str) -> None:
        """The heading of a section."""
        if _own_words() or heading not in _HEADINGS:
            super().write_heading(heading)
        else:
            self.write(f"{'':>{self.current_indent}}{_say(_HEADINGS[heading])}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options or commands, one below the other."""
        said = rows if _own_words() else [(name, _help(text)) for name, text in rows]
        super().write_dl(said, col_max, col_spacing)


def _help(text: str) -> str:
    """The help of one option with click's additions (default, range) in the language of the rest."""
    if text in _OWN_HELP:
        return _say(_OWN_HELP[text])
    found = _EXTRA.search(text)
    if found is None:
        return text
    parts = [_extra(part) for part in found[1].split("; ")]
    return text[: found.start()] + _say("extra", parts="；".join(parts))


def _extra(part: str) -> str:
    if part.startswith("default: "):
        return _say("default", value=part.removeprefix("default: "))
    return _say("required") if part == "required" else part


class Context(click.Context):
    """A context whose help pages speak the operator's language."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose help speaks the operator's language."""

    context_class = Context


class Group(click.Group):
    """A group of such commands."""

    context_class = Context
    command_class = Command


def complaint(error: click.ClickException) -> str:
    """The whole of what is shown for a wrong call, several lines; in English what click itself would say."""
    lines = []
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        lines.append(context.get_usage())
        names = context.command.get_help_option_names(context)
        if names:
            lines += [_say("try-help", command=context.command_path, option=max(names, key=len)), ""]
    lines.append(_say("error", message=error.format_message() if _own_words() else _words(error)))
    return "\n".join(lines)


def _words(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        return _say("no-option", name=repr(error.option_name)) + _near(error.possibilities)
    if isinstance(error, click.MissingParameter):
        kind = "argument" if isinstance(error.param, click.Argument) else "option"
        return _say(f"missing-{kind}", name=_where(error))
    if isinstance(error, click.BadParameter):
        where = _where(error)
        return _say("bad-value", name=where, why=_known(error.message)) if where else _known(error.message)
    return _known(error.message) + _near(getattr(error, "possibilities", None))


def _where(error: click.BadParameter) -> str:
    hint = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param and error.ctx else "")
    return hint if isinstance(hint, str) else " / ".join(hint)


def _near(possibilities: Iterable[str] | None) -> str:
    names = "、".join(repr(name) for name in sorted(possibilities or ()))
    return _say("did-you-mean", names=names) if names else ""


def _known(said: str) -> str:
    """A sentence of click in the operator's language; klinik's own stay, anything else is quoted."""
    for pattern, key in _SAID:
        if found := pattern.fullmatch(said):
            return _say(key, **found.groupdict())
    return said if re.search("[\u4e00-\u9fff]", said) else quoted(said).get(help_language())
