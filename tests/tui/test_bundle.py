"""The app on a bundle: the same guide replays on what was recorded, and nothing can be written."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.bundle.archive import write_bundle
from checks.bundle.collect import Collected, Scope, collect, uses_for
from checks.catalogue import load_catalogue
from checks.layout import load_layout
from kb import open_library
from kb.paths import ASSETS
from tests.tui.conftest import klinik, screen_text, until
from tests.tui.shots import shot
from tests.tui.walking import choose, open_guide, search_and_open
from tui.cli.options import Where
from tui.connect import connect, practice
from tui.services import Place, Services

ARTICLE = "subnet-ip-count-wrong"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "site.klinik"
    catalogue, library = load_catalogue(), open_library([ASSETS])
    articles = [found for name in library.guided if (found := library.get(name))]
    with practice(ARTICLE, pace=0.02) as staged:
        events = collect(
            staged.cluster,
            Scope(uses_for(catalogue, articles), key="key"),
            catalogue,
            layout=load_layout(),
            now=time.time() - 86400,
            klinik="0",
        )
        (made,) = [event for event in events if isinstance(event, Collected)]
    write_bundle(path, made.manifest, made.tape)
    return path


async def test_a_guide_replays_in_the_app(bundle: Path, services: Callable[..., Services]) -> None:
    made = services(
        open_cluster=lambda place: connect(Where(bundle=bundle)), place=Place("bundle", str(bundle))
    )
    app = klinik(made)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.triage == "done", "the triage")
        assert "BUNDLE of" in screen_text(app)
        assert "READ-ONLY" in screen_text(app)
        assert app.link.findings()[0].article == ARTICLE
        shot(app, "bundle-home-80")
        await search_and_open(pilot, "v4usingIPs 超过", ARTICLE)
        guide = await open_guide(pilot)
        states = {view.cause.id: view.state for view in guide.snap.causes}
        assert states["leaked-ip-objects"] == "supported"
        await choose(pilot, guide, "leaked-ip-objects")
        shot(app, "bundle-fix-80")
        with pytest.raises(Exception, match="read-only"):
            app.link.arm("a good reason")


def test_the_flag_locks_writing(bundle: Path) -> None:
    from tui.cli.options import Root

    made = Services.from_options(Root(Where(bundle=bundle)))
    try:
        assert made.connect(made.place).info.recorded > 0
        assert made.place.kind == "bundle"
    finally:
        made.close()
