"""ovn-nbctl, ovn-sbctl and ovs-vsctl as wholes: options, one transaction per command line, outputs, exit codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.cluster import ExecResult
from checks.practice.sim import values
from checks.practice.sim.ctlargs import Call, Line, Syntax, UsageError, parse_line
from checks.practice.sim.dbctl import GENERIC, HANDLERS, Context, CtlError, Handler
from checks.practice.sim.output import CELLS, FORMATS, Style
from checks.practice.sim.tables import Database, Transaction, TransactionError

Names = Mapping[str, tuple[tuple[str, str], ...]]

OPTIONS = (
    "--db=", "--timeout=", "--format=", "--data=", "--bare", "--no-headings", "--pretty", "--oneline", "--dry-run",
    "--verbose", "--no-syslog", "--syslog-target=", "--log-file", "--syslog-method=", "--max-column-width=",
    "--private-key=", "--certificate=", "--ca-cert=", "--bootstrap-ca-cert=", "--peer-ca-cert=", "--help",
    "--version",
)  # fmt: skip
OVN_OPTIONS = (
    *OPTIONS,
    "--wait=",
    "--no-wait",
    "--print-wait-time",
    "--leader-only",
    "--no-leader-only",
    "--shuffle-remotes",
    "--no-shuffle-remotes",
)
VSCTL_OPTIONS = (*OPTIONS, "--no-wait", "--retry")
SHORT = {
    "t": "--timeout=", "f": "--format=", "d": "--data=", "h": "--help", "V": "--version", "v": "--verbose",
    "p": "--private-key=", "c": "--certificate=", "C": "--ca-cert=",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tool:
    """One ctl program: what it is called, what it knows, where its database listens."""

    name: str
    names: Names
    syntax: Mapping[str, Syntax]
    handlers: Mapping[str, Handler]
    options: tuple[str, ...]
    socket: str
    unstaged: frozenset[str] = frozenset()
    """Commands of the real program that the practice cluster does not have."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How a container reaches the database of a tool."""

    db: Database | None
    """None: there is no socket."""
    leader: bool = True
    version: str = ""
    """Second word of ``--version``."""
    library: str = ""
    problem: str = "No such file or directory"


def run(tool: Tool, argv: Sequence[str], reach: Reach) -> ExecResult:
    """Runs a command line; nothing is changed where any part of it fails."""
    full = (tool.name, *argv)

    def failed(text: str, warnings: str = "") -> ExecResult:
        return ExecResult("", f"{warnings}{tool.name}: {text}\n", 1, full)

    try:
        line = _read(tool, argv)
        if "--version" in line.options:
            return ExecResult(
                f"{tool.name} {reach.version}\n{reach.library}DB Schema {SCHEMAS[tool.name]}\n", "", 0, full
            )
        if "--help" in line.options:
            return ExecResult(f"usage: {tool.name} [OPTIONS] COMMAND [ARG...]\n", "", 0, full)
        style = _style(line)
    except (UsageError, CtlError) as problem:
        return failed(str(problem))
    remote = line.options.get("--db") or tool.socket
    if reach.db is None:
        return failed(f"{remote}: database connection failed ({reach.problem})")
    if not reach.leader and "--no-leader-only" not in line.options and tool.name != "ovs-vsctl":
        return failed(f"{remote}: database connection failed ()")
    with reach.db.lock:
        ctx = Context(reach.db, Transaction(reach.db), tool.names, style)
        try:
            for call in line.calls:
                tool.handlers[call.name](ctx, call)
        except (CtlError, values.ValueProblem) as problem:
            ctx.tx.rollback()
            return failed(str(problem), _warnings(ctx))
        except TransactionError as refused:
            ctx.tx.rollback()
            ctx.warnings.append(f"transaction error: {refused.body}")
            return failed(f"transaction error: {refused.body}", _warnings(ctx, "ovsdb_idl"))
        if "--dry-run" in line.options:
            ctx.tx.rollback()
    ctx.tx.commit()
    return ExecResult("".join(ctx.out), _warnings(ctx), ctx.code, full)


def _warnings(ctx: Context, module: str = "db_ctl_base") -> str:
    from checks.practice.sim.clock import stamp

    return "".join(f"{stamp()}|{at:05d}|{module}|WARN|{text}\n" for at, text in enumerate(ctx.warnings, 2))


def _read(tool: Tool, argv: Sequence[str]) -> Line:
    known = {**tool.syntax, **{name: Syntax() for name in tool.unstaged}}
    aliases = ["--no-headings" if word == "--no-heading" else word for word in argv]
    if {"-V", "--version", "-h", "--help"} & set(argv[:1]):
        return Line({"--version" if argv[0] in ("-V", "--version") else "--help": ""})
    line = parse_line(aliases, tool.options, SHORT, known)
    for call in line.calls:
        if call.name in tool.unstaged:
            raise CtlError(f"'{call.name}' is a real command, but the practice cluster does not stage it")
    timeout = line.options.get("--timeout")
    if timeout is not None and not (timeout.isdigit() and int(timeout) > 0):
        raise CtlError(f"value {timeout} on -t or --timeout is invalid")
    return line


def _style(line: Line) -> Style:
    style = Style()
    for option, value in line.options.items():
        if option == "--format":
            if value not in FORMATS:
                raise CtlError(f'unknown output format "{value}"')
            style.format = value
        elif option == "--data":
            if value not in CELLS:
                raise CtlError(f'unknown data format "{value}"')
            style.cells = value
        elif option == "--bare":
            style.format, style.cells, style.headings = "list", "bare", False
        elif option == "--no-headings":
            style.headings = False
        elif option == "--pretty":
            style.pretty = True
    return style


SCHEMAS = {"ovn-nbctl": "7.0.0", "ovn-sbctl": "20.27.0", "ovs-vsctl": "8.3.1"}


def tool(
    name: str,
    names: Names,
    commands: Mapping[str, tuple[Syntax, Handler]],
    *,
    options: tuple[str, ...],
    socket: str,
    unstaged: str = "",
) -> Tool:
    """A tool with the generic commands and its own."""
    syntax = {**GENERIC, **{command: pair[0] for command, pair in commands.items()}}
    handlers = {**HANDLERS, **{command: pair[1] for command, pair in commands.items()}}
    return Tool(name, names, syntax, handlers, options, socket, frozenset(unstaged.split()))


def only(ctx: Context, table: str, name: str, what: str) -> str:
    """The row of this name for a command of its own, or the error ``NAME: WHAT name not found``."""
    for uuid in ctx.db[table].where(name=name):
        return uuid
    if name in ctx.db[table].rows:
        return name
    raise CtlError(f"{name}: {what} name not found")


def argument(call: Call, at: int) -> str:
    """An argument that may be missing."""
    return call.args[at] if len(call.args) > at else ""
