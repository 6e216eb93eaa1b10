"""Articles and guides as frozen values: the language of the project (DESIGN.md, sections 2 and 3).

Everything here is plain data. Expressions (`supported_when` …) are CEL source text: `checks.cel.expr` evaluates it over
the results of the guide's checks, each bound to its alias: ``macs.verdict == "fail" && macs.stale_share >= 0.5``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from kb.text import Text

Risk = Literal["read", "low", "disruptive", "destructive"]
RISKS: tuple[Risk, ...] = ("read", "low", "disruptive", "destructive")
Traffic = Literal["none", "changes", "new", "existing"]
"""Whose traffic a step touches: nobody's, only new pods and network changes, new connections, running ones too."""
SectionKind = Literal[
    "symptoms",
    "environment",
    "diagnosis",
    "cause",
    "resolution",
    "workaround",
    "prevention",
    "related",
    "other",
]
Origin = Literal["authored", "derived"]
JSON = Any
"""A JSON-like value: str, int, float, bool, None, list or dict of them."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced or indented block as it stands in the article, with its 1-based line in the file."""

    info: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Section:
    """One heading and the Markdown below it, up to the next heading of the same or a higher level."""

    kind: SectionKind
    heading: str
    level: int
    line: int
    markdown: str
    """The Markdown below the heading, without the heading line."""
    blocks: tuple[CodeBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ArticleText:
    """One language of an article."""

    lang: str
    title: str
    path: str
    markdown: str
    """The whole body without front matter."""
    sections: tuple[Section, ...]
    front: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    mtime_ns: int = 0


@dataclass(frozen=True, slots=True)
class Article:
    """One topic of the knowledge base: its texts per language, and its guide where it has one."""

    id: str
    texts: Mapping[str, ArticleText]
    root: str
    kinds: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    guide: Guide | None = None

    def text(self, lang: str) -> ArticleText:
        """The text in `lang`, or in the other language where there is none."""
        return self.texts.get(lang) or next(iter(self.texts.values()))

    def title(self, lang: str) -> str:
        """The title in `lang`, or in the other language where there is none."""
        return self.text(lang).title


@dataclass(frozen=True, slots=True)
class CheckUse:
    """A check of the catalogue as a guide uses it, under an alias that expressions and steps refer to."""

    alias: str
    check: str
    params: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Symptom:
    """What the operator sees, and the checks (by alias) that show whether it is present."""

    id: str
    text: Text
    checks: tuple[str, ...]
    signatures: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    """What people type when they look for it, in either language: for the search only."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A hypothesis with the evidence that supports or refutes it, and the steps that fix it."""

    id: str
    text: Text
    explain: Text
    supported_when: str
    refuted_when: str
    evidence: tuple[str, ...]
    """Aliases of the checks it rests on, in the order they should be read."""
    upstream_of: tuple[str, ...] = ()
    """Ids of causes and symptoms that this cause brings about: it is to be fixed first."""
    fix: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    """What it brings about in other articles: ``article``, or one cause or symptom of it, ``article/id``."""


@dataclass(frozen=True, slots=True)
class Input:
    """A typed slot of a step, proposed from evidence."""

    name: str
    text: Text
    type: Literal["string", "name", "int", "cidr", "ip", "node", "choice", "rows"]
    many: bool = False
    source: str = ""
    """Where the choices come from: ``alias.data-or-table-path``, for example ``macs.rows`` or ``options.open``."""
    key: str = ""
    """With choices that are mappings: the key whose value is the input (not for `rows`, which keep the mapping)."""
    label: str = ""
    """Template of a choice as shown, ``{ip} {logical_port}``; empty: the value."""
    where: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)
    """Only choices whose keys equal these values, ``{stale: true}``."""
    within: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Only choices whose address at the key lies in the network of another input, ``{ip: prefix}``."""
    default: JSON = None
    """A literal, or ``"$first"`` / ``"$all"`` / ``"$none"`` of the choices."""
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class ExecAction:
    """A command in the pods of a role: an argv template with typed slots, never a shell string."""

    on: str
    """A role of the layout (``ovn-nb-leader``), on one node with ``ovs@{node}``."""
    argv: tuple[str, ...]
    each: str = ""
    """Name of a `many` input: the command is repeated for its items, ``{item}`` or ``{item.uuid}`` in the slots."""
    tail: tuple[str, ...] = ()
    """With `each`: appended once per item, so that one command takes a batch."""
    batch: int = 1
    pause: float = 0.0
    """Seconds between batches."""
    timeout: float = 30.0
    kind: Literal["exec"] = "exec"


@dataclass(frozen=True, slots=True)
class PatchAction:
    """A patch of one object, previewed by the server's dry run."""

    resource: str
    name: str
    body: JSON
    namespace: str = ""
    type: Literal["merge", "json"] = "merge"
    each: str = ""
    kind: Literal["patch"] = "patch"


@dataclass(frozen=True, slots=True)
class DeleteAction:
    """The deletion of objects by name, each bound to the uid that was shown."""

    resource: str
    name: str
    namespace: str = ""
    each: str = ""
    kind: Literal["delete"] = "delete"


@dataclass(frozen=True, slots=True)
class RestartAction:
    """Deletes one pod of a role so that its controller makes a new one; done when the successor is Ready."""

    on: str
    each: str = ""
    timeout: float = 120.0
    kind: Literal["restart"] = "restart"


@dataclass(frozen=True, slots=True)
class RecreateAction:
    """Creates again what a delete or patch took away, from the objects saved before the write (undo only)."""

    kind: Literal["recreate"] = "recreate"


@dataclass(frozen=True, slots=True)
class WaitAction:
    """Waits until an expression over the step's verification holds, or the time is over."""

    seconds: float
    kind: Literal["wait"] = "wait"


@dataclass(frozen=True, slots=True)
class ManualAction:
    """A person does it elsewhere and says so; the verification checks it."""

    instruction: Text
    kind: Literal["manual"] = "manual"


@dataclass(frozen=True, slots=True)
class CommandAction:
    """A command line taken from an article's text: shown, copied and ticked off; only in derived guides."""

    argv: tuple[str, ...]
    """A template with ``{input}`` slots, one word each; empty where the line cannot be split into one argv."""
    shell: str
    """The line as the article has it, without prompt, with the same slots."""
    line: int = 0
    """1-based, in the article's file."""
    stdin: str = ""
    """What the article feeds to it: the body of a here-document, or a manifest shown beside it."""
    kind: Literal["command"] = "command"


Action = (
    ExecAction
    | PatchAction
    | DeleteAction
    | RestartAction
    | RecreateAction
    | WaitAction
    | ManualAction
    | CommandAction
)


@dataclass(frozen=True, slots=True)
class Save:
    """A read made before a step's write and kept in the journal, for the undo."""

    name: str
    read: ExecAction
    parse: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class UndoPart:
    """One action of an undo, done when its condition over ``saved`` and ``inputs`` holds (empty: always)."""

    action: Action
    when: str = ""


@dataclass(frozen=True, slots=True)
class Undo:
    """How a step is taken back; with no parts `text` says why it cannot be."""

    text: Text
    parts: tuple[UndoPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Verify:
    """The check that proves the step: it must reach an expected verdict in time and hold it."""

    check: str
    """Alias of a check of the guide."""
    expect: tuple[str, ...] = ("ok",)
    when: str = ""
    """Or: a CEL expression over the results that must turn true, instead of `expect`."""
    within: float = 60.0
    stable_for: float = 0.0


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition over the results without which a step is not offered, and what to say then."""

    when: str
    text: Text


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do for a cause."""

    id: str
    text: Text
    explain: Text
    impact: Text
    action: Action
    undo: Undo
    risk: Risk | None = None
    """Raises the risk computed from the action; it can never lower it."""
    inputs: tuple[Input, ...] = ()
    requires: tuple[Requirement, ...] = ()
    already_done: str = ""
    preview: ExecAction | None = None
    saves: tuple[Save, ...] = ()
    verify: Verify | None = None
    traffic: Traffic | None = None
    """What the author says of it; None where nobody did."""


@dataclass(frozen=True, slots=True)
class Guide:
    """What makes an article executable: symptoms, causes, checks, steps."""

    article: str
    path: str
    checks: Mapping[str, CheckUse]
    symptoms: tuple[Symptom, ...]
    causes: tuple[Cause, ...]
    steps: tuple[Step, ...]
    signatures: tuple[str, ...] = ()
    applies_to: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Component to version constraint, ``{"kube-ovn": "<1.12.27"}``."""
    fixed_in: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NOTHING)
    origin: Origin = "authored"
    lines: Mapping[str, int] = field(default_factory=lambda: NOTHING, compare=False)
    """1-based lines of the file by ``checks.ALIAS``, ``symptoms.ID``, ``causes.ID``, ``steps.ID``, where known."""

    def step(self, step_id: str) -> Step:
        """The step with this id; raises KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def cause(self, cause_id: str) -> Cause:
        """The cause with this id; raises KeyError."""
        for cause in self.causes:
            if cause.id == cause_id:
                return cause
        raise KeyError(cause_id)
