"""What home is asked at the moment: the words in the box, under them perhaps a paste, and the answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui import questions
from tui.filters import without
from tui.messages import Answered, SearchAnswered, Telling
from tui.work import Owner, Searching, ask

if TYPE_CHECKING:
    from kb.facets import Counts
    from kb.pastehits import PasteMatch
    from tui.questions import PasteAnswer, Pasted, Told, Words
    from tui.services import Services


class Inquiry:
    """Questions go to threads, answers to older questions are dropped.

    A paste stays under the words that are typed over it: it shows again when they are gone.
    """

    def __init__(self, owner: Owner, services: Services) -> None:
        self._owner = owner
        self._services = services
        self._searching = Searching(owner, services.shelf)
        self.run = 0
        """The question of the moment; its answer carries this number."""
        self.text = ""
        """What is asked; empty: nothing, or the paste."""
        self.words: Words | None = None
        self.answered = ""
        """What `words` answers."""
        self.took_ms = 0.0
        self.failed: Telling | None = None
        """What says why the last question, or the paste, has no answer."""
        self.paste: Pasted | None = None
        self.before = ""
        """What stood in the box when the paste came."""
        self.where: Mapping[str, str] = {}
        """Filters of the paste; those of words stand in their text."""
        self.answer: PasteAnswer | None = None
        self.began = 0.0
        self.told: dict[str, Told] = {}
        """Hits that are shown in another language than they were found in."""
        self._paste_run = 0

    def start(self) -> None:
        """Opens the library and begins to answer."""
        self._searching.start()

    def close(self) -> None:
        """Lets the search thread end."""
        self._searching.close()

    @property
    def waiting(self) -> bool:
        """Whether words were asked for that are not answered yet."""
        return bool(self.text) and self.answered != self.text and self.failed is None

    def others(self) -> Mapping[str, tuple[str, ...]]:
        """The other languages of what is shown."""
        if self.text:
            return self.words.others if self.words else {}
        if self.answer is None:
            return {}
        return {**(self.answer.words.others if self.answer.words else {}), **self.answer.others}

    @property
    def filters(self) -> Mapping[str, str]:
        """The filters of what is asked, as far as it is answered."""
        if self.text:
            return self.words.found.where if self.words is not None else {}
        return self.where

    @property
    def plain(self) -> str:
        """The words without their filters."""
        return without(self.text, self.filters)

    def matches(self) -> tuple[PasteMatch, ...]:
        """The articles that are shown because they know lines of a log."""
        if self.text:
            return self.words.log.matches if self.words is not None and self.words.log is not None else ()
        outcome = self.answer.outcome if self.answer is not None else None
        return (*outcome.matches, *outcome.hints) if outcome is not None else ()

    def lang_of(self, article: str) -> str:
        """The language in which an article is shown; empty where it is none of the answer's."""
        if article in self.told:
            return self.told[article].lang
        words = self.words if self.text else self.answer.words if self.answer is not None else None
        shown = {hit.article_id: hit.lang for hit in words.found.hits} if words is not None else {}
        shown.update((match.article_id, match.lang) for match in self.matches())
        return shown.get(article, "")

    # --- words --------------------------------------------------------------------------------------------------

    def ask(self, text: str, lang: str) -> None:
        """Searches for what stands in the box."""
        self.text, self.failed = text, None
        self.run = self._searching.search(text, lang)

    def forget(self) -> None:
        """Nothing is asked any more; what is still under way is dropped."""
        self.text, self.words, self.answered, self.failed = "", None, "", None
        self.run = -1
        self.told = {}

    def take(self, message: SearchAnswered) -> bool:
        """An answer came; whether it is that to the question of the moment."""
        if message.run != self.run or not self.text:
            return False
        self.told = {}
        if message.error is not None:
            self.words, self.answered = None, ""
            self.failed = message
        else:
            self.words, self.answered, self.took_ms = message.found, message.query, message.took_ms
        return True

    # --- pastes -------------------------------------------------------------------------------------------------

    def ask_paste(
        self, paste: Pasted, lang: str, before: str, where: Mapping[str, str] | None = None
    ) -> None:
        """Matches a paste line by line, on a thread of its own: words can be searched for meanwhile."""
        self.forget()
        self.paste, self.before, self.where = paste, before, dict(where or {})
        self.answer, self.began = None, time.monotonic()
        self._compare(paste, lang)

    def again(self, lang: str) -> None:
        """Asks the same once more: the library has changed. Until the answer comes, the old one stands."""
        if self.text:
            self.ask(self.text, lang)
        if self.paste is not None:
            self._compare(self.paste, lang)

    def _compare(self, paste: Pasted, lang: str) -> None:
        self._paste_run += 1
        services, filters = self._services, self.where
        ask(
            self._owner,
            "paste",
            self._paste_run,
            lambda: questions.known(services.shelf().library, paste, lang=lang, where=filters),
        )

    def drop_paste(self) -> None:
        """The paste is put away."""
        self._paste_run += 1
        self.paste, self.answer, self.where, self.told = None, None, {}, {}

    def take_paste(self, message: Answered) -> bool:
        """The answer to a paste came; whether it is the last one."""
        if message.run != self._paste_run or self.paste is None:
            return False
        if message.error is not None:
            self.failed = message
        else:
            self.answer, self.failed = message.value, None
        return True

    # --- beside them --------------------------------------------------------------------------------------------

    def count(self, words: str, where: Mapping[str, str]) -> Counts:
        """What can be narrowed by; may take long."""
        return questions.counts(self._services.shelf().library, words, where)

    def tell(self, article: str, lang: str) -> None:
        """Shows a hit in another language; the answer comes as ``told:<article>``."""
        services, text, told_to = self._services, self.text, f"told:{article}"
        library = services.shelf
        ask(
            self._owner,
            told_to,
            self.run,
            lambda: questions.in_language(library().library, text, article, lang),
        )
