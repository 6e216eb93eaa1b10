"""Any bytes under a root: each a finding with its file, never a crash or a hang, and the rest is searchable."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb import open_library
from kb.articlefile import parse_article
from kb.fields import index_text
from kb.guidefile import parse_guide
from kb.lint import lint
from kb.model import Article
from kb.problem import Problem
from tui.cli.kblint import findings

SAMPLE = """---
kind:
   - Troubleshooting
products: [Alpha]
ProductsVersion: 4.1.0,4.2.x
---

# Leases vanish 租约消失

## Issue

The agent logs `lease not found` and [stops](../other.md).

| a | b |
|---|---|
| 1 | 2 |

## Resolution

1. Renew:

   ```bash
   $ kubectl -n kube-system delete pod <name> \\
       --wait=false
   cat <<EOF | kubectl apply -f -
   a: {b: [1, 2]}
   EOF
   ```

> - quoted *list* with **marks** and ![image](x.png)
""".encode()
GUIDE = b"""
checks: {a: {use: x.y, with: {n: 1}}}
symptoms: [{id: s, text: {en: e, zh: z}, checks: [a]}]
causes:
  - {id: c, text: {en: e, zh: z}, supported_when: 'a.value > 1', refuted_when: 'a.value < 1', fix: [w]}
steps:
  - {id: w, text: {en: e, zh: z}, action: {wait: {seconds: 1}}}
"""
PIECES = [
    *(
        b"```",
        b"~~~\n",
        b"---\n",
        b"+++\n",
        b"---kind: x\n",
        b"> " * 30,
        b"- " * 30,
        b"\n\n# ",
        b"|",
        b"<!--",
        b"<a b='",
    ),
    *(
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        "\u202e\u200b".encode(),
        "子网".encode("gb18030"),
        b"\r",
        b"\x1b[31m",
        b"\x85",
    ),
    *(
        b"&a [*a]",
        b"*a",
        b"&a ",
        b"{{{{",
        b"[[[[",
        b"!!python/object:os.system ",
        b": : :",
        b"\t\t",
        b"<<EOF\n",
        b"'",
        b'"',
    ),
]
SLOW = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@st.composite
def mutated(draw: st.DrawFn, whole: bytes) -> bytes:
    """A good file, cut, doubled, spliced and sprinkled with what hurts."""
    data = whole
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 3)):
            case 0:
                data = data[:at] + draw(st.sampled_from(PIECES)) + data[at:]
            case 1:
                data = data[:at]
            case 2:
                data = data[:at] + data[at + draw(st.integers(1, 40)) :]
            case _:
                data = data[:at] + draw(st.binary(max_size=30)) + data[at:]
    return data


@SLOW
@given(mutated(SAMPLE) | st.binary(max_size=200))
def test_an_article_of_any_bytes_is_read_or_refused_with_its_file(data: bytes) -> None:
    text, problems = parse_article(data, "some/file.md", article="file")
    assert text is not None or problems
    assert all(p.path == "some/file.md" and p.line >= 0 for p in problems)
    if text:
        lines = data.count(b"\n") + data.count(b"\r") + data.count(b"\x85") + 2
        assert all(0 < section.line <= lines + len(text.markdown) for section in text.sections)
        index_text(Article("file", {text.lang: text}, "/root"), text)


@SLOW
@given(mutated(GUIDE))
def test_a_guide_of_any_bytes_is_read_or_refused_with_its_lines(data: bytes) -> None:
    guide, problems = parse_guide(data.decode("utf-8", "replace"), "guide.yaml", "a")
    assert guide is not None or any(p.severity == "error" for p in problems)
    assert all(p.message.isprintable() and p.zh.isprintable() for p in problems)


@SLOW
@given(mutated(SAMPLE), mutated(GUIDE))
def test_lint_and_search_survive_any_bytes(tmp_path: Path, article: bytes, guide: bytes) -> None:
    folder = tmp_path / "articles" / "any"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "en.md").write_bytes(article)
    (folder / "guide.yaml").write_bytes(guide)
    (tmp_path / "sound.md").write_text("# Sound one\n\nzebrafish\n")
    for problem in lint([tmp_path]):
        assert problem.path.startswith(str(tmp_path))
        assert problem.message.isprintable()
        assert problem.zh.isprintable()
    library = open_library([tmp_path], tmp_path / "cache")
    assert "sound" in [hit.article_id for hit in library.search("zebrafish")]
    library.get("any")


# --- what no text editor makes ---------------------------------------------------------------------------------------

MONSTERS: dict[str, Callable[[Path], object]] = {
    "empty.md": lambda p: p.write_bytes(b""),
    "blank.md": lambda p: p.write_bytes(b" \n\t\n"),
    "binary.md": lambda p: p.write_bytes(bytes(range(256)) * 40),
    "nul.md": lambda p: p.write_bytes(b"# T\n\n" + b"a\0" * 100),
    "sparse.md": lambda p: os.truncate(p, 200_000_000) if p.write_bytes(b"# T") else None,
    "long-line.md": lambda p: p.write_bytes(b"# T\n\n" + b"zebra crossing " * 70_000),
    "long-word.md": lambda p: p.write_bytes(b"# T\n\n" + b"x" * 1_000_000),
    "fifo.md": lambda p: os.mkfifo(p),
    "folder.md": lambda p: p.mkdir(),
    "dangling.md": lambda p: p.symlink_to("nowhere"),
    "self.md": lambda p: p.symlink_to(p.name),
    "broken-utf8.md": lambda p: p.write_bytes(b"# T\n\ncaf\xff\xfe\x80 ok\n"),
    "front-list.md": lambda p: p.write_bytes(b"---\n- a\n- b\n---\n# T\n"),
    "front-cycle.md": lambda p: p.write_bytes(b"---\na: &a [*a]\n---\n# T\n"),
    "front-deep.md": lambda p: p.write_bytes(b"---\na: " + b"[" * 5_000 + b"\n---\n# T\n"),
}
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
GUIDES = {
    "bomb": BOMB,
    "cycle": "a: &a {b: *a}\n",
    "deep": "{a: " * 500,
    "list": "- a\n",
    "nul": "a: \0\n",
    "empty": "",
}


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    """A root of monsters with one sound article among them."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "sound.md").write_text("# Sound one\n\nzebrafish\n")
    for name, make in MONSTERS.items():
        make(root / name)
    for name, text in GUIDES.items():
        folder = root / "articles" / f"guide-{name}"
        folder.mkdir(parents=True)
        (folder / "en.md").write_text("# T\n\nx\n")
        (folder / "guide.yaml").write_text(text)
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "日本語 имя 😀.md").write_text("# T\n\nzebrafish\n")
    with open(os.fsencode(root) + b"/\xff\xfe.md", "wb") as file:
        file.write(b"# Undecodable name\n\nzebrafish\n")
    return root


def test_every_monster_is_a_finding_with_its_file(zoo: Path) -> None:
    began = time.perf_counter()
    found = list(lint([zoo]))
    named = {p.path for p in found if p.severity != "info"}
    for name in MONSTERS:
        assert str(zoo / name) in named, name
    for name in GUIDES:
        assert str(zoo / "articles" / f"guide-{name}" / "guide.yaml") in named, name
    assert time.perf_counter() - began < 5
    assert all(isinstance(str(p), str) and p.zh for p in found)


def test_the_rest_is_searchable(zoo: Path, tmp_path: Path) -> None:
    library = open_library([zoo], tmp_path / "cache")
    hits = {hit.article_id for hit in library.search("zebrafish")}
    assert {"sound", "日本語 имя 😀"} <= hits
    assert len(hits) == 3
    assert {p.path for p in library.problems if p.severity == "error"} >= {
        str(zoo / "fifo.md"),
        str(zoo / "sparse.md"),
    }
    # what the first run learnt is in the index; a second opening says the same without reading again
    again = open_library([zoo], tmp_path / "cache")
    assert [p.code for p in again.problems] == [p.code for p in library.problems]


@contextmanager
def unprivileged() -> Iterator[None]:
    """Without root's right to read everything, where the tests run as root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_what_may_not_be_read_is_said() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        root, cache = Path(folder) / "root", Path(folder) / "cache"
        root.mkdir()
        (root / "sound.md").write_text("# Sound one\n\nzebrafish\n")
        (root / "secret.md").write_text("# T\n\nzebrafish\n")
        (root / "closed").mkdir()
        open_library([root], Path(folder) / "warm").search(
            "zebrafish"
        )  # what is imported late is imported now
        list(lint([root]))
        (root / "secret.md").chmod(0)
        (root / "closed").chmod(0)
        with unprivileged():
            found = list(lint([root]))
            library = open_library([root], cache)
            hits = [hit.article_id for hit in library.search("zebrafish")]
            problems = list(library.problems)
        (root / "closed").chmod(0o700)
    unreadable = {str(root / "secret.md"), str(root / "closed")}
    assert hits == ["sound"]
    for said in (found, problems):
        assert {p.path for p in said if p.code == "file.unreadable"} == unreadable
        assert {p.severity for p in said if p.path in unreadable} == {"error"}


def bind(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(path))


DEVICES: dict[str, Callable[[Path], object]] = {
    "pipe": lambda p: os.mkfifo(p),
    "socket": bind,
    "endless": lambda p: p.symlink_to("/dev/zero"),
    "memory": lambda p: p.symlink_to("/proc/self/mem"),
    "huge": lambda p: os.truncate(p, 200_000_000) if p.write_bytes(b"a: b") else None,
}


@pytest.fixture
def _not_for_ever() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError("held up by a file that never ends")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_not_for_ever")
@pytest.mark.parametrize("name", ["a.md", "articles/a/guide.yaml", "glossary.yaml", "checks/a.yaml"])
def test_no_file_of_a_root_holds_lint_or_search_up(name: str) -> None:
    """Pipes, devices, sockets, huge files in the place of any file that klinik reads."""
    for kind, make in DEVICES.items():
        with tempfile.TemporaryDirectory() as folder:  # short: a socket's path has 108 bytes at most
            root = Path(folder)
            for place in ("articles/a", "checks"):
                (root / place).mkdir(parents=True)
            (root / "articles/a/en.md").write_text("# Sound one\n\nzebrafish\n")
            if name == "a.md":
                (root / "articles/a/en.md").rename(root / "sound.md")
            make(root / name)
            named = {p.path for p in findings([root]) if p.severity != "info"}
            if (kind, name) != ("memory", "a.md") or sys.platform == "linux":
                assert str(root / name) in named, kind
            assert len(open_library([root], root / "cache").search("zebrafish")) == 1, kind


# --- time grows with size, not faster ---------------------------------------------------------------------------------

REPEATED = {
    "brackets": b"[", "images": b"![a](", "links": b"[a](b) ", "stars": b"*a ", "ticks": b"`a ``b ", "tags": b"<a b=\"",
    "comments": b"<!-- ", "fences": b"```bash\nls\n", "quotes": b"> > > a\n", "pipes": b"|", "table": b"|a|b|\n",
    "headings": b"# a\n\n", "one line": b"word ", "han": "子网".encode(), "refs": b"[a][b] ", "escapes": b"\\*a",
    "passwords": b"password: aaaaaaaaaaaaaaaa", "addresses": b"http://a:b", "tokens": b"eyJaaaaaaaaaa.eyJaaaaaaaaaa.",
    "asides": b"[", "numbers": b"1. a\n", "blank": b"\n", "html": b"<div><p>a",
}  # fmt: skip
SHELL = {
    "here": b"cat <<EOF\n", "substitution": b"$(", "quote": b"'\n", "continued": b"a \\\n", "prompt": b"$ ls \\\n",
    "places": b"<a> ", "half places": b"<a", "kubectl": b"kubectl get pods\n",
}  # fmt: skip


def seconds(root: Path, data: bytes) -> float:
    path = root / "big.md"
    path.write_bytes(data)
    began = time.process_time()
    problems: list[Problem] = list(lint([root]))
    assert problems is not None
    text, _ = parse_article(data, "big.md")
    if text:
        index_text(Article("big", {text.lang: text}, "/root"), text)
    return time.process_time() - began


@pytest.mark.parametrize("name", [*REPEATED, *SHELL])
def test_time_is_linear_in_size(tmp_path: Path, name: str) -> None:
    head = b"# T\n\n" if name in REPEATED else b"# T\n\n```bash\n"
    head += b"## " if name == "asides" else b""
    unit = REPEATED.get(name) or SHELL[name]
    other, small, large = (head + unit * (size // len(unit)) for size in (6_000, 12_000, 96_000))
    seconds(tmp_path, other)  # neither imports nor a parse that is remembered are measured
    quick, slow = seconds(tmp_path, small), seconds(tmp_path, large)
    # eight times the size: a quadratic rule would take 64 times as long
    assert slow < 24 * quick + 0.2, (quick, slow)


@pytest.mark.parametrize(
    "unit", [b"a \\\n", b"cat <<EOF\n", b"'\n", b"$(\n", b"$ ls \\\n", b"for a in b; do\n"]
)
def test_deriving_is_linear_in_size(unit: bytes) -> None:
    from kb.derive import derive

    def seconds_of(size: int) -> float:
        data = (
            b"---\nkind: Troubleshooting\n---\n# T\n\n## Resolution\n\n"
            + (b"```bash\n" + unit * (size // 40 // len(unit)) + b"```\n\n") * 40
        )
        text, _ = parse_article(data, "big.md")
        assert text is not None
        began = time.process_time()
        derive(Article("big", {text.lang: text}, "/root"))
        return time.process_time() - began

    seconds_of(1_000)
    quick, slow = seconds_of(8_000), seconds_of(64_000)
    assert slow < 24 * quick + 0.2, (quick, slow)
