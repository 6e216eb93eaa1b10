"""Tests of checks as data: what was answered, and what the check has to say to it (docs/formats.md, ``tests:``).

They stand in the check itself or, where they are long, in ``checks/tests/*.yaml`` beside it, by the id of the check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from checks.judges.versions import Version, parse_version
from checks.model import NOTHING, CheckSpec, EventsRead, HealthRead, ListRead, Read, Verdict
from checks.say import REASONS
from checks.specs.applicability import COMPONENTS
from checks.specs.shape import Place
from kb.findings import nearest

Kind = Literal["good", "bad", "garbled", "other"]
KINDS: tuple[Kind, ...] = ("good", "bad", "garbled", "other")
TEST_KEYS = ("name", "kind", "with", "now", "versions", "facts", "expect")
ANSWER_KEYS = ("node", "pod", "out", "outs", "page", "pages", "err", "code", "error", "message")
FACT_KEYS = ("error", "message")
EXPECT_KEYS = ("verdict", "value", "reason", "rows", "data")
ERRORS = tuple(reason for reason in REASONS if reason != "not-run")
NOW = "2026-01-01T00:00:00Z"
"""The time of a test that names none."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one target answers in a test: raw output with its exit code, or the reason why there is none."""

    node: str = ""
    pod: str = ""
    outs: tuple[str, ...] = ()
    """One output per sample; a single one is that of every sample."""
    page: bool = False
    """Whether the outputs are metrics pages, where the read may ask for these."""
    err: str = ""
    code: int = 0
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """All that a test tells about one read: answers of targets, or objects, or why nobody could be asked."""

    said: tuple[Said, ...] = ()
    objects: tuple[Any, ...] = ()
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class CheckTest:
    """One test of one check; `now` is Unix time, `expect` holds what is compared and nothing else."""

    check: str
    name: str
    kind: Kind
    facts: Mapping[str, Told]
    expect: Mapping[str, Any]
    params: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    now: float = 0.0
    versions: Mapping[str, tuple[Version, ...]] = field(default_factory=lambda: NOTHING)
    """Versions that run, by component; what is not named is not known."""
    path: str = ""
    line: int = 0


def read_tests(place: Place, spec: CheckSpec) -> tuple[CheckTest, ...]:
    """The usable tests of a check from the value of ``tests:``; what is wrong is noted at its line."""
    if place.value is None:
        return ()
    if not isinstance(place.value, list):
        place.say("test-list")
        return ()
    return tuple(test for item in place.each() if (test := _test(item, spec)))


def _test(place: Place, spec: CheckSpec) -> CheckTest | None:
    before = len(place.problems)
    if not place.mapping(TEST_KEYS, ("name", "kind", "facts", "expect")):
        return None
    kind = place.at("kind").choice(KINDS, "other")
    test = CheckTest(
        check=spec.id,
        name=place.at("name").string(),
        kind=next(one for one in KINDS if one == kind),
        facts=_facts(place.at("facts"), spec),
        expect=_expected(place.at("expect")) if "expect" in place else {},
        params=_params(place.at("with"), spec),
        now=_moment(place.at("now")),
        versions=_versions(place.at("versions")),
        path=place.document.path,
        line=place.document.line(place.where),
    )
    if test.kind == "garbled" and test.expect.get("verdict") == Verdict.OK:
        place.at("expect").say("test-garbled-ok")
    return test if len(place.problems) == before else None


def _params(place: Place, spec: CheckSpec) -> dict[str, Any]:
    if place.value is None or not place.mapping():
        return {}
    for name, inner in place.items():
        if name not in spec.params:
            inner.say("unknown-param", name=name, hint=nearest(name, spec.params))
    return dict(place.value)


def _versions(place: Place) -> dict[str, tuple[Version, ...]]:
    if place.value is None or not place.mapping(COMPONENTS):
        return {}
    found: dict[str, tuple[Version, ...]] = {}
    for name, inner in place.items():
        version = parse_version(inner.string())
        if version is None:
            inner.say("applies-version", version=inner.string())
        else:
            found[name] = (version,)
    return found


def _moment(place: Place) -> float:
    """An ISO moment with its zone as Unix time."""
    try:
        moment = datetime.fromisoformat(place.string(NOW))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        place.say("test-now", now=str(place.value))
        return 0.0
    return moment.timestamp()


# --- what is told about the reads ---------------------------------------------------------------------------------


def _facts(place: Place, spec: CheckSpec) -> dict[str, Told]:
    if place.value is None or not place.mapping():
        return {}
    found: dict[str, Told] = {}
    for name, inner in place.items():
        if name not in spec.reads:
            inner.say("unknown-read", name=name, hint=nearest(name, spec.reads))
            continue
        found[name] = _told(inner, spec.reads[name])
    return found


def _told(place: Place, read: Read) -> Told:
    if isinstance(place.value, list):
        if isinstance(read, ListRead | EventsRead):
            return Told(objects=tuple(place.value))
        series = [item for item in place.each() if "metric" in item]
        said = [item for item in place.each() if "metric" not in item]
        somewhere = not isinstance(read, HealthRead)
        return Told(tuple(_said(item, somewhere) for item in said), tuple(item.value for item in series))
    if not place.mapping(FACT_KEYS, ("error",)):
        return Told()
    return Told(error=place.at("error").choice(ERRORS, "error"), message=place.at("message").string())


def _said(place: Place, somewhere: bool) -> Said:
    """One answer; of a target, unless the API server itself says it."""
    if not place.mapping(ANSWER_KEYS):
        return Said()
    if somewhere and not {"node", "pod"} & set(place.value):
        place.say("test-target")
    if len({"out", "outs", "page", "pages", "error"} & set(place.value)) > 1:
        place.say("test-answer")
    code = place.at("code")
    if code.value is not None and type(code.value) is not int:
        code.say("type", wanted="an exit code", found=str(code.value))
    return Said(
        node=place.at("node").string(),
        pod=place.at("pod").string(),
        outs=place.at("outs").strings()
        or place.at("pages").strings()
        or (place.at("page" if "page" in place else "out").string(),),
        page="page" in place or "pages" in place,
        err=place.at("err").string(),
        code=code.value if type(code.value) is int else 0,
        error=place.at("error").choice(ERRORS) if "error" in place else "",
        message=place.at("message").string(),
    )


# --- what is expected ---------------------------------------------------------------------------------------------

VERDICTS = tuple(str(verdict) for verdict in Verdict)


def _expected(place: Place) -> dict[str, Any]:
    if not isinstance(place.value, Mapping):
        return {"verdict": place.choice(VERDICTS)}
    place.mapping(EXPECT_KEYS, ("verdict",))
    place.at("verdict").choice(VERDICTS)
    place.at("reason").string()
    for key in ("rows", "data"):
        if place.at(key).value is not None:
            place.at(key).mapping()
    for _, row in place.at("rows").items():
        row.choice(VERDICTS)
    return dict(place.value)
