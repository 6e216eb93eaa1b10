"""Search by paste over the customer's articles: the right one is first, what programs always write is no trouble."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kb import open_library
from kb.library import Library
from kb.paths import ASSETS
from tests.kb.quality import CORPUS

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the customer's material is not here"),
]
PASTES = Path(__file__).parent / "pastes.txt"
SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True)
class Case:
    """Lines of one trouble, to be put among `size` lines of what a program always writes."""

    noise: str
    size: int
    articles: frozenset[str]
    lines: list[str] = field(default_factory=list)


def read() -> tuple[Mapping[str, Sequence[str]], Sequence[Case]]:
    noise: dict[str, list[str]] = {}
    cases: list[Case] = []
    lines: list[str] = []
    for line in PASTES.read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            lines.append(line[4:])
        elif line.startswith("noise "):
            lines = noise[line.split()[1]] = []
        elif line.startswith("case "):
            _, name, size, articles = line.split()
            cases.append(Case(name, int(size), frozenset(articles.split("|"))))
            lines = cases[-1].lines
    return noise, cases


NOISE, CASES = read()


class Dice(random.Random):
    """Fills the slots of a line with values that differ every time."""

    def fill(self, line: str) -> str:
        return re.sub(r"%(\w+)%", lambda slot: self._value(slot[1]), line)

    def _value(self, slot: str) -> str:
        pick, n = self.choices, self.randint
        time = f"{n(0, 23):02d}:{n(0, 59):02d}:{n(0, 59):02d}"
        return {
            "date": lambda: f"2026-{n(1, 12):02d}-{n(1, 28):02d}",
            "time": lambda: time,
            "clock": lambda: f"{time}.{n(100, 999999)}",
            "ip": lambda: f"10.{n(0, 255)}.{n(0, 255)}.{n(1, 254)}",
            "node": lambda: f"node-{n(1, 99)}",
            "n": lambda: str(n(1, 10 ** n(1, 5))),
            "hex": lambda: self.randbytes(n(3, 6)).hex(),
            "hash": lambda: self.randbytes(32).hex(),
            "uuid": lambda: "-".join(self.randbytes(size).hex() for size in (4, 2, 2, 2, 6)),
            "rs": lambda: f"{''.join(pick(SUFFIX, k=9))}-{''.join(pick(SUFFIX, k=5))}",
        }[slot]()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return open_library([CORPUS / "en", ASSETS], tmp_path_factory.mktemp("cache"))


def test_the_right_article_is_first_and_its_line_named(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = Dice(1121)
    assert all(case.articles & set(library.ids()) for case in CASES)
    missed = []
    for case in CASES:
        log = [dice.fill(dice.choice(NOISE[case.noise])) for _ in range(case.size)]
        at = dice.randint(0, case.size)
        log[at:at] = map(dice.fill, case.lines)
        best = library.paste("\n".join(log), limit=1).matches[:1]
        named = any(0 < match.lines[0].number - at <= len(case.lines) for match in best)
        if not named or best[0].article_id not in case.articles:
            missed.append(sorted(case.articles)[0])
    found = 1 - len(missed) / len(CASES)
    with capsys.disabled():
        print(f"\npastes: {found:.3f} of {len(CASES)} first; missed {missed}")  # noqa: T201
    assert found >= 0.9


@pytest.mark.parametrize("name", NOISE)
def test_what_a_program_always_writes_is_not_known(library: Library, name: str) -> None:
    dice = Dice(7)
    log = [dice.fill(dice.choice(NOISE[name])) for _ in range(1500)]
    assert [match.article_id for match in library.paste("\n".join(log)).matches] == []
