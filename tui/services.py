"""What the app works with, opened when first needed: library, catalogue of checks, cluster. No Textual in here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from kb.text import Lang, Text

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.cluster import Cluster
    from checks.layout import Layout
    from checks.settings import Settings
    from kb.library import Library
    from kb.model import Article
    from tui.cli.options import Root, Where


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go: a context of the kubeconfig (empty: the current one), a practice scenario, or a bundle's file."""

    kind: Literal["context", "practice", "bundle"] = "context"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A practice scenario as the palette offers it."""

    name: str
    title: Text
    article: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The open library, with the articles that have a guide already read."""

    library: Library
    guided: Mapping[str, Article]


class Open(Protocol):
    """A cluster and what has to end with it."""

    @property
    def cluster(self) -> Cluster:
        """The cluster."""
        ...

    def close(self) -> None:
        """Lets go of it."""
        ...


def no_contexts() -> tuple[str, ...]:
    """No kubeconfig, no contexts."""
    return ()


def no_scenarios() -> tuple[Scenario, ...]:
    """No practice scenarios."""
    return ()


@dataclass
class Services:
    """Everything the app needs from outside, as callables; may be used from several threads."""

    open_library: Callable[[], Library]
    open_catalogue: Callable[[], Catalogue]
    open_cluster: Callable[[Place], Open]
    """Connects without a call to the server; raises ConfigError or ClusterError."""
    settings: Callable[[Place], Settings] | None = None
    """What is set for a place; raises ConfigError. None: nothing is."""
    contexts: Callable[[], tuple[str, ...]] = no_contexts
    scenarios: Callable[[], tuple[Scenario, ...]] = no_scenarios
    place: Place = Place()
    lang: Lang = "en"
    read_only: bool = False
    """Writes cannot be armed at all."""
    looks: bool = True
    """A cluster is looked at for findings as soon as it is known; else only when somebody asks for another look."""
    journal_dir: Path | None = None
    """Where sessions are kept; None: the platform's state folder."""
    _reading: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _linking: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _shelf: Shelf | None = field(default=None, repr=False)
    _catalogue: Catalogue | None = field(default=None, repr=False)
    _set: tuple[Place, Catalogue] | None = field(default=None, repr=False)
    """The catalogue as it is set for a place."""
    _open: Open | None = field(default=None, repr=False)
    _closed: bool = field(default=False, repr=False)

    @classmethod
    def from_options(cls, root: Root) -> Services:
        """The services that the flags of the command line ask for."""
        from kb.paths import ASSETS
        from tui.cli.options import system_language
        from tui.connect import connect, connect_or_practice

        roots = [ASSETS, *root.roots]

        def library() -> Library:
            from kb import open_library

            return open_library(roots)  # in the cache folder where it can be had, else in memory

        def catalogue() -> Catalogue:
            from checks.catalogue import load_catalogue

            return load_catalogue(roots)

        def flags(place: Place) -> Where:
            if place.kind == "practice":
                return replace(root.where, practice=place.name, bundle=None)
            if place.kind == "bundle":
                path = Path(place.name)
                return replace(root.where, practice=None, context=None, kubeconfig=None, bundle=path)
            return replace(root.where, practice=None, context=place.name or root.where.context, bundle=None)

        def settings(place: Place) -> Settings:
            from tui.setting import settings_of

            return settings_of(flags(place))

        def cluster(place: Place) -> Open:
            asked = place.kind == "context" and root.or_practice
            opened = connect_or_practice if asked else connect
            return opened(flags(place), writes=not root.read_only)

        def scenarios() -> tuple[Scenario, ...]:
            from checks.practice.scenario import list_scenarios

            return tuple(Scenario(s.name, s.title, s.article or "") for s in list_scenarios())

        def contexts() -> tuple[str, ...]:
            from checks.errors import ConfigError
            from checks.kubeconfig import contexts as read_all

            try:
                return tuple(one.name for one in read_all(root.where.kubeconfig))
            except ConfigError:
                # The status line already says what is wrong with the kubeconfig.
                return ()

        practice, bundle = root.where.practice, root.where.bundle
        start = Place("bundle", str(bundle)) if bundle else Place("context", root.where.context or "")
        return cls(
            open_library=library,
            open_catalogue=catalogue,
            settings=settings,
            open_cluster=cluster,
            contexts=contexts,
            scenarios=scenarios,
            place=Place("practice", practice) if practice else start,
            lang="zh" if (root.lang or system_language()) == "zh" else "en",
            read_only=root.read_only,
        )

    def shelf(self) -> Shelf:
        """The library, opened once; may take seconds the first time."""
        with self._reading:
            if self._shelf is None:
                library = self.open_library()
                found = {name: library.get(name) for name in library.guided}
                self._shelf = Shelf(library, {name: article for name, article in found.items() if article})
            return self._shelf

    def reread(self, articles: Iterable[str]) -> Shelf:
        """The shelf after these articles changed, came or went; the library is in step with its files already."""
        with self._reading:
            if self._shelf is None:
                raise LookupError("the shelf was never opened")
            library, guided = self._shelf.library, dict(self._shelf.guided)
            written = frozenset(library.guided)
            for name in articles:
                guided.pop(name, None)
                found = library.get(name) if name in written else None
                if found is not None:
                    guided[name] = found
            self._shelf = Shelf(library, dict(sorted(guided.items())))
            return self._shelf

    def catalogue(self) -> Catalogue:
        """The checks by id, read once, with the settings of the place at hand."""
        with self._reading:
            if self._catalogue is None:
                self._catalogue = self.open_catalogue()
            if self._set is None or self._set[0] != self.place:
                self._set = (self.place, self._settled(self._catalogue))
            return self._set[1]

    def _settled(self, catalogue: Catalogue) -> Catalogue:
        """With what is set for this place; nothing is for the practice cluster, nor by a file connecting refuses."""
        from checks.errors import ConfigError

        if self.settings is None or (self._open is not None and self._open.cluster.info.practice):
            return catalogue
        try:
            return self.settings(self.place).over(catalogue)
        except ConfigError:
            return catalogue

    def layout(self) -> Layout:
        """Where the roles of the checks run, as the settings say, else as shipped."""
        from checks.layout import load_layout

        return self.catalogue().layout or load_layout()

    def connect(self, place: Place) -> Cluster:
        """A cluster at `place` in place of the one before, which is closed."""
        with self._linking:
            old, self._open = self._open, None
            if old is not None:
                old.close()
            self.place, self._set = place, None
            found = self.open_cluster(place)
            if self._closed:
                found.close()
            else:
                self._open, self._set = found, None  # it may be a practice cluster after all
            return found.cluster

    def sessions_dir(self) -> Path:
        """The folder of the journals."""
        from kb.paths import state_dir

        return self.journal_dir or state_dir() / "sessions"

    def close(self, patience: float = 3.0) -> None:
        """Lets go of the cluster, a practice cluster ends; one still being opened is closed by its opener."""
        self._closed = True
        if self._linking.acquire(timeout=patience):
            try:
                found, self._open = self._open, None
                if found is not None:
                    found.close()
            finally:
                self._linking.release()
