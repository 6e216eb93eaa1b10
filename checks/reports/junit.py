"""A run as JUnit XML, as CI systems read it: one test case per check. Pure.

A verdict that counts as a failure (``--fail-on``) is a ``failure``, an unknown one an ``error`` whatever counts: not to
know is never a pass. A warning that does not count passes, and says so in its output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import escape

from checks.model import Evidence, Result, Verdict
from checks.reports.report import FAILING, RunReport
from checks.roots import Fold, folded
from kb.messages import message
from kb.safe import one_line, printable

OUTPUT = 8_000
"""Characters of rows and evidence kept per test case."""
PER_EVIDENCE = 2_000
ROWS = 50
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Redact = Callable[[str], str]


def junit(run: RunReport, redact: Redact) -> str:
    """The whole document; `redact` takes the secrets out of what the cluster said."""
    cases = [line for result in run.results for line in _case(run, result, redact)]
    if run.error:
        cases = list(_unreached(redact(run.error)))
    total, failures, errors, skipped = _counts(run)
    counts = f'tests="{total}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    time = f'time="{run.took:.3f}"'
    name = _attribute(f"klinik {run.name}")
    stamp = datetime.fromtimestamp(run.began, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites name={name} {counts} {time}>",
        f'  <testsuite name={name} {counts} {time} timestamp="{stamp}" hostname={_attribute(run.cluster)}>',
        "    <properties>",
        f'      <property name="cluster" value={_attribute(run.cluster)}/>',
        f'      <property name="server" value={_attribute(run.server)}/>',
        f'      <property name="fail-on" value="{run.level}"/>',
        *(_root(fold, run.lang, redact) for fold in folded(run.results)),
        "    </properties>",
        *cases,
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _root(fold: Fold, lang: str, redact: Redact) -> str:
    """What keeps several checks from being answered, once for all of them."""
    name, value = _attribute(f"root {fold.root}"), _attribute(redact(fold.text.get(lang)))
    return f"      <property name={name} value={value}/>"


def _counts(run: RunReport) -> tuple[int, int, int, int]:
    if run.error:
        return 1, 0, 1, 0
    kinds = [_kind(run, result) for result in run.results]
    return len(kinds), kinds.count("failure"), kinds.count("error"), kinds.count("skipped")


def _kind(run: RunReport, result: Result) -> str:
    """The element that says the verdict; empty for one that passes. What is muted is skipped, never passed."""
    verdict = run.counts(result)
    if verdict is Verdict.UNKNOWN:
        return "error"
    if verdict is Verdict.SKIPPED or (result.alias in run.muted and verdict not in FAILING[run.level]):
        return "skipped"
    return "failure" if verdict in FAILING[run.level] else ""


def _case(run: RunReport, result: Result, redact: Redact) -> Iterator[str]:
    area = result.check.rpartition(".")[0] or "check"
    where = f"{run.article}.{area}" if run.article else f"klinik.{area}"
    plain = result.alias == result.check.replace(".", "_").replace("-", "_")
    name = result.check if plain else f"{result.check} ({result.alias})"
    time = f"{result.took_ms / 1000:.3f}"
    yield f'    <testcase classname={_attribute(where)} name={_attribute(name)} time="{time}">'
    kind = _kind(run, result)
    summary = _attribute(redact(result.summary.get(run.lang)))
    if kind == "skipped":
        muted = run.muted.get(result.alias)
        why = _attribute(redact(muted.get(run.lang))) if muted else summary
        yield f"      <skipped message={why}/>"
    elif kind:
        reason = result.judgement.reason if kind == "error" else str(result.verdict)
        detail = _text(redact("\n".join(_details(run, result))))
        yield f"      <{kind} message={summary} type={_attribute(reason)}>{detail}</{kind}>"
    yield f"      <system-out>{_text(_output(run, result, redact))}</system-out>"
    yield "    </testcase>"


def _details(run: RunReport, result: Result) -> Iterator[str]:
    """What is wrong, part by part, and what would settle what is unknown."""
    if result.judgement.remedy:
        yield one_line(result.judgement.remedy.get(run.lang))
    wrong = [row for row in result.judgement.rows if row.verdict not in (Verdict.OK, Verdict.SKIPPED)]
    for row in wrong[:ROWS]:
        yield f"{row.verdict} {one_line(row.target, 200)}: {one_line(row.text.get(run.lang))}"
    if len(wrong) > ROWS:
        yield message("report.more-rows", count=len(wrong) - ROWS).get(run.lang)


def _output(run: RunReport, result: Result, redact: Redact) -> str:
    """The verdict, and the evidence it rests on, bounded."""
    parts = [f"{result.verdict}: {one_line(redact(result.summary.get(run.lang)))}"]
    left = OUTPUT
    for number, item in enumerate(result.evidence):
        shown = _shown(item, redact)[: min(PER_EVIDENCE, left)]
        left -= len(shown)
        if left <= 0:
            rest = len(result.evidence) - number
            parts.append(message("report.more-evidence", count=rest).get(run.lang))
            break
        parts.append(shown)
    return "\n".join(parts)


def _shown(item: Evidence, redact: Redact) -> str:
    command = one_line(redact(" ".join(item.command) or item.source), 1_000)
    # redacted before it is cut: a secret that the cut has halved would not be known for one
    said = printable(redact((item.error or item.text)[: 4 * PER_EVIDENCE]))
    return f"$ {command}\n{said}".rstrip()


def _unreached(error: str) -> Iterator[str]:
    """A run that saw nothing is no run without failures."""
    yield '    <testcase classname="klinik" name="cluster" time="0.000">'
    yield f'      <error message={_attribute(error)} type="unreachable"/>'
    yield "    </testcase>"


def _attribute(text: str) -> str:
    return f'"{escape(_NOT_XML.sub("�", one_line(text, 1_000)))}"'


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("�", printable(text)), quote=False)
