"""Read-only means it: whatever is pressed, chosen or called, the API server gets not one write.

A sample in every run: the screens from which steps are run, the palette, and the commands that read the most.
``KLINIK_DRIVE=all`` opens every screen and runs every command.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from textual.widgets import Input

from checks.live import LockedCluster
from checks.live import connect as connect_live
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from checks.sessions.journal import FileJournal
from checks.walking.access import IDLE, Access
from checks.writing.leases import Claim, Holder
from checks.writing.turns import Held
from tests.tui.conftest import PACE, klinik, screen_text, until
from tests.tui.driving import REASON, Drive, all_screens
from tests.tui.recording import Recorder, could_write
from tui.app import KlinikApp
from tui.cli.main import cli, main
from tui.connect import Connection
from tui.screens.ask import AskDialog
from tui.screens.confirm import ConfirmDialog
from tui.screens.guide import GuideScreen
from tui.screens.outlook import OutlookScreen
from tui.screens.sessionfiles_draft import DraftScreen
from tui.screens.turn import TurnDialog
from tui.services import Place, Services
from tui.sessionwork import Drafted

ALL = os.environ.get("KLINIK_DRIVE", "") == "all"
SCENARIO, ARTICLE, CAUSE = "ip-held-by-finalizer", "subnet-ip-stuck-deleting", "ip-held-subnet-gone"
CHECK = "cni.errors"


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    """Everything the server is asked."""
    return Recorder()


@pytest.fixture(scope="module")
def kubeconfig(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster with an incident whose fix restarts pods, patches objects and runs commands."""
    path = tmp_path_factory.mktemp("readonly") / "kubeconfig"
    with PracticeServer(build_world(SCENARIO, pace=PACE), faults=recorder) as server:
        server.write_kubeconfig(path)
        yield path


@pytest.fixture
def make(
    services: Callable[..., Services], kubeconfig: Path, recorder: Recorder
) -> Callable[[bool], Services]:
    """Services on that cluster, which counts as production, with or without --read-only."""

    def made(read_only: bool) -> Services:
        def cluster(place: Place) -> Connection:
            found = connect_live(kubeconfig=str(kubeconfig), production=True)
            return Connection(LockedCluster.of(found) if read_only else found, [found.close])

        return services(SCENARIO, open_cluster=cluster, read_only=read_only)

    recorder.forget()
    return made


class Walked:
    """One session of the guide, opened again and again."""

    def __init__(self, drive: Drive, app: KlinikApp) -> None:
        self.drive, self.app = drive, app
        self.path = ""

    async def fix(self) -> GuideScreen:
        """The guide at the steps of the cause; the plan of the whole fix is looked at on the way there."""
        pilot, app = self.drive.pilot, self.app
        await self.free()
        app.open_guide(ARTICLE, self.path)
        await pilot.pause()
        guide = app.screen
        assert isinstance(guide, GuideScreen)
        await until(pilot, lambda: guide.snap.results and not guide.checking, "the guide's checks")
        if not guide.snap.session.cause:
            await pilot.press("2")
            causes = guide.query_one("#cause-list")
            causes.highlighted = [view.cause.id for view in guide.snap.causes].index(CAUSE)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(self.drive.top, OutlookScreen), "the whole plan")
            plan = app.screen
            await until(pilot, lambda: plan.seen is not None or plan.problem, "the plan read")
            await pilot.press("enter")
            await until(pilot, lambda: guide.snap.session.cause == CAUSE, "the cause chosen")
        elif guide.snap.steps[0].blocked is not None:
            guide.action_check()  # the form of a step made room for itself
            await until(pilot, lambda: not guide.checking, "the guide's checks")
        self.path = str(guide.snap.path)
        guide.action_phase(3)
        guide.fix.action_preview()
        await until(pilot, lambda: guide.fix.plan is not None or guide.fix.problem, "a preview")
        return guide

    async def free(self) -> None:
        """Until the thread of a walk that was left has let go of its journal."""
        names = [t.name for t in threading.enumerate()]
        await until(
            self.drive.pilot,
            lambda: not any(t.name == "klinik-walk" for t in threading.enumerate()),
            str(names),
        )

    async def every_step(self, most: int = 9) -> None:
        """Previews, runs, holds, stops, undoes every step by its actions, and says yes wherever that is asked."""
        drive, guide = self.drive, await self.fix()
        for at in range(min(most, len(guide.snap.steps))):
            guide.query_one("#steps").highlighted = at
            name = guide.snap.steps[at].step.id
            await until(drive.pilot, lambda name=name: guide.fix.step_id == name, "the step")
            for action in ("preview", "batch", "run", "hold", "stop", "undo", "accept", "settle", "copy"):
                getattr(guide.fix, f"action_{action}")()
                await drive.quiet()
                await drive.answered(guide)
                await drive.quiet()
        await drive.home()

    async def past_the_questions(self) -> None:
        """A run begun as if every question were answered: the walk refuses it, and so does the connection itself."""
        guide = await self.fix()
        pilot, fix = self.drive.pilot, guide.fix
        plan = fix.plan
        assert plan is not None
        self.app.push_screen(ConfirmDialog(plan), lambda yes: fix.start(plan) if yes else None)
        await pilot.pause()
        await self.drive.answered(guide)
        await until(pilot, lambda: "--read-only" in fix.problem, "the walk's refusal")
        access, info = self.app.link.access, self.app.link.cluster.info
        access._forbidden = False  # what no path through klinik does
        access.arm(info, REASON)
        fix.start(plan)
        await until(pilot, lambda: not fix.running, "the end of the run")
        await until(pilot, lambda: "only reads" in fix.problem, "the connection's refusal")
        access._forbidden = True
        held = Held(
            Claim("kube-system", "pods/kube-system/a"), Holder("li", 1.0, time.time(), "x"), time.time()
        )
        self.app.push_screen(TurnDialog(held))
        await pilot.pause()
        await self.drive.answered(guide)
        await self.drive.home()

    async def in_doubt(self) -> str:
        """A copy of the session as a process leaves it that was killed after its write went out."""
        await self.free()
        path = Path(self.path).with_name("20261121-000000-doubt.jsonl")
        shutil.copy(self.path, path)
        journal = FileJournal.open(path)
        step = {"step": "restart-controller", "purpose": "do"}
        journal.append(
            "start", **step, values={}, risk="disruptive", digest="0", writes=1, items=1, before={}
        )
        journal.append("writing", **step, index=0, first=0, items=1, what={"en": "x", "zh": "x"}, kubectl=[])
        journal.close()
        return str(path)


async def connected(pilot: Any, app: KlinikApp) -> None:
    """The first look is over, and the library is there."""
    await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
    await until(pilot, lambda: app.link.shelf is not None, "the library")


async def test_the_same_keys_write_where_writes_are_armed(
    make: Callable[[bool], Services], recorder: Recorder
) -> None:
    """The recorder sees Leases taken, a pod evicted and Events left: what finds nothing below is able to find it."""
    app = klinik(make(False))
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot, app)
        await Walked(Drive(pilot), app).every_step(1)
        assert app.cluster_state.writable
        await ends_and_begins_again(pilot, app)
    seen = "\n".join(recorder.writes)
    assert "/leases" in seen
    assert "/eviction" in seen
    assert "/events" in seen


async def ends_and_begins_again(pilot: Any, app: KlinikApp) -> None:
    """F2 ends it; armed again the reason stands there; keys keep it going, and the first one after the end does not."""
    assert REASON in screen_text(app).partition("\n")[0]
    await pilot.press("f2")
    assert not app.cluster_state.writable
    await pilot.press("f2")
    await until(pilot, lambda: isinstance(app.screen, AskDialog), "the question")
    assert app.screen.query_one(Input).value == REASON
    await pilot.press("enter")
    await until(pilot, lambda: app.cluster_state.writable, "armed again")
    access, info = app.link.access, app.link.cluster.info
    idle(access, IDLE - 10)
    assert access.mode(info).left < 11
    await pilot.press("down")
    assert access.mode(info).left > IDLE - 10
    idle(access, IDLE + 1)
    await pilot.press("down")
    app.link.tick()
    assert not app.cluster_state.writable
    await until(pilot, lambda: any("F2" in str(one.message) for one in app._notifications), "the notice")


def idle(access: Access, seconds: float) -> None:
    """As if nobody had touched a key for so long."""
    access._since = replace(access._since, wall=access._since.wall - seconds)


async def test_nothing_is_written_in_read_only_mode(
    make: Callable[[bool], Services], recorder: Recorder, tmp_path: Path
) -> None:
    """Every binding of every screen, every entry of the palette: the recorder sees reads and questions only."""
    app = klinik(make(True))
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot, app)
        drive = Drive(pilot)
        walked = Walked(drive, app)
        await walked.every_step(9 if ALL else 1)
        await walked.past_the_questions()
        doubt = await walked.in_doubt()
        for open_ in (*writers(app, walked, doubt), *(others(app, walked, tmp_path) if ALL else ())):
            await drive.every_key(open_)
            if ALL:
                await drive.every_line(open_)
            await drive.home()
            await walked.free()
        done = await drive.palette(9) if ALL else await drive.palette(0, leave=("again", "watch", "practice"))
        assert len(done) > 12
        assert not app.cluster_state.writable
        left = set(all_screens()) - drive.seen if ALL else set()
        assert left == set(), f"no way to {left}: add it to `others`"
        assert all("PRODUCTION" in head or "生产" in head for head in drive.heads.values()), drive.heads
        await pilot.press("ctrl+q")
    assert recorder.writes == ()
    assert recorder.tried == ()
    assert len(recorder.requests) > 300


def writers(app: KlinikApp, walked: Walked, doubt: str) -> Iterator[Callable[[], Any]]:
    """The screens from which something is run, undone, settled, or gone on with."""
    yield walked.fix
    yield lambda: app.open_rewind(ARTICLE, walked.path)
    yield lambda: app.open_guide(ARTICLE, doubt)
    yield app.open_sessions


def others(app: KlinikApp, walked: Walked, folder: Path) -> Iterator[Callable[[], Any]]:
    """All the rest."""
    yield lambda: None  # home
    yield lambda: app.open_article(ARTICLE)
    yield lambda: app.open_timeline(walked.path)
    yield app.open_findings
    yield app.open_checks
    yield lambda: app.open_check(CHECK)
    yield lambda: app.open_paste(CHECK)
    yield app.open_mutes
    yield app.open_changes
    yield app.open_rights
    yield app.collect_bundle
    yield app.open_bundle
    yield lambda: app.show_difference(folder / "a", folder / "b")
    yield lambda: app.push_screen(DraftScreen(Drafted("begun", folder, ())))
    yield app.action_practice
    yield lambda: app.open_text("text", "text")
    yield app.action_help
    yield app.action_arm


READ = ("guide", "doctor")
"""Commands that are run in every run of the tests; the rest on request."""
IN_ANY_WAY = {
    "search": ["finalizer"],
    "show": [ARTICLE],
    "check": [CHECK],
    "triage": [],
    "guide": [ARTICLE, "--plan"],
    "mute add": [ARTICLE, "--reason", "known"],
    "mute lift": [ARTICLE],
    "mute list": [],
    "sessions draft": ["{session}", "a-draft", "--to", "{folder}/kb"],
    "sessions export": ["{session}", "--format", "html"],
    "sessions import": ["{folder}/none.jsonl"],
    "sessions list": [],
    "sessions show": ["{session}"],
    "sessions summary": ["{session}"],
    "bundle collect": ["{folder}/a.klinik"],
    "bundle diff": ["{folder}/a.klinik", "{folder}/a.klinik"],
    "bundle show": ["{folder}/a.klinik"],
    "practice list": [],
    "practice serve": ["no-such-scenario"],
    "doctor": [],
    "kb lint": [],
    "kb new": ["new-article", "--to", "{folder}/kb"],
    "kb schema": ["guide"],
    "kb import": ["{folder}/none.md", "--to", "{folder}/kb"],
    "kb index": [],
}
"""What every command is called with; where it reads a cluster, the recorder's."""


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """All commands by their whole name."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from commands(inner, (*path, name))


def test_no_command_writes(
    kubeconfig: Path, recorder: Recorder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --read-only, too: only the app ever writes."""
    known = dict(commands(cli))
    assert set(known) == set(IN_ANY_WAY), "a new command: say how it is called"
    recorder.forget()
    for name in known if ALL else READ:
        words = [one.format(session="none", folder=tmp_path) for one in IN_ANY_WAY[name]]
        reads = any(option.name == "kubeconfig" for option in known[name].params)
        at = ["--kubeconfig", str(kubeconfig)] if reads else []
        with pytest.raises(SystemExit):
            main([*name.split(), *words, *at])
        assert "Traceback" not in capsys.readouterr().err
    assert recorder.writes == ()
    assert recorder.tried == ()
    assert len(recorder.requests) > 50


@pytest.mark.parametrize(
    ("request_", "writes"),
    [
        ("GET /api/v1/pods?watch=1", False),
        ("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", False),
        ("PATCH /apis/kubeovn.io/v1/subnets/a?fieldManager=klinik&dryRun=All", False),
        ("PATCH /apis/kubeovn.io/v1/subnets/a?fieldManager=klinik", True),
        ("POST /api/v1/namespaces/a/pods/b/eviction", True),
        ("DELETE /api/v1/namespaces/a/pods/b", True),
        ("GET /api/v1/namespaces/a/pods/b/exec?command=ovn-nbctl&command=show", False),
        ("GET /api/v1/namespaces/a/pods/b/exec?command=ovn-nbctl&command=lsp-del&command=c", True),
    ],
)
def test_the_recorder_knows_a_write(request_: str, writes: bool) -> None:
    """Or else it proves nothing."""
    assert could_write(request_) is writes
