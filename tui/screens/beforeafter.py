"""Before and after, side by side: the checks of a step, the targets of its writes, the symptoms of a session. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from textual.content import Content

from checks.model import Verdict
from checks.sessions.session import Proof
from checks.walking.whatnext import Standing
from checks.writing.marks import Mark, known_marks
from kb.messages import message
from kb.safe import one_line
from kb.text import Text
from tui.i18n import translate
from tui.theme import Signs
from tui.widgets.pairs import Laid, Pair
from tui.widgets.say import dim, foreign, verdict

Line = Content | Laid
SHOWN = 8
"""Targets whose change is shown one by one."""


def heading(lang: str, signs: Signs) -> Pair:
    """The names of the two columns."""
    names = (translate(lang, "proof.before"), translate(lang, "proof.after"))
    left, right = (Content.styled(name, "$quiet") for name in names)
    return Pair(left, right, indent=4)


def of_proof(proof: Proof, lang: str, signs: Signs) -> list[Line]:
    """What each check of a verification said before the first write and at its end."""
    lines: list[Line] = [heading(lang, signs)] if proof.after else []
    for alias, after in proof.after.items():
        before = proof.before.get(alias)
        known = after if isinstance(after, Mapping) else {}
        lines.append(
            Content.assemble(dim("  "), foreign(Text.of(known.get("title") or alias).get(lang), "bold"))
        )
        sign = "=" if _same(before, after) else signs.arrow
        lines.append(Pair(_said(before, lang, signs), _said(after, lang, signs), sign, indent=4))
    return lines


def _same(before: Any, after: Any) -> bool:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return False
    return all(before.get(key) == after.get(key) for key in ("verdict", "value", "summary"))


def _said(one: Any, lang: str, signs: Signs) -> Content:
    if not isinstance(one, Mapping):
        return dim("–")
    known = str(one.get("verdict", ""))
    sign = verdict(known if known in signs.verdicts else str(Verdict.UNKNOWN), lang, signs)
    return Content.assemble(sign, "  ", foreign(Text.of(one.get("summary")).get(lang)))


def of_marks(entries: Iterable[Mapping[str, Any]], lang: str, signs: Signs) -> list[Line]:
    """What the writes took hold of, from the journal; lines of an unknown form are passed over."""
    return told(known_marks(entries), lang, signs)


def told(marks: Iterable[Mark], lang: str, signs: Signs) -> list[Line]:
    """The same from values: those that did not change first, then the others, bounded."""
    ordered = sorted(marks, key=lambda mark: {False: 0, None: 1, True: 2}[mark.changed])
    if not ordered:
        return []
    changed, seen = sum(mark.changed is True for mark in ordered), len(ordered)
    head = message("execution.marks", changed=changed, total=seen).get(lang)
    lines: list[Line] = [Content.styled(head, "bold")]
    for mark in ordered[:SHOWN]:
        name = "ok" if mark.changed else "unknown" if mark.changed is None else "fail"
        if mark.changed is False and not mark.needed:
            name = "skipped"
        style = {"ok": "$text-success", "fail": "bold $text-error"}.get(name, "$quiet")
        what = message(f"execution.mark-{mark.kind}").get(lang)
        ends = f"{one_line(mark.before, 90) or '–'} {signs.arrow} {one_line(mark.after, 90) or '–'}"
        lines.append(
            Content.assemble(
                (f"  {signs.verdicts[name]} ", style),
                foreign(mark.target, limit=120),
                dim(f"  {what}  "),
                ends,
            )
        )
    if seen > SHOWN:
        lines.append(dim("  " + message("execution.marks-more", n=seen - SHOWN).get(lang)))
    return lines


def of_session(found: Standing, lang: str, signs: Signs) -> list[Line]:
    """Every symptom before the fix and now, and what that means."""
    style = "bold $text-success" if found.state == "gone" else "bold $text-warning"
    both = [[_verdict(value, lang, signs) for value in (one.before, one.now)] for one in found.changes]
    names = [dim(translate(lang, key)) for key in ("proof.before", "proof.after")]
    wide = max((side.cell_length for side in (*names, *(side for two in both for side in two))), default=0)
    lines: list[Line] = [Content.styled(found.text.get(lang), style), _columns(names, "", wide)]
    for one, two in zip(found.changes, both, strict=True):
        sign = "=" if one.before == one.now else signs.arrow
        lines.append(Content.assemble(_columns(two, sign, wide), "  ", foreign(one.symptom.text.get(lang))))
    return lines


def _columns(two: list[Content], sign: str, wide: int) -> Content:
    """Two short things in columns of one width, with a sign between them."""
    left, right = (Content.assemble(one, " " * (wide - one.cell_length)) for one in two)
    return Content.assemble("  ", left, (f" {sign or ' '}".ljust(4), "$quiet"), right)


def _verdict(value: str, lang: str, signs: Signs) -> Content:
    return verdict(value, lang, signs) if value in signs.verdicts else dim("–")
