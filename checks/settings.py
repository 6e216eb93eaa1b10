"""What an operator set for their clusters: where things run, thresholds, Prometheus, which clusters are production.

One file, ``config.yaml`` in klinik's configuration folder or the one of ``--config``; a section of `contexts` adds to
the rest of the file for that context of the kubeconfig (docs/formats.md, config.yaml).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from checks.catalogue import Catalogue
from checks.errors import ConfigError
from checks.findings.watch import SETTABLE
from checks.layout import PRESETS, Layout, LayoutError, Role, load_layout, read_role
from checks.model import JSON, NOTHING
from checks.prom.at import PrometheusAt
from checks.spans import seconds, shown
from checks.specs.shape import Place
from kb import yamlfile
from kb.findings import nearest, problem_of
from kb.messages import message
from kb.paths import config_dir
from kb.problem import Problem, all_of
from kb.said import text_of
from kb.text import Text

FILE = "config.yaml"
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
SECTION_KEYS = ("layout", "checks", "prometheus", "production", "limits", "watch")
KEYS = (*SECTION_KEYS, "contexts")
LAYOUT_KEYS = ("preset", "namespace", "roles")
PROMETHEUS_KEYS = ("service", "url", "token_file", "ca_file", "match")
LIMIT_KEYS = ("api", "exec")
LONGEST_VALUE = 256
"""Characters of a label's value that chooses series."""
MOST_AT_ONCE = 64
"""What a limit may be at most: a patient API server is no load test."""


class SettingsError(ConfigError):
    """A file of settings that cannot be used; `problems` are all its mistakes."""

    def __init__(self, problems: Sequence[Problem]):
        super().__init__(all_of(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Threshold:
    """One param of one check as the file sets it."""

    check: str
    param: str
    value: JSON
    line: int


@dataclass(frozen=True, slots=True)
class Settings:
    """What counts for one context; without a file everything is as shipped."""

    path: str = ""
    """The file it was read from; empty: there is none."""
    context: str = ""
    layout: Layout = field(default_factory=load_layout)
    changed: tuple[str, ...] = ()
    """Roles that are not as in the preset."""
    thresholds: tuple[Threshold, ...] = ()
    prometheus: PrometheusAt | None = None
    """None: it is looked for."""
    production: bool = False
    limits: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """Requests (``api``) and commands (``exec``) in flight at most, where they are not as shipped."""
    watch: float = 0.0
    """Seconds between two looks of the app's watch; 0: as usual."""

    @property
    def params(self) -> Mapping[str, Mapping[str, JSON]]:
        """Values of params by check, as the file has them; what a catalogue takes of them says `over`."""
        found: dict[str, dict[str, JSON]] = {}
        for one in self.thresholds:
            found.setdefault(one.check, {})[one.param] = one.value
        return found

    def over(self, catalogue: Catalogue) -> Catalogue:
        """The catalogue with these thresholds, this layout, Prometheus and limits; what does not fit is noted.

        A guide's own `with:` and ``--set`` stand above the defaults, so they stand above these too.
        """
        checks, problems = dict(catalogue.checks), list(catalogue.problems)
        taken: dict[str, dict[str, JSON]] = {}
        for one in self.thresholds:
            if one.check not in checks:
                hint = nearest(one.check, checks)
                problems.append(self._problem(one, "no-check", check=one.check, hint=hint))
                continue
            spec = checks[one.check]
            if one.param not in spec.params:
                hint = nearest(one.param, spec.params)
                problems.append(self._problem(one, "no-param", check=one.check, name=one.param, hint=hint))
            elif not alike(one.value, spec.params[one.param]):
                shown = {"value": str(one.value), "default": str(spec.params[one.param])}
                problems.append(self._problem(one, "param-type", name=one.param, **shown))
            else:
                params = {**spec.params, one.param: one.value}
                checks[one.check] = replace(spec, params=params)
                taken.setdefault(one.check, {})[one.param] = one.value
        return Catalogue(
            checks, tuple(problems), self.layout, taken, self.prometheus, self.limits, self.watch
        )

    def _problem(self, one: Threshold, code: str, **words: Any) -> Problem:
        return problem_of(self.path, one.line, f"settings.{code}", f"settings.{code}", **words)


def alike(value: JSON, default: JSON) -> bool:
    """Whether a value may stand for a default: of its kind, a number for a number."""
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, int | float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))


def load(path: Path | None = None, context: str = "") -> Settings:
    """The settings for a context from `path`, else from the configuration folder; raises SettingsError.

    A missing file is no mistake unless it was named.
    """
    file = path or config_dir() / FILE
    if path is None and not file.exists():
        return Settings(context=context)
    document = yamlfile.load(file)
    problems = list(document.problems)
    place = Place(document, (), document.data, problems)
    settings = Settings(path=str(file), context=context)
    if not problems and document.data is not None:
        settings = _read(place, settings)
    if problems:
        raise SettingsError(problems)
    return settings


def recorded(data: Any, context: str) -> Settings:
    """The settings that a bundle was recorded with, from what `as_data` made of them; raises SettingsError."""
    document = yamlfile.Document("", data, {})
    problems: list[Problem] = []
    place = Place(document, (), document.data, problems)
    found = (
        _section(place, Settings(context=context))
        if place.mapping(("layout", "checks", "prometheus"))
        else Settings()
    )
    if problems:
        raise SettingsError(problems)
    return found


def as_data(layout: Layout, catalogue: Catalogue) -> dict[str, Any]:
    """A layout and what is set in a catalogue as a section of the file would say it; empty where all is as shipped."""
    shipped = load_layout(preset=layout.preset).roles
    roles = {name: _role_data(role) for name, role in layout.roles.items() if role != shipped.get(name)}
    found: dict[str, Any] = {}
    if roles or layout.preset != "kube-ovn":
        found["layout"] = {"preset": layout.preset, "roles": roles}
    if catalogue.thresholds:
        found["checks"] = {check: dict(params) for check, params in catalogue.thresholds.items()}
    if catalogue.prometheus is not None:
        where = catalogue.prometheus
        found["prometheus"] = {"url" if where.url else "service": str(where)}
        if where.match:
            found["prometheus"]["match"] = dict(where.match)
    return found


def _role_data(role: Role) -> dict[str, Any]:
    fields = {key: getattr(role, key) for key in ("namespace", "container", "per", "pick", "lease", "stays")}
    return {**fields, "labels": dict(role.labels), "marks": dict(role.marks)}


def _read(place: Place, settings: Settings) -> Settings:
    """The whole file is looked at, also the sections of other contexts: a mistake there waits for the worst moment."""
    if not place.mapping(KEYS):
        return settings
    settings = _section(place, settings)
    chosen = settings
    contexts = place.at("contexts")
    if contexts.value is not None:
        contexts.mapping()
    for name, inner in contexts.items():
        if inner.mapping(SECTION_KEYS):
            found = _section(inner, settings)
            chosen = found if name == settings.context else chosen
    return chosen


def _section(place: Place, base: Settings) -> Settings:
    layout, changed = _layout(place.at("layout"), base)
    prometheus = place.at("prometheus")
    return replace(
        base,
        layout=layout,
        changed=changed,
        thresholds=(*base.thresholds, *_thresholds(place.at("checks"))),
        prometheus=base.prometheus if prometheus.value is None else _prometheus(prometheus),
        production=place.at("production").flag(base.production),
        limits={**base.limits, **_limits(place.at("limits"))},
        watch=_watch(place.at("watch"), base.watch),
    )


def _watch(place: Place, base: float) -> float:
    """A span like ``5m``, within what is no burden and no silence."""
    if place.value is None:
        return base
    try:
        found = seconds(place.string())
    except ValueError:
        found = -1.0
    least, most = SETTABLE
    if not least <= found <= most:
        _say(place, "watch", least=shown(least), most=shown(most))
        return base
    return found


def _limits(place: Place) -> dict[str, int]:
    if place.value is None or not place.mapping(LIMIT_KEYS):
        return {}
    for name, inner in place.items():
        value = inner.value
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_AT_ONCE:
            _say(inner, "limit", name=name, most=MOST_AT_ONCE)
    return {name: inner.value for name, inner in place.items() if isinstance(inner.value, int)}


def _layout(place: Place, base: Settings) -> tuple[Layout, tuple[str, ...]]:
    if place.value is None:
        return base.layout, base.changed
    if isinstance(place.value, str):
        return _preset(place), ()
    if not place.mapping(LAYOUT_KEYS):
        return base.layout, base.changed
    layout, changed = (_preset(place.at("preset")), ()) if "preset" in place else (base.layout, base.changed)
    if namespace := place.at("namespace").string():
        layout = replace(layout.moved(namespace), fixed=True)
    roles: dict[str, Role] = dict(layout.roles)
    for name, item in place.at("roles").items():
        roles[name] = read_role(name, item, roles.get(name))
    if place.at("roles").value is not None:
        place.at("roles").mapping()
        layout = replace(layout, roles=roles, fixed=True)
    return layout, tuple(dict.fromkeys((*changed, *(name for name, _ in place.at("roles").items()))))


def _preset(place: Place) -> Layout:
    name = place.choice(PRESETS, "kube-ovn")
    try:
        return load_layout(preset=name)
    except LayoutError as error:  # a broken installation of klinik itself
        place.problems.extend(error.problems)
        return Layout({}, name)


def _thresholds(place: Place) -> tuple[Threshold, ...]:
    if place.value is not None:
        place.mapping()
    found = []
    for check, inner in place.items():
        if not inner.mapping():
            continue
        for param, value in inner.items():
            found.append(Threshold(check, param, value.value, value.document.line(value.where)))
    return tuple(found)


def _prometheus(place: Place) -> PrometheusAt | None:
    if not place.mapping(PROMETHEUS_KEYS):
        return None
    named = [key for key in ("service", "url") if key in place]
    if len(named) != 1:
        _say(place, "prometheus-one")
        return None
    token, authority = place.at("token_file").string(), place.at("ca_file").string()
    match = _match(place.at("match"))
    if named == ["url"]:
        url = place.at("url").string()
        if not url.startswith(("http://", "https://")):
            _say(place.at("url"), "prometheus-url", url=url)
        return PrometheusAt(url=url.rstrip("/"), token_file=token, ca_file=authority, match=match)
    if token or authority:
        _say(place, "prometheus-token")
    try:
        return replace(PrometheusAt.service(place.at("service").string()), match=match)
    except ValueError as error:
        _say(place.at("service"), "prometheus-service", why=text_of(error))
        return None


def _match(place: Place) -> tuple[tuple[str, str], ...]:
    """Labels and the values that choose this cluster's series; an empty value means that the label is not there."""
    if place.value is None or not place.mapping():
        return ()
    for label, inner in place.items():
        value = inner.value
        if not LABEL.fullmatch(label) or label == "__name__":
            _say(inner, "prometheus-label", label=label)
        if not isinstance(value, str) or len(value) > LONGEST_VALUE or not value.isprintable():
            _say(inner, "prometheus-match", label=label, most=LONGEST_VALUE)
    return tuple((label, str(inner.value)) for label, inner in place.items())


def _say(place: Place, code: str, **words: Any) -> None:
    line = place.document.line(place.where)
    place.problems.append(
        problem_of(place.document.path, line, f"settings.{code}", f"settings.{code}", **words)
    )


def elsewhere(home: str, layout: Layout) -> Text:
    """That the roles were found in another namespace than the layout names, and how to say so for good."""
    spaces = ", ".join(layout.namespaces)
    return message("settings.found-in", namespace=home, preset=layout.preset, namespaces=spaces)


def described(settings: Settings) -> Text:
    """Which layout counts, in words: the preset, where its roles are, which of them are other ones."""
    spaces = settings.layout.namespaces
    changed = ", ".join(settings.changed) or message("settings.none")
    return message(
        "settings.layout", preset=settings.layout.preset, namespaces=", ".join(spaces), changed=changed
    )
