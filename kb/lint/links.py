"""Links and images whose target is not there. Whether a file exists is asked of the caller."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import PurePath
from urllib.parse import unquote

from kb.articlefile import SUFFIXES, file_name
from kb.lint.view import View, grouped
from kb.problem import Problem

LINK = re.compile(r"(!?)\[[^\[\]]{0,500}\]\(\s{0,3}(<[^<>\n]{0,500}>|[^()\s]{1,500})(?:\s[^()]{0,200})?\)")
IMG = re.compile(r"<img\s[^<>]{0,300}?src=[\"']([^\"'<>]{1,500})[\"']", re.I)
CODE_SPAN = re.compile(r"(`{1,3})[^`]{1,500}\1")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,20}:|//|#|\{|data:", re.I)
LONGEST = 20_000

Exists = Callable[[str, str], bool]
"""(path of the file that links, target) -> whether the target is there."""


def check(view: View, exists: Exists, ids: Collection[str]) -> Iterator[Problem]:
    """Relative targets that lead nowhere: images, articles, other files."""
    dead: dict[str, dict[int, str]] = {"link.dead-image": {}, "link.dead-article": {}, "link.dead-file": {}}
    inside = {line for block in view.blocks if block.kind == "code" for line in range(block.line, block.end)}
    for number, whole in enumerate(view.lines[view.body_line - 1 :], start=view.body_line):
        if number in inside or ("](" not in whole and "<img" not in whole):
            continue
        line = CODE_SPAN.sub("", whole[:LONGEST])
        targets = [(bool(m[1]), m[2].strip("<>")) for m in LINK.finditer(line)]
        targets += [(True, m[1]) for m in IMG.finditer(line)]
        for image, target in targets:
            code = _dead(view, image, target, exists, ids)
            if code:
                dead[code].setdefault(number, target)
    for code, places in dead.items():
        shown = ", ".join(list(dict.fromkeys(places.values()))[:3])
        yield from grouped(view.path, list(places), code, targets=shown)


def _dead(view: View, image: bool, target: str, exists: Exists, ids: Collection[str]) -> str:
    if SCHEME.match(target):
        return ""
    bare = unquote(target.partition("#")[0].partition("?")[0])
    name = PurePath(bare)
    if not name.name or exists(view.path, bare):
        return ""
    if image:
        return "link.dead-image"
    if bare.lower().endswith(SUFFIXES) or not name.suffix:
        # site-wide addresses (/solutions/Name.md) and moved folders still lead to the article of that name
        return (
            ""
            if file_name(name).article in ids or name.stem in ids or name.name in ids
            else "link.dead-article"
        )
    return "link.dead-file"
