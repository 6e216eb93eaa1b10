"""What is derived from one language of an article, before the languages are joined. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kb.derive.slots import Slot

Phase = Literal["diagnose", "fix", "workaround", "verify"]
Causing = Literal["named", "unnamed", "situation"]
"""Named by the text; not named though it is about trouble; or a procedure, which has a purpose and no cause."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an article something stands, for what belongs together."""

    heading: str
    trail: tuple[str, ...]
    scope: int
    line: int


@dataclass(frozen=True, slots=True)
class DraftCause:
    """One cause."""

    text: str
    explain: str
    place: Place
    label: str = ""
    """What numbers or names it: its heading, or the beginning of its item."""
    rest: bool = False
    """It stands for everything that belongs to no other cause."""


@dataclass(frozen=True, slots=True)
class DraftStep:
    """One thing to do: a command line, or what a person does elsewhere."""

    phase: Phase
    title: str
    explain: str
    place: Place
    shell: str = ""
    argv: tuple[str, ...] = ()
    slots: tuple[Slot, ...] = ()
    stdin: str = ""
    instruction: str = ""
    """With no command: what is to be done, with the block to use."""
    told: bool = False
    """The text says in so many words that it is to be done, in one of its languages."""
    inline: bool = False
    """A command from the middle of a sentence."""
    block: bool = False
    """The instruction ends with a block to write down somewhere, such as a manifest."""
    impact: str = ""
    label: str = ""
    """What the table or list it comes from says it is for."""

    @property
    def key(self) -> str:
        """What must be equal in another language's step to be the same one."""
        return self.shell.split("\n", 1)[0] if self.shell else ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything one text gives."""

    lang: str
    symptoms: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    causes: tuple[DraftCause, ...] = ()
    steps: tuple[DraftStep, ...] = ()
    rollback: str = ""
    """The heading of the section about the way back."""
    causing: Causing = "named"
    """Whether the causes come from the text; else one stands for what it does not name."""
