"""Values that try to leave their word, and the articles whose templates and lines they are put into."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from kb import open_library
from kb.articlefile import parse_article
from kb.derive import derive
from kb.model import Article, CommandAction, Step
from kb.paths import ASSETS

SEEDS = (
    *(
        "-",
        "--",
        "-rf",
        "--all",
        "--db=tcp:1.2.3.4:6641",
        "-c id",
        "--context=prod",
        "−x",
        "a",
        "10.16.0.0/16",
    ),
    *("; reboot", "$(reboot)", "`reboot`", "a && b", "a || b", "a | b", "a > /etc/passwd", "<(x)"),
    *("a\nb", "a\r\nb", "a\0b", "a b", "a\tb", "'", '"', "'\"'", "\\", "\\'", "a'b\"c"),
    *("$HOME", "${x}", "!!", "*", "?", "[a-z]", "{a,b}", "~root", "#", "@x", "a,b=c", "[]", "{}"),
    *("..", ".", "../../secrets/x", "a/b", "%2e%2e", "%2F", "x?dryRun=All", "a#b", "a&b=c", "a+b"),
    *("{item}", "{item.name}", "{0}", "%s", "网络", "名 字", "\u202e", "\ufeffa", "\u2028", "\udc80", "ﬁ"),
)
HOSTILE = st.one_of(
    st.sampled_from(SEEDS),
    st.builds("".join, st.lists(st.sampled_from(SEEDS), min_size=2, max_size=3)),
    st.text("ab -'\"\\$`;|&<>(){}[]*?!~#%@=,\n\t网", min_size=1, max_size=12),
    st.text(min_size=1, max_size=30),
    st.integers(-5, 10**12),
    st.booleans(),
)


@cache
def shipped() -> tuple[Article, ...]:
    """The shipped articles with a guide, by their ids."""
    with tempfile.TemporaryDirectory() as folder:
        library = open_library([ASSETS], cache_dir=Path(folder))
        return tuple(article for one in sorted(library.guided) if (article := library.get(one)))


SHAPES = """# The pods of a node get no address

## Symptoms

Pods stay in ContainerCreating.

## Resolution

```bash
kubectl -n <namespace> get pod <pod> -o wide
kubectl -n <namespace> get pods -o json | grep "<pod>" | head -n 5
kubectl -n <namespace> exec <pod> -- ovn-nbctl --timeout=10 set Logical_Router '<router>' "options:x=<value>"
kubectl ko nbctl lr-route-list "$(kubectl get vpc <vpc> -o name)" && echo '<vpc> done' >> /tmp/<file>
kubectl patch subnet <subnet> --type=merge -p '{"spec": {"gateway": "<gateway>"}}'
for pod in <pods>; do kubectl delete pod $pod -n <namespace>; done
echo "`hostname` <note>" | tee "/tmp/<file>.log"
cat <<EOF | kubectl apply -f -
name: <subnet>
EOF
```
"""


@cache
def derived() -> tuple[Step, ...]:
    """Steps derived from articles' texts, whose lines a person copies or klinik runs when they only read."""
    text, _ = parse_article(SHAPES.encode(), "en.md", lang="en")
    assert text is not None
    articles = [Article("shapes", {"en": text}, ""), *(Article(one.id, one.texts, "") for one in shipped())]
    guides = [guide for one in articles if (guide := derive(one))]
    return tuple(step for guide in guides for step in guide.steps if isinstance(step.action, CommandAction))


def shown(value: Any) -> str:
    """A value as its word has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
