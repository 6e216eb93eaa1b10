"""The shape of ``guide.yaml`` as pydantic models; import it only when a guide is read (pydantic is slow to load).

Only shapes and types live here; what refers to what is checked in `kb.guidefile`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Words = Annotated[str, Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0)]


class Shape(BaseModel):
    """Unknown keys are errors and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)


class TextShape(Shape):
    """A text in both languages."""

    en: Words
    zh: Words


class UseShape(Shape):
    """A check of the catalogue with its parameters."""

    use: Words
    params: dict[str, Any] = Field(default_factory=dict, alias="with")


class SymptomShape(Shape):
    """What the operator sees."""

    id: Words
    text: TextShape
    checks: list[str] = []
    signatures: list[Words] = []
    phrases: list[Words] = []


class CauseShape(Shape):
    """A hypothesis with its evidence."""

    id: Words
    text: TextShape
    explain: TextShape | None = None
    upstream_of: list[str] = []
    leads_to: list[Words] = []
    evidence: list[str] = []
    supported_when: Words
    refuted_when: Words
    fix: list[str] = []


class InputShape(Shape):
    """A typed slot of a step."""

    text: TextShape
    type: Literal["string", "name", "int", "cidr", "ip", "node", "choice", "rows"]
    many: bool = False
    source: str = Field(default="", alias="from")
    key: str = ""
    label: str = ""
    where: dict[str, Any] = {}
    within: dict[str, str] = {}
    default: Any = None
    minimum: int | None = None
    maximum: int | None = None


class ExecShape(Shape):
    """A command in the pods of a role."""

    on: Words
    argv: Annotated[list[str], Field(min_length=1)]
    each: str = ""
    tail: list[str] = []
    batch: Annotated[int, Field(ge=1)] = 1
    pause: Seconds = 0.0
    timeout: Seconds = 30.0


class PatchShape(Shape):
    """A patch of one object."""

    resource: Words
    name: Words
    body: Any
    namespace: str = ""
    type: Literal["merge", "json"] = "merge"
    each: str = ""


class DeleteShape(Shape):
    """The deletion of objects by name."""

    resource: Words
    name: Words
    namespace: str = ""
    each: str = ""


class RestartShape(Shape):
    """One pod of a role made anew."""

    on: Words
    each: str = ""
    timeout: Seconds = 120.0


class WaitShape(Shape):
    """A pause."""

    seconds: Seconds


class ManualShape(Shape):
    """A person does it elsewhere."""

    instruction: TextShape


class RecreateShape(Shape):
    """Brings back what the step took away."""


class ActionShape(Shape):
    """Exactly one of these; which one is checked with the references."""

    exec: ExecShape | None = None
    patch: PatchShape | None = None
    delete: DeleteShape | None = None
    restart: RestartShape | None = None
    wait: WaitShape | None = None
    manual: ManualShape | None = None
    recreate: RecreateShape | None = None


class UndoPartShape(ActionShape):
    """One action of an undo with its condition."""

    when: str = ""


class UndoShape(Shape):
    """How a step is taken back, or why it cannot be."""

    text: TextShape
    do: list[UndoPartShape] = []


class SaveShape(Shape):
    """A read before the write."""

    exec: ExecShape
    parse: dict[str, Any] = {}


class PreviewShape(Shape):
    """A read-only twin of an exec step."""

    exec: ExecShape


class VerifyShape(Shape):
    """The check that proves a step."""

    check: Words
    expect: list[Literal["ok", "warn", "fail", "unknown", "skipped"]] | None = None
    when: str = ""
    within: Seconds = 60.0
    stable_for: Seconds = 0.0


class RequirementShape(Shape):
    """A condition for offering a step."""

    when: Words
    text: TextShape


class StepShape(Shape):
    """One thing to do for a cause."""

    id: Words
    text: TextShape
    explain: TextShape | None = None
    impact: TextShape | None = None
    risk: Literal["read", "low", "disruptive", "destructive"] | None = None
    inputs: dict[str, InputShape] = {}
    requires: list[RequirementShape] = []
    already_done: str = ""
    save: dict[str, SaveShape] = {}
    preview: PreviewShape | None = None
    action: ActionShape
    verify: VerifyShape | None = None
    undo: UndoShape | None = None
    traffic: Literal["none", "changes", "new", "existing"] | None = None


class GuideShape(Shape):
    """A whole ``guide.yaml``."""

    applies_to: dict[str, Words] = {}
    fixed_in: dict[str, list[Words]] = {}
    signatures: list[Words] = []
    checks: dict[str, UseShape]
    symptoms: Annotated[list[SymptomShape], Field(min_length=1)]
    causes: Annotated[list[CauseShape], Field(min_length=1)]
    steps: list[StepShape] = []
