"""One check as text: its answer, why it is asked, what it reads and needs, and where it applies. Values to lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.content import Content

from checks.reports.listing import applies, read_in_words
from checks.rights.permissions import Permission, of_check
from checks.rights.rbac import without_covered
from kb.safe import one_line
from tui.i18n import translate
from tui.screens import evidence
from tui.theme import Signs
from tui.widgets.say import dim, foreign

if TYPE_CHECKING:
    from checks.layout import Layout
    from checks.model import CheckSpec, Result

MAY = {True: "ok", False: "fail", None: "unknown"}
COST_STYLE = {"cheap": "$text-success", "moderate": "$text-warning", "heavy": "bold $text-error"}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside a check: permissions that were asked for, titles of articles, what is under way."""

    lang: str
    signs: Signs
    now: float
    rights: Mapping[Permission, bool | None] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    """Of articles, by id; others are called by their id."""
    running: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()

    def say(self, key: str, /, **params: object) -> str:
        """One of the app's own messages."""
        return translate(self.lang, key, **params)


def needs(spec: CheckSpec, layout: Layout) -> tuple[Permission, ...]:
    """What the check has to be allowed, the widest only, in a fixed order."""
    wanted = without_covered(dict.fromkeys(of_check(spec, layout), ()))
    return tuple(sorted(wanted, key=lambda one: (one.verb, one.shown)))


def allowed(needed: Iterable[Permission], rights: Mapping[Permission, bool | None]) -> bool | None:
    """Whether all of it is given; None where something is not known and nothing is refused."""
    answers = [rights.get(permission) for permission in needed]
    if any(answer is False for answer in answers):
        return False
    return True if all(answers) else None


def cost(spec: CheckSpec, lang: str) -> Content:
    """``cheap``, ``moderate``, ``heavy`` in its colour."""
    return Content.styled(translate(lang, f"cost.{spec.cost}"), COST_STYLE[spec.cost])


def state(check: str, known: Known) -> Content | None:
    """What is under way with a check; None: nothing."""
    if check in known.running:
        return Content.styled(known.say("live.running"), "$accent")
    return dim(known.say("checks.queued")) if check in known.waiting else None


def page(
    spec: CheckSpec, result: Result | None, layout: Layout, known: Known, rows: int = 12
) -> list[Content]:
    """Everything about one check, the answer first; `rows` of its targets are shown."""
    lang = known.lang
    unit = f" {known.signs.dot} {one_line(spec.unit)}" if spec.unit else ""
    head = Content.assemble(
        foreign(spec.title.get(lang), "bold"), dim(f"  {spec.id}{unit}  "), cost(spec, lang)
    )
    lines = [head, Content(""), *_answer(spec, result, known, rows)]
    lines += [Content(""), *_part("why", known), _indented(foreign(spec.why.get(lang), limit=2000))]
    lines += [Content(""), *_part("reads", known)]
    lines += [_indented(foreign(read_in_words(read, lang), limit=500)) for read in spec.reads.values()]
    lines += [Content(""), *_permissions(spec, layout, known)]
    if spec.params:
        lines += [Content(""), *_part("params", known)]
        lines += [_indented(foreign(f"{name} = {value}")) for name, value in spec.params.items()]
    lines += [Content(""), *_part("applies", known), _indented(foreign(applies(spec, lang)["text"]))]
    if spec.articles:
        lines += [Content(""), *_part("articles", known)]
        lines += [_indented(foreign(known.titles.get(one, one))) for one in spec.articles]
    return lines


def _part(name: str, known: Known) -> list[Content]:
    return [Content.styled(known.say(f"checks.{name}"), "bold $primary")]


def _indented(line: Content) -> Content:
    return Content.assemble("  ", line)


def _answer(spec: CheckSpec, result: Result | None, known: Known, rows: int) -> Iterator[Content]:
    under_way = state(spec.id, known)
    if under_way is not None:
        yield under_way
    if result is not None:
        yield from evidence.answer(result, known.lang, known.signs, known.now, rows)
    elif under_way is None:
        yield dim(known.say("checks.not_run"))


def _permissions(spec: CheckSpec, layout: Layout, known: Known) -> Iterator[Content]:
    needed = needs(spec, layout)
    yield from _part("needs", known)
    for permission in needed:
        may = known.rights.get(permission)
        sign = (
            evidence.sign(MAY[may], known.lang, known.signs)
            if permission in known.rights
            else dim(known.signs.dot)
        )
        refused = (
            Content.styled("  " + known.say("rights.refused"), "$text-error") if may is False else Content("")
        )
        yield Content.assemble("  ", sign, " ", foreign(f"{permission.verb} {permission.shown}"), refused)
    if not needed:
        yield dim("  " + known.say("checks.needs_nothing"))
