"""Output of a program made fit for the screen and the journal as it comes: harmless, without secrets, bounded. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from kb.safe import printable

LONGEST = 16_000
"""Characters of a line; a longer one is taken apart."""
_TELLING = r"[\w.-]*(?i:password|passwd|secret|token|api[_-]?key|access[_-]?key)[\w.-]*"
_NAME = re.compile(rf"\bname[\"']?\s*:\s*[\"']?{_TELLING}[\"']?,?\s*\Z")
_VALUE = re.compile(r"(\s*-?\s*[\"']?value[\"']?\s*:\s*[\"']?)([^\"',\s][^\"',]*)(.*)\Z", re.S)
_BOTH = re.compile(
    rf"(\\?[\"']?name\\?[\"']?\s*:\s*\\?[\"']?{_TELLING}\\?[\"']?\s*,\s*\\?[\"']?value\\?[\"']?\s*:\s*\\?[\"'])"
    r"([^\"'\\]+)"
)
"""A variable of a container: ``name: DB_PASSWORD``, and its value on the next line or beside it (in an annotation)."""
HIDDEN = "<secret>"
_BEGIN, _END = "PRIVATE KEY-----", "-----END"


class Cleaned:
    """Takes pieces, gives whole lines; a private key over several lines is one secret, so it is held until its end."""

    def __init__(self, redact: Callable[[str], str], most: int):
        self._redact = redact
        self._most = most
        self._open = {False: "", True: ""}
        self._key: list[str] = []
        self._named = False
        self._kept: list[str] = []
        self._length = 0
        self.cut = False
        """Whether more came than is kept."""

    @property
    def kept(self) -> str:
        """The beginning of all that came, up to the bound."""
        return "".join(self._kept)

    def take(self, piece: str, *, error: bool = False) -> str:
        """The lines that are whole now, ready to show; what a program complains with has lines of its own."""
        *lines, self._open[error] = (self._open[error] + piece).split("\n")
        if len(self._open[error]) > LONGEST:
            lines.append(self._open[error])
            self._open[error] = ""
        return self._keep("".join(filter(None, (self._line(line) for line in lines))))

    def rest(self) -> str:
        """What is left when the program has ended."""
        lines = [line for line in self._open.values() if line]
        self._open = {False: "", True: ""}
        shown = "".join(filter(None, (self._line(line) for line in lines)))
        if self._key:
            shown += self._redact("\n".join(self._key)) + "\n"
            self._key = []
        return self._keep(shown)

    def _line(self, line: str) -> str:
        safe = printable(line).expandtabs(8)
        if self._key or (_BEGIN in safe and "BEGIN" in safe):
            self._key.append(safe)
            if _END not in safe and sum(map(len, self._key)) < LONGEST:
                return ""
            safe, self._key = "\n".join(self._key), []
        return self._redact(self._variable(safe)) + "\n"

    def _variable(self, line: str) -> str:
        """The value of a variable whose name says that it is secret is not shown."""
        before, self._named = self._named, bool(_NAME.search(line))
        if "value" not in line:
            return line
        found = _VALUE.match(line) if before else None
        if found is not None:
            return found[1] + HIDDEN + found[3]
        return _BOTH.sub(rf"\g<1>{HIDDEN}", line)

    def _keep(self, shown: str) -> str:
        room = self._most - self._length
        if room > 0:
            self._kept.append(shown[:room])
            self._length += len(self._kept[-1])
        self.cut = self.cut or len(shown) > max(0, room)
        return shown
