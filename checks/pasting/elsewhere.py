"""What to run elsewhere: the commands that answer the reads klinik could not make, for whoever has access. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks import kubectl
from checks.layout import Layout
from checks.model import (
    NOTHING,
    CheckSpec,
    EventsRead,
    Evidence,
    ExecRead,
    HealthRead,
    ListRead,
    LogsRead,
    MetricsRead,
    Read,
    Result,
    Roleless,
    branches,
)
from checks.specs.readspec import fill
from kb.messages import message
from kb.text import Text

ASKED = ("forbidden", "unreachable", "unauthenticated", "timeout")
"""Reasons for which somebody else may get the answer: it is there, only klinik does not get at it."""
Askable = ExecRead | LogsRead | ListRead | EventsRead | HealthRead | MetricsRead
_GIVEN = re.compile(r"[A-Za-z0-9._:][A-Za-z0-9._:-]*")


@dataclass(frozen=True, slots=True)
class Ask:
    """One command that somebody with more access can run, for one target or for a whole role."""

    read: str
    target: str
    """Node or pod; empty where klinik does not know who there is, or there is only one."""
    where: Text
    """Where the plain command is to be run."""
    kubectl: str
    """A line for a shell with kubectl."""
    plain: str
    """The command alone, for a shell in the container; empty where only kubectl can tell."""
    reason: str
    """Why klinik has no answer of its own."""


def asks(
    spec: CheckSpec, result: Result, layout: Layout, params: Mapping[str, Any] = NOTHING
) -> tuple[Ask, ...]:
    """What would answer the reads of a check that failed; `params` are those its use was given."""
    reads = {name: fill(read, {**spec.params, **params}) for name, read in spec.reads.items()}
    found = []
    for item in result.evidence:
        reason = item.error.partition(":")[0]
        branch = branch_of(reads[item.read]) if item.read in reads else None
        if reason in ASKED and branch is not None and not item.pasted:
            found.append(_ask(item, reason, branch, reads, result, layout))
    return tuple(found)


def branch_of(read: Read) -> Askable | None:
    """The source that a person can ask by a command: a metrics page only where there is no other."""
    plain = [one for one in branches(read) if isinstance(one, ExecRead | LogsRead | Roleless)]
    pages = [one for one in branches(read) if isinstance(one, MetricsRead)]
    return next(iter([*plain, *pages]), None)


def _ask(
    item: Evidence, reason: str, branch: Askable, reads: Mapping[str, Read], result: Result, layout: Layout
) -> Ask:
    if isinstance(branch, HealthRead):
        # where a check fails, kubectl prints the page as its error
        line = f"{shlex.join(kubectl.health_argv(branch))} 2>&1"
        return Ask(item.read, "", message("pasted.anywhere"), line, "", reason)
    if isinstance(branch, ListRead | EventsRead):
        listed = kubectl.list_argv(branch if isinstance(branch, ListRead) else _events_list(branch))
        return Ask(item.read, "", message("pasted.anywhere"), shlex.join(listed), "", reason)
    where, pod = _where(branch, item, layout)
    role = layout.role(branch.on)
    place = f"kubectl -n {role.namespace} exec {pod} -c {role.container} -- "
    if isinstance(branch, LogsRead):
        since = f" --since={branch.since:g}s" if branch.since is not None else ""
        previous = " --previous" if branch.previous else ""
        tail = f"--tail={branch.tail}{since}{previous}"
        line, plain = f"kubectl -n {role.namespace} logs {pod} -c {role.container} {tail}", ""
    elif isinstance(branch, MetricsRead):
        scheme = f"{branch.scheme}:" if branch.scheme else ""
        path = f"/api/v1/namespaces/{role.namespace}/pods/{scheme}{pod}:{branch.port}/proxy{branch.path}"
        line = f"kubectl get --raw {path}"
        plain = f"curl -sk {branch.scheme or 'http'}://127.0.0.1:{branch.port}{branch.path}"
    else:
        before, words = _words(branch, item, reads, result)
        line = "".join(f"{slot}=$({place}{words}); " for slot, words in before) + place + words
        plain = "".join(f"{slot}=$({words}); " for slot, words in before) + words
    return Ask(item.read, item.target, where, _repeated(line, branch), _repeated(plain, branch), reason)


def _events_list(read: EventsRead) -> ListRead:
    return ListRead("v1/events", read.namespace, fields="" if read.normal else "type!=Normal")


def _words(
    read: ExecRead, item: Evidence, reads: Mapping[str, Read], result: Result
) -> tuple[list[tuple[str, str]], str]:
    """The command for a shell, and before it those whose output goes into its slots, where klinik has none of it."""
    before: list[tuple[str, str]] = []
    known: dict[str, str] = {}
    for slot, name in read.given.items():
        texts = (e.text.strip() for e in result.evidence if (e.read, e.target) == (name, item.target))
        value = next((text for text in texts if _GIVEN.fullmatch(text)), "")
        other = reads.get(name)
        if value:
            known[slot] = value
        elif isinstance(other, ExecRead) and not other.given:
            before.append((slot, shlex.join(other.argv)))
    return before, " ".join(_word(word, known, [slot for slot, _ in before]) for word in read.argv)


def _word(word: str, known: Mapping[str, str], variables: Sequence[str]) -> str:
    """One word for a shell, with known values and the shell's variables in its slots."""
    for slot, value in known.items():
        word = word.replace("{" + slot + "}", value)
    if not any("{" + slot + "}" in word for slot in variables):
        return shlex.quote(word)
    quoted = re.sub(r'([\\"$`])', r"\\\1", word)
    for slot in variables:
        quoted = quoted.replace("{" + slot + "}", "${" + slot + "}")
    return f'"{quoted}"'


def _where(read: ExecRead | LogsRead | MetricsRead, item: Evidence, layout: Layout) -> tuple[Text, str]:
    """Where the command is to be run, and the pod as a word of a kubectl line."""
    role = layout.role(read.on)
    pod = pod_of(item)
    about = {"container": role.container, "namespace": role.namespace, "selector": role.selector}
    if pod:
        node = item.target if role.per == "node" else "?"
        return message("pasted.in", pod=pod, node=node, container=role.container), pod
    if role.pick == "one":
        return message("pasted.in-role-one", **about), f"<pod of {role.name}>"
    return message("pasted.in-role", **about), f"<pod on {item.target}>" if item.target else "<pod>"


def pod_of(item: Evidence) -> str:
    """The pod of a kubectl command that was, or would have been, run."""
    words = list(item.command)
    for verb in ("exec", "logs"):
        if verb in words[:5] and len(words) > words.index(verb) + 1:
            return words[words.index(verb) + 1]
    return ""


def _repeated(line: str, read: Askable) -> str:
    """The command once, or several times apart with the time above each output."""
    if not line or not isinstance(read, ExecRead | MetricsRead) or read.samples < 2:
        return line
    rounds = " ".join(str(n + 1) for n in range(read.samples))
    marked = f'echo "== at=$(date +%s)"; {line}; printf "\\n== rc=%s\\n" $?'
    return f"for round in {rounds}; do {marked}; sleep {read.apart:g}; done"


def script(wanted: Sequence[Ask]) -> str:
    """Lines for a shell with kubectl whose whole output `checks.pasting.pasted.read_paste` takes apart again."""
    lines = []
    for ask in wanted:
        if "<" in ask.kubectl:  # somebody has to fill in a name first
            lines.append(f"# {ask.kubectl}")
            continue
        tail = "" if "; do " in ask.kubectl else '; printf "\\n== rc=%s\\n" $?'
        lines.append(f'echo "== {ask.read}@{ask.target}"; {ask.kubectl}{tail}')
    return "\n".join(lines)
