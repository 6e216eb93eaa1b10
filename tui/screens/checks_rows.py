"""The lines of the check browser: components with their counts, checks with their last answer. Values to options."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets.option_list import Option

from checks.model import Verdict
from tui.screens import check_text
from tui.screens.check_text import Known
from tui.screens.home_rows import pasted_mark
from tui.widgets.rows import Row
from tui.widgets.say import dim, foreign, verdict

if TYPE_CHECKING:
    from checks.model import CheckSpec, Result

ORDER = (Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN, Verdict.OK, Verdict.SKIPPED)
_WIDE = 10
"""Cells of the verdict's column: ``? unknown`` and a space."""


def component(check: str) -> str:
    """What a check is about: the first part of its id."""
    return check.partition(".")[0]


def chosen(specs: Iterable[CheckSpec], words: str, said: Callable[[str], Result | None]) -> list[CheckSpec]:
    """The checks that have all words in their id, titles, cost, articles or last verdict, by id."""
    wanted = words.casefold().split()
    return [spec for spec in specs if all(word in _text(spec, said(spec.id)) for word in wanted)]


def _text(spec: CheckSpec, result: Result | None) -> str:
    verdict_words = str(result.verdict) if result else ""
    parts = (spec.id, spec.title.en, spec.title.zh, spec.cost, *spec.articles, verdict_words)
    return " ".join(parts).casefold()


def grouped(specs: Iterable[CheckSpec]) -> dict[str, list[CheckSpec]]:
    """The checks by component, both in order of their names."""
    found: dict[str, list[CheckSpec]] = {}
    for spec in sorted(specs, key=lambda one: (component(one.id), one.id)):
        found.setdefault(component(spec.id), []).append(spec)
    return found


def options(
    groups: Mapping[str, Sequence[CheckSpec]],
    closed: Collection[str],
    said: Callable[[str], Result | None],
    may: Callable[[CheckSpec], bool | None],
    known: Known,
) -> list[Option]:
    """A heading for each component, which can be chosen, and below it its checks where it is not closed."""
    lines: list[Option] = []
    for name, specs in groups.items():
        lines.append(_heading(name, specs, name in closed, said, known))
        if name not in closed:
            lines += [_line(spec, said(spec.id), may(spec), known) for spec in specs]
    return lines


def counts(results: Iterable[Result | None], known: Known) -> Content:
    """``2 ✗  1 !  30 ✓`` of those that have answered."""
    found = Counter(result.verdict for result in results if result is not None)
    parts = [
        Content.assemble(f"{found[one]} ", verdict(one, known.lang, known.signs))
        for one in ORDER
        if found[one]
    ]
    return Content("  ").join(parts)


def _heading(
    name: str, specs: Sequence[CheckSpec], closed: bool, said: Callable[[str], Result | None], known: Known
) -> Option:
    sign = known.signs.here if closed else known.signs.branch
    many = dim(f"  {known.say('checks.count_one' if len(specs) == 1 else 'checks.count', n=len(specs))}")
    left = Content.assemble((f"{sign} ", "$quiet"), foreign(name, "bold $primary"), many)
    return Option(Row(left, counts((said(spec.id) for spec in specs), known)), id=f"group:{name}")


def _line(spec: CheckSpec, result: Result | None, may: bool | None, known: Known) -> Option:
    under_way = check_text.state(spec.id, known)
    if under_way is not None:
        first = under_way
    elif result is not None:
        first = verdict(result.verdict, known.lang, known.signs)
    else:
        first = dim(known.signs.dot)
    gap = " " * max(1, _WIDE - first.cell_length)
    whose = pasted_mark(result, known.lang) if result is not None else Content("")
    left = Content.assemble("  ", first, gap, whose, foreign(spec.title.get(known.lang)))
    parts = [check_text.cost(spec, known.lang)] if spec.cost != "cheap" else []
    if may is False:
        parts.insert(0, Content.styled(known.say("reason.forbidden"), "$text-error"))
    right = Content("  ").join([dim(spec.id), *parts])
    return Option(Row(left, right, share=0.45), id=f"check:{spec.id}")
