"""Lint over a library: reads every file once, one article at a time, and yields findings as it goes."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import kb.lint.characters as characters
import kb.lint.commands as commands
import kb.lint.guides as guides
import kb.lint.links as links
import kb.lint.secrets as secrets
import kb.lint.structure as structure
import kb.lint.translation as translation
from kb import frontmatter, markdown
from kb.articlefile import MAX_BYTES
from kb.articleread import read_article
from kb.decoding import decode
from kb.glossary import load_glossary
from kb.lint.duplicates import Duplicates
from kb.lint.ids import check_ids
from kb.lint.leads import Leads
from kb.lint.view import View, found, near
from kb.model import Article, ArticleText, Guide
from kb.problem import Problem
from kb.roots import Scan, Source, scan

TROUBLE = ("troubleshooting", "knownissue", "known issue", "故障排查", "故障处理", "已知问题")
Progress = Callable[[int, int], None]
OfGuide = Callable[[Guide], Iterable[Problem]]


def lint(
    roots: Sequence[Path],
    *,
    of_guide: OfGuide | None = None,
    progress: Progress | None = None,
    only: Sequence[Path] | None = None,
) -> Iterator[Problem]:
    """Everything that is wrong with the files of `roots` (later ones win), or of those among them in `only`.

    `of_guide` adds what needs more than this package (the catalogue of checks); `progress` is told the number of
    articles done and their total. Memory holds one article and a small sketch of each; stop iterating to cancel.
    """
    yield from _Run(tuple(roots), tuple(roots if only is None else only), of_guide, progress).run()


@dataclass(slots=True)
class _Run:
    roots: tuple[Path, ...]
    only: tuple[Path, ...]
    of_guide: OfGuide | None
    progress: Progress | None
    duplicates: Duplicates = field(default_factory=Duplicates)
    front_ids: dict[str, str] = field(default_factory=dict)
    """Ids said in front matter to the article that says so."""
    alone: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    """Articles in one language only, by root: id, language, path."""
    ids: frozenset[str] = frozenset()
    leads: Leads = field(default_factory=Leads)

    def run(self) -> Iterator[Problem]:
        """All findings; those about several articles at the end."""
        whole = scan(self.roots)
        wanted = {str(root) for root in self.only}
        yield from (problem for problem in whole.problems if _below(problem.path, wanted))
        self.ids = frozenset(whole.sources)
        mine = {a: sources for a, sources in whole.sources.items() if sources[0].root in wanted}
        for done, (article, sources) in enumerate(sorted(mine.items())):
            if self.progress:
                self.progress(done, len(mine))
            for problem in self._article(article, sources):
                yield replace(problem, article=problem.article or article)
        yield from self._languages(Counter(sources[0].root for sources in mine.values()))
        yield from self.leads.check(self.ids - frozenset(mine))
        yield from check_ids(mine)
        yield from self._overridden(whole)
        yield from (problem for problem in load_glossary(self.roots).problems if _below(problem.path, wanted))

    def _article(self, name: str, sources: Sequence[Source]) -> Iterator[Problem]:
        article, problems = read_article(name, sources)
        yield from problems
        if article is None:
            return
        views = {lang: view for lang, text in article.texts.items() if (view := _view(article, text))}
        for view in views.values():
            yield from characters.check(view)
            yield from structure.check(view)
            yield from commands.check(view)
            yield from secrets.check(view)
            yield from links.check(view, self._exists(view), self.ids)
            yield from self.duplicates.add(name, view.path, view.text.lang, view.text.markdown, view.root)
        yield from translation.check(views)
        yield from self._front(article)
        if len(article.texts) == 1:
            ((lang, text),) = article.texts.items()
            self.alone.setdefault(article.root, []).append((name, lang, text.path))
        if article.guide:
            yield from guides.check(article.guide)
            self.leads.add(article.guide)
            if self.of_guide:
                yield from self.of_guide(article.guide)

    def _front(self, article: Article) -> Iterator[Problem]:
        text = next(iter(article.texts.values()))
        if not article.kinds:
            yield found(text.path, 1, "front.no-kind")
        for said in frontmatter.values(text.front, "id")[:1]:
            other = self.front_ids.setdefault(said, article.id)
            if other != article.id:
                yield found(text.path, 1, "front.duplicate-id", id=said, other=other)

    def _exists(self, view: View) -> links.Exists:
        def exists(path: str, target: str) -> bool:
            # an address from the top of the site is looked for from the top of the root
            base = view.root if target.startswith("/") else os.path.dirname(path)
            try:
                return os.path.exists(os.path.join(base, target.lstrip("/")))
            except ValueError:  # a NUL, or a name the file system cannot hold
                return False

        return exists

    def _languages(self, totals: Mapping[str, int]) -> Iterator[Problem]:
        for root, alone in self.alone.items():
            if len(alone) * 2 > totals[root]:
                langs = Counter(lang for _, lang, _ in alone)
                lang, count = langs.most_common(1)[0]
                yield found(root, 0, "root.one-language", lang=lang, count=count, total=totals[root])
                continue
            for name, lang, path in alone:
                missing = "en" if lang == "zh" else "zh"
                yield replace(found(path, 0, "article.missing-language", lang=missing), article=name)

    def _overridden(self, whole: Scan) -> Iterator[Problem]:
        for index, root in enumerate(self.roots[:-1]):
            if root not in self.only or not root.is_dir():
                continue
            here = scan([root]).sources
            for article, sources in sorted(here.items()):
                winner = whole.sources[article]
                if winner[0].root != str(root) and Path(winner[0].root) in self.roots[index + 1 :]:
                    other = near(winner[0].path, "")
                    problem = found(sources[0].path, 0, "article.overridden", id=article, other=other)
                    yield replace(problem, article=article)


def _view(article: Article, text: ArticleText) -> View | None:
    """The file of a text once more, with all its lines; None where it has gone meanwhile."""
    try:
        with open(text.path, "rb") as file:
            data = file.read(MAX_BYTES)
    except OSError:
        return None
    whole = decode(data, text.path).text
    if whole is None:
        return None
    body_line = whole.count("\n") - text.markdown.count("\n") + 1
    return View(
        article=article.id,
        root=article.root,
        text=text,
        lines=_lines(data, whole),
        body_line=max(1, body_line),
        blocks=markdown.blocks(text.markdown, first_line=max(1, body_line)),
        troubleshooting=any(kind.casefold() in TROUBLE for kind in article.kinds),
        digest=hashlib.sha256(data).hexdigest(),
    )


def _lines(data: bytes, decoded: str) -> list[str]:
    """The lines with the invisible characters that reading takes out, where the file is plain UTF-8."""
    lines = decoded.split("\n")
    try:
        raw = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError:
        return lines
    return raw if len(raw) == len(lines) else lines


def _below(path: str, roots: Iterable[str]) -> bool:
    return any(path == root or path.startswith(root.rstrip(os.sep) + os.sep) for root in roots)
