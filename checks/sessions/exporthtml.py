"""A session as one HTML page that needs nothing else: to mail, to print, to put beside a ticket. Pure."""

from __future__ import annotations

from html import escape

from checks.redact import redactor
from checks.sessions.export import session_markdown, when
from checks.sessions.redacted import redacted
from checks.sessions.session import Session
from checks.sessions.timeline import timeline
from kb.markdown import to_html
from kb.messages import message
from kb.safe import one_line

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #2e7d32; --bad: #c62828; --doubt: #b26a00; }
@media (prefers-color-scheme: dark) { :root { --good: #7bc67e; --bad: #ff8a80; --doubt: #ffb74d; } }
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: 4px; font-size: 13px; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid var(--line); padding: .3rem .6rem; }
th { text-align: left; } h2 { border-bottom: 1px solid var(--line); }
.timeline td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums; }
.good td:nth-child(2) { color: var(--good); } .bad td:nth-child(2) { color: var(--bad); }
.doubt td:nth-child(2) { color: var(--doubt); }
@media print { body { max-width: none; margin: 0; } pre { white-space: pre-wrap; } }
"""
_MARKS = {"good": "✓", "bad": "✗", "doubt": "?", "": "·"}
"""Colour alone says nothing on paper."""


def session_html(session: Session, lang: str) -> str:
    """The session as a page in `lang`: a timeline, then the same evidence, steps and proofs as its Markdown.

    Nothing is loaded and nothing runs: the page forbids it by its own policy.
    """
    session = redacted(session)
    title = escape(one_line(session.title.get(lang) or session.article, 200))
    body = to_html(session_markdown(session, lang, with_timeline=False))
    return "\n".join((
        f'<!doctype html><html lang="{escape(lang)}"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>',
        f"<style>{_STYLE}</style></head><body>",
        body,
        f"<h2>{escape(message('timeline.heading').get(lang))}</h2>",
        _table(session, lang),
        "</body></html>\n",
    ))  # fmt: skip


def _table(session: Session, lang: str) -> str:
    redact = redactor(session.id)
    rows = [
        f'<tr class="{one.tone}"><td>{escape(when(one.at))}</td><td>{_MARKS[one.tone]}</td>'
        f"<td>{escape(redact(one_line(one.text.get(lang), 2000)))}</td></tr>"
        for one in timeline(session)
    ]
    return '<table class="timeline">' + "\n".join(rows) + "</table>"
