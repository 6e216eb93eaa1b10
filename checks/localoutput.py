"""Output of a program made fit for the screen and the journal as it comes: harmless, without secrets, bounded. Pure."""

from __future__ import annotations

from collections.abc import Callable

from kb.safe import printable

LONGEST = 16_000
"""Characters of a line; a longer one is taken apart."""
_BEGIN, _END = "PRIVATE KEY-----", "-----END"


class Cleaned:
    """Takes pieces, gives whole lines; a private key over several lines is one secret, so it is held until its end."""

    def __init__(self, redact: Callable[[str], str], most: int):
        self._redact = redact
        self._most = most
        self._open = {False: "", True: ""}
        self._key: list[str] = []
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
        return self._redact(safe) + "\n"

    def _keep(self, shown: str) -> str:
        room = self._most - self._length
        if room > 0:
            self._kept.append(shown[:room])
            self._length += len(self._kept[-1])
        self.cut = self.cut or len(shown) > max(0, room)
        return shown
