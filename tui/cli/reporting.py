"""Where the document of a run goes, and in which form: JSON, JUnit XML or Prometheus text, printed or to a file."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checks.cluster import ClusterInfo
from checks.errors import ClusterError, ConfigError
from checks.model import Result, Verdict
from checks.reports.report import LEVELS, Level, RunReport
from kb.messages import message
from tui.cli.decorators import Command
from tui.cli.failures import USAGE, Stop
from tui.cli.muting import told
from tui.cli.options import Where
from tui.cli.texts import help_language

if TYPE_CHECKING:
    from checks.findings.mutes import Muting

FORMATS = ("text", "json", "junit", "prometheus")


def _say(key: str) -> str:
    return message(f"report.{key}").get(help_language())


def report_options(function: Command) -> Command:
    """``-o`` and ``--to``."""
    to = click.option(
        "--to", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help=_say("opt-to")
    )
    output = click.option(
        "-o",
        "--output",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help=_say("opt-output"),
    )
    decorated: Command = output(to(function))
    return decorated


def fail_on_option(default: Level, help_key: str) -> Callable[[Command], Command]:
    """``--fail-on``."""
    return click.option(
        "--fail-on", type=click.Choice(LEVELS), default=default, show_default=True, help=_say(help_key)
    )


@dataclass
class Reporting:
    """The document of one command."""

    name: str
    output: str
    to: Path | None
    level: Level
    lang: str
    article: str = ""
    began: float = field(default_factory=time.time)
    """Unix time."""
    _started: float = field(default_factory=time.monotonic)
    _info: ClusterInfo | None = None

    def __post_init__(self) -> None:
        if self.to and self.output == "text":
            raise Stop(_say("to-text"), USAGE)

    def begin(self, info: ClusterInfo) -> None:
        """It is clear which cluster is meant, and the run begins now."""
        self._info = info
        self.began, self._started = time.time(), time.monotonic()

    @contextmanager
    def watching(self, where: Where) -> Iterator[None]:
        """A run that cannot reach its cluster leaves a document that says so: the last one would pass for today's."""
        try:
            yield
        except (ClusterError, ConfigError) as error:
            if self.output in ("junit", "prometheus"):
                said = error.text.get(self.lang)
                # the labels of a run that works: what tells of the gap must be the same series
                info = self._info or ClusterInfo(where.context or where.practice or "", "")
                self._write(self._rendered(self._run(info, (), said)))
            raise

    def document(self, value: Any) -> None:
        """The one JSON document."""
        self._write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")

    def report(
        self,
        info: ClusterInfo,
        results: tuple[Result, ...],
        guide: Mapping[str, Any] | None = None,
        *,
        muting: Muting | None = None,
    ) -> None:
        """The results as JUnit XML or Prometheus text; `guide` is the JSON of what a guide makes of them."""
        run = self._run(info, results)
        if muting is not None:
            muted = {r.alias: told(mute) for r in results if (mute := muting.of(r))}
            counts = {r.alias: muting.counts(r) for r in results if muting.counts(r) is not r.verdict}
            run = replace(run, muted=muted, counted=counts)
        if guide is not None:
            symptoms = tuple((one["id"], Verdict(one["verdict"])) for one in guide["symptoms"])
            causes = tuple((one["id"], str(one["state"])) for one in guide["causes"])
            run = replace(run, symptoms=symptoms, causes=causes)
        self._write(self._rendered(run))

    def _run(self, info: ClusterInfo, results: tuple[Result, ...], error: str = "") -> RunReport:
        return RunReport(
            name=self.article or self.name,
            cluster=info.context or info.practice or info.server,
            server=info.server,
            began=self.began,
            took=time.monotonic() - self._started,
            lang=self.lang,
            level=self.level,
            results=results,
            error=error,
            article=self.article,
            report=self.to.stem if self.to else "",
        )

    def _rendered(self, run: RunReport) -> str:
        if self.output == "prometheus":
            from checks.reports.prometheus import prometheus

            return prometheus(run)
        from checks.redact import redactor
        from checks.reports.junit import junit

        # A key of its own, kept nowhere: within the document a secret has one token, and nobody can try secrets on it.
        return junit(run, redactor(secrets.token_hex(16)))

    def _write(self, text: str) -> None:
        if self.to is None:
            # UTF-8 whatever the terminal speaks: an XML declaration and Prometheus promise it
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
            return
        from tui.cli.reportfile import PRIVATE, PUBLIC, write_report

        write_report(self.to, text, PUBLIC if self.output == "prometheus" else PRIVATE)
