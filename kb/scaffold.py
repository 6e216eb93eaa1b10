"""A new article: what stands in its files, where they go, and which ids are good."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from kb.lint.ids import travels
from kb.messages import message
from kb.paths import ASSETS
from kb.text import Text

ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
LONGEST = 80
KINDS: Mapping[str, str] = {
    "troubleshooting": "Troubleshooting",
    "how-to": "How To",
    "information": "Information",
    "solution": "Solution",
}
SCHEMAS = ".klinik"
"""Folder of a root that holds the schemas its files name; folders with a dot hold no articles."""


class Refused(ValueError):
    """A new article that cannot be; the reason in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def checked_id(name: str, known: Mapping[str, str]) -> str:
    """The id if it is good and not among the `known` (id to where it is); raises Refused."""
    if not ID.match(name) or len(name) > LONGEST or not travels(name) or name in ("en", "zh", "cn"):
        raise Refused(message("scaffold.bad-id", id=name[:LONGEST]))
    folded = {other.casefold(): where for other, where in known.items()}
    if name in folded:
        raise Refused(message("scaffold.taken", id=name, where=folded[name]))
    return name


def draft(name: str, langs: Sequence[str], kind: str) -> dict[str, str]:
    """The files of a new article by name: a text for each language and, for trouble, a guide."""
    stem = "trouble" if kind == "troubleshooting" else "plain"
    title = name.replace("-", " ").capitalize()
    files = {f"{lang}.md": _template(f"{stem}.{lang}", TITLE=title, KIND=KINDS[kind]) for lang in langs}
    if stem == "trouble":
        files["guide.yaml"] = _template("guide", SCHEMAS=SCHEMAS)
    return files


def _template(name: str, **values: str) -> str:
    text = (ASSETS / "scaffold" / f"{name}.txt").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def write(root: Path, name: str, files: Mapping[str, str]) -> list[Path]:
    """Make ``ROOT/articles/NAME`` with these files, all or none; raises FileExistsError where it is there already."""
    folder = root / "articles" / name
    if folder.exists() or folder.is_symlink():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    begun = folder.parent / f".{name}.{os.getpid()}"  # folders with a dot hold no articles
    begun.mkdir()
    try:
        for file, text in files.items():
            (begun / file).write_text(text, encoding="utf-8", newline="\n")
        begun.rename(folder)
    except BaseException:
        for half in begun.iterdir():
            half.unlink()
        begun.rmdir()
        raise
    return [folder / file for file in files]


def write_schemas(root: Path, schemas: Mapping[str, str]) -> list[Path]:
    """Put schemas (name to JSON) below the root, each replaced as a whole; a link in their place is not followed."""
    folder = root / SCHEMAS
    folder.mkdir(exist_ok=True)
    written = []
    for name, text in schemas.items():
        path = folder / f"{name}.schema.json"
        fresh = folder / f".{name}.{os.getpid()}"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(fresh, path)
        written.append(path)
    return written
