"""Which line of a page is its title."""

from __future__ import annotations

import re

from kb import headings
from kb.importing import webtextsigns
from kb.importing.codelines import prose
from kb.importing.webtextchrome import BULLET
from kb.importing.webtextmodel import Page, cells
from kb.importing.webtextwords import fold
from kb.importing.webtextzones import CLOSED, HEAD, SENTENCE, SITE, crumb, known, solid

SPLIT = re.compile(
    r"\s+[-|·–—•:»]\s+|\s*[_|｜]\s*|\s*--\s*|[-–—](?=CSDN|知乎|博客园|简书|掘金|腾讯云|阿里云|华为云)"
)


def find_title(page: Page, why: list[str]) -> int:
    """The index of the title line, -1 where the page shows none."""
    head: list[int] = []
    limit = min(HEAD, len(page.lines))
    for i, line in enumerate(page.lines[:HEAD]):
        if not line.bare or page.cut[i] or why[i]:
            continue
        if solid(page, i) and not (
            cells(line.bare) <= 160 and not CLOSED.search(line.bare) and not page.code[i]
        ):
            limit = min(limit, i + 3)
            head += _after_banner(page, why, i)
            break
        head.append(i)
    titles = [i for i in head if _may_be_title(page, i)]
    if not titles:
        return -1
    body = next((i for i in range(limit) if _begins(page, i, why)), limit)
    best = min(titles, key=lambda i: (-_title_score(page, i, why, limit) - _nearness(page, i, body, why), i))
    parts = {fold(part) for part in SPLIT.split(crumb(page.lines[best].bare)) if cells(part) >= 16}
    alone = [i for i in titles if i != best and fold(crumb(page.lines[i].bare)) in parts]
    return _last_time(page, titles, alone[0] if alone else best)


def _begins(page: Page, i: int, why: list[str]) -> bool:
    """Whether the article's text has begun: a sentence, code, or the heading of a known section."""
    bare = page.lines[i].bare
    if not bare or page.cut[i] or why[i]:
        return False
    if solid(page, i):
        return True
    if headings.normal(bare) not in known() or cells(bare) > 24:
        return False
    after = next((j for j in range(i + 1, min(len(page.lines), i + 4)) if page.lines[j].bare), 0)
    below = page.lines[after].bare if after else ""
    return bool(after) and (bool(page.code[after]) or (prose(below) and bool(SENTENCE.search(below))))


def _nearness(page: Page, i: int, body: int, why: list[str]) -> float:
    """A title stands right before its text: the more lines of something else lie between, the less."""
    if i >= body:
        return 0.0
    own = fold(crumb(page.lines[i].bare))
    between = [
        j
        for j in range(i + 1, body)
        if page.lines[j].bare and not why[j] and not page.cut[j] and fold(crumb(page.lines[j].bare)) != own
    ]
    return 2.5 - 0.75 * min(len(between), 6)


BANNER = 12
"""Lines after the one sentence of a site's banner in which the title may still come."""


def _after_banner(page: Page, why: list[str], at: int) -> list[int]:
    """Lines after a first sentence that by-lines follow: then the sentence was the site's own."""
    after = [i for i in range(at + 1, min(len(page.lines), at + BANNER)) if page.lines[i].bare]
    signed = [n for n, i in enumerate(after) if why[i] == "author-line"]
    if not signed or any(solid(page, i) or page.code[i] for i in after[: signed[0]] if not why[i]):
        return []
    return [i for i in after[max(0, signed[0] - 3) : signed[0]] if not why[i] and not page.cut[i]]


def _last_time(page: Page, titles: list[int], best: int) -> int:
    """The last of a title's repetitions before the article: what stands between them is a menu."""
    own = fold(crumb(page.lines[best].bare))
    same = [i for i in titles if i > best and fold(crumb(page.lines[i].bare)) == own]
    if not same or cells(own) < 8:
        return best
    between = [i for i in range(best + 1, same[-1]) if page.lines[i].bare and not page.cut[i]]
    if any(
        solid(page, i) or (prose(page.lines[i].bare) and SENTENCE.search(page.lines[i].bare)) for i in between
    ):
        return best
    return same[-1]


def _may_be_title(page: Page, i: int) -> bool:
    bare = crumb(page.lines[i].bare)
    width = cells(bare[:400])
    if (
        page.code[i]
        or not 6 <= width <= 200
        or webtextsigns.pictographic(bare)
        or not re.search(r"\w{2}", bare)
    ):
        return False
    if BULLET.match(page.lines[i].text) and not re.match(r"^\d", page.lines[i].text):
        return False
    if re.fullmatch(r"[a-z][\w.-]{0,30}(?:, [a-z][\w.-]{0,30}){1,8}", bare):
        return False  # tags
    ended = re.search(r"[。；，,;:：]$", bare) or (bare.endswith(".") and prose(bare))
    return not ended and not re.match(r"^https?://\S+$", bare)


SAID_TWICE = 12
"""Terminal cells from which on a repeated line is rather a title than an entry of a menu."""
NAME = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+")
"""Two words with capitals: rather the author."""


def _title_score(page: Page, i: int, why: list[str], limit: int) -> float:
    bare = crumb(page.lines[i].bare)
    own = fold(bare)
    score = min(cells(bare), 56) / 16
    following = [j for j in range(i + 1, min(len(page.lines), i + 60)) if page.lines[j].bare][:6]
    before = [j for j in range(max(0, i - 30), i) if page.lines[j].bare]
    if _again(page, i, own, limit) and not NAME.fullmatch(bare):
        score += 3 if cells(own) >= SAID_TWICE else 0.5
    if (
        SITE.search(bare)
        and cells(bare) <= 32
        and len(SPLIT.split(bare)) == 1
        and re.search(r"portal|docs|博客|社区|论坛|blog|forum|文档|手册|wiki|community|knowledge ?base", own)
    ):
        score -= 3
    if NAME.fullmatch(bare):
        score -= 1.5
    if any(why[j] == "author-line" for j in following[:3]):
        score += 2
    if not [j for j in before if not why[j] and not page.cut[j]]:
        score += 1.5
    if headings.kind(bare) != "other" and headings.normal(bare) in known():
        score -= 4
    if re.match(
        r"^(?:[一二三四五六七八九十]+[、.]|[(（][一二三四五六七八九十\d]+[)）]|\d+[.、)]\s*\D)", bare
    ):
        score -= 2
    if own in page.contents:
        score -= 2
    if bare != page.lines[i].bare:
        score -= 0.5
    if SPLIT.search(bare) and SITE.search(SPLIT.split(bare)[-1]):
        score -= 0.25
    return score


def _again(page: Page, i: int, own: str, limit: int) -> bool:
    """Whether the line comes again near the top, alone or before the name of the site."""
    if cells(own) < 8:
        return False
    for j in range(min(len(page.lines), limit)):
        if j == i or not page.lines[j].bare or len(page.lines[j].text) > 300:
            continue
        other = fold(crumb(page.lines[j].bare))
        if other == own or (
            other.startswith(own) and len(other) - len(own) <= 60 and not other[len(own)].isalnum()
        ):
            return True
        if own.startswith(other) and len(other) * 2 > len(own) and not own[len(other)].isalnum():
            return True
        if other.endswith(own) and re.match(r"^[\[【(]?\S{1,12}[\]】):： ]\s*$", other[: -len(own)]):
            return True
    return False


def split_site(title: str) -> tuple[str, str]:
    """A title without the name of the site behind it, and that name."""
    parts = SPLIT.split(title)
    cut = len(parts)
    while cut > 1 and SITE.search(parts[cut - 1]) and cells(parts[cut - 1]) <= 48:
        cut -= 1
    if cut == len(parts):
        return title, ""
    at = title.find(parts[cut], len(" ".join(parts[:cut])) - cut - 4 if cut > 1 else len(parts[0]))
    kept = title[:at].rstrip(" -|·–—•:»_｜") if at > 0 else parts[0]
    return (kept, " - ".join(part for part in parts[cut:] if part)) if cells(kept) >= 6 else (title, "")
