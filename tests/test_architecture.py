"""The rules of the house (docs/architecture.md), held statically and in a fresh interpreter."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
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


def imports(path: Path, *, type_checking: bool = False) -> set[str]:
    """Every module a file imports, inside functions too; those for type checkers only on request."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) and not type_checking:
            for child in node.orelse:
                visit(child)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write absolute imports"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


IMPORTS = {name: imports(path) for name, path in MODULES.items()}


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_one_way(name: str) -> None:
    """tui -> checks -> kb; nothing imports tui."""
    room = name.split(".")[0]
    above = ROOMS[ROOMS.index(room) + 1 :]
    wrong = {i for i in IMPORTS[name] if i.split(".")[0] in above}
    assert not wrong, f"{name} reaches up into {wrong}"


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_one_door(library: str) -> None:
    """A dependency is imported only by the module that stands for it."""
    users = {n for n, found in IMPORTS.items() if any(i.split(".")[0] == library for i in found)}
    strangers = {n for n in users if not within(n, DOORS[library])}
    assert not strangers, f"{library} belongs to {DOORS[library]}, not to {strangers}"


def test_the_command_line_knows_no_textual() -> None:
    """tui.cli imports the app only when it is opened, and textual never."""
    for name, found in IMPORTS.items():
        if within(name, ("tui.cli",)):
            assert not {i for i in found if i.split(".")[0] in ("textual", "rich")}, name


@pytest.mark.parametrize("name", [m for m in MODELS if m in MODULES])
def test_models_import_only_models(name: str) -> None:
    """The models know the standard library and each other."""
    ours = {i for i in IMPORTS[name] if i.split(".")[0] in ROOMS}
    around = {model[: model.rindex(".")] for model in MODELS}
    wrong = {i for i in ours if not within(i, MODELS) and i not in ("kb", "checks", *around)}
    assert not wrong, f"{name} imports {wrong}"
    foreign = {i.split(".")[0] for i in IMPORTS[name]} - set(ROOMS) - set(sys.stdlib_module_names)
    assert not foreign, f"{name} imports {foreign}"


@pytest.mark.parametrize("name", [m for m in MODULES if not within(m, EDGES)])
def test_only_the_edges_touch_the_world(name: str) -> None:
    """Clock, files, network and processes stay at the edges."""
    assert not (IMPORTS[name] & IMPURE), f"{name} imports {IMPORTS[name] & IMPURE}"


@pytest.mark.parametrize("name", MODULES)
def test_no_module_hides_a_second_idea(name: str) -> None:
    """No module over 400 lines."""
    lines = len(MODULES[name].read_text(encoding="utf-8").splitlines())
    assert lines <= 400, f"{name} has {lines} lines"


@pytest.mark.parametrize("name", MODULES)
def test_nothing_evaluates_or_unpickles(name: str) -> None:
    """No eval, exec, pickle, shell=True or os.system."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "compile", "__import__"), f"{name}:{node.lineno}"
            called = ast.unparse(node.func)
            assert called not in ("os.system", "os.popen"), f"{name}:{node.lineno}"
            process = called.rpartition(".")[2] in ("run", "Popen", "call", "check_call", "check_output")
            for keyword in node.keywords:
                plain_no = isinstance(keyword.value, ast.Constant) and not keyword.value.value
                asked = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
                assert not (keyword.arg == "shell" and (asked or (process and not plain_no))), (
                    f"{name}:{node.lineno}"
                )
    assert not {i for i in IMPORTS[name] if i.split(".")[0] in ("pickle", "marshal", "shelve", "dill")}


def cycles() -> list[list[str]]:
    graph = {
        name: {i for i in imports(path) if i in MODULES and i != name and i not in ROOMS}
        for name, path in MODULES.items()
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
    """Literal first arguments of message("area.key") by area."""
    used: dict[str, set[str]] = {}
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).split(".")[-1] == "message"
                and node.args
            ):
                arg = node.args[0]
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str) and "." in arg.value:
                    area, _, key = arg.value.partition(".")
                    used.setdefault(area, set()).add(key)
    return used


def test_every_message_that_is_used_exists() -> None:
    """A key named in the code stands in the catalogue."""
    for area, keys in messages_used().items():
        path = ROOT / "assets" / "i18n" / f"{area}.json"
        known = set(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else set()
        assert keys <= known, f"{area}.json lacks {sorted(keys - known)}"
