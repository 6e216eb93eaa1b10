"""A run as other programs read it: JUnit XML and the Prometheus text format, whatever the cluster said."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.model import Evidence, Judgement, Result, Row, Verdict
from checks.redact import redactor
from checks.reports.junit import OUTPUT, junit
from checks.reports.prometheus import prometheus
from checks.reports.report import LEVELS, Level, RunReport, outcome
from kb.text import Text

REDACT = redactor("key")
HOSTILE = "a<b>&\"'\x00\x1b[2J\x1b]0;x\x07\x9b31m\u202e]]>\ud800\ufffe\n\\ {} 流表"
TOKEN = "eyJhbGciOiJSUzI1NiIs.eyJpc3MiOiJrdWJlcm5ldGVz.c2lnbmF0dXJl"


def result(
    check: str,
    verdict: Verdict,
    *,
    summary: str = "in short",
    value: Any = None,
    rows: Iterable[Row] = (),
    said: str = "",
    reason: str = "",
    alias: str = "",
) -> Result:
    evidence = (Evidence("exec x", ("kubectl", "exec"), said, 1.0),) if said else ()
    judgement = Judgement(
        verdict, Text(summary, "简而言之"), value, reason, Text("do this"), rows=tuple(rows)
    )
    plain = check.replace(".", "_").replace("-", "_")
    return Result(check, alias or plain, Text("t"), judgement, evidence, 1_700_000_000.25, 1500)


def run(*results: Result, level: Level = "fail", **more: Any) -> RunReport:
    told = {"name": "check", "cluster": "prod", "server": "https://10.0.0.1", "began": 0.0, "took": 2.5}
    return RunReport(**{**told, "lang": "en", "level": level, "results": results, **more})


ALL_FIVE = tuple(result(f"a.{verdict}", verdict, reason="timeout") for verdict in Verdict)


# --- what counts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdicts", "level", "wanted"),
    [
        ((), "fail", "ok"),
        (("ok", "skipped"), "unknown", "ok"),
        (("ok", "warn"), "fail", "ok"),
        (("ok", "warn"), "warn", "failed"),
        (("warn", "unknown"), "fail", "unknown"),
        (("warn", "unknown"), "warn", "failed"),
        (("unknown", "ok"), "warn", "unknown"),
        (("unknown", "ok"), "unknown", "failed"),
        (("fail", "unknown"), "fail", "failed"),
    ],
)
def test_each_level_takes_in_those_before_it(verdicts: tuple[str, ...], level: Level, wanted: str) -> None:
    """Unknown is never well, whatever counts as a failure."""
    assert outcome([Verdict(v) for v in verdicts], level) == wanted


# --- JUnit ------------------------------------------------------------------------------------------------------------

CHILDREN = {
    "testsuites": ("testsuite",),
    "testsuite": ("properties", "testcase", "system-out", "system-err"),
    "properties": ("property",),
    "testcase": ("skipped", "error", "failure", "system-out", "system-err"),
}
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
    "property": {"name", "value"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
}


def parsed(text: str) -> ElementTree.Element:
    """The document as a CI system parses it; only elements and attributes of the common schema, in its order."""
    root = ElementTree.fromstring(text.encode("utf-8"))
    for element in root.iter():
        order = CHILDREN.get(element.tag, ())
        places = [order.index(child.tag) for child in element]
        assert places == sorted(places), f"{element.tag}: {[child.tag for child in element]}"
        assert set(element.attrib) <= ATTRIBUTES.get(element.tag, set()), element.attrib
    for suite in (root, *root.iter("testsuite")):
        for kind in ("failure", "error", "skipped"):
            counted = suite.attrib[kind if kind == "skipped" else kind + "s"]
            assert int(counted) == len(list(suite.iter(kind)))
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))
    return root


def cases(text: str) -> dict[str, list[str]]:
    """What each test case holds, but for its output."""
    return {
        case.attrib["name"]: [child.tag for child in case if child.tag != "system-out"]
        for case in parsed(text).iter("testcase")
    }


@pytest.mark.parametrize("level", LEVELS)
def test_every_verdict_has_its_element(level: Level) -> None:
    """fail is a failure, unknown an error, skipped skipped; a warning fails where it counts and passes where not."""
    found = cases(junit(run(*ALL_FIVE, level=level), REDACT))
    assert found == {
        "a.ok": [],
        "a.warn": ["failure"] if level != "fail" else [],
        "a.fail": ["failure"],
        "a.unknown": ["error"],
        "a.skipped": ["skipped"],
    }


def test_a_warning_that_passes_is_still_said() -> None:
    """In the output of its case."""
    root = parsed(junit(run(result("a.b", Verdict.WARN, summary="nearly full")), REDACT))
    assert "warn: nearly full" in (root.findtext(".//system-out") or "")


def test_a_failure_says_which_parts_and_an_error_why() -> None:
    rows = [Row(f"node-{n}", Verdict.FAIL if n else Verdict.OK, Text(f"{n} flows")) for n in range(80)]
    text = junit(
        run(result("a.b", Verdict.FAIL, rows=rows), result("a.c", Verdict.UNKNOWN, reason="timeout")), REDACT
    )
    root = parsed(text)
    failure, error = root.find(".//failure"), root.find(".//error")
    assert failure is not None
    assert error is not None
    assert "node-1: 1 flows" in (failure.text or "")
    assert "node-0" not in (failure.text or "")
    assert "29 more" in (failure.text or ""), "bounded, and said so"
    assert error.attrib["type"] == "timeout"
    assert error.text == "do this"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.text(max_size=300))
def test_whatever_the_cluster_said_the_document_is_well_formed(name: str, said: str) -> None:
    """Control characters, markup, lone surrogates: none of it reaches the reader as anything but text."""
    one = result("a.b", Verdict.FAIL, summary=said, rows=[Row(name, Verdict.FAIL, Text(said))], said=said)
    root = parsed(junit(run(one, cluster=name, error=""), REDACT))
    assert len(list(root.iter("testcase"))) == 1


def test_hostile_text_stays_text() -> None:
    one = result(HOSTILE, Verdict.FAIL, summary=HOSTILE, said=HOSTILE, alias=HOSTILE)
    text = junit(run(one, cluster=HOSTILE, server=HOSTILE), REDACT)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff\ufffe]", text)
    root = parsed(text)
    assert "流表" in (root.findtext(".//system-out") or "")


def test_evidence_is_bounded_and_what_is_left_out_is_counted() -> None:
    """50 nodes with 64 KB each make no document that a CI system chokes on."""
    many = tuple(Evidence(f"exec {n}", ("kubectl", str(n)), "x" * 65_536, 0.0) for n in range(50))
    one = replace(result("a.b", Verdict.OK), evidence=many)
    out = parsed(junit(run(one), REDACT)).findtext(".//system-out") or ""
    assert len(out) < OUTPUT + 500
    assert re.search(r"4\d more pieces of evidence", out)


def test_secrets_stay_home() -> None:
    """In evidence, commands, summaries and rows; the same secret has one token."""
    rows = [Row("x", Verdict.FAIL, Text(f"password={'hunter2hunter2'}"))]
    one = result("a.b", Verdict.FAIL, summary=f"Bearer {TOKEN}", rows=rows, said=f"token: {TOKEN}\n" * 3)
    text = junit(run(one), REDACT)
    assert TOKEN not in text
    assert "hunter2" not in text
    # the last one is cut off by the bound in the middle of the secret
    padded = result("a.b", Verdict.OK, said="y" * 1_985 + f" token: {TOKEN}")
    assert TOKEN[:20] not in junit(run(padded), REDACT)


def test_a_cluster_that_was_not_reached_is_an_error() -> None:
    """A run that saw nothing must not look like one without failures."""
    root = parsed(junit(run(error="no route to host <x>"), REDACT))
    error = root.find(".//error")
    assert error is not None
    assert error.attrib["message"] == "no route to host <x>"
    assert cases(junit(run(error="x"), REDACT)) == {"cluster": ["error"]}


def test_an_alias_of_a_guide_is_told_from_the_check() -> None:
    """One check used twice makes two cases of two names."""
    two = (result("a.b", Verdict.OK, alias="first"), result("a.b", Verdict.OK, alias="second"))
    assert list(cases(junit(run(*two, article="art"), REDACT))) == ["a.b (first)", "a.b (second)"]


# --- Prometheus -------------------------------------------------------------------------------------------------------

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})\{{((?:{LABEL})(?:,{LABEL})*)\}} (NaN|[+-]Inf|[-+0-9.eE]+)")
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(text: str) -> Series:
    """The text as node-exporter's textfile collector takes it: HELP and TYPE once, then its samples, no timestamps."""
    assert text.endswith("\n")
    found: Series = {}
    helped: list[str] = []
    typed: list[str] = []
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped.append(line.split(" ", 3)[2])
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind == "gauge"
            assert helped[-1] == name, "HELP stands before TYPE"
            typed.append(name)
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name, labels, value = match.groups()
            assert typed[-1] == name, "samples stand together, below their TYPE"
            pairs = tuple(sorted(_label(one) for one in re.findall(LABEL, labels)))
            assert len({key for key, _ in pairs}) == len(pairs)
            assert (name, pairs) not in found, f"twice: {line}"
            found[name, pairs] = float(value)
    assert len(set(helped)) == len(helped)
    assert helped == typed
    return found


def _label(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value[1:-1])


def values(found: Series, metric: str, *labels: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(dict(pairs)[label] for label in labels): value
        for (name, pairs), value in found.items()
        if name == metric
    }


def test_the_verdict_is_a_state_set() -> None:
    """Five series per check, exactly one of them 1."""
    found = values(scraped(prometheus(run(*ALL_FIVE))), "klinik_check_verdict", "check", "verdict")
    assert len(found) == 25
    assert {key for key, value in found.items() if value == 1.0} == {(f"a.{v}", str(v)) for v in Verdict}
    assert set(found.values()) == {0.0, 1.0}


def test_values_that_are_numbers_are_given_and_others_are_not() -> None:
    """Whole numbers stay whole; yes is 1; what is no number has no series."""
    numbers: dict[str, Any] = {
        "a.int": 107462, "a.float": 0.25, "a.yes": True, "a.nan": math.nan, "a.inf": -math.inf,
        "a.big": 1 << 80, "a.huge": 1 << 5000, "a.text": "many", "a.none": None, "a.list": [1],
    }  # fmt: skip
    text = prometheus(run(*(result(name, Verdict.OK, value=value) for name, value in numbers.items())))
    found = values(scraped(text), "klinik_check_value", "check")
    assert math.isnan(found.pop(("a.nan",)))
    assert found == {
        ("a.int",): 107462.0, ("a.float",): 0.25, ("a.yes",): 1.0, ("a.inf",): -math.inf,
        ("a.big",): float(1 << 80), ("a.huge",): math.inf,
    }  # fmt: skip
    assert " 107462\n" in text


def test_when_and_how_long_are_metrics_of_their_own() -> None:
    """The collector refuses timestamps of samples."""
    found = scraped(prometheus(run(result("a.b", Verdict.OK), began=1_700_000_000.0)))
    assert values(found, "klinik_check_timestamp_seconds", "check") == {("a.b",): 1_700_000_000.25}
    assert values(found, "klinik_run_duration_seconds", "cluster") == {("prod",): 2.5}
    assert values(found, "klinik_run_timestamp_seconds", "cluster") == {("prod",): 1_700_000_000.0}
    assert values(found, "klinik_cluster_reachable", "cluster") == {("prod",): 1.0}


def test_a_run_that_saw_nothing_says_so() -> None:
    """No series of checks, and reachable is 0."""
    found = scraped(prometheus(run(error="gone")))
    assert values(found, "klinik_cluster_reachable", "cluster") == {("prod",): 0.0}
    assert {name for name, _ in found} == {
        "klinik_cluster_reachable", "klinik_run_timestamp_seconds", "klinik_run_duration_seconds",
    }  # fmt: skip


def test_two_files_share_no_series() -> None:
    """One folder may hold the files of a check and of several guides: the collector refuses what it finds twice."""
    one = result("a.b", Verdict.OK, value=1)
    files = [
        scraped(prometheus(run(one, article=article, report=report)))
        for article, report in (("", "all"), ("", "fast"), ("x", "x"), ("y", "y"))
    ]
    every = [key for found in files for key in found]
    assert len(every) == len(set(every))


def test_symptoms_and_causes_of_a_guide_are_state_sets_too() -> None:
    told = {"symptoms": (("s", Verdict.WARN),), "causes": (("c", "supported"), ("d", "open"))}
    found = scraped(prometheus(run(article="art", **told)))
    symptoms = values(found, "klinik_symptom_verdict", "article", "symptom", "verdict")
    assert {key for key, value in symptoms.items() if value} == {("art", "s", "warn")}
    causes = values(found, "klinik_cause_state", "cause", "state")
    assert {key for key, value in causes.items() if value} == {("c", "supported"), ("d", "open")}
    assert len(causes) == 8


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.floats())
def test_no_name_breaks_the_format(cluster: str, alias: str, value: float) -> None:
    """Quotes, backslashes, line ends and whatever else a context may be called."""
    one = result("a.b", Verdict.OK, value=value, alias=alias)
    assert scraped(prometheus(run(one, cluster=cluster)))


def test_labels_read_back_as_they_were() -> None:
    cluster = 'prod "east" \\ 东部'
    found = scraped(prometheus(run(cluster=cluster)))
    assert values(found, "klinik_cluster_reachable", "cluster") == {(cluster,): 1.0}


@pytest.mark.skipif(
    not (os.environ.get("PROMTOOL") or shutil.which("promtool")), reason="no promtool (Debian: prometheus)"
)
def test_promtool_has_nothing_to_say() -> None:
    """Prometheus's own checker: it parses, and it follows the conventions."""
    told = {"symptoms": (("s", Verdict.WARN),), "causes": (("c", "supported"),), "cluster": 'a"b\\c 东'}
    text = prometheus(run(*ALL_FIVE, result("a.value", Verdict.OK, value=math.nan), article="x", **told))
    done = subprocess.run(
        [os.environ.get("PROMTOOL") or "promtool", "check", "metrics"],
        input=text.encode(), capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_secret_that_is_no_text_is_hidden_as_well() -> None:
    """Output of a command may hold bytes of no character, as lone surrogates."""
    said = REDACT("password=ab\udc80cd1234")
    assert "cd1234" not in said
    assert "<secret:" in said
