"""The ways between the screens: how each is opened, and with what; it is imported when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.reactive import reactive

from tui.i18n import translate
from tui.services import Place
from tui.widgets.status import ClusterState


class Ways(App[int]):
    """An app whose screens are opened by name."""

    forward_trail: list[Callable[[], None]]
    """How to come again to the screens that were left, the last one last."""
    cluster_state: reactive[ClusterState]
    """What is known of the cluster at hand."""

    if TYPE_CHECKING:
        lang: str

        def go(self, place: Place) -> None:
            """Another cluster, a practice scenario or a bundle."""
            ...

    @property
    def versions(self) -> dict[str, str]:
        """What is known to run at the cluster at hand, by component."""
        state = self.cluster_state
        known = {"kubernetes": state.kubernetes, "kube-ovn": state.kube_ovn}
        return {component: version for component, version in known.items() if version}

    def say(self, key: str, /, **params: object) -> str:
        """One of the app's own messages in its language."""
        return translate(self.lang, key, **params)

    def open_article(self, article_id: str, lang: str = "", *, keep_trail: bool = False) -> None:
        """Shows an article."""
        from tui.screens.article import ArticleScreen

        if not keep_trail:
            self.forward_trail.clear()
        self.push_screen(ArticleScreen(article_id, lang or self.lang))

    def open_guide(self, article_id: str, session: str = "", *, keep_trail: bool = False) -> None:
        """Walks the guide of an article, or goes on with a session."""
        from tui.screens.guide import GuideScreen

        if not keep_trail:
            self.forward_trail.clear()
        self.push_screen(GuideScreen(article_id, session))

    def open_rewind(self, article_id: str, session: str) -> None:
        """Goes on with a session to undo all of it."""
        from tui.screens.guide import GuideScreen

        self.forward_trail.clear()
        screen = GuideScreen(article_id, session)
        screen.to_undo = True
        self.push_screen(screen)

    def open_sessions(self) -> None:
        """Shows the sessions of the journal."""
        from tui.screens.sessions import SessionsScreen

        self.push_screen(SessionsScreen())

    def take_in_session(self) -> None:
        """Asks for a session file that somebody handed over; the list of sessions is behind the question."""
        from tui.screens.sessions import SessionsScreen

        self.push_screen(SessionsScreen(take_in=True))

    def open_timeline(self, journal: str) -> None:
        """Shows a session in the order it happened."""
        from tui.screens.timeline import TimelineScreen

        self.push_screen(TimelineScreen(journal))

    def open_findings(self) -> None:
        """Shows what is wrong in the library."""
        from tui.screens.findings import FindingsScreen

        if not isinstance(self.screen, FindingsScreen):
            self.push_screen(FindingsScreen())

    def open_checks(self, words: str = "") -> None:
        """Shows all checks of the catalogue, or those that these words leave."""
        from tui.screens.checks import ChecksScreen

        if not isinstance(self.screen, ChecksScreen):
            self.push_screen(ChecksScreen(words))

    def open_unknown(self) -> None:
        """Shows the checks that could not be told."""
        self.open_checks("unknown")

    def open_mutes(self) -> None:
        """Shows what is muted on this cluster."""
        from tui.screens.mutes import MutesScreen

        if not isinstance(self.screen, MutesScreen):
            self.push_screen(MutesScreen())

    def open_changes(self) -> None:
        """Shows what changed since the cluster was first looked at."""
        from tui.screens.changes import ChangesScreen

        if not isinstance(self.screen, ChangesScreen):
            self.push_screen(ChangesScreen())

    def open_check(self, check: str) -> None:
        """Shows one check at length."""
        from tui.screens.check import CheckScreen

        self.push_screen(CheckScreen(check))

    def open_paste(self, check: str) -> None:
        """Shows what to run elsewhere for a check, and a box for what comes back."""
        from tui.screens.paste import PasteScreen

        self.push_screen(PasteScreen(check))

    def open_rights(self) -> None:
        """Shows what this user may do, for checks and for fixes."""
        from tui.screens.rights import RightsScreen

        if not isinstance(self.screen, RightsScreen):
            self.push_screen(RightsScreen())

    def collect_bundle(self) -> None:
        """Collects what the checks read into a file."""
        from tui.screens.collect import CollectScreen

        if not isinstance(self.screen, CollectScreen):
            self.push_screen(CollectScreen())

    def open_bundle(self) -> None:
        """Asks for a bundle, and goes there as to a cluster."""
        from tui.screens.files import FileDialog

        def chosen(path: Path | None) -> None:
            if path is not None:
                self.go(Place("bundle", str(path.absolute())))

        self.push_screen(FileDialog(self.say("files.open")), chosen)

    def compare_bundles(self) -> None:
        """Asks for two bundles, and shows what changed between them."""
        from tui.screens.files import FileDialog

        def first(before: Path | None) -> None:
            def second(after: Path | None) -> None:
                if before is not None and after is not None:
                    self.show_difference(before, after)

            if before is not None:
                self.push_screen(FileDialog(self.say("files.after")), second)

        self.push_screen(FileDialog(self.say("files.before")), first)

    def show_difference(self, before: Path, after: Path) -> None:
        """What changed between two bundles."""
        from tui.screens.difference import DifferenceScreen

        self.push_screen(DifferenceScreen(before, after))

    def open_text(self, title: str, text: str, *, copies: str = "") -> None:
        """Shows raw text, made safe; `copies` is what Ctrl+Y takes, without it the commands of the text."""
        from tui.screens.raw import RawScreen

        self.push_screen(RawScreen(title, text, copies))
