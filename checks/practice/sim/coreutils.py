"""cat, head, tail, ls, stat, df, wc and their kin over the staged files, with the messages of GNU coreutils."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from checks.cluster import ExecResult
from checks.practice.sim.files import Denied, Files

NONE = "No such file or directory"


class Result:
    """What a command printed so far."""

    def __init__(self, argv: Sequence[str]) -> None:
        self.argv, self.out, self.err, self.code = tuple(argv), [], [], 0  # type: tuple[str, ...], list[str], list[str], int

    def fail(self, text: str, code: int = 1) -> None:
        """A line on stderr."""
        self.err.append(f"{text}\n")
        self.code = code

    def done(self) -> ExecResult:
        """The result of the command."""
        return ExecResult("".join(self.out), "".join(self.err), self.code, self.argv)


def _options(
    argv: Sequence[str], flags: str, valued: str, result: Result
) -> tuple[dict[str, str], list[str]] | None:
    """Short options (also joined), long ones by ``--name``, the old ``-5``; None after a message about a bad one."""
    program, options, names = argv[0], {}, []  # type: str, dict[str, str], list[str]
    words = list(argv[1:])
    while words:
        word = words.pop(0)
        if word == "--":
            names += words
            break
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            if name not in ("lines", "bytes", "format"):
                result.fail(
                    f"{program}: unrecognized option '{word}'\nTry '{program} --help' for more information.",
                    2 if program == "ls" else 1,
                )
                return None
            options[name[0]] = value or (words.pop(0) if words else "")
        elif word[:1] == "-" and word[1:].isdigit() and "n" in valued:
            options["n"] = word[1:]
        elif word[:1] == "-" and len(word) > 1:
            if not _letters(word[1:], words, flags, valued, options, program, result):
                return None
        else:
            names.append(word)
    return options, names


def _letters(
    letters: str,
    words: list[str],
    flags: str,
    valued: str,
    options: dict[str, str],
    program: str,
    result: Result,
) -> bool:
    for at, letter in enumerate(letters):
        if letter in valued:
            value = letters[at + 1 :] or (words.pop(0) if words else "")
            if not value:
                result.fail(
                    f"{program}: option requires an argument -- '{letter}'\nTry '{program} "
                    "--help' for more information."
                )
                return False
            options[letter] = value
            return True
        if letter not in flags:
            result.fail(
                f"{program}: invalid option -- '{letter}'\nTry '{program} --help' for more information.",
                2 if program == "ls" else 1,
            )
            return False
        options[letter] = ""
    return True


def _text(files: Files, name: str, prefix: str, result: Result) -> str | None:
    try:
        text = files.read(name)
    except Denied:
        result.fail(f"{prefix}: Permission denied")
        return None
    if text is None:
        result.fail(f"{prefix}: {NONE}" if files.folder(name) is None else f"{prefix}: Is a directory")
    return text


def cat(files: Files, argv: Sequence[str]) -> ExecResult:
    """``cat FILE…``"""
    result = Result(argv)
    parsed = _options(argv, "nAu", "", result)
    for name in parsed[1] if parsed else ():
        text = _text(files, name, f"cat: {name}", result)
        if text is not None:
            result.out.append(text)
    return result.done()


def _cut(files: Files, argv: Sequence[str], last: bool) -> ExecResult:
    result, program = Result(argv), argv[0]
    parsed = _options(argv, "qv", "nc", result)
    if parsed is None:
        return result.done()
    options, names = parsed
    unit = "c" if "c" in options else "n"
    count = options.get(unit, options.get("l" if unit == "n" else "b", "10")).lstrip("+-" if last else "")
    if not count.isdigit():
        what = "lines" if unit == "n" else "bytes"
        result.fail(f"{program}: invalid number of {what}: ‘{options[unit]}’")
        return result.done()
    for at, name in enumerate(names):
        text = _text(files, name, f"{program}: cannot open '{name}' for reading", result)
        if text is None:
            continue
        if len(names) > 1:
            result.out.append(f"{chr(10) if at else ''}==> {name} <==\n")
        parts = text.splitlines(keepends=True) if unit == "n" else list(text)
        number = int(count)
        result.out += (parts[-number:] if number else []) if last else parts[:number]
    return result.done()


def head(files: Files, argv: Sequence[str]) -> ExecResult:
    """``head [-n N] FILE…``"""
    return _cut(files, argv, last=False)


def tail(files: Files, argv: Sequence[str]) -> ExecResult:
    """``tail [-n N] FILE…``; following a file is not staged."""
    return _cut(files, argv, last=True)


def ls(files: Files, argv: Sequence[str]) -> ExecResult:
    """``ls [-l1a] NAME…``"""
    result = Result(argv)
    parsed = _options(argv, "l1aAhdnrt", "", result)
    if parsed is None:
        return result.done()
    options, names = parsed
    for name in names or ["."]:
        try:
            found = files.folder(name)
            links = files.links(name) if found is not None and "l" in options else None
        except Denied:
            result.fail(f"ls: cannot open directory '{name}': Permission denied", 2)
            continue
        if found is None:
            if files.size(name) is None:
                result.fail(f"ls: cannot access '{name}': {NONE}", 2)
            else:
                result.out.append(f"{name}\n")
            continue
        if len(names) > 1:
            result.out.append(f"{name}:\n")
        if "l" in options:
            stamp = f"{datetime.now(UTC):%b %d %H:%M}"
            targets = links or [""] * len(found)
            result.out.append("total 0\n")
            # As ls sorts: by characters, so that 10 comes before 2.
            result.out += [
                f"lrwx------ 1 root root 64 {stamp} {entry} -> {target}\n" if target
                else f"-rw-r--r-- 1 root root {files.size(f'{name}/{entry}') or 0} {stamp} {entry}\n"
                for entry, target in sorted(zip(found, targets, strict=False))  # one may open between the two
            ]  # fmt: skip
        else:
            result.out += [f"{entry}\n" for entry in sorted(found)]
    return result.done()


def stat(files: Files, argv: Sequence[str]) -> ExecResult:
    """``stat [-c FORMAT] FILE…`` with %s, %n, %F and %Y."""
    result = Result(argv)
    parsed = _options(argv, "L", "c", result)
    if parsed is None:
        return result.done()
    options, names = parsed
    form = options.get("c", "  File: %n\n  Size: %s\t%F")
    for name in names:
        size = files.size(name)
        is_folder = size is None and files.folder(name) is not None
        if size is None and not is_folder:
            result.fail(f"stat: cannot statx '{name}': {NONE}")
            continue
        shown = {
            "%s": str(4096 if is_folder else size),
            "%n": name,
            "%F": "directory" if is_folder else "regular file",
            "%Y": str(int(datetime.now(UTC).timestamp())),
        }
        line = form
        for code, value in shown.items():
            line = line.replace(code, value)
        result.out.append(f"{line}\n")
    return result.done()


def df(files: Files, argv: Sequence[str]) -> ExecResult:
    """``df [-P] NAME…``: one file system for everything."""
    result = Result(argv)
    parsed = _options(argv, "Pkh", "", result)
    names = parsed[1] if parsed else []
    rows = []
    for name in names or ["/"]:
        if name != "/" and files.folder(name) is None and files.size(name) is None:
            result.fail(f"df: {name}: {NONE}")
        else:
            rows.append(
                "/dev/vda1          103079844 31456020  67213824      32% "
                + ("/etc/ovn" if name.startswith("/etc/ovn") else "/")
            )
    if rows:
        result.out += [
            "Filesystem     1024-blocks     Used Available Capacity Mounted on\n",
            *(f"{row}\n" for row in rows),
        ]
    return result.done()


def wc(files: Files, argv: Sequence[str]) -> ExecResult:
    """``wc [-l] FILE…``"""
    result = Result(argv)
    parsed = _options(argv, "lwc", "", result)
    if parsed is None:
        return result.done()
    options, names = parsed
    for name in names:
        text = _text(files, name, f"wc: {name}", result)
        if text is not None:
            numbers = {"l": text.count("\n"), "w": len(text.split()), "c": len(text.encode())}
            chosen = [str(numbers[k]) for k in "lwc" if k in options or not options]
            result.out.append(f"{' '.join(chosen)} {name}\n")
    return result.done()


def grep(files: Files, argv: Sequence[str]) -> ExecResult:
    """``grep [-HhsincvEF] PATTERN FILE…``; 2 where a file cannot be read, else 1 where nothing matches."""
    result = Result(argv)
    parsed = _options(argv, "HhsincvEF", "", result)
    if parsed is None or not parsed[1]:
        return ExecResult("", "Usage: grep [OPTION]... PATTERNS [FILE]...\n", 2, tuple(argv))
    options, (pattern, *names) = parsed
    try:
        wanted = re.compile(
            re.escape(pattern) if "F" in options else pattern, re.IGNORECASE if "i" in options else 0
        )
    except re.error as error:
        return ExecResult("", f"grep: {error}\n", 2, tuple(argv))
    matched, unread = False, False
    for name in names:
        inner = Result(argv)
        text = _text(files, name, f"grep: {name}", inner)
        if text is None:
            unread = True
            result.err += [] if "s" in options else inner.err
            continue
        prefix = f"{name}:" if "H" in options or (len(names) > 1 and "h" not in options) else ""
        lines = enumerate(text.splitlines(), 1)
        found = [(n, line) for n, line in lines if bool(wanted.search(line)) != ("v" in options)]
        matched = matched or bool(found)
        if "c" in options:
            result.out.append(f"{prefix}{len(found)}\n")
        else:
            result.out += [f"{prefix}{f'{n}:' if 'n' in options else ''}{line}\n" for n, line in found]
    result.code = 2 if unread else 0 if matched else 1
    return result.done()


def hostname(files: Files, argv: Sequence[str]) -> ExecResult:
    """``hostname``"""
    return ExecResult(f"{files.hostname}\n", "", 0, tuple(argv))


def date(files: Files, argv: Sequence[str]) -> ExecResult:
    """``date [+FORMAT]``, the wall clock."""
    now = datetime.now(UTC)
    form = argv[1][1:] if len(argv) > 1 and argv[1].startswith("+") else "%a %b %e %H:%M:%S UTC %Y"
    return ExecResult(now.strftime(form.replace("%s", str(int(now.timestamp())))) + "\n", "", 0, tuple(argv))


def identity(files: Files, argv: Sequence[str]) -> ExecResult:
    """``id``"""
    text = (
        "uid=0(root) gid=0(root) groups=0(root)\n"
        if files.root
        else "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n"
    )
    return ExecResult(text, "", 0, tuple(argv))


def true(files: Files, argv: Sequence[str]) -> ExecResult:
    """``true``"""
    return ExecResult("", "", 0, tuple(argv))


PROGRAMS: Mapping[str, Callable[[Files, Sequence[str]], ExecResult]] = {
    "cat": cat, "head": head, "tail": tail, "ls": ls, "stat": stat, "df": df, "wc": wc, "hostname": hostname,
    "date": date, "id": identity, "true": true, "grep": grep,
}  # fmt: skip
