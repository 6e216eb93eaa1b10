"""The versions that run, held against those an article is for, and those that have its bug corrected. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from checks.errors import ClusterError
from checks.judges.versions import Version, parse_version, running_versions, show_version
from checks.outlook.scene import PATIENCE, Scene, quietly
from checks.outlook.values import Running
from checks.specs.applicability import fits, terms

ASKED = ("ovs-vsctl", "--timeout=5", "--if-exists", "get", "Open_vSwitch", ".", "ovs_version")
"""Reads the version that ovs-vswitchd wrote down itself."""


def versions_of(scene: Scene) -> tuple[Running, ...]:
    """One value per component that the guide names; what cannot be read, or klinik cannot tell, has no version."""
    guide = scene.guide
    names = dict.fromkeys([*guide.applies_to, *guide.fixed_in])
    return tuple(
        against(name, _running(scene, name), guide.applies_to.get(name, ""), guide.fixed_in.get(name, ()))
        for name in names
    )


def against(component: str, running: Sequence[Version], wanted: str, fixed_in: tuple[str, ...]) -> Running:
    """Judges versions: a mixed cluster fits where one of its versions does, and is corrected where all are."""
    shown = tuple(show_version(version) for version in running)
    known = bool(wanted) and bool(terms(wanted)) and bool(running)
    holds = any(fits(version, wanted) for version in running) if known else None
    corrected = all(_corrected(version, fixed_in) for version in running) if running and fixed_in else None
    return Running(component, shown, wanted, holds, fixed_in, corrected)


def _corrected(version: Version, fixed_in: Sequence[str]) -> bool:
    """Whether a release has the correction: from that of its own series on, and every series after the last named."""
    releases = [found for found in map(parse_version, fixed_in) if found is not None]
    if any(one[:2] == version[:2] and version >= one for one in releases):
        return True
    return bool(releases) and version[:2] > max(releases)[:2]


def _running(scene: Scene, component: str) -> tuple[Version, ...]:
    if component == "kube-ovn":
        return running_versions(_pods(scene, "cni"))
    if component == "kubernetes":
        found = quietly(lambda: scene.cluster.version(timeout=PATIENCE))
        version = parse_version(found or "")
        return (version,) if version else ()
    if component in ("openvswitch", "ovs"):
        return _switch(scene)
    return ()


def _pods(scene: Scene, role: str) -> Sequence[dict[str, object]]:
    return (quietly(lambda: scene.pods(role)) or ()) if role in scene.layout.roles else ()


def _switch(scene: Scene) -> tuple[Version, ...]:
    """As the first node tells it: they run one image."""
    try:
        target = scene.targets("ovs")[0]
        answer = scene.cluster.exec(target.namespace, target.pod, target.container, ASKED, timeout=PATIENCE)
    except (ClusterError, IndexError):
        return ()
    version = parse_version(answer.stdout.strip().strip('"')) if answer.code == 0 else None
    return (version,) if version else ()
