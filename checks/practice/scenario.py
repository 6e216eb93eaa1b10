"""Scenarios of the practice cluster: data under ``assets/practice``, layered with ``extends``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from kb.messages import message
from kb.paths import ASSETS
from kb.problem import all_of
from kb.text import Text
from kb.wording import listed

if TYPE_CHECKING:
    from checks.practice.sim.world import SimWorld

FOLDER = ASSETS / "practice"
PACE = 0.05
"""Real seconds per cluster second: a minute of the cluster takes three seconds."""


class ScenarioError(Exception):
    """A scenario that is not there or cannot be read; the text says which file and why."""

    def __init__(self, said: str | Text) -> None:
        self.text = Text.of(said)
        super().__init__(self.text.en)


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """What a list of scenarios shows; article and cause are empty for the healthy one."""

    name: str
    title: Text
    article: str
    cause: str
    summary: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario with everything it extends merged in."""

    info: ScenarioInfo
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def _read(path: Path) -> dict[str, Any]:
    from kb.yamlfile import load

    document = load(path)
    if document.problems:
        raise ScenarioError(all_of(document.problems, "\n"))
    if not isinstance(document.data, dict):
        raise ScenarioError(message("practice.no-mapping", path=path))
    return document.data


def _layers(name: str, folder: Path) -> dict[str, Any]:
    """A scenario merged over what it extends."""
    if not (folder / f"{name}.yaml").is_file():
        known = listed(info.name for info in list_scenarios(folder))
        raise ScenarioError(message("practice.no-scenario", name=repr(name), known=known))
    data = _read(folder / f"{name}.yaml")
    below = data.pop("extends", "")
    base = _layers(below, folder) if below else {}
    base.pop("abstract", None)
    merged: dict[str, Any] = merge(base, data)
    return merged


def merge(base: Any, over: Any) -> Any:
    """Mappings merge, everything else is replaced; ``name+: […]`` appends to the list ``name``."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    result = dict(base)
    for key, value in over.items():
        if key.endswith("+"):
            result[key[:-1]] = [*result.get(key[:-1], ()), *value]
        else:
            result[key] = merge(result[key], value) if key in result and key not in ("options",) else value
    return result


def _info(name: str, data: Mapping[str, Any]) -> ScenarioInfo:
    return ScenarioInfo(
        name,
        Text.of(data.get("title")),
        data.get("article", ""),
        data.get("cause", ""),
        Text.of(data.get("summary")),
    )


def list_scenarios(folder: Path = FOLDER) -> list[ScenarioInfo]:
    """All scenarios, the healthy one first, then by name."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        data = _read(path)
        if not data.get("abstract", False):
            found.append(_info(path.stem, data))
    return sorted(found, key=lambda info: (info.cause != "", info.name))


def load_scenario(name: str, folder: Path = FOLDER) -> Scenario:
    """One scenario; ScenarioError where there is none of this name, naming those there are."""
    data = _layers(name, folder)
    if data.get("abstract", False):
        raise ScenarioError(message("practice.part-only", name=repr(name)))
    return Scenario(_info(name, data), data)


def build_world(name: str, *, pace: float = PACE, nodes: int = 0, pods: int = 0) -> SimWorld:
    """The staged cluster of a scenario, its time running; `pace` is real seconds per cluster second.

    With `nodes` and `pods` it is made that large (0: as the scenario is); ScenarioError where it has more already.
    """
    from checks.practice.crowd import TooFew, enlarge
    from checks.practice.sim.world import SimWorld

    scenario = load_scenario(name)
    try:
        data = enlarge(scenario.data, nodes, pods)
    except TooFew as error:
        said = {"nodes": "practice.too-few-nodes", "pods": "practice.too-few-pods"}[error.what]
        raise ScenarioError(message(said, least=error.least, name=name)) from error
    return SimWorld(name, data, pace=pace)
