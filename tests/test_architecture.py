"""The rules of the house (docs/architecture.md), held statically and in a fresh interpreter."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("kb", "checks", "tui")

# Who may import a library at all (module prefix, or exact module).
DOORS = {
    "textual": ("tui",),
    "rich": ("tui",),
    "kubernetes": ("checks.live",),
    "whoosh": ("kb.index", "kb.indexfiles", "kb.search"),
    "markdown_it": ("kb.markdown",),
    "mdit_py_plugins": ("kb.markdown",),
    "celpy": ("checks.cel.expr",),
    "lark": ("checks.cel.expr",),
    "yaml": ("kb.yamlfile", "checks.yamltext"),
    "aiohttp": ("checks.practice",),
    "cryptography": ("checks.practice",),
    "click": ("tui.cli",),
    "bs4": ("kb.importing.pages", "kb.importing.pageblocks", "kb.importing.pagemarkdown"),
    "markdownify": ("kb.importing.pagemarkdown",),
    "lxml": (),
}
# The models are the language of the project: standard library and each other only.
MODELS = (
    "kb.text",
    "kb.model",
    "kb.problem",
    "checks.model",
    "checks.reads",
    "checks.errors",
    "checks.cluster",
    "checks.permission",
    "checks.sessions.session",
    "checks.sessions.steprecord",
    "checks.local.record",
    "checks.sessions.sessionrecord",
    "checks.sessions.entryshape",
)
# Clock, files, network and processes belong to the edges; everything else is a function of values.
EDGES = (
    "kb.library", "kb.roots", "kb.articleread", "kb.catalog", "kb.index", "kb.indexing", "kb.indexstore", "kb.search",
    "kb.paths", "kb.messages", "kb.articlefile", "kb.yamlfile", "kb.guidefile", "kb.importing.run",
    "kb.importing.sources", "kb.importing.store", "kb.importing.images", "checks.live",
    "checks.kubeconfig", "checks.facts", "checks.runner", "checks.sessions.journal", "checks.operators",
    "checks.writing.apply", "checks.clock",
    "checks.findings.mutefile", "checks.findings.watch", "checks.local.process",
    "checks.writing.background", "checks.writing.verify", "checks.walking.walk", "checks.catalogue", "checks.layout",
    "checks.practice", "checks.bundle.archive", "checks.bundle.collect", "checks.bundle.key", "checks.bundle.recording",
    "checks.bundle.tape", "tui",
)  # fmt: skip
IMPURE = {
    "socket",
    "subprocess",
    "threading",
    "time",
    "tempfile",
    "shutil",
    "urllib.request",
    "http.client",
    "ssl",
}
# Imported on first use, never at start-up.
SLOW = (
    "kubernetes",
    "whoosh",
    "celpy",
    "pydantic",
    "yaml",
    "aiohttp",
    "cryptography",
    "markdown_it",
    "bs4",
    "lxml",
    "markdownify",
)


def modules() -> Iterator[tuple[str, Path]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


MODULES = dict(modules())


def within(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == p or module.startswith(p + ".") for p in prefixes)


def for_checkers(node: ast.AST) -> bool:
    """Whether only type checkers see what is under this ``if``."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def seen(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, without what only type checkers see."""
    yield node
    hidden = node.body if isinstance(node, ast.If) and for_checkers(node) else ()
    for child in ast.iter_child_nodes(node):
        if child not in hidden:
            yield from seen(child)


def imports(node: ast.AST) -> Iterator[str]:
    """What one statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "write absolute imports"
        yield node.module or ""
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def evaluates(node: ast.Call) -> bool:
    """Whether a call turns text into code or into a shell's command."""
    called = ast.unparse(node.func)
    if called in ("eval", "exec", "compile", "__import__", "os.system", "os.popen"):
        return True
    process = called.rpartition(".")[2] in ("run", "Popen", "call", "check_call", "check_output")
    for keyword in node.keywords:
        plain_no = isinstance(keyword.value, ast.Constant) and not keyword.value.value
        asked = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        if keyword.arg == "shell" and (asked or (process and not plain_no)):
            return True
    return False


def message_of(node: ast.Call) -> str:
    """The literal "area.key" of ``message("area.key")``; empty where it is none."""
    arg = node.args[0] if node.args and ast.unparse(node.func).split(".")[-1] == "message" else None
    literal = arg.value if isinstance(arg, ast.Constant) else ""
    return literal if isinstance(literal, str) and "." in literal else ""


@dataclass
class Looked:
    """What the rules ask of a module, kept instead of its syntax tree."""

    imports: set[str] = field(default_factory=set)
    """Inside functions too; those for type checkers not."""
    evaluating: list[int] = field(default_factory=list)
    messages: set[str] = field(default_factory=set)
    lines: int = 0


@cache
def looked() -> dict[str, Looked]:
    """Every module, parsed once."""
    found = {}
    for name, path in MODULES.items():
        text = path.read_text(encoding="utf-8")
        found[name] = one = Looked(lines=len(text.splitlines()))
        for node in seen(ast.parse(text)):
            one.imports.update(imports(node))
            if isinstance(node, ast.Call):
                one.evaluating += [node.lineno] if evaluates(node) else []
                one.messages.add(message_of(node))
    return found


def all_imports() -> dict[str, set[str]]:
    """The imports of every module."""
    return {name: one.imports for name, one in looked().items()}


def test_imports_point_one_way() -> None:
    """tui -> checks -> kb; nothing imports tui."""
    wrong = {}
    for name, found in all_imports().items():
        above = ROOMS[ROOMS.index(name.split(".")[0]) + 1 :]
        if up := {i for i in found if i.split(".")[0] in above}:
            wrong[name] = up
    assert not wrong, "these reach up"


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_one_door(library: str) -> None:
    """A dependency is imported only by the module that stands for it."""
    users = {n for n, found in all_imports().items() if any(i.split(".")[0] == library for i in found)}
    strangers = {n for n in users if not within(n, DOORS[library])}
    assert not strangers, f"{library} belongs to {DOORS[library]}, not to {strangers}"


def test_the_command_line_knows_no_textual() -> None:
    """tui.cli imports the app only when it is opened, and textual never."""
    for name, found in all_imports().items():
        if within(name, ("tui.cli",)):
            assert not {i for i in found if i.split(".")[0] in ("textual", "rich")}, name


def test_models_import_only_models() -> None:
    """The models know the standard library and each other."""
    around = {model[: model.rindex(".")] for model in MODELS}
    wrong = {}
    for name in (m for m in MODELS if m in MODULES):
        found = looked()[name].imports
        ours = {i for i in found if i.split(".")[0] in ROOMS}
        strange = {i for i in ours if not within(i, MODELS) and i not in ("kb", "checks", *around)}
        foreign = {i.split(".")[0] for i in found} - set(ROOMS) - set(sys.stdlib_module_names)
        if strange or foreign:
            wrong[name] = strange | foreign
    assert not wrong


def test_only_the_edges_touch_the_world() -> None:
    """Clock, files, network and processes stay at the edges."""
    inner = {name: found & IMPURE for name, found in all_imports().items() if not within(name, EDGES)}
    assert not {name: impure for name, impure in inner.items() if impure}


def test_no_module_hides_a_second_idea() -> None:
    """No module over 400 lines."""
    assert not {name: one.lines for name, one in looked().items() if one.lines > 400}


def test_nothing_evaluates_or_unpickles() -> None:
    """No eval, exec, pickle, shell=True or os.system."""
    assert not {name: one.evaluating for name, one in looked().items() if one.evaluating}
    picklers = {"pickle", "marshal", "shelve", "dill"}
    assert not {name: found for name, found in all_imports().items() if found & picklers}


def cycles() -> list[list[str]]:
    graph = {
        name: {i for i in found if i in MODULES and i != name and i not in ROOMS}
        for name, found in all_imports().items()
    }
    found: list[list[str]] = []
    state: dict[str, int] = {}

    def walk(node: str, trail: list[str]) -> None:
        state[node] = 1
        for other in sorted(graph[node]):
            if state.get(other) == 1:
                found.append([*trail[trail.index(other) :], other] if other in trail else [node, other])
            elif other not in state:
                walk(other, [*trail, other])
        state[node] = 2

    for name in graph:
        if name not in state:
            walk(name, [name])
    return found


def test_modules_do_not_import_each_other_in_circles() -> None:
    """The import graph has no cycle, imports inside functions included."""
    assert not cycles()


@pytest.mark.parametrize("entry", ["tui.cli", "tui.app"])
def test_slow_libraries_wait_for_their_first_use(entry: str) -> None:
    """Importing an entry point in a fresh interpreter loads none of the slow libraries."""
    code = f"import sys, json, {entry}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = {m.split(".")[0] for m in json.loads(done.stdout)}
    banned = set(SLOW) | ({"textual", "rich"} if entry == "tui.cli" else set())
    assert not loaded & banned, f"{entry} loads {sorted(loaded & banned)}"


def test_every_message_has_both_languages_and_the_same_slots() -> None:
    """A message missing in one language, or with other placeholders there, breaks at the worst moment."""
    from string import Formatter

    def slots(text: str) -> set[str]:
        return {field for _, field, _, _ in Formatter().parse(text) if field is not None}

    for path in sorted((ROOT / "assets" / "i18n").glob("*.json")):
        for key, value in json.loads(path.read_text(encoding="utf-8")).items():
            assert value.get("en"), f"{path.name}: {key} lacks English"
            assert value.get("zh"), f"{path.name}: {key} lacks Chinese"
            assert slots(value["en"]) == slots(value["zh"]), f"{path.name}: {key} differs in placeholders"


def messages_used() -> dict[str, set[str]]:
    """Keys named in the code, by area."""
    used: dict[str, set[str]] = {}
    for area, _, key in (
        one.partition(".") for module in looked().values() for one in module.messages if one
    ):
        used.setdefault(area, set()).add(key)
    return used


def test_every_message_that_is_used_exists() -> None:
    """A key named in the code stands in the catalogue."""
    for area, keys in messages_used().items():
        path = ROOT / "assets" / "i18n" / f"{area}.json"
        known = set(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else set()
        assert keys <= known, f"{area}.json lacks {sorted(keys - known)}"
