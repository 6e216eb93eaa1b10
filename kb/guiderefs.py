"""What refers to what in a guide: every alias, step, cause and input that is named must be there.

Works on the raw data and steps over what has the wrong type, because `kb.shapes` already says that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kb.findings import finding, nearest
from kb.problem import Problem
from kb.yamlfile import DataPath, Document

SLOT = re.compile(r"(?<!\{)\{([A-Za-z_][\w-]*)((?:\.[\w-]+)*)\}(?!\})")
ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
ID = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")
ACTIONS = ("exec", "patch", "delete", "restart", "wait", "manual")
WRITES = ("exec", "patch", "delete", "restart")


def check(document: Document) -> list[Problem]:
    """Problems with the references and ids of a guide."""
    return _Check(document).run()


def slots(value: Any) -> Iterator[tuple[DataPath, str, str]]:
    """Every ``{name.rest}`` in the texts of a value: its path in the value, the name, and ``.rest``."""
    if isinstance(value, str):
        for match in SLOT.finditer(value):
            yield (), match[1], match[2]
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (((key, *where), name, rest) for where, name, rest in slots(inner))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from (((index, *where), name, rest) for where, name, rest in slots(inner))


@dataclass
class _Check:
    document: Document
    problems: list[Problem] = field(default_factory=list)

    def run(self) -> list[Problem]:
        data = self.document.data
        aliases = _dict(data.get("checks"))
        symptoms, causes, steps = (_dicts(data.get(key)) for key in ("symptoms", "causes", "steps"))
        for alias in aliases:
            if not ALIAS.match(alias):
                self._say(("checks", alias), "guide.bad-alias", alias=alias)
        nodes = self._ids(("symptoms", symptoms), ("causes", causes))
        step_ids = self._ids(("steps", steps))
        for index, symptom in symptoms:
            self._names(("symptoms", index, "checks"), symptom.get("checks"), aliases, "alias")
        for index, cause in causes:
            self._names(("causes", index, "evidence"), cause.get("evidence"), aliases, "alias")
            self._names(("causes", index, "upstream_of"), cause.get("upstream_of"), nodes, "cause")
            self._names(("causes", index, "fix"), cause.get("fix"), step_ids, "step")
        for index, step in steps:
            self._step(("steps", index), step, aliases)
        return self.problems

    def _say(self, where: DataPath, code: str, **params: object) -> None:
        self.problems.append(finding(self.document.path, self.document.line(where), code, "error", **params))

    def _ids(self, *groups: tuple[str, list[tuple[int, dict[str, Any]]]]) -> dict[str, DataPath]:
        seen: dict[str, DataPath] = {}
        for group, items in groups:
            for index, item in items:
                name, where = item.get("id"), (group, index, "id")
                if not isinstance(name, str):
                    continue
                if not ID.match(name):
                    self._say(where, "guide.bad-id", id=name)
                if name in seen:
                    self._say(where, "guide.duplicate-id", id=name, first=str(self.document.line(seen[name])))
                seen.setdefault(name, where)
        return seen

    def _names(self, where: DataPath, value: Any, known: Mapping[str, Any], kind: str) -> None:
        param = {"alias": "alias", "step": "id", "cause": "id"}[kind]
        for index, name in enumerate(value if isinstance(value, list) else []):
            if isinstance(name, str) and name not in known:
                self._say(
                    (*where, index), f"guide.unknown-{kind}", **{param: name}, hint=nearest(name, known)
                )

    def _step(self, where: DataPath, step: dict[str, Any], aliases: Mapping[str, Any]) -> None:
        inputs, saves = _dict(step.get("inputs")), _dict(step.get("save"))
        for name, given in inputs.items():
            self._input((*where, "inputs", name), _dict(given), inputs, aliases)
        verify = _dict(step.get("verify"))
        if isinstance(verify.get("check"), str):
            self._names((*where, "verify"), [verify["check"]], aliases, "alias")
        if verify and verify.get("expect") == [] and not verify.get("when"):
            self._say((*where, "verify"), "guide.verify-empty")
        for key in ("text", "explain", "impact"):
            self._slots((*where, key), step.get(key), inputs, {}, each="")
        for name, save in saves.items():
            self._slots((*where, "save", name, "exec"), _dict(save).get("exec"), inputs, {}, each="")
        self._slots((*where, "preview"), step.get("preview"), inputs, {}, each=_each(step.get("preview")))
        undo = _dict(step.get("undo"))
        self._slots((*where, "undo", "text"), undo.get("text"), inputs, saves, each="")
        if "action" in step:
            self._action((*where, "action"), step["action"], inputs, {}, ACTIONS)
            self._write(where, step)
        for index, part in _dicts(undo.get("do")):
            known = (*ACTIONS, "recreate")
            self._action((*where, "undo", "do", index), part, inputs, saves, known)

    def _write(self, where: DataPath, step: dict[str, Any]) -> None:
        if not set(_dict(step["action"])) & set(WRITES):
            return
        for key in ("undo", "impact"):
            if key not in step:
                self._say(where, f"guide.no-{key}")

    def _input(
        self, where: DataPath, given: dict[str, Any], inputs: Mapping[str, Any], aliases: Mapping[str, Any]
    ) -> None:
        source = given.get("from")
        if isinstance(source, str) and source:
            alias = source.split(".")[0]
            if alias not in aliases:
                self._say((*where, "from"), "guide.unknown-alias", alias=alias, hint=nearest(alias, aliases))
        for key, other in _dict(given.get("within")).items():
            if isinstance(other, str) and other not in inputs:
                hint = nearest(other, inputs)
                self._say((*where, "within", key), "guide.unknown-input", name=other, hint=hint)

    def _action(
        self,
        where: DataPath,
        action: Any,
        inputs: Mapping[str, Any],
        saves: Mapping[str, Any],
        known: tuple[str, ...],
    ) -> None:
        if not isinstance(action, dict):
            return
        named = [key for key in action if key in (*ACTIONS, "recreate") and action[key] is not None]
        if "recreate" in named and "recreate" not in known:
            self._say((*where, "recreate"), "guide.recreate-only-undo")
        elif len(named) != 1:
            self._say(where, "guide.one-action", known=", ".join(known))
        for kind in named:
            body = _dict(action[kind])
            each = body.get("each")
            each = each if isinstance(each, str) else ""
            if each and each not in inputs:
                self._say(
                    (*where, kind, "each"), "guide.unknown-input", name=each, hint=nearest(each, inputs)
                )
            elif each and _dict(inputs[each]).get("many") is not True:
                self._say((*where, kind, "each"), "guide.each-not-many", name=each)
            self._slots((*where, kind), body, inputs, saves, each)

    def _slots(
        self, where: DataPath, value: Any, inputs: Mapping[str, Any], saves: Mapping[str, Any], each: str
    ) -> None:
        for inner, name, rest in slots(value):
            at = (*where, *inner)
            if name == "item" and "item" not in inputs:
                if not each:
                    self._say(at, "guide.item-without-each")
            elif name == "saved" and rest and "saved" not in inputs:
                saved = rest.split(".")[1]
                if saved not in saves:
                    self._say(at, "guide.unknown-saved", name=saved, hint=nearest(saved, saves))
            elif name not in inputs:
                self._say(at, "guide.unknown-input", name=name, hint=nearest(name, inputs))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[tuple[int, dict[str, Any]]]:
    return [
        (i, item) for i, item in enumerate(value if isinstance(value, list) else []) if isinstance(item, dict)
    ]


def _each(preview: Any) -> str:
    each = _dict(_dict(preview).get("exec")).get("each")
    return each if isinstance(each, str) else ""
