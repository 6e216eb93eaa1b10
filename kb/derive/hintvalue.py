"""What the words of one piece of a text say to do. Plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """The judgement on one piece."""

    leads: bool = False
    """Its first sentence tells somebody to do something."""
    at: int = -1
    """Which of its sentences does first; -1 for none."""
    answers: bool = False
    """It says that what follows is output or an example."""
    waits: bool = False
    """It ends with a colon: something belongs to it."""
    warns: bool = False
    """It is a warning about what comes next."""
    causal: bool = False
    """It says why something is so."""
    troubled: bool = False
    """It says that something is not as it should be."""
    commands: tuple[str, ...] = ()
    """Commands in code marks that it says to run."""

    named: tuple[str, ...] = ()
    """Commands in code marks that it only speaks of: they failed, or this is what they would do."""

    @property
    def instructs(self) -> bool:
        """Whether one of its sentences tells somebody to do something."""
        return self.at >= 0


NOTHING = Hint()
