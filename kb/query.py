"""What was typed, as concepts: each word with the terms that may stand for it."""

from __future__ import annotations

from dataclasses import dataclass

from kb.tokens import Form, Word, is_han, words

WHOLE, JOINED, NUMBER, COMPLETED, MISSPELT = 1.0, 0.9, 0.9, 0.75, 0.6
PARTS = 0.45
"""What all parts of an identifier are worth together, beside its whole."""
CROSSING = 0.7
"""What a pair of characters in a longer Chinese run is worth: every other one crosses two words."""
COMMON = 0.5
"""What a word of the language, not of the field, is worth: it may be rare in articles and still say nothing."""
MAX_CONCEPTS = 64
GRAMMAR = """
a about after all also am an and any are as at be because been but by can cant could did do does doesnt dont for
from get gets had has have how i if in into is it its just let make me much my no not of on one only or our out
so some than that the their them then there these they this to too up us use used using very was we were what
when where which while who why will with would you your
"""
ENGLISH = frozenset(GRAMMAR.split())
CHINESE = frozenset(
    "的了吗呢吧么是在和与就都也还又把被让给对从到为之很太能会要可以怎什哪谁多少几该得着过这那我你他它们一"
)
"""Characters of grammar: a pair with one of them crosses words or asks, it does not name a thing."""


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
        weight = CROSSING if in_run else 1.0
        found.setdefault(
            word.text.lower(), _concept(word, weight * (COMMON if _is_common(word.text) else 1.0))
        )
    return list(found.values())


def _concept(word: Word, weight: float) -> Concept:
    direct = [(form.text, _worth(form)) for form in word.forms if form.kind != "part"]
    parts = tuple(form.text for form in word.forms if form.kind == "part")
    return Concept(word.text, tuple(direct), parts, weight, word.start, word.end)


def _is_common(text: str) -> bool:
    if is_han(text[0]):
        return any(character in CHINESE for character in text)
    return text.lower() in ENGLISH


def _worth(form: Form) -> float:
    return {"whole": WHOLE, "pair": WHOLE, "join": JOINED, "number": NUMBER}.get(form.kind, PARTS)
