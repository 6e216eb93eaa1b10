"""Doing everything that can be done in the app: every binding of every screen, every answer, every palette entry."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, OptionList

import tui.screens
from tests.tui.conftest import screen_text, until
from tui.commands import KlinikCommands
from tui.screens.ask import AskDialog
from tui.screens.base import KlinikScreen
from tui.screens.confirm import ConfirmDialog, SureDialog
from tui.screens.dialog import Dialog
from tui.screens.guide import GuideScreen

Open = Callable[[], Any]
LEFT = ("leave", "back")
"""Actions that end the drive or leave the screen; the drive itself goes back all the time, and leaves at its end."""
REASON = "INC-4711"


def all_screens() -> dict[str, type[Screen[Any]]]:
    """Every screen and dialog of the app by name; those that others are built on are none."""
    found: dict[str, type[Screen[Any]]] = {}
    for info in pkgutil.iter_modules(tui.screens.__path__):
        module = importlib.import_module(f"tui.screens.{info.name}")
        for name, one in inspect.getmembers(module, inspect.isclass):
            if issubclass(one, Screen) and one.__module__ == module.__name__:
                found[name] = one
    bases = {base.__name__ for one in found.values() for base in one.__bases__}
    return {name: one for name, one in found.items() if name not in bases}


def own_actions(kind: type[Any]) -> set[str]:
    """The actions that a class of the app binds itself; what it has from Textual moves cursors and selects text."""
    found = set[str]()
    for base in kind.__mro__:
        for one in vars(base).get("BINDINGS", ()) if base.__module__.startswith("tui.") else ():
            found.add(one.action if isinstance(one, Binding) else one[1])
    return found - set(LEFT)


class Drive:
    """One pass through the app, saying yes wherever it is asked."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        self.app = pilot.app
        self.seen: set[str] = set()
        self.heads: dict[str, str] = {}
        """The first line of every screen when it was opened."""
        self.done: set[tuple[str, str]] = set()
        """(class that binds it, action) of everything that was done."""

    @property
    def top(self) -> Screen[Any]:
        """The screen on top, which counts as seen."""
        self.seen.add(type(self.app.screen).__name__)
        return self.app.screen

    async def quiet(self) -> None:
        """Until the screen has drawn what it was asked, and a run that began is over."""
        await self.pilot.pause()
        screen = self.top
        if isinstance(screen, GuideScreen):
            fix = screen.fix
            await until(self.pilot, lambda: not fix.reading and not screen.checking, "the walk", 30)
            if fix.running:
                await until(self.pilot, lambda: not fix.running or fix.held, "the run", 120)

    # --- bindings -------------------------------------------------------------------------------------------------

    def bindings(self) -> Iterator[tuple[DOMNode, Binding]]:
        """What the app's own classes on this screen bind, each action once."""
        screen = self.top
        for node in (screen, *screen.query("*"), self.app):
            actions = own_actions(type(node))
            for bindings in node._bindings.key_to_bindings.values() if actions else ():
                for binding in bindings:
                    key = (type(node).__name__, binding.action)
                    if binding.action in actions and key not in self.done:
                        yield node, binding

    async def every_key(self, open_: Open) -> None:
        """Opens a screen and does all that is bound on it and was not done yet; it is opened again when it was left."""
        screen = await self.opened(open_)
        while (found := next(self.bindings(), None)) is not None:
            node, binding = found
            self.done.add((type(node).__name__, binding.action))
            await self.app.run_action(binding.action, node)
            await self.quiet()
            await self.answered(screen)
            if self.top is not screen:
                await self.home()
                screen = await self.opened(open_)

    async def every_line(self, open_: Open, most: int = 2) -> None:
        """Chooses the first lines of every list of a screen, as Enter does."""
        await self.home()
        screen = await self.opened(open_)
        names = [view.id for view in screen.query(OptionList) if view.id]
        for name in names:
            for at in range(most):
                view = screen.query_one(f"#{name}", OptionList)
                if not view.display or at >= view.option_count or view.get_option_at_index(at).disabled:
                    continue
                view.highlighted = at
                view.action_select()
                await self.quiet()
                await self.answered(screen)
                if self.top is not screen:
                    await self.home()
                    screen = await self.opened(open_)

    # --- answers --------------------------------------------------------------------------------------------------

    async def answered(self, screen: Screen[Any]) -> None:
        """Says yes to whatever is asked over this screen, as far as it goes; then Esc until it is on top again."""
        for _ in range(6):
            asked = self.top
            if asked is screen or not isinstance(asked, Dialog):
                break
            await self.yes(asked)
            await self.quiet()
        for _ in range(8):
            if self.top is screen or screen not in self.app.screen_stack:
                break
            await self.pilot.press("escape")
            await self.pilot.pause()

    async def yes(self, asked: Dialog[Any]) -> None:
        """The most consenting answer that this question has."""
        press = self.pilot.press
        if isinstance(asked, ConfirmDialog):
            await press(
                *(("y",) if asked.plan.confirm.kind == "key" else (*asked.plan.confirm.expected, "f5"))
            )
        elif isinstance(asked, SureDialog):
            await press("y")
        elif isinstance(asked, AskDialog):
            proposed = asked.query_one(Input).value
            await press(*(() if proposed else REASON), "enter")
        else:
            for _, binding in list(self.bindings()):
                if binding.action != "back" and self.app.screen is asked:
                    await self.app.run_action(binding.action, asked)
            if self.app.screen is asked:
                for box in asked.query(Input):
                    box.value = box.value or REASON
                await press("enter")

    # --- moving ---------------------------------------------------------------------------------------------------

    async def opened(self, open_: Open) -> Screen[Any]:
        """Opens a screen, and waits until its widgets are there."""
        made = open_()
        if isinstance(made, Awaitable):
            await made
        await self.pilot.pause()
        screen = self.top
        await until(self.pilot, lambda: getattr(screen, "begun", True), type(screen).__name__)
        await self.quiet()
        if isinstance(screen, KlinikScreen):
            self.heads[type(screen).__name__] = screen_text(self.app).partition("\n")[0]
        return screen

    async def home(self) -> None:
        """Back to the first screen."""
        for _ in range(20):
            if len(self.app.screen_stack) == 1:
                return
            await self.pilot.press("escape")
            await self.pilot.pause()
        while len(self.app.screen_stack) > 1:
            self.app.pop_screen()
            await self.pilot.pause()

    async def palette(self, most: int, leave: Collection[str] = ()) -> set[str]:
        """Runs the palette's entries as they are on the first screen; of places, sessions and articles `most` each.

        Without those of the keys in `leave`, and without quitting: Ctrl+Q does that at the end of the drive.
        """
        left = {self.app.say(f"palette.{key}") for key in (*leave, "quit")}
        provider = KlinikCommands(self.app.screen)
        await provider.startup()
        kinds = (provider._actions(), provider._places(), provider._resumable(), provider._articles())
        actions, *others = (list(kind) for kind in kinds)
        names = set()
        for command in (*actions, *(one for kind in others for one in kind[:most])):
            if command.name in left:
                continue
            names.add(command.name)
            result = command.run()
            if inspect.isawaitable(result):
                await result
            await self.quiet()
            if isinstance(self.top, Dialog):
                await self.answered(self.app.screen_stack[0])
            await self.home()
        return names
