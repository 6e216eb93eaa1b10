"""The command palette: articles, sessions, contexts, practice scenarios, and what can be done from here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from kb.safe import one_line
from tui.services import Place
from tui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from checks.session import SessionSummary
    from tui.app import KlinikApp
    from tui.services import Scenario, Shelf


class Command(NamedTuple):
    """One line of the palette."""

    name: str
    run: Callable[[], object]
    explain: str
    always: bool
    """Shown before anything is typed."""


class KlinikCommands(Provider):
    """All commands; what has to be read from disk is read off the screen's thread when the palette opens."""

    def _app(self) -> KlinikApp:
        return cast("KlinikApp", self.app)

    async def startup(self) -> None:
        """Reads what may be chosen."""
        services = self._app().services
        self.contexts, self.scenarios, self.sessions, self.shelf = await asyncio.gather(
            self._read(services.contexts, ()),
            self._read(services.scenarios, ()),
            self._read(self._sessions, ()),
            self._read(lambda: self._app().link.shelf, None),
        )
        self.commands = [*self._actions(), *self._places(), *self._resumable(), *self._articles()]

    async def _read(self, call: Callable[[], object], otherwise: object) -> object:
        """What `call` answers within two seconds; the palette opens without it when it fails or takes longer."""
        from tui.work import in_thread

        try:
            return await asyncio.wait_for(in_thread(call), timeout=2.0)
        except Exception as error:  # whatever it is, the rest of the palette works
            self.app.log.warning(error)
            return otherwise

    def _sessions(self) -> tuple[SessionSummary, ...]:
        from checks.journal import list_sessions

        return tuple(s for s in list_sessions(self._app().services.sessions_dir()) if s.problem is None)

    def _actions(self) -> Iterator[Command]:
        app = self._app()
        say = app.say
        state = app.cluster_state
        yield Command(say("palette.practice"), app.action_practice, say("palette.practice_why"), True)
        if state.writable:
            yield Command(say("palette.disarm"), app.link.disarm, say("palette.disarm_why"), True)
        elif state.phase == "connected" and not state.locked:
            yield Command(say("palette.arm"), app.ask_to_arm, say("palette.arm_why"), True)
        yield Command(say("palette.sessions"), app.open_sessions, say("palette.sessions_why"), True)
        yield Command(say("palette.again"), app.link.again, say("palette.again_why"), True)
        other = "en" if app.lang == "zh" else "zh"
        yield Command(
            say("palette.language"), partial(setattr, app, "lang", other), say("palette.language_why"), True
        )
        theme = LIGHT.name if app.theme == DARK.name else DARK.name
        yield Command(
            say("palette.theme"), partial(setattr, app, "theme", theme), say("palette.theme_why"), True
        )
        yield Command(say("palette.help"), app.action_help, say("palette.help_why"), True)
        yield Command(say("palette.quit"), app.action_leave, say("palette.quit_why"), True)

    def _places(self) -> Iterator[Command]:
        app = self._app()
        lang = app.lang
        for scenario in cast("tuple[Scenario, ...]", self.scenarios):
            name = app.say("palette.scenario", title=one_line(scenario.title.get(lang)))
            yield Command(name, partial(app.go, Place("practice", scenario.name)), scenario.name, False)
        for context in cast("tuple[str, ...]", self.contexts):
            name = app.say("palette.context", name=one_line(context))
            yield Command(
                name, partial(app.go, Place("context", context)), app.say("palette.context_why"), False
            )

    def _resumable(self) -> Iterator[Command]:
        app = self._app()
        for session in cast("tuple[SessionSummary, ...]", self.sessions)[:50]:
            if not session.finished:
                title = one_line(session.title.get(app.lang) or session.article)
                where = one_line(session.practice or session.context)
                name = app.say("palette.session", title=title)
                yield Command(
                    name, partial(app.resume, session), app.say("palette.session_why", cluster=where), False
                )

    def _articles(self) -> Iterator[Command]:
        app = self._app()
        shelf = cast("Shelf | None", self.shelf)
        if shelf is None:
            return
        for article in shelf.guided.values():
            title = one_line(article.title(app.lang))
            yield Command(title, partial(app.open_article, article.id), app.say("palette.article_why"), False)
            name = app.say("palette.guide", title=title)
            yield Command(name, partial(app.open_guide, article.id), app.say("palette.guide_why"), False)

    async def discover(self) -> Hits:
        """What is offered before anything is typed."""
        for command in self.commands:
            if command.always:
                yield DiscoveryHit(
                    Content(command.name), command.run, text=command.name, help=command.explain
                )

    async def search(self, query: str) -> Hits:
        """What fits the words typed."""
        matcher = self.matcher(query)
        for command in self.commands:
            score = matcher.match(f"{command.name} {command.explain}")
            if score > 0:
                shown = (
                    matcher.highlight(command.name) if matcher.match(command.name) else Content(command.name)
                )
                yield Hit(score, shown, command.run, text=command.name, help=command.explain)
