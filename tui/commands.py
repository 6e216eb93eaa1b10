"""The command palette: articles, sessions, contexts, practice scenarios, and what can be done from here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from kb.safe import one_line
from tui.i18n import translate
from tui.services import Place
from tui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from checks.sessions.session import SessionSummary
    from tui.app import KlinikApp
    from tui.services import Scenario, Shelf


class Command(NamedTuple):
    """One line of the palette."""

    name: str
    run: Callable[[], object]
    explain: str
    always: bool
    """Shown before anything is typed."""
    other: str = ""
    """The name in the other language: it is found by that too."""


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
        from checks.sessions.journal import list_sessions

        return tuple(s for s in list_sessions(self._app().services.sessions_dir()) if s.problem is None)

    def _actions(self) -> Iterator[Command]:
        app = self._app()
        state = app.cluster_state
        narrow = getattr(self.screen, "action_narrow", None)
        if narrow is not None:
            yield self._action("narrow", narrow)
        yield self._action("practice", app.action_practice)
        if state.writable:
            yield self._action("disarm", app.disarm)
        elif state.phase == "connected" and not state.locked:
            yield self._action("arm", app.ask_to_arm)
        yield self._action("checks", app.open_checks)
        yield self._action("rights", app.open_rights)
        yield self._action("mutes", app.open_mutes)
        if state.phase == "connected" and not state.recorded:
            yield self._action("unwatch" if app.triaging.every else "watch", app.action_watch)
            yield self._action("interval", app.ask_interval)
        yield self._action("changes", app.open_changes)
        if state.phase == "connected":
            yield self._action("collect", app.collect_bundle)
        yield self._action("open_bundle", app.open_bundle)
        yield self._action("difference", app.compare_bundles)
        yield self._action("sessions", app.open_sessions)
        yield self._action("take_in", app.take_in_session)
        yield self._action("findings", app.open_findings)
        yield self._action("again", app.link.again)
        yield self._action("language", partial(setattr, app, "lang", "en" if app.lang == "zh" else "zh"))
        theme = LIGHT.name if app.theme == DARK.name else DARK.name
        yield self._action("theme", partial(setattr, app, "theme", theme))
        yield self._action("help", app.action_help)
        yield self._action("quit", app.action_leave)

    def _action(self, name: str, run: Callable[[], object]) -> Command:
        app = self._app()
        other = translate("en" if app.lang == "zh" else "zh", f"palette.{name}")
        return Command(app.say(f"palette.{name}"), run, app.say(f"palette.{name}_why"), True, other)

    def _places(self) -> Iterator[Command]:
        app = self._app()
        lang = app.lang
        for scenario in cast("tuple[Scenario, ...]", self.scenarios):
            name = app.say("palette.scenario", title=one_line(scenario.title.get(lang)))
            other = f"practice {scenario.title.en} {scenario.title.zh}"
            yield Command(
                name, partial(app.go, Place("practice", scenario.name)), scenario.name, False, other
            )
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
            other = one_line(article.title("en" if app.lang == "zh" else "zh"))
            why = app.say("palette.article_why")
            yield Command(title, partial(app.open_article, article.id), why, False, other)
            name, why = app.say("palette.guide", title=title), app.say("palette.guide_why")
            yield Command(name, partial(app.open_guide, article.id), why, False, f"guide {other}")

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
            score = matcher.match(f"{command.name} {command.explain} {command.other}")
            if score > 0:
                shown = (
                    matcher.highlight(command.name) if matcher.match(command.name) else Content(command.name)
                )
                yield Hit(score, shown, command.run, text=command.name, help=command.explain)
