"""The metadata of an imported article: klinik's own keys first, in one order, whatever the source called them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from kb import frontmatter, yamlfile

NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("kind", ("kind", "kinds")),
    ("products", ("products", "product")),
    ("components", ("components", "component")),
    ("ProductsVersion", ("ProductsVersion", "ProductVersion", "versions", "version")),
    ("id", ("id",)),
    ("tags", ("tags", "tag", "keywords", "labels")),
    ("sourceSHA", ("sourceSHA", "source_sha")),
)
SOURCE, DATE, DIGEST, SEAL = "source", "imported", "importedSHA", "importedText"
"""Where the article came from, the day it was imported, the SHA-256 of the source as it came, and a checksum of what
was written, by which edits made by hand are told."""
OURS = (SOURCE, DATE, DIGEST, SEAL)
SINGLE = ("id", "sourceSHA")
LONGEST = 2_000
MARK = "---\n"


def canonical(front: Mapping[str, Any], title: str) -> dict[str, Any]:
    """The keys klinik knows under their one name, then the source's others; values are text or lists of text."""
    found: dict[str, Any] = {}
    used: set[str] = set()
    for name, aliases in NAMES:
        items = frontmatter.values(front, *aliases)
        used.update(alias.casefold() for alias in aliases)
        if items:
            found[name] = ", ".join(items) if name in SINGLE else list(items)
    for key, value in front.items():
        folded = key.casefold()
        if folded in used or key in OURS or value in (None, "", []) or len(found) > 60:
            continue
        if folded == "title" and str(value).strip() == title:
            continue
        if len(str(value)) <= LONGEST:
            found[key] = value
    return found


def written(front: Mapping[str, Any], source: str, day: str, digest: str, body: str) -> str:
    """The whole file: front matter with the marks of the import, then the body."""
    head = {**front, SOURCE: source, DATE: day, DIGEST: digest}
    text = yamlfile.dump(head)
    sealed = seal(text, body)
    return f"{MARK}{text}{SEAL}: {sealed}\n{MARK}\n{body}"


def seal(head: str, body: str) -> str:
    """The checksum of a written article, without the day and the seal itself."""
    lines = [line for line in head.split("\n") if not line.startswith((f"{SEAL}:", f"{DATE}:"))]
    joined = "\n".join(lines).strip("\n") + "\n\0" + body.strip("\n")
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def untouched(text: str) -> bool:
    """Whether a file is still what an import wrote."""
    if not text.startswith(MARK):
        return False
    head, found, body = text[len(MARK) :].partition(f"\n{MARK}")
    if not found:
        return False
    stamp = next((line for line in head.split("\n") if line.startswith(f"{SEAL}:")), "")
    return stamp.removeprefix(f"{SEAL}:").strip() == seal(head, body)


def undated(text: str) -> str:
    """A written file without the day it was imported."""
    head, mark, body = text.partition(f"\n{MARK}")
    return "\n".join(line for line in head.split("\n") if not line.startswith(f"{DATE}:")) + mark + body
