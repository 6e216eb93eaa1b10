"""Collecting: each distinct read of a run happens once, however many checks want it.

`Facts.want` says what is wanted and gives futures; `Facts.start` begins. Reads run on daemon threads (`pool`), so a
node that hangs delays nobody and a run can be left at any time. Nothing here judges.
"""

from __future__ import annotations

from checks.facts.collector import LIMITS, Facts

__all__ = ["LIMITS", "Facts"]
