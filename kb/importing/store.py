"""The knowledge-base root an import writes into: what stands there, and files that are whole or not there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from kb.articlefile import MAX_BYTES
from kb.importing import fronts
from kb.text import LANGS, Lang

HEAD = 32_768
FOLDER = "articles"


class Outside(Exception):
    """A path that a link leads out of the root; nothing is written there."""


@dataclass(frozen=True, slots=True)
class Known:
    """One text that stands in the root already, as far as its first lines tell."""

    article: str
    lang: Lang
    source: str = ""
    digest: str = ""
    """SHA-256 of the source it was imported from; empty for a text that was not imported."""
    translated: str = ""
    """SHA-256 of the text it is a translation of."""
    front_id: str = ""
    title: str = ""


@dataclass(slots=True)
class Root:
    """A knowledge-base root."""

    path: Path
    texts: list[Known] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    """Casefolded names of all article folders."""

    def file(self, article: str, lang: str) -> Path:
        """Where a text of an article stands."""
        return self.path / FOLDER / article / f"{lang}.md"


def open_root(path: Path) -> Root:
    """Look at the texts of a root; one that does not exist yet is empty."""
    root = Root(path)
    folder = path / FOLDER
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return root
    for name in names:
        if name.startswith("."):
            continue
        if _holds_files(folder / name):
            root.taken.add(name.casefold())
        for lang in LANGS:
            head = _head(folder / name / f"{lang}.md")
            if head is not None:
                root.texts.append(_known(name, lang, head))
    return root


def text_at(path: Path) -> str | None:
    """The text of a file of the root; None where there is none that could be an article."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError:
        return None
    return data.decode("utf-8", "replace")


def write(root: Path, path: Path, data: bytes) -> None:
    """Put a whole file in place of whatever was there, readable for all; raises OSError and Outside."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    inside(root, path.parent)
    temporary = path.parent / f".{path.name[:100]}.{os.getpid()}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    temporary.unlink(missing_ok=True)
    try:
        handle = os.open(temporary, flags, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def inside(root: Path, path: Path) -> None:
    """Raise Outside where links lead `path` out of `root`."""
    real, top = os.path.realpath(path), os.path.realpath(root)
    if os.path.commonpath((real, top)) != top:
        raise Outside(str(path))


def _holds_files(folder: Path) -> bool:
    """Whether anything is there; an empty folder may be left by an import that was stopped."""
    try:
        return any(not name.startswith(".") for name in os.listdir(folder))
    except OSError:
        return True


def _head(path: Path) -> str | None:
    try:
        with open(path, "rb") as file:
            return file.read(HEAD).decode("utf-8", "replace")
    except OSError:
        return None


def _known(article: str, lang: Lang, head: str) -> Known:
    """What the front matter says, read without YAML: there may be tens of thousands of files."""
    values: dict[str, str] = {}
    title = ""
    for line in head.split("\n")[:400]:
        key, colon, value = line.partition(":")
        if line.startswith("# "):
            title = line[2:].strip()
            break
        if colon and key in (fronts.SOURCE, fronts.DIGEST, "sourceSHA", "id"):
            values.setdefault(key, _unquoted(value.strip()))
    return Known(
        article,
        lang,
        source=values.get(fronts.SOURCE, ""),
        digest=values.get(fronts.DIGEST, "").lower(),
        translated=values.get("sourceSHA", "").lower(),
        front_id=values.get("id", ""),
        title=title,
    )


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'")
    if len(value) >= 2 and value[0] == value[-1] == '"':
        import json

        try:
            return str(json.loads(value))
        except ValueError:
            return value[1:-1]
    return value


def imported_digest(text: str) -> str:
    """The checksum of the source a text of the root was imported from; empty for one that was not."""
    return _known("", "en", text[:HEAD]).digest
