"""Command lines of the staged databases' tools, run without a cluster."""

from __future__ import annotations

import re

from checks.cluster import ExecResult
from checks.practice.sim.ctl import Reach, Tool, run
from checks.practice.sim.tables import Database


def call(tool: Tool, db: Database, *argv: str, leader: bool = True) -> ExecResult:
    """Runs one command line."""
    return run(tool, argv, Reach(db, leader))


def masked(text: str) -> str:
    """Text with its UUIDs and times replaced, which differ from run to run."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)
    return re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text, flags=re.M)
