"""What the answers of a guide rest on: everything that was read, raw; and outputs from elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.widgets import OptionList

from tui.messages import Answered
from tui.screens import evidence
from tui.screens import guide_derived as derived
from tui.screens import guide_text as text
from tui.work import ask

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.layout import Layout
    from checks.model import Result
    from checks.pasting.pasted import Pasted
    from checks.walking.walk import Walk
    from kb.model import Guide
    from tui.screens.guide import GuideScreen


def show_evidence(guide: GuideScreen) -> None:
    """What was read for the line under the cursor; in an article's guide the text that it comes from."""
    if guide.guide is None:
        return
    at = {1: "#symptom-list", 2: "#cause-list"}.get(guide.phase)
    index = (guide.query_one(at, OptionList).highlighted or 0) if at else 0
    about = text.part_of(guide.guide, guide.snap, guide.phase, index)
    title = about.text.get(guide.app.lang) if about is not None else guide.article_title
    if guide.derived and guide.article is not None:
        step = guide.fix.view.step if guide.phase == 3 and guide.fix.view is not None else about
        said = derived.source_of(guide.article, guide.guide, step, guide.app.lang)
        guide.app.open_text(guide.article_title if step is None else step.text.get(guide.app.lang), said)
        return
    found = text.results_of(text.aliases_of(about, guide.guide), guide.snap.results)
    if found:
        guide.app.open_text(title, evidence.raw(found, guide.app.lang, time.time()))
    else:
        guide.notify(guide.say("evidence.not_yet"), markup=False)


# --- from elsewhere ---------------------------------------------------------------------------------------------------


def look_elsewhere(guide: GuideScreen) -> None:
    """Works out, on a thread, which checks of the guide somebody else could answer; `offer` goes on."""
    services = guide.app.services
    ask(guide, "elsewhere", 0, lambda: (services.catalogue(), services.layout()))


def offer(guide: GuideScreen, message: Answered) -> None:
    """Opens the box of the check that lacks an answer; of several one is chosen."""
    if guide.guide is None or message.error is not None:
        return
    from tui.screens.choose import ChooseDialog, Item

    lacking = _lacking(guide.guide, guide.snap.results, *message.value)
    if not lacking:
        guide.notify(guide.say("paste.not_needed"), markup=False)
    elif len(lacking) == 1:
        _open(guide, next(iter(lacking)))
    else:
        items = [Item(check, title, check) for check, title in _titles(guide, lacking).items()]

        def chosen(picked: tuple[str, ...] | None) -> None:
            if picked:
                _open(guide, picked[0])

        guide.app.push_screen(ChooseDialog(guide.say("paste.which"), items), chosen)


def _lacking(
    guide: Guide, results: Mapping[str, Result], catalogue: Catalogue, layout: Layout
) -> dict[str, list[str]]:
    """The checks that somebody with more access could answer, with their aliases in the guide."""
    from checks.pasting.elsewhere import asks

    found: dict[str, list[str]] = {}
    for alias, result in results.items():
        use = guide.checks.get(alias)
        if use is None or use.check not in catalogue:
            continue
        if asks(catalogue.get(use.check), result, layout, use.params):
            found.setdefault(use.check, []).append(alias)
    return found


def _titles(guide: GuideScreen, lacking: Mapping[str, list[str]]) -> dict[str, str]:
    return {check: guide.snap.results[names[0]].title.get(guide.app.lang) for check, names in lacking.items()}


def _open(guide: GuideScreen, check: str) -> None:
    """The box; what was pasted there counts in this walk too, until a step begins to write."""
    from tui.screens.paste import PasteScreen

    box = PasteScreen(check)
    known = guide.guide.checks if guide.guide is not None else {}
    aliases = tuple(alias for alias, use in known.items() if use.check == check)

    def back(_: None) -> None:
        if box.pasted:
            for alias in aliases:
                guide.walker.do("paste", partial(_put, alias=alias, pasted=box.pasted))
            guide.start_checks(aliases)

    guide.app.push_screen(box, back)


def _put(walk: Walk, *, alias: str, pasted: tuple[Pasted, ...]) -> None:
    walk.paste(alias, pasted)
