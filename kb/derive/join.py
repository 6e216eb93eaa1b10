"""Drafts of one or two languages to the guide of an article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TypeVar

from kb.derive.attach import attached
from kb.derive.draft import Causing, Draft, DraftStep, Phase
from kb.derive.names import is_secret
from kb.derive.prose import title
from kb.derive.slots import Slot
from kb.messages import message
from kb.model import (
    Action,
    Article,
    Cause,
    CommandAction,
    Guide,
    Input,
    ManualAction,
    Step,
    Symptom,
    Undo,
)
from kb.text import Text

T = TypeVar("T")
_IDS: Mapping[Phase, str] = {"diagnose": "look", "fix": "fix", "workaround": "workaround", "verify": "verify"}


def guide_of(article: Article, drafts: Sequence[Draft]) -> Guide:
    """The guide; parts that two languages have alike get both texts, else the fuller language speaks for both."""
    symptoms = _pairs(drafts, [draft.symptoms for draft in drafts])
    # a language that names causes speaks for one that does not
    causing = [draft for draft in drafts if draft.causing == "named"] or drafts
    causes = _pairs(causing, [draft.causes for draft in causing])
    # Commands count before words: what one language has beyond the other is shown in that one alone.
    main = max(drafts, key=lambda draft: (sum(bool(s.shell) for s in draft.steps), len(draft.steps)))
    rows = _step_rows(main, drafts)
    # Which step is for which cause is decided in the language that has both as they are shown.
    spoken = main.lang in causes[0] and len(main.causes) == len(causes)
    fixes = attached(main.causes, main.steps) if spoken else [list(range(len(rows)))] * len(causes)
    names = _step_ids(rows)
    signatures = tuple(dict.fromkeys(s for draft in drafts for s in draft.signatures))
    return Guide(
        article=article.id,
        path=article.text(main.lang).path,
        checks={},
        symptoms=tuple(
            Symptom(
                f"symptom-{n}",
                _text(dict(row.items())),
                (),
                signatures=signatures if n == 1 else (),
            )
            for n, row in enumerate(symptoms, 1)
        ),
        causes=tuple(
            Cause(
                f"cause-{n}",
                _cause_text(row_text, {d.causing for d in drafts if d.lang in row}),
                _text({lang: cause.explain for lang, cause in row.items()}),
                "",
                "",
                (),
                fix=tuple(names[i] for i in fixes[n - 1]) or tuple(names),
            )
            for n, row in enumerate(causes, 1)
            for row_text in [_text({lang: cause.text for lang, cause in row.items()})]
        ),
        steps=tuple(_step(name, row, drafts) for name, row in zip(names, rows, strict=True)),
        signatures=signatures,
        origin="derived",
    )


def _pairs(drafts: Sequence[Draft], parts: Sequence[Sequence[T]]) -> list[dict[str, T]]:
    if len({len(part) for part in parts}) == 1:
        return [
            {d.lang: item for d, item in zip(drafts, row, strict=True)} for row in zip(*parts, strict=True)
        ]
    at = max(range(len(parts)), key=lambda n: len(parts[n]))
    return [{drafts[at].lang: item} for item in parts[at]]


def _step_rows(main: Draft, drafts: Sequence[Draft]) -> list[dict[str, DraftStep]]:
    """The steps of the fuller language, each with its twin in the other where that is plain."""
    rows = [{main.lang: step} for step in main.steps]
    for other in drafts:
        if other is main:
            continue
        for own, theirs in _twins([_mark(s) for s in main.steps], [_mark(s) for s in other.steps]):
            rows[own][other.lang] = other.steps[theirs]
    return rows


def _mark(step: DraftStep) -> tuple[str, ...]:
    """What must be equal in both languages: the phase, and the program with its first words."""
    return (step.phase, *step.key.split()[:4])


def _twins(ours: Sequence[tuple[str, ...]], theirs: Sequence[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Pairs of places: equal commands in order, and between two of them as many words as there are on both sides."""
    commands = (
        [n for n, mark in enumerate(ours) if len(mark) > 1],
        [n for n, m in enumerate(theirs) if len(m) > 1],
    )
    matcher = SequenceMatcher(
        None, [ours[n] for n in commands[0]], [theirs[n] for n in commands[1]], autojunk=False
    )
    pairs = [
        (commands[0][block.a + i], commands[1][block.b + i])
        for block in matcher.get_matching_blocks()
        for i in range(block.size)
    ]
    found = list(pairs)
    ends = [(-1, -1), *pairs, (len(ours), len(theirs))]
    for (a, b), (c, d) in pairwise(ends):
        same = [ours[n] for n in range(a + 1, c)] == [theirs[n] for n in range(b + 1, d)]
        found += [(a + i, b + i) for i in range(1, c - a)] if same else []
    return found


def _text(by_lang: Mapping[str, str]) -> Text:
    other = next(iter(by_lang.values()), "")
    return Text(by_lang.get("en", "") or other, by_lang.get("zh", "") or other)


def _cause_text(text: Text, causing: set[Causing]) -> Text:
    if "named" in causing:
        return text
    unnamed = "unnamed" in causing
    return message("derive.cause-unnamed", title=text) if unnamed else message("derive.situation", title=text)


def _step_ids(rows: Sequence[Mapping[str, DraftStep]]) -> list[str]:
    counts: dict[str, int] = {}
    names = []
    for row in rows:
        kind = _IDS[next(iter(row.values())).phase]
        counts[kind] = counts.get(kind, 0) + 1
        names.append(f"{kind}-{counts[kind]}")
    return names


def _step(name: str, row: Mapping[str, DraftStep], drafts: Sequence[Draft]) -> Step:
    first = row.get("en") or next(iter(row.values()))
    heads = {lang: step.title or _named_by_command(step, lang) for lang, step in row.items()}
    impact = _text({lang: step.impact for lang, step in row.items()})
    way_back = _text({draft.lang: draft.rollback for draft in drafts if draft.rollback})
    return Step(
        id=name,
        text=_text(heads),
        explain=_text({lang: step.explain for lang, step in row.items()}),
        impact=impact or message("derive.impact"),
        action=_action(first, row),
        undo=Undo(message("derive.undo-section", heading=way_back) if way_back else message("derive.undo")),
        # what an article's words ask for in a repair cannot be judged by a machine; it is more than reading
        risk="disruptive" if not first.shell and first.phase in ("fix", "workaround") else None,
        inputs=tuple(_input(slot, row) for slot in first.slots),
    )


def _named_by_command(step: DraftStep, lang: str) -> str:
    if not step.shell:
        return step.place.heading or title(step.instruction, 80)
    return message("derive.run", command=title(step.shell.split("\n", 1)[0].rstrip(" \\"), 80)).get(lang)


def _action(first: DraftStep, row: Mapping[str, DraftStep]) -> Action:
    if not first.shell:
        return ManualAction(_text({lang: step.instruction for lang, step in row.items()}))
    return CommandAction(first.argv, first.shell, line=first.place.line, stdin=first.stdin)


def _input(slot: Slot, row: Mapping[str, DraftStep]) -> Input:
    labels = {lang: s.label for lang, step in row.items() for s in step.slots if s.name == slot.name}
    known = _KNOWN.get(slot.name)
    what = message(known) if known else Text(_spoken(slot.name), _spoken(slot.name))
    label = _text(labels) or Text.of(slot.label)
    if is_secret(slot.name):
        text = message("derive.input-secret", what=what)
    else:
        text = message("derive.input", what=what, label=label)
    return Input(slot.name, text, slot.type, default=slot.default or None)


def _spoken(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


_KNOWN = {
    "namespace": "derive.what-namespace",
    "pod": "derive.what-pod",
    "container": "derive.what-container",
    "node": "derive.what-node",
    "deployment": "derive.what-deployment",
    "statefulset": "derive.what-statefulset",
    "daemonset": "derive.what-daemonset",
    "service": "derive.what-service",
    "ip": "derive.what-ip",
    "cidr": "derive.what-cidr",
    "port": "derive.what-port",
    "subnet": "derive.what-subnet",
    "cluster": "derive.what-cluster",
    "user": "derive.what-user",
    "password": "derive.what-password",
    "image": "derive.what-image",
    "name": "derive.what-name",
    "interface": "derive.what-interface",
    "router": "derive.what-router",
    "file": "derive.what-file",
    "path": "derive.what-path",
    "version": "derive.what-version",
    "instance": "derive.what-instance",
    "value": "derive.what-value",
}
