"""Takes pictures of screens for looking at: ``shots.shot(app, "name")`` inside a Pilot, then open the PNG. Not a test.

SVG becomes PNG with chromium (Debian: chromium, fonts-noto-cjk). Pictures go to ``KLINIK_SHOTS`` or the folder
for temporary files, never into the repository.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from textual.app import App


def folder() -> Path:
    """Where pictures go."""
    path = Path(os.environ.get("KLINIK_SHOTS", Path(tempfile.gettempdir()) / "klinik-shots"))
    path.mkdir(parents=True, exist_ok=True)
    return path


def shot(app: App[object], name: str) -> Path:
    """The screen as it is now, as SVG and, where chromium is installed, as PNG."""
    svg = folder() / f"{name}.svg"
    # A terminal shows CJK two cells wide; the fallback fonts must be named for the converter.
    text = app.export_screenshot(title=name).replace("Fira Code", "DejaVu Sans Mono, Noto Sans Mono CJK SC")
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
