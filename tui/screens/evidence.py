"""Results of checks as text: the line of a symptom, the rows of a result, and everything that was read, raw."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from textual.content import Content
from textual.widgets.option_list import Option

from checks.model import SEVERITY, Result, Verdict, worst
from kb import wording
from kb.model import Symptom
from kb.safe import one_line, printable
from tui.i18n import ago, translate
from tui.theme import Signs
from tui.widgets.rows import Row
from tui.widgets.say import dim, foreign, verdict

RAW_LIMIT = 60_000
"""Characters of one raw answer that are shown."""


def symptom_verdict(symptom: Symptom, results: Mapping[str, Result]) -> Verdict | None:
    """The worst verdict of the symptom's checks; None while none of them has answered."""
    have = [results[alias].verdict for alias in symptom.checks if alias in results]
    if not symptom.checks:
        return Verdict.SKIPPED
    if not have:
        return None
    missing = [Verdict.UNKNOWN] * (len(symptom.checks) - len(have))
    return worst((*have, *missing)) if missing else worst(tuple(have))


def symptom_option(
    symptom: Symptom,
    results: Mapping[str, Result],
    lang: str,
    signs: Signs,
    *,
    live: str,
    now: float,
    short: bool = False,
) -> Option:
    """One symptom: what the cluster says about it; `live` is waiting, running or absent."""
    found = symptom_verdict(symptom, results)
    title = foreign(symptom.text.get(lang))
    have = [results[alias] for alias in symptom.checks if alias in results]
    if found is None or not have:
        state = translate(lang, f"live.{live}") if symptom.checks else translate(lang, "live.no_check")
        return Option(
            Row(Content.assemble(dim(f"{signs.dot} "), title), dim(state), indent=2, wrap=True), id=symptom.id
        )
    shown = sorted(have, key=lambda r: -SEVERITY[r.verdict])
    below = () if short else tuple(said(result, lang, signs, alone=len(have) == 1) for result in shown)
    left = Content.assemble(verdict(found, lang, signs), "  ", title)
    age = dim(ago(lang, now - min(r.at for r in have))) if now else Content("")
    return Option(Row(left, age, below, indent=2, wrap=True), id=symptom.id)


def summary(result: Result, lang: str) -> str:
    """The summary of a result; where one reason keeps it from being told, that reason alone."""
    if result.root and result.verdict is Verdict.UNKNOWN:
        from checks.roots import words

        return words(result.root).get(lang)
    return result.summary.get(lang)


def said(result: Result, lang: str, signs: Signs, *, alone: bool = False) -> Content:
    """What one result says: summary, and for unknown the reason and what would settle it."""
    judgement = result.judgement
    parts = [] if alone else [verdict(result.verdict, lang, signs, word=False), Content(" ")]
    parts.append(foreign(summary(result, lang)))
    if result.verdict is Verdict.UNKNOWN:
        parts.append(dim(f" ({reason(judgement.reason, lang)})"))
        if result.root and result.missing:
            parts += [Content(" "), dim(lacks(result, lang))]
        elif judgement.remedy and not result.root:
            parts += [Content(" "), foreign(judgement.remedy.get(lang))]
    return Content("").join(parts)


def lacks(result: Result, lang: str) -> str:
    """Which permissions would settle it, and where the role is."""
    from checks.rights.rbac import in_words

    return one_line(translate(lang, "evidence.lacks", missing=in_words(result.missing)), 600)


def reason(code: str, lang: str) -> str:
    """The word for the reason of an unknown."""
    try:
        return translate(lang, f"reason.{code or 'error'}")
    except KeyError:
        return one_line(code)


def explained(result: Result, lang: str, signs: Signs, now: float, rows: int = 12) -> list[Content]:
    """A result at length: verdict and title, summary, its worst rows, which check it was and when."""
    title = Content.assemble(
        verdict(result.verdict, lang, signs), "  ", foreign(result.title.get(lang), "bold")
    )
    parts = _at_length(result, lang, signs, rows)
    age = dim(f"  {result.check} · {ago(lang, now - result.at)}")
    return [title, Content.assemble("  ", said(result, lang, signs, alone=True)), *parts, age]


def answer(result: Result, lang: str, signs: Signs, now: float, rows: int = 12) -> list[Content]:
    """The same without the title, where that stands above already."""
    first = Content.assemble(
        verdict(result.verdict, lang, signs), "  ", said(result, lang, signs, alone=True)
    )
    return [first, *_at_length(result, lang, signs, rows), dim(f"  {ago(lang, now - result.at)}")]


def sign(value: str, lang: str, signs: Signs) -> Content:
    """The sign of a verdict where its word stands beside it."""
    return verdict(value, lang, signs, word=False)


def _at_length(result: Result, lang: str, signs: Signs, rows: int) -> list[Content]:
    """Whose word it is where it is not the cluster's own, and the worst rows."""
    one_reason = result.root and result.verdict is Verdict.UNKNOWN  # each row would say the same again
    shown = [row for row in result.judgement.rows if not one_reason or row.verdict is not Verdict.UNKNOWN]
    bad = sorted(shown, key=lambda row: -SEVERITY[row.verdict])
    lines = []
    if result.pasted:
        by = ", ".join(dict.fromkeys(one_line(item.pasted, 60) for item in result.pasted))
        told = translate(lang, "evidence.told_pasted", n=len(result.pasted), by=by)
        lines.append(Content.styled(f"  {told}", "$text-warning"))
    for row in bad[:rows]:
        what = foreign(row.text.get(lang))
        mark = sign(row.verdict, lang, signs)
        lines.append(Content.assemble("  ", mark, " ", foreign(row.target, "bold"), "  ", what))
    if len(bad) > rows:
        lines.append(dim("  " + translate(lang, "evidence.more_rows", n=len(bad) - rows)))
    return lines


def raw(results: Iterable[Result], lang: str, now: float) -> str:
    """Everything that was read for these results: the command as kubectl, and what came back."""
    blocks: list[str] = []
    seen: set[tuple[tuple[str, ...], float]] = set()
    for result in results:
        blocks.append(f"# {result.check}: {result.verdict} — {one_line(result.summary.get(lang))}")
        for item in result.evidence:
            if (item.command, item.at) in seen:
                blocks.append(f"$ {command(item.command)}\n{translate(lang, 'evidence.above')}")
                continue
            seen.add((item.command, item.at))
            text = printable(item.text)[:RAW_LIMIT].rstrip("\n")
            head = f"$ {command(item.command)}\n# {one_line(item.source)} · {ago(lang, now - item.at)}"
            if item.pasted:
                head += f"\n# {translate(lang, 'evidence.pasted', by=one_line(item.pasted))}"
            if item.error:
                why = one_line(item.why.get(lang) or item.error)
                head += f"\n# {wording.explained(translate(lang, 'evidence.failed'), why).get(lang)}"
            if item.truncated or len(item.text) > RAW_LIMIT:
                text += "\n" + translate(lang, "evidence.cut")
            blocks.append(f"{head}\n{text}".rstrip())
        if not result.evidence:
            blocks.append(translate(lang, "evidence.none"))
    return "\n\n".join(blocks)


def command(argv: Sequence[str]) -> str:
    """An argv as it can be pasted into a shell."""
    return shlex.join(one_line(word, 2000) for word in argv)
