"""Ages on the screen grow by themselves: an answer of two minutes ago never looks fresh."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from checks.model import Judgement, Result, Verdict
from kb.text import Text
from tests.tui.conftest import klinik, screen_text, until
from tests.tui.derived import no_cluster
from tui.screens.article import ArticleScreen
from tui.services import Services


async def test_an_answer_grows_old_in_view(
    services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ArticleScreen, "AGES", 0.05)
    app = klinik(services(open_cluster=no_cluster, lang="en"))
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: app.link.shelf is not None, "the library")
        app.open_article("ovn-mac-binding-leak")
        await until(
            pilot, lambda: isinstance(app.screen, ArticleScreen) and app.screen.article, "the article"
        )
        article = app.screen
        assert isinstance(article, ArticleScreen)
        assert article.article is not None
        assert article.article.guide is not None
        alias = article.article.guide.symptoms[0].checks[0]
        judged = Judgement(Verdict.FAIL, Text("too many"))
        article.results[alias] = Result(
            "ovs.flow-count", alias, Text("flows"), judged, (), time.time() - 10, 1
        )
        article.show_symptoms()
        await pilot.pause()
        shown = screen_text(app)
        assert "s ago" in shown
        await until(pilot, lambda: "s ago" in screen_text(app) and screen_text(app) != shown, "a second")
