"""Bundles for the app: collecting one with progress, opening one on trial, comparing two, and the files there are."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threading import Event

    from checks.bundle.compare import ObjectChange, OutputChange
    from checks.cluster import Cluster
    from kb.model import Article
    from tui.services import Services

ENDINGS = (".klinik", ".zip")
OFFERED = 40
"""Files that are offered."""
MOST = 2000
"""Changed objects and outputs that are kept for the screen, of each."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be collected, and where to."""

    path: Path
    article: str = ""
    """Only this article's checks; empty: all."""
    mask_names: bool = False
    mask_addresses: bool = False
    force: bool = False
    """Whether a file that is there may be replaced."""


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle that was written."""

    path: Path
    size: int
    """In bytes."""
    calls: int
    left_out: tuple[str, ...]
    """Calls whose answers were too large."""
    changed: tuple[str, ...]
    """Checks whose verdict is another one since names or addresses were masked."""
    totals: Counter[str]
    """How many checks have each verdict."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two bundles side by side; verdicts are compared in the language that is shown."""

    before: Any
    """The manifest of the older one."""
    after: Any
    objects: tuple[ObjectChange, ...]
    outputs: tuple[OutputChange, ...]
    more: int
    """Changes beyond those that are kept."""


def proposed(context: str, now: float) -> Path:
    """A file name for a new bundle: ``klinik-prod-20260101-0900.klinik`` in the working folder."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", context).strip("-.")[:60] or "cluster"
    return Path(f"klinik-{plain}-{datetime.fromtimestamp(now).astimezone():%Y%m%d-%H%M}.klinik")


def collected(
    services: Services, cluster: Cluster, guided: Sequence[Article], wanted: Wanted, stop: Event
) -> Iterator[Any]:
    """The events of the run, then `Written`; nothing is written where `stop` was set. Raises BundleError."""
    from checks.bundle.archive import write_bundle
    from checks.bundle.collect import Collected, Scope, collect, uses_for
    from checks.bundle.key import site_key
    from tui.version import program_version

    catalogue = services.catalogue()
    articles = [article for article in guided if wanted.article in ("", article.id)]
    uses = uses_for(catalogue, articles)
    if wanted.article:
        asked = {use.check for article in articles if article.guide for use in article.guide.checks.values()}
        uses = tuple(use for use in uses if use.check in asked)
    scope = Scope(uses, wanted.article, wanted.mask_names, wanted.mask_addresses, site_key())
    now, layout, version = time.time(), services.layout(), program_version()
    for event in collect(cluster, scope, catalogue, layout=layout, now=now, klinik=version, stop=stop):
        if not isinstance(event, Collected):
            yield event
        elif not stop.is_set():
            size = write_bundle(wanted.path, event.manifest, event.tape, force=wanted.force)
            yield Written(
                wanted.path.absolute(),
                size,
                len(event.tape),
                tuple(" ".join(call) for call in event.manifest["left_out"]),
                event.changed,
                Counter(verdict["verdict"] for verdict in event.manifest["verdicts"]),
            )


def typed_path(text: str) -> Path:
    """What was typed as a path, ``~`` included; raises ValueError where it cannot be one."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError as error:  # there is no such home
        raise ValueError(str(error)) from error


def writable(path: Path) -> bool:
    """Whether a file can be made there: said before a run of minutes, not after it."""
    return path.parent.is_dir() and os.access(path.parent, os.W_OK)


def tried(path: Path) -> Path:
    """The path, once it has been opened and found to be a bundle; raises BundleError."""
    from checks.bundle.archive import open_bundle

    with open_bundle(path):
        return path


def compared(before: Path, after: Path) -> Compared:
    """What two bundles differ in; raises BundleError for a file that is none."""
    from checks.bundle.archive import open_bundle
    from checks.bundle.compare import object_changes, output_changes

    with open_bundle(before) as one, open_bundle(after) as two:
        objects, outputs = list(object_changes(one, two)), list(output_changes(one, two))
        more = max(0, len(objects) - MOST) + max(0, len(outputs) - MOST)
        return Compared(one.manifest, two.manifest, tuple(objects[:MOST]), tuple(outputs[:MOST]), more)


def files_near(text: str, endings: tuple[str, ...] = ENDINGS) -> tuple[Path, ...]:
    """Files with these endings in the typed folder (or at hand) whose names contain what is typed, newest first."""
    try:
        typed = typed_path(text)
        folder = typed if text.endswith("/") or not text.strip() else typed.parent
        part = "" if folder == typed or not text.strip() else typed.name.casefold()
        found = [
            (one.stat().st_mtime, one)
            for one in folder.iterdir()
            if one.suffix in endings and part in one.name.casefold() and one.is_file()
        ]
    except (OSError, ValueError):
        return ()
    return tuple(path for _, path in sorted(found, reverse=True)[:OFFERED])
