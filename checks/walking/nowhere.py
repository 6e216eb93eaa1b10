"""No cluster at all, behind the protocol of one: a guide whose steps a person does can be walked without any."""

from __future__ import annotations

from typing import Any, NoReturn

from checks.cluster import ClusterInfo
from checks.errors import Unreachable
from kb.messages import message


class Nowhere:
    """A `Cluster` that raises Unreachable for every call; its context and server are empty."""

    @property
    def info(self) -> ClusterInfo:
        """Nothing has a name here."""
        return ClusterInfo("", "")

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise Unreachable(message("session.nowhere"))

    version = list = get = logs = exec = proxied = patch = create = delete = evict = can = _refuse

    def close(self) -> None:
        """There is nothing to let go of."""
