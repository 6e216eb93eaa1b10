"""What was typed, as concepts: each word with the terms that may stand for it."""

from __future__ import annotations

from dataclasses import dataclass

from kb.tokens import Form, Word, is_han, words

WHOLE, JOINED, NUMBER, COMPLETED, MISSPELT = 1.0, 0.9, 0.9, 0.75, 0.6
PARTS = 0.45
"""What all parts of an identifier are worth together, beside its whole."""
CROSSING = 0.7
"""What a pair of characters in a longer Chinese run is worth: every other one crosses two words."""
MAX_CONCEPTS = 64


@dataclass(frozen=True, slots=True)
class Concept:
    """One word of the query: any of `terms` stands for it (with that weight), `parts` together for some of it."""

    text: str
    terms: tuple[tuple[str, float], ...]
    parts: tuple[str, ...] = ()
    weight: float = 1.0
    start: int = 0
    end: int = 0

    def also(self, extra: list[str], weight: float) -> Concept:
        """The same concept with more terms that may stand for it."""
        known = {term for term, _ in self.terms}
        added = tuple((term, weight) for term in extra if term not in known)
        return Concept(self.text, (*self.terms, *added), self.parts, self.weight, self.start, self.end)


def concepts(text: str) -> list[Concept]:
    """The concepts of a query in order, none twice."""
    found: dict[str, Concept] = {}
    typed = list(words(text))[:MAX_CONCEPTS]
    for index, word in enumerate(typed):
        in_run = is_han(word.text[0]) and any(
            abs(other.start - word.start) == 1 and is_han(other.text[0])
            for other in typed[max(0, index - 1) : index + 2]
        )
        found.setdefault(word.text.lower(), _concept(word, CROSSING if in_run else 1.0))
    return list(found.values())


def _concept(word: Word, weight: float) -> Concept:
    direct = [(form.text, _worth(form)) for form in word.forms if form.kind != "part"]
    parts = tuple(form.text for form in word.forms if form.kind == "part")
    return Concept(word.text, tuple(direct), parts, weight, word.start, word.end)


def _worth(form: Form) -> float:
    return {"whole": WHOLE, "pair": WHOLE, "join": JOINED, "number": NUMBER}.get(form.kind, PARTS)
