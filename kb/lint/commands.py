"""The commands of an article's fences: prompts, missing namespaces, what cannot be followed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb import shell
from kb.lint.kubectl import lacks_namespace
from kb.lint.typed import commands
from kb.lint.view import SESSIONS, SHELLS, View, grouped, language_of
from kb.problem import Problem

PLACEHOLDER = re.compile(r"<[^\W\d][^<>\n|;&()]{0,60}>")
CHOSEN = re.compile(
    r"config\s+set-context\s.{0,200}--namespace|\bkubens\s|\bkubie\s+ns\b|\boc\s+project\s|\balias\s+k"
)
"""From here on the namespace is chosen for the whole terminal."""


def check(view: View) -> Iterator[Problem]:
    """What would trip an operator who copies the commands."""
    prompts, unparsable, reads, writes = [], [], [], []
    chosen = False
    for block in view.blocks:
        if block.kind != "code":
            continue
        language = language_of(block.info)
        if language and language not in SHELLS:
            continue
        session = language in SESSIONS
        lines = list(commands(block.text, session=session))
        if not language:
            lines = [line for line in lines if line.prompt or line.text.startswith("kubectl ")]
        elif not session:
            prompts += [block.line + line.number - 1 for line in lines if line.prompt]
            if not any(line.prompt for line in lines) and _broken(block.text):
                unparsable.append(block.line)
        for line in lines:
            chosen = chosen or bool(CHOSEN.search(line.text))
            if chosen or "kubectl" not in line.text:
                continue
            parsed = shell.parse(PLACEHOLDER.sub("x", line.text))
            lacking = {lacks_namespace([word.text for word in one.words]) for one in parsed.commands}
            number = block.line + line.number - 1
            if "write" in lacking:
                writes.append(number)
            elif "read" in lacking:
                reads.append(number)
    yield from grouped(view.path, prompts, "command.prompt")
    yield from grouped(view.path, unparsable, "command.unparsable")
    yield from grouped(view.path, reads, "command.no-namespace")
    yield from grouped(view.path, writes, "command.write-no-namespace")


def _broken(fence: str) -> bool:
    # <name> is a place to fill in, not two redirections
    parsed = shell.parse(PLACEHOLDER.sub("x", fence))
    return parsed.broken and not parsed.unread
