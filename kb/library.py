"""The library: articles of several roots by id, read when asked for, and what is wrong with their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kb import frontmatter
from kb.articlefile import MAX_BYTES, parse_article
from kb.findings import finding
from kb.guidefile import load_guide
from kb.model import Article, ArticleText, Guide
from kb.problem import Problem
from kb.roots import Scan, Source, scan


def open_library(roots: Sequence[Path] | None = None, cache_dir: Path | None = None) -> Library:
    """The library of `roots` (default: the shipped articles); later roots win by article id."""
    from kb.paths import ASSETS

    return Library(tuple(roots) if roots is not None else (ASSETS,), cache_dir)


class Library:
    """Articles by id; nothing is read before it is asked for."""

    def __init__(self, roots: Sequence[Path], cache_dir: Path | None = None) -> None:
        self.roots = tuple(roots)
        self._cache_dir = cache_dir
        self._scan: Scan = scan(self.roots)
        self._read: dict[str, tuple[Article | None, tuple[Problem, ...]]] = {}

    @property
    def articles(self) -> Mapping[str, Article]:
        """All readable articles by id, in the order of their ids; each is read on first access."""
        return _Articles(self)

    @property
    def guided(self) -> tuple[str, ...]:
        """Ids of the articles that have a ``guide.yaml``."""
        sources = self._scan.sources
        return tuple(sorted(a for a in sources if any(s.kind == "guide" for s in sources[a])))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with any file, in the order of files and lines."""
        found = list(self._scan.problems)
        for article in self._scan.sources:
            found += self._load(article)[1]
        return tuple(sorted(found, key=lambda p: (p.path, p.line, p.code)))

    def get(self, article: str) -> Article | None:
        """The article with this id, or None."""
        return self._load(article)[0] if article in self._scan.sources else None

    def _load(self, article: str) -> tuple[Article | None, tuple[Problem, ...]]:
        if article not in self._read:
            self._read[article] = read_article(article, self._scan.sources[article])
        return self._read[article]


class _Articles(Mapping[str, Article]):
    def __init__(self, library: Library) -> None:
        self._library = library

    def _ids(self) -> list[str]:
        library = self._library
        return [a for a in sorted(library._scan.sources) if library._load(a)[0]]

    def __getitem__(self, article: str) -> Article:
        found = self._library.get(article)
        if found is None:
            raise KeyError(article)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids())

    def __len__(self) -> int:
        return len(self._ids())


def read_article(article: str, sources: Sequence[Source]) -> tuple[Article | None, tuple[Problem, ...]]:
    """Read the files of one article: the article (None where no text is usable) and what is wrong."""
    texts: dict[str, ArticleText] = {}
    problems: list[Problem] = []
    guide: Guide | None = None
    for source in sources:
        if source.kind == "guide":
            guide, wrong = load_guide(Path(source.path), article)
            problems += wrong
            continue
        text, wrong = read_text(source)
        problems += wrong
        if text is None:
            continue
        if text.lang in texts:
            other = texts[text.lang].path
            problems.append(
                finding(source.path, 0, "article.twice", "warning", id=article, lang=text.lang, other=other)
            )
        else:
            texts[text.lang] = text
    if not texts:
        if guide:
            problems.append(finding(guide.path, 0, "guide.no-text"))
        return None, tuple(problems)
    return _article(article, texts, sources[0].root, guide), tuple(problems)


def read_text(source: Source) -> tuple[ArticleText | None, list[Problem]]:
    """Read and parse one text file."""
    if source.size > MAX_BYTES:
        return None, [finding(source.path, 0, "file.too-large", size=source.size, limit=MAX_BYTES)]
    try:
        with open(source.path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        return None, [finding(source.path, 0, "file.unreadable", why=why)]
    return parse_article(
        data, source.path, article=source.article, lang=source.lang, mtime_ns=source.mtime_ns
    )


def _article(article: str, texts: Mapping[str, ArticleText], root: str, guide: Guide | None) -> Article:
    def gather(*names: str) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(v for text in texts.values() for v in frontmatter.values(text.front, *names))
        )

    return Article(
        id=article,
        texts=texts,
        root=root,
        kinds=gather("kind", "kinds"),
        products=gather("products", "product"),
        components=gather("components", "component"),
        versions=gather("ProductsVersion", "versions", "version"),
        guide=guide,
    )
