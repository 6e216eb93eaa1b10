"""The order in which a step goes through many targets: one first, then batches of a chosen size, held where asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual.content import Content

from checks.clock import Holds
from checks.writing.canary import BATCH, target_of
from kb.messages import message
from kb.safe import one_line
from tui.screens.choose import ChooseDialog, Item

if TYPE_CHECKING:
    from checks.plans.plan import Plan
    from tui.app import KlinikApp

SIZES = (1, 2, 5, 10, 20, 50, 100)
HOLDS: tuple[Holds, ...] = ("first", "every", "never")


@dataclass(frozen=True, slots=True)
class Order:
    """How many targets after the first one are worked on before they are looked at, and where the step holds."""

    batch: int = BATCH
    holds: Holds = "never"


def targets(plan: Plan) -> tuple[str, ...]:
    """What the plan works on, each once, in order."""
    return tuple(dict.fromkeys(name for write in plan.commands if (name := target_of(write))))


def usual(plan: Plan) -> Order:
    """What counts where nobody chose: whatever may hurt is held after its first target until somebody has looked."""
    return Order(holds="first" if plan.risk in ("disruptive", "destructive") else "never")


def lines(plan: Plan, order: Order, verified: bool, lang: str) -> list[Content]:
    """The order in words, for the preview; nothing for a step of one target."""
    names = targets(plan)
    if len(names) < 2:
        return _of_one(plan, order, lang)
    said = message(
        f"execution.order-{order.holds}", first=one_line(names[0], 60), left=len(names) - 1, batch=order.batch
    ).get(lang)
    looked = message("execution.order-looked" if verified else "execution.order-unlooked").get(lang)
    return [
        Content.assemble((message("execution.order").get(lang) + " ", "bold"), said),
        Content.styled(f"  {looked}", "$quiet"),
    ]


def many(plan: Plan) -> bool:
    """Whether there is an order at all: several targets, or one that is written to several times."""
    return len(plan.commands) > 1 and bool(targets(plan))


def _of_one(plan: Plan, order: Order, lang: str) -> list[Content]:
    if not many(plan):
        return []
    first, left = plan.commands[0].items, len(plan.commands) - 1
    key = "execution.order-writes" if order.holds == "never" else "execution.order-writes-held"
    said = message(key, first=f"{first:,}", items=f"{plan.items:,}", left=left).get(lang)
    return [Content.assemble((message("execution.order").get(lang) + " ", "bold"), said)]


def ask(app: KlinikApp, plan: Plan, now: Order, then: Callable[[Order], None]) -> None:
    """The size of the batches, then where the step holds by itself."""
    left = len(targets(plan)) - 1
    if left < 1:
        _ask_hold(app, now, then)
        return
    sizes = [*(size for size in SIZES if size < left), left]
    items = [Item(str(n), message("execution.batch-of", n=n, left=left).get(app.lang), n) for n in sizes]
    chosen = [str(max((n for n in sizes if n <= now.batch), default=1))]

    def sized(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            _ask_hold(app, replace(now, batch=int(values[0])), then)

    question = message("execution.batch-question", left=left).get(app.lang)
    app.push_screen(ChooseDialog(question, items, chosen=chosen), sized)


def _ask_hold(app: KlinikApp, now: Order, then: Callable[[Order], None]) -> None:
    items = [Item(one, message(f"execution.hold-{one}").get(app.lang), one) for one in HOLDS]

    def chose(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            then(replace(now, holds=values[0]))

    question = message("execution.hold-question").get(app.lang)
    app.push_screen(ChooseDialog(question, items, chosen=[now.holds]), chose)
