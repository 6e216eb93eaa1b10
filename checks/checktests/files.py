"""The tests of a root, in its checks and in ``checks/tests/*.yaml``, and what `klinik kb lint` says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from checks.checktests.run import run_test
from checks.checktests.tests import CheckTest, read_tests
from checks.layout import Layout, load_layout
from checks.model import CheckSpec
from checks.specs.shape import Place
from checks.specs.spec import specs_of
from kb import yamlfile
from kb.findings import nearest, problem_of
from kb.messages import message
from kb.problem import Problem
from kb.text import Text


@dataclass(frozen=True, slots=True)
class Covered:
    """One check of a root and its tests."""

    spec: CheckSpec
    tests: tuple[CheckTest, ...] = ()


def gather_tests(root: Path, *, layout: Layout | None = None) -> tuple[dict[str, Covered], list[Problem]]:
    """The usable checks of one root with their usable tests by id, and what is wrong with the tests."""
    folder, known = root / "checks", layout or load_layout()
    found: dict[str, Covered] = {}
    problems: list[Problem] = []
    for file in sorted(folder.glob("*.y*ml")):
        document = yamlfile.load(file)
        specs, _ = specs_of(document, known.roles)
        by_id = {spec.id: spec for spec in specs}
        for place in Place(document, (), document.data, problems).each():
            spec = by_id.get(place.at("id").value) if isinstance(place.at("id").value, str) else None
            if spec and spec.id not in found:
                found[spec.id] = Covered(spec, read_tests(place.at("tests"), spec))
    for file in sorted((folder / "tests").glob("*.y*ml")):
        document = yamlfile.load(file)
        problems += document.problems
        if document.data is not None:
            _beside(Place(document, (), document.data, problems), found)
    return found, problems


def _beside(place: Place, found: dict[str, Covered]) -> None:
    """Add the tests of a file that holds nothing but tests."""
    if not isinstance(place.value, Mapping):
        place.say("test-mapping")
        return
    for check_id, inner in place.items():
        if check_id not in found:
            inner.say("test-no-check", id=check_id, hint=nearest(check_id, found))
            continue
        covered = found[check_id]
        found[check_id] = Covered(covered.spec, (*covered.tests, *read_tests(inner, covered.spec)))


def lint_tests(roots: Sequence[Path], *, layout: Layout | None = None) -> Iterator[Problem]:
    """Everything about the tests of these roots: what cannot be read, what fails, which checks have none."""
    known = layout or load_layout()
    for root in roots:
        found, problems = gather_tests(root, layout=known)
        yield from problems
        wrong = {problem.path for problem in problems}
        for covered in found.values():
            if not covered.tests and covered.spec.path not in wrong:
                spec = covered.spec
                yield problem_of(
                    spec.path, spec.line, "check.no-tests", "checks.no-tests", "info", id=spec.id
                )
            yield from _failed(covered, known)


def _failed(covered: Covered, layout: Layout) -> Iterator[Problem]:
    for test in covered.tests:
        wrong = run_test(covered.spec, test, layout).wrong
        if wrong:
            named = {"name": test.name, "id": test.check, "why": _joined(wrong)}
            yield problem_of(test.path, test.line, "check.test-failed", "checks.test-failed", **named)


def _joined(wrong: Sequence[Text]) -> Text:
    whole = wrong[0]
    for more in wrong[1:]:
        whole = message("checktests.and", first=whole, more=more)
    return whole
