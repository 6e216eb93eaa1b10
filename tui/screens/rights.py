"""What this user may and may not do here: for the checks, and apart from it for the fixes; with the roles as YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from kb.safe import one_line
from tui.keys import quiet
from tui.messages import Answered
from tui.screens import evidence
from tui.screens.base import KlinikScreen
from tui.screens.check_text import MAY
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.rows import Row, Rule
from tui.widgets.say import dim, foreign
from tui.work import ask

if TYPE_CHECKING:
    from checks.rights.permissions import Permission
    from checks.rights.roleparts import Scope

USERS = 6
"""Checks or steps that are named at a refused permission."""


class RightsScreen(KlinikScreen[None]):
    """Every permission with the server's answer; what is refused first, with what it costs."""

    CSS_PATH = "checks.tcss"
    AUTO_FOCUS = "#rights"
    BINDINGS: ClassVar[list[BindingType]] = quiet(
        {"r": "role('checks')", "f": "role('fixes')", "question_mark": "help"}
    )
    help_key = "rights"

    def __init__(self) -> None:
        super().__init__()
        self.scope: Scope | None = None
        self.needs: Mapping[str, Mapping[Permission, tuple[str, ...]]] = {}
        self.behind: dict[str, tuple[Permission, tuple[str, ...]]] = {}
        self.error = ""

    # --- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterator[Widget]:
        """A line of counts and the list."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield OptionList(id="rights", markup=False)

    def ready(self) -> None:
        """What is needed is worked out on a thread."""
        services, guided = self.app.services, self.app.link.guided()

        def read() -> object:
            from checks.rights.roleparts import everything, needs_of

            guides = [article.guide for article in guided if article.guide]
            scope = everything(services.catalogue(), guides)
            return scope, needs_of(scope, services.layout())

        ask(self, "needs", 0, read)

    def way_here(self) -> Callable[[], None] | None:
        """The permissions again."""
        return self.app.open_rights

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    def hints(self) -> tuple[Hint, ...]:
        """The roles that would allow it."""
        return (
            self.hint("Enter", "who_needs", "users"),
            self.hint("r", "role_checks", "role('checks')"),
            self.hint("f", "role_fixes", "role('fixes')"),
            self.hint("^R", "again", "read_again"),
            self.hint("Esc", "back", "back"),
        )

    # --- answers ------------------------------------------------------------------------------------------------

    def on_answered(self, message: Answered) -> None:
        """What is needed is known; now the server is asked."""
        if message.error is not None:
            self.error = message.why(self.app.lang)
        else:
            self.scope, self.needs = message.value
            self._ask()
        self._draw()

    def _ask(self) -> None:
        self.app.rights.ask(permission for part in self.needs.values() for permission in part)

    def rights_news(self) -> None:
        """Answers came."""
        self._draw()

    def cluster_news(self) -> None:
        """Another cluster: other rights."""
        self._ask()

    def action_again(self) -> None:
        """Asks the server again: roles may have been given meanwhile."""
        self.app.rights.forget()
        self._ask()
        self._draw()

    # --- drawing ------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        answers, state = self.app.rights.answers, self.app.cluster_state
        self.behind = {}
        options: list[Option] = []
        for part, needs in self.needs.items():
            refused = sum(answers.get(permission) is False for permission in needs)
            said = self.say("rights.refused_of", n=refused, total=len(needs))
            title = Content.styled(self.say(f"rights.{part}"), "bold")
            options.append(
                Option(Rule(title, dim(said), self.app.signs.rule), id=f"rule:{part}", disabled=True)
            )
            options += [self._line(part, one, needs[one]) for one in sorted(needs, key=self._rank)]
        settle(self.query_one("#rights", OptionList), options)
        who = one_line(self.app.link.cluster.info.user, 60) if self.app.link.cluster is not None else ""
        if self.error:
            right = Content.styled(self.error, "$text-error")
        elif state.phase == "absent":
            right = Content.styled(self.say("checks.absent"), "$text-error")
        else:
            right = dim(self.say("rights.asking") if self.app.rights.asking else "")
        left = Content.assemble(
            (f" {self.say('rights.title')}  ", "bold"), dim(self.say("rights.user", user=who) if who else "")
        )
        self.query_one("#crumb", Static).update(Row(left, right))

    def _rank(self, permission: Permission) -> tuple[int, str, str]:
        answer = self.app.rights.answers.get(permission)
        return {False: 0, None: 1, True: 2}[answer], permission.shown, permission.verb

    def _line(self, part: str, permission: Permission, users: tuple[str, ...]) -> Option:
        lang, signs, answers = self.app.lang, self.app.signs, self.app.rights.answers
        key = f"{part}:{permission.verb} {permission.shown}"
        self.behind[key] = (permission, users)
        may = answers.get(permission)
        mark = evidence.sign(MAY[may], lang, signs) if permission in answers else dim(signs.dot)
        left = Content.assemble(
            mark, " ", foreign(f"{permission.verb} {permission.shown}", "bold" if may is False else "")
        )
        count = dim(self.say(f"rights.for_{part}{'_one' if len(users) == 1 else ''}", n=len(users)))
        below: tuple[Content, ...] = ()
        if may is False:
            more = f" +{len(users) - USERS}" if len(users) > USERS else ""
            below = (foreign(", ".join(users[:USERS]) + more, "$quiet"),)
        return Option(Row(left, count, below, indent=2), id=key)

    # --- actions ------------------------------------------------------------------------------------------------

    @on(OptionList.OptionSelected, "#rights")
    def action_users(self) -> None:
        """Who needs the permission under the cursor."""
        option = self.query_one("#rights", OptionList).highlighted_option
        found = self.behind.get(option.id or "") if option is not None else None
        if found is not None:
            permission, users = found
            self.app.open_text(f"{permission.verb} {permission.shown}", "\n".join(users))

    def action_role(self, part: str) -> None:
        """The smallest roles for the checks or for the fixes as YAML, to read and to copy."""
        if self.scope is None:
            return
        from checks.rights.rbac import Subject
        from checks.rights.rbactext import yaml_of
        from checks.rights.roleparts import part_of

        lang, subject = self.app.lang, Subject()
        text = yaml_of([part_of(part, self.scope, self.needs[part], subject, lang)], subject, lang)
        self.app.open_text(self.say(f"rights.role_{part}"), text, copies=text)
