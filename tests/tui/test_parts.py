"""The pure parts of the app: lines fitted to cells, signs with words, hostile text, the order of findings."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from checks.errors import Timeout
from checks.findings.triage import findings, uses_of
from checks.model import Judgement, Result, Verdict
from kb.messages import area, message
from kb.model import Article, CheckUse, Guide, Symptom
from kb.text import Text
from tui.i18n import ago, language_of
from tui.messages import Answered, StreamEnded
from tui.screens.article_text import pages_of
from tui.screens.evidence import raw, said, symptom_verdict
from tui.screens.preview_text import prose
from tui.theme import ASCII, UNICODE, signs_for, wants_no_color
from tui.widgets.rows import Page, Row, Rule
from tui.widgets.status import ClusterState, status_line

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "[bold red]x[/] [link=file:///etc/passwd]\x1b[31mred\x1b]0;title\x07\u202eevil\r\n"


class Shown(App[None]):
    """One visual on an otherwise empty screen."""

    def __init__(self, visual: object) -> None:
        super().__init__()
        self.visual = visual

    def compose(self) -> ComposeResult:
        """Only the visual."""
        yield Static(self.visual)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [20, 33, 80])
@pytest.mark.parametrize(
    "visual",
    [
        Row(Content("流表 10w 内存接近上限后被 OOM，需要处理"), Content("guide"), (Content("第二行" * 20),)),
        Row(Content("a b " * 30), Content("10 s ago"), (Content("流表 " * 30),), wrap=True),
        Rule(Content("本集群的表现"), Content("16 checks")),
        Page([Content("  ✗ node-1  " + "流表 words " * 20), Content(""), Content("plain " * 30)]),
    ],
)
async def test_every_line_is_exactly_as_wide_as_its_place(visual: object, width: int) -> None:
    """CJK takes two cells: nothing is cut in half and nothing runs over."""
    app = Shown(visual)
    async with app.run_test(size=(width, 40)):
        strips = app.query_one(Static).render_lines(app.query_one(Static).region.reset_offset)
        assert strips
        assert {sum(cell_len(segment.text) for segment in strip) for strip in strips} == {width}


def test_wrapped_findings_continue_below_their_text_not_below_their_sign() -> None:
    """The eye finds the signs in one column."""
    page = Page([Content("  ✗ node-1  one two three four five six seven eight nine ten")])
    lines = [line.plain for line in page._wrapped(30)]
    assert len(lines) > 1
    assert all(line.startswith("    ") for line in lines[1:])


STATE = ClusterState(
    phase="connected",
    context="prod-bj",
    production=True,
    kubernetes="v1.28.3",
    kube_ovn="v1.9.27",
    nodes=12,
    nodes_ready=11,
)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_header_always_says_which_cluster_and_how_dangerous(lang: str, width: int) -> None:
    """Versions go first when there is no room; context, PRODUCTION and the access mode stay."""
    line = status_line(STATE, lang, UNICODE, width)
    assert line.cell_length <= width
    for word in (
        "prod-bj",
        {"en": "PRODUCTION", "zh": "生产"}[lang],
        {"en": "READ-ONLY", "zh": "只读"}[lang],
    ):
        assert word in line.plain
    armed = status_line(STATE.armed(600.0), lang, UNICODE, width).plain
    assert {"en": "ARMED 10 min", "zh": "可写 10 分钟"}[lang] in armed


def test_signs_are_ascii_where_no_color_or_the_terminal_asks() -> None:
    """NO_COLOR counts when it is set and not empty."""
    assert signs_for({"TERM": "xterm-256color"}) is UNICODE
    assert signs_for({"TERM": "linux"}) is ASCII
    assert signs_for({"TERM": "xterm-256color", "NO_COLOR": "1"}) is ASCII
    assert not wants_no_color({"NO_COLOR": ""})
    assert all(sign.isascii() for sign in [*ASCII.verdicts.values(), *ASCII.causes.values()])


@pytest.mark.parametrize(
    ("error", "lang", "said"),
    [
        (Timeout(Text("too late", "太晚了")), "zh", "太晚了"),
        (Timeout(Text("too late", "太晚了")), "en", "too late"),
        (FileNotFoundError(2, "No such file"), "zh", message("system.ENOENT").zh),
        (RuntimeError("odd\x1b[31m\nwords"), "zh", "“odd words”"),
        (None, "zh", ""),
    ],
)
def test_what_went_wrong_on_a_thread_is_said_in_the_readers_language(
    error: Exception | None, lang: str, said: str
) -> None:
    assert Answered("any", 1, error=error).why(lang) == said
    assert StreamEnded("any", 1, error).why(lang) == said


def test_the_language_comes_from_the_first_locale_variable_that_is_set() -> None:
    """LC_ALL beats LANG; nothing is English."""
    assert language_of({"LANG": "zh_CN.UTF-8"}) == "zh"
    assert language_of({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}) == "en"
    assert language_of({}) == "en"


def test_ages_use_the_unit_that_says_something() -> None:
    """Seconds, minutes, hours, days."""
    assert [ago("en", s) for s in (12, 38 * 60, 5 * 3600, 4 * 86400)] == [
        "12 s ago",
        "38 min ago",
        "5 h ago",
        "4 days ago",
    ]


def result(verdict: Verdict, alias: str = "a", text: str = "s", reason: str = "") -> Result:
    """A result with nothing but what is looked at here."""
    return Result("x.y", alias, Text.of("t"), Judgement(verdict, Text.of(text), reason=reason), (), 0.0, 1)


def test_hostile_text_stays_text() -> None:
    """No markup, no escape sequence, no direction override reaches the screen."""
    shown = said(result(Verdict.FAIL, text=HOSTILE), "en", UNICODE).plain
    assert "[bold red]x[/]" in shown
    assert not {"\x1b", "\x07", "\u202e", "\r", "\n"} & set(shown)
    assert "\x1b" not in raw([result(Verdict.FAIL, text=HOSTILE)], "en", 0.0)


def test_unknown_says_its_reason() -> None:
    """Silence is not health."""
    assert "forbidden" in said(result(Verdict.UNKNOWN, reason="forbidden"), "en", UNICODE).plain


def test_a_symptom_with_a_missing_answer_is_not_well() -> None:
    """One ok of two checks is unknown."""
    symptom = Symptom("s", Text.of("s"), ("a", "b"))
    assert symptom_verdict(symptom, {}) is None
    assert symptom_verdict(symptom, {"a": result(Verdict.OK)}) is Verdict.UNKNOWN
    assert symptom_verdict(symptom, {"a": result(Verdict.OK), "b": result(Verdict.WARN, "b")}) is Verdict.WARN


def guided(name: str) -> Article:
    """An article with one symptom over one check."""
    guide = Guide(name, "p", {"c": CheckUse("c", "x.y")}, (Symptom("s", Text.of("s"), ("c",)),), (), ())
    return Article(name, {}, "r", guide=guide)


def test_findings_put_the_worst_first_and_the_unasked_last() -> None:
    """fail, unknown, ok, then what has not answered."""
    articles = [guided(name) for name in ("well", "bad", "dark", "late")]
    guides = [article.guide for article in articles if article.guide]
    uses = uses_of(guides, {"x.y"})
    results = {
        "well/c": result(Verdict.OK),
        "bad/c": result(Verdict.FAIL),
        "dark/c": result(Verdict.UNKNOWN, reason="timeout"),
    }
    assert [f.article for f in findings(articles, uses, results)] == ["bad", "dark", "well", "late"]
    assert uses_of(guides, set()) == ()


def test_long_articles_are_cut_at_headings_and_never_inside_a_fence() -> None:
    """Pages put together are the article, and no code block is torn."""
    text = "\n".join(f"## H{n}\n```\n# not a heading\n\n{'x' * 90}\n```\n" for n in range(200))
    pages = pages_of(text, 2000)
    assert len(pages) > 3
    assert "\n".join(pages) == text.rstrip("\n") or "\n".join(pages) + "\n" == text
    assert all(page.count("```") % 2 == 0 for page in pages)


def test_every_message_the_app_names_exists() -> None:
    """A key without a text would break the screen at the worst moment."""
    known = area("tui")
    named = set()
    for path in (ROOT / "tui").rglob("*.py"):
        if "cli" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            at = {"say": 0, "translate": 1}.get(called)
            if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                named.add(node.args[at].value)
            if called == "hint" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                named.add(f"hint.{node.args[1].value}")
    assert len(named) > 80
    assert sorted(named - set(known)) == []


def test_a_narrow_header_keeps_versions_while_all_nodes_are_there_and_nodes_when_one_is_missing() -> None:
    """At 80 columns there is not room for both: what says more stays."""
    well = ClusterState(
        phase="connected", context="ovn-controller-starved", kubernetes="v1.28.3", kube_ovn="v1.9.27",
        nodes_ready=12, nodes=12, practice="ovn-controller-starved",
    )  # fmt: skip
    shown = status_line(well, "en", UNICODE, 80).plain
    assert "kube-ovn 1.9.27" in shown
    assert "READ-ONLY" in shown
    lacking = status_line(replace(well, nodes_ready=11), "en", UNICODE, 80).plain
    assert "11/12" in lacking


def test_a_preview_is_prose_without_markup_and_code_as_it_is() -> None:
    lines = list(prose("- run `kubectl get ip` on **all**\n  ~~~\n  echo **x**\n  ~~~\nsee [this](x.md)"))
    assert lines == ["- run kubectl get ip on all", "  ~~~", "  echo **x**", "  ~~~", "see this"]
