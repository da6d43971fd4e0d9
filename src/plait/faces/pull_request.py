"""A pull request's text: the report, between two marks, so that what people add stays.

Code hosts act on text: `@name` calls somebody, `#12` links, a line that begins with `/` may be an
order to the host. The report holds words of plans and agents, so none of that is left in it.
"""

from __future__ import annotations

import re

_BEGIN = "<!-- plait: the report; what stands outside of these marks is left alone -->"
_END = "<!-- plait: end -->"
_OURS = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
_MARK = re.compile(r"<!--(?=\s*plait:)")
_ACTIVE = re.compile(
    r"(?P<sign>@(?=\w)|\\?[#!](?=\d)|\b[Gg][Hh]-(?=\d))"
    r"|(?P<code>\\.|(?P<fence>`+)(?!`).*?(?<!`)(?P=fence)(?!`))"  # escaped signs, and code
)
_NOTHING = "\N{ZERO WIDTH SPACE}"


def text_of(report_md: str, *, room: int, run: str, there: str = "") -> str:
    """The text, with what is there already outside of the marks.

    Args:
        report_md: The report as Markdown.
        room: How many characters it may have.
        run: The run's id: where the text must be cut, it tells how to read all of it.
        there: The request's text as it is now.
    """
    found = _OURS.search(there)
    if found:
        before, after = there[: found.start()], there[found.end() :]
    else:
        before, after = (f"{there.rstrip()}\n\n" if there.strip() else ""), ""
    frame = f"{_BEGIN}\n\n\n{_END}"
    inside = _cut(_harmless(report_md).strip(), room - len(before) - len(after) - len(frame), run)
    return f"{before}{_BEGIN}\n\n{inside}\n{_END}{after}"


def file_text(title: str, report_md: str) -> str:
    """PR.md: what would stand there, for a person to take over."""
    return f"# {title}\n\n{_harmless(report_md).strip()}\n"


def _harmless(markdown: str) -> str:
    """The same to read, but nobody is called and nothing is ordered."""
    return "\n".join(map(_harmless_line, markdown.splitlines()))


def _harmless_line(line: str) -> str:
    if line.startswith("    "):  # code
        return line
    line = _MARK.sub("<!-", line)
    line = f"\\{line}" if line.startswith("/") else line
    return _ACTIVE.sub(_stopped, line)


def _stopped(found: re.Match[str]) -> str:
    return found["code"] or f"{found['sign']}{_NOTHING}"


def _cut(text: str, room: int, run: str) -> str:
    """Whole lines, as many as there is room for; it says what is missing."""
    if len(text) <= room:
        return text
    lines, kept, used = text.splitlines(), 0, 0
    told = "\n\n**Cut here: {} of {} lines did not fit.** All of it: `plait report " + run + "`\n"
    most = room - len(told) - 2 * len(str(len(lines)))
    while kept < len(lines) and used + len(lines[kept]) + 1 <= most:
        used += len(lines[kept]) + 1
        kept += 1
    return "\n".join(lines[:kept]) + told.format(len(lines) - kept, len(lines))
