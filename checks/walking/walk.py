"""One operator going through one guide on one cluster: check, choose a cause, plan, confirm, run, verify, undo.

A walk owns the results of the last run, the journal and the session folded from it. It writes no file while somebody
only looks: the journal is made when a cause is chosen, a note is taken, or a step is begun; it then starts with the
results seen so far.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from checks.catalogue import Catalogue
from checks.causes import CauseVerdict, SymptomVerdict, judge_causes, symptom_verdicts
from checks.clock import Clock, RealClock, Stop, stopping
from checks.cluster import Cluster
from checks.clusteruid import uid_of
from checks.identity import foreign_to, opening
from checks.layout import Layout, load_layout
from checks.model import CheckFinished, Result, RunEvent
from checks.operators import user
from checks.pasting.pasted import Pasted
from checks.plans import byhand, gate
from checks.plans.inputs import Choices, choices, proposals, typed_values
from checks.plans.plan import Plan, PlanError
from checks.plans.planner import make_plan, plan_undo
from checks.runner import run as run_checks
from checks.runner import run_all
from checks.sessions.journal import FileJournal, Journal, new_session_id, sessions_dir
from checks.sessions.session import SETTLED, Session, StepRecord, StepState, advance, fold, interrupted
from checks.walking.access import Access
from checks.walking.restored import not_here
from checks.walking.steprun import NotConfirmed, StepRun
from checks.writing.canary import BATCH
from checks.writing.stepevents import StepEvent
from checks.writing.verify import brief
from kb.messages import message
from kb.model import NOTHING, Article, CheckUse, CommandAction, Guide, ManualAction, Step
from kb.text import Lang, Text

__all__ = ["NotConfirmed", "Walk", "WalkError"]


class WalkError(Exception):
    """Something that cannot be done in this walk; `text` says why."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


class Walk:
    """One walk; not safe to use from two threads at once."""

    def __init__(
        self,
        cluster: Cluster,
        article: Article,
        catalogue: Catalogue,
        *,
        journal: Journal | None = None,
        lang: Lang = "en",
        journal_dir: Path | None = None,
        operator: str | None = None,
        layout: Layout | None = None,
        access: Access | None = None,
        clock: Clock | None = None,
    ):
        if article.guide is None:
            raise WalkError(message("session.no-guide", id=article.id))
        self.cluster = cluster
        self.article = article
        self.guide: Guide = article.guide
        self.catalogue = catalogue
        self.lang = lang
        self.operator = operator or user()
        self.layout = layout or catalogue.layout or load_layout()
        self.access = access or Access()
        self.clock = clock or RealClock()
        self._journal_dir = journal_dir
        self._journal = journal
        self._session = fold(journal.entries) if journal else Session()
        self._results: dict[str, Result] = {}
        self._unwritten = False
        self._pasted: dict[str, tuple[Pasted, ...]] = {}

    @classmethod
    def open(cls, cluster: Cluster, article: Article, catalogue: Catalogue, **options: Any) -> Walk:
        """A new walk; options as in the constructor. `journal_dir` None is the platform's folder of sessions."""
        return cls(cluster, article, catalogue, **options)

    @classmethod
    def resume(
        cls, path: Path, cluster: Cluster, article: Article, catalogue: Catalogue, **options: Any
    ) -> Walk:
        """Goes on with the session of a journal; a step that was running is in doubt then.

        Raises JournalError (unreadable, or taken by another klinik) and WalkError (other article, other cluster).
        """
        journal = FileJournal.open(path)
        try:
            walk = cls(cluster, article, catalogue, journal=journal, **options)
            foreign = foreign_to(walk.session, article, cluster.info, uid_of(cluster))
            if foreign:
                raise WalkError(foreign)
            walk.record(
                "resumed", operator=walk.operator, context=cluster.info.context, server=cluster.info.server
            )
        except BaseException:
            journal.close()
            raise
        return walk

    # --- what is known --------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """Everything so far."""
        return self._session

    @property
    def path(self) -> Path | None:
        """The journal's file, once there is one."""
        return self._journal.path if self._journal else None

    @property
    def results(self) -> Mapping[str, Result]:
        """The latest result of every check that was run, by alias."""
        return dict(self._results)

    def check(self, names: Iterable[str] | None = None, stop: Stop | None = None) -> Iterator[RunEvent]:
        """Runs checks of the guide (all but heavy ones unless named) and keeps their results."""
        uses = self.uses(names)
        cancel = stop if isinstance(stop, threading.Event) else None
        for event in run_checks(
            self.cluster, uses, self.catalogue, layout=self.layout, stop=cancel, pasted=self._pasted
        ):
            if isinstance(event, CheckFinished):
                self._results[event.result.alias] = event.result
            yield event
            if stopping(stop):
                break
        if self._journal is None:
            self._unwritten = True
        else:
            seen = {use.alias: self._results[use.alias] for use in uses if use.alias in self._results}
            self.record("checked", results=brief(seen))

    def paste(self, alias: str, pasted: Iterable[Pasted]) -> None:
        """Stands for what the cluster does not answer, from the next `check` on and until a step begins to write."""
        self._pasted[alias] = (*self._pasted.get(alias, ()), *pasted)

    def uses(self, names: Iterable[str] | None = None) -> list[CheckUse]:
        """The checks behind these aliases; without names all that are not heavy."""
        if names is not None:
            return [self.guide.checks[name] for name in dict.fromkeys(names)]
        return [use for use in self.guide.checks.values() if not self._heavy(use)]

    def symptoms(self) -> tuple[SymptomVerdict, ...]:
        """The symptoms with the verdict of their checks."""
        return symptom_verdicts(self.guide, self._results)

    def causes(self) -> tuple[CauseVerdict, ...]:
        """The causes with their states, upstream first."""
        return judge_causes(self.guide, self._results)

    # --- choosing -------------------------------------------------------------------------------------------------

    def choose(self, cause_id: str) -> None:
        """The cause whose steps shall be walked; journaled with the state of every cause."""
        cause = self.guide.cause(cause_id)
        states = {view.cause.id: view.state for view in self.causes()}
        self.record("cause", cause=cause.id, causes=states, steps=len(cause.fix))

    def steps(self) -> tuple[Step, ...]:
        """The steps of the chosen cause, in order; none before a cause is chosen."""
        if not self._session.cause:
            return ()
        return tuple(self.guide.step(step_id) for step_id in self.guide.cause(self._session.cause).fix)

    def state(self, step_id: str) -> StepState:
        """The state of a step."""
        return self._session.step(step_id).state

    def record_of(self, step_id: str) -> StepRecord:
        """Everything the journal knows of a step."""
        return self._session.step(step_id)

    def next_step(self) -> Step | None:
        """The first step that is not settled."""
        return next((step for step in self.steps() if self.state(step.id) not in SETTLED), None)

    def blocked(self, step_id: str) -> Text | None:
        """Why a step is not offered now; None where it is. What is not known blocks with words of its own."""
        step = self.guide.step(step_id)
        if self.state(step_id) == "in_doubt":
            return message("session.blocked-doubt")
        doubt = next(iter(self.in_doubt()), None)
        if doubt is not None:
            return message("session.blocked-other-doubt", step=doubt.text)
        return gate.blocked(step, self._results)

    def already_done(self, step_id: str) -> bool | None:
        """Whether the evidence says that a step is done; None for unknown, or where the step does not say."""
        return gate.already_done(self.guide.step(step_id), self._results)

    def choices(
        self, step_id: str, values: Mapping[str, Any], name: str = ""
    ) -> dict[str, Choices] | Choices:
        """The choices of every input of a step by name, or of one; `values` are those of the inputs so far."""
        step = self.guide.step(step_id)
        if name:
            return choices(next(one for one in step.inputs if one.name == name), self._results, values)
        return {spec.name: choices(spec, self._results, values) for spec in step.inputs}

    def proposed(self, step_id: str) -> dict[str, Any]:
        """The values that evidence and defaults propose, input after input; inputs without a proposal are left out."""
        return proposals(self.guide.step(step_id).inputs, self._results)

    def values(self, step_id: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        """What was entered as typed values; raises InputError for the first that is wrong."""
        return typed_values(self.guide.step(step_id).inputs, self._results, raw)

    # --- doing ----------------------------------------------------------------------------------------------------

    def plan(self, step_id: str, values: Mapping[str, Any]) -> Plan:
        """The plan of a step with these values (checked again); raises PlanError, InputError, ClusterError."""
        reason = self.blocked(step_id)
        if reason:
            raise PlanError(reason)
        step = self.guide.step(step_id)
        if isinstance(step.action, CommandAction):
            raise PlanError(message("derive.not-run"))
        typed = self.values(step_id, values)
        plan = make_plan(self.cluster, self.layout, step, typed, self._results, self.clock.now())
        return replace(plan, warnings=(*gate.doubts(self._session), *plan.warnings))

    def plan_undo(self, step_id: str) -> Plan:
        """The plan that takes a step back; raises PlanError where that cannot be."""
        record = self._session.step(step_id)
        if not record.to_undo() or record.state == "running":
            raise PlanError(message("session.undo-nothing"))
        plan = plan_undo(self.cluster, self.layout, self.guide.step(step_id), record, self.clock.now())
        return replace(plan, warnings=(*plan.warnings, *not_here(self.path, record)))

    def run(
        self, plan: Plan, *, typed: str, stop: Stop | None = None,
        take_over: bool | Collection[str] = False, batch: int = BATCH,
    ) -> Iterator[StepEvent]:  # fmt: skip
        """Runs a confirmed plan and proves it; `take_over` takes the turn from all at work, or from those named.

        Of several targets one goes first and is looked at, then `batch` at a time. A `Control` as `stop` can hold it.

        Raises at once NotArmed, NotConfirmed and PlanError; while iterating StalePlan and Held (nothing was sent),
        JournalError.
        """
        self._may_begin(plan.step_id)
        if plan.purpose == "do" and self.state(plan.step_id) == "in_doubt":
            raise PlanError(message("session.blocked-doubt"))
        reason = self.access.require(self.cluster.info) if not plan.manual else ""
        if not plan.confirm.accepts(typed):
            raise NotConfirmed(message("session.not-confirmed", words=plan.confirm.expected))
        return StepRun(self, plan, reason, stop, take_over=take_over, batch=batch).events()

    def undo(
        self, plan: Plan, *, typed: str, stop: Stop | None = None,
        take_over: bool | Collection[str] = False, batch: int = BATCH,
    ) -> Iterator[StepEvent]:  # fmt: skip
        """Runs a confirmed plan of `plan_undo`; as `run`."""
        if plan.purpose != "undo":
            raise PlanError(message("session.undo-nothing"))
        return self.run(plan, typed=typed, stop=stop, take_over=take_over, batch=batch)

    def line(self, step_id: str, values: Mapping[str, Any]) -> str:
        """The command line of an article's step with these values, for copying; raises InputError and PlanError."""
        return byhand.line(self.guide.step(step_id), values, self._results)

    def done_by_hand(
        self, step_id: str, stop: Stop | None = None, values: Mapping[str, Any] | None = None
    ) -> Iterator[StepEvent]:
        """A person has done a manual step, or run an article's command with `values`: the verification looks."""
        step = self.guide.step(step_id)
        if not isinstance(step.action, (ManualAction, CommandAction)):
            raise PlanError(message("session.not-manual"))
        self._may_begin(step_id)
        reason = self.blocked(step_id)
        if reason:
            raise PlanError(reason)
        kept = byhand.kept(step, values or {}, self._results)
        plan = make_plan(self.cluster, self.layout, step, kept, self._results, self.clock.now())
        return StepRun(self, plan, "", stop).events()

    def skip(self, step_id: str, reason: str) -> None:
        """Leaves a step out, and says why; raises WalkError without a reason."""
        if not reason.strip():
            raise WalkError(message("session.skip-reason"))
        if self.state(step_id) == "in_doubt":
            raise WalkError(message("session.blocked-doubt"))
        self._end(step_id, "skipped", reason.strip())

    def accept_done(self, step_id: str) -> None:
        """Takes a step as done because the evidence says so; raises WalkError where it does not."""
        if self.already_done(step_id) is not True:
            raise WalkError(message("session.not-already-done"))
        self._end(step_id, "already_done", "")

    def in_doubt(self) -> tuple[Step, ...]:
        """The steps whose outcome is not known."""
        return tuple(step for step in self.guide.steps if self.state(step.id) == "in_doubt")

    def settle(self, step_id: str, happened: bool, why: str) -> None:
        """After looking: whether the step in doubt took effect; without effect or in part it can be done again."""
        if self.state(step_id) != "in_doubt":
            raise WalkError(message("session.not-in-doubt"))
        record = self.record_of(step_id)
        if happened and record.partly:
            sent = len(record.commands) - record.run_from
            partly = message("faults.partly", sent=sent, planned=record.planned)
            said = {"en": partly.en, "zh": partly.zh}
            self.record("ended", step=step_id, state="failed", reason=why, message=said)
            return
        took: StepState = "undone" if record.purpose == "undo" else "done"
        self._end(step_id, took if happened else "failed", why)

    def note(self, text: str) -> None:
        """Writes down what the operator has to say."""
        if text.strip():
            self.record("note", text=text.strip(), operator=self.operator)

    def finish(self, outcome: str, why: str = "", versions: Mapping[str, str] = NOTHING) -> None:
        """Ends the session: ``solved``, ``not-solved`` or ``abandoned``, and on which versions that was."""
        self.record("finished", outcome=outcome, why=why.strip(), versions=dict(versions))

    def close(self) -> None:
        """Lets go of the journal; the session can be resumed."""
        if self._journal:
            self._journal.close()

    # --- for the running of steps ---------------------------------------------------------------------------------

    @property
    def journal(self) -> Journal:
        """The journal, made now if there was none; raises JournalError."""
        if self._journal is None:
            now = self.clock.now()
            name = new_session_id(self.article.id, now)
            self._journal = FileJournal.create(self._journal_dir or sessions_dir(), name, self.clock.now)
        if not self._session.id:
            path = self._journal.path
            name = path.stem if path else new_session_id(self.article.id, self.clock.now())
            first = opening(
                name, self.article, self.cluster.info, self.operator, self.lang, uid_of(self.cluster)
            )
            self._advance(self._journal.append("opened", **first))
            if self._unwritten:
                self._unwritten = False
                self._advance(self._journal.append("checked", results=brief(self._results)))
        return self._journal

    def record(self, kind: str, **data: Any) -> None:
        """Appends to the journal and takes the session further; raises JournalError."""
        self._advance(self.journal.append(kind, **data))

    def look(self, names: tuple[str, ...]) -> dict[str, Result]:
        """Runs checks quietly and returns their results, which are kept as the latest."""
        found = run_all(self.cluster, self.uses(names), self.catalogue, layout=self.layout)
        self._results.update(found)
        return found

    def refold(self) -> None:
        """Takes the session from the journal's entries, after somebody else appended to it."""
        self._session = fold(self.journal.entries)

    def break_off(self) -> None:
        """Takes a running step as anybody else will find it in the journal, where its end could not be written."""
        self._session = interrupted(self._session)

    def _advance(self, entry: dict[str, Any]) -> None:
        self._session = advance(self._session, entry)

    def _end(self, step_id: str, state: StepState, reason: str) -> None:
        self.guide.step(step_id)
        if self.state(step_id) == "running":
            raise WalkError(message("session.running"))
        self.record("ended", step=step_id, state=state, reason=reason)

    def _may_begin(self, step_id: str) -> None:
        running = [record.id for record in self._session.steps.values() if record.state == "running"]
        if running:
            raise PlanError(message("session.running"))
        self.guide.step(step_id)
        self._pasted.clear()  # it tells of the time before this step

    def _heavy(self, use: CheckUse) -> bool:
        return use.check in self.catalogue and self.catalogue.get(use.check).cost == "heavy"
