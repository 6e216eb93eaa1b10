"""The walk's thread: jobs go before checks, and what they cut short is asked all the same."""

from __future__ import annotations

import queue
from typing import Any

from checks.walking.walk import Walk
from tests.checks.incident import ARTICLE, CATALOGUE, Ovn, cluster_with
from tui.messages import Answered
from tui.walker import Walker


class Listener:
    """What a screen would hear."""

    def __init__(self) -> None:
        self.heard: queue.Queue[Any] = queue.Queue()

    def post_message(self, message: Any) -> bool:
        self.heard.put(message)
        return True

    def answer(self, tag: str) -> Answered:
        while True:
            message = self.heard.get(timeout=20)
            if isinstance(message, Answered) and message.tag == tag:
                assert message.error is None
                return message


def test_checks_that_a_job_cut_short_are_left_and_asked_later() -> None:
    listener = Listener()
    walk = Walk.open(cluster_with(Ovn()), ARTICLE, CATALOGUE)
    asked = {use.alias for use in walk.uses()}
    walker = Walker(listener, lambda: walk)
    walker.check()
    walker.do("form", lambda walk: None)  # before the thread begins: nothing of the run is answered
    walker.start()
    assert walker.left(listener.answer("check").run) == (), "the job that waits comes first"
    left = walker.left(listener.answer("form").run)
    assert left
    assert {*left, *walk.results} == asked
    walker.check(left)
    assert walker.left(listener.answer("check").run) == ()
    assert set(walk.results) == asked
    walker.close()
