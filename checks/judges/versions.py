"""Kube-OVN versions as they are read from image references, and what follows from them.

A version is a tuple ``(major, minor, patch)``. The running version is that of the cni-server image of the pods labelled
``app=kube-ovn-cni``; during an upgrade there may be several.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Version = tuple[int, int, int]

_TAG = re.compile(r"^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+._].*)?$")
# From 1.13 every kind carries the qualified finalizer (kube-ovn #3748); before, the plain one.
_QUALIFIED_SINCE: Version = (1, 13, 0)


def parse_version(image: str) -> Version | None:
    """The version in an image reference (``reg:5000/kubeovn/kube-ovn:v1.12.27-x86``) or in a bare tag, else None."""
    reference = image.strip().partition("@")[0]
    tag = reference.rpartition("/")[2].rpartition(":")[2]
    match = _TAG.match(tag)
    if not match:
        return None
    return int(match[1]), int(match[2]), int(match[3] or 0)


def show_version(version: Version) -> str:
    """The version as people write it, ``1.12.27``."""
    return ".".join(str(part) for part in version)


def cni_images(pods: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The images of the cni-server containers (the first container where none is called so), each once, sorted."""
    images: set[str] = set()
    for pod in pods:
        containers = (pod.get("spec") or {}).get("containers") or []
        named = [c for c in containers if c.get("name") == "cni-server"] or containers[:1]
        images.update(str(c.get("image", "")) for c in named)
    return tuple(sorted(images - {""}))


def running_versions(pods: Iterable[Mapping[str, Any]]) -> tuple[Version, ...]:
    """The distinct Kube-OVN versions of kube-ovn-cni pods, lowest first; images without a version tag are left out."""
    found = {parse_version(image) for image in cni_images(pods)}
    return tuple(sorted(v for v in found if v is not None))


def kube_ovn_finalizer(version: Version) -> str:
    """The finalizer this version sets on its own objects."""
    return "kubeovn.io/kube-ovn-controller" if version >= _QUALIFIED_SINCE else "kube-ovn-controller"
