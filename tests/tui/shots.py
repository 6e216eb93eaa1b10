"""Takes pictures of screens for looking at: ``shots.shot(app, "name")`` inside a Pilot, then open the PNG. Not a test.

SVG becomes PNG with chromium (Debian: chromium, fonts-noto-cjk). Pictures go to ``KLINIK_SHOTS`` or the folder
for temporary files, never into the repository.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from rich.cells import cell_len
from textual.app import App


def folder() -> Path:
    """Where pictures go."""
    path = Path(os.environ.get("KLINIK_SHOTS", Path(tempfile.gettempdir()) / "klinik-shots"))
    path.mkdir(parents=True, exist_ok=True)
    return path


def _as_wide_as_cells(match: re.Match[str]) -> str:
    """Rich writes the length in characters; a terminal shows CJK two cells wide."""
    content = html.unescape(match[3])
    width = float(match[1]) / max(1, len(content)) * cell_len(content)
    return f'textLength="{width:.1f}"{match[2]}>{match[3]}<'


def shot(app: App[object], name: str) -> Path:
    """The screen as it is now, as SVG and, where chromium is installed, as PNG."""
    svg = folder() / f"{name}.svg"
    text = app.export_screenshot(title=name).replace("Fira Code", "DejaVu Sans Mono, Noto Sans Mono CJK SC")
    text = re.sub(r'textLength="([\d.]+)"([^>]*)>([^<]*)<', _as_wide_as_cells, text)
    svg.write_text(text, encoding="utf-8")
    png = svg.with_suffix(".png")
    if shutil.which("chromium"):
        width, height = (
            round(float(n)) for n in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups()
        )
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             f"--window-size={width},{height}", f"--screenshot={png}", svg.as_uri()],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        return png
    return svg
