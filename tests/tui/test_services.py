"""What the app is given by the flags of the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tui.cli.options import Root, Where
from tui.services import Services


def test_the_palette_is_offered_every_context_of_the_kubeconfig(tmp_path: Path) -> None:
    """Contexts come from the same file as the cluster; a broken file offers none and breaks nothing."""
    path = tmp_path / "config"
    contexts = [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("prod-sh", "prod-bj")]
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "contexts": contexts,
                "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
            }
        )
    )
    assert Services.from_options(Root(Where(kubeconfig=str(path)))).contexts() == ("prod-bj", "prod-sh")
    path.write_text(": not yaml : [")
    assert Services.from_options(Root(Where(kubeconfig=str(path)))).contexts() == ()
