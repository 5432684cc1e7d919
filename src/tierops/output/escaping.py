"""Text that nobody vouches for, made harmless in GitHub's and GitLab's Markdown without changing how it reads.

Mentions, references and bare links are found in the text *after* Markdown was rendered, so a backslash does not stop
them. A `<span>` does: it puts the two halves into text of their own, and GitHub's manual names it for dollar signs.
"""

from __future__ import annotations

import re

from tierops.text.visible import printable

_SPECIAL = re.compile(
    r"""
      (?P<hash> [0-9A-Fa-f]{7,} )                    # a commit
    | (?P<joint>
          [@\#$]                                     # people, issues, mathematics
        | [!%~^&] (?=[\w"])                          # what GitLab refers to
        | : (?=//|(?:[\w+-]*[a-z][\w+-]*|[+-]1|100|1234):)  # https://… and :emoji:
        | (?<=www) \. | (?<=[A-Za-z]) - (?=[0-9])    # www.…, GH-1
      )
    | (?P<mark> [\\`*_\[\]<>&|~] | \A [-+=] | \A [0-9]{1,9} (?=[.)]) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;"}
_PLAIN = frozenset("@$%^:.-")  # means nothing to Markdown itself
_LONGEST_HASH = 6  # digits that no host takes for a commit


def inline(text: str) -> str:
    """The text for a paragraph, a heading or a table cell: one line that reads as the text does and does nothing."""
    return _SPECIAL.sub(_escape, printable(text))


def fenced(text: str, language: str = "") -> str:
    """A fenced block of the text, with its line breaks; the fence is longer than any run of backticks inside."""
    lines = "\n".join(printable(line) for line in text.split("\n"))
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", lines))])
    return f"{fence}{language}\n{lines}\n{fence}"


def _escape(match: re.Match[str]) -> str:
    text = match[0]
    if match["hash"]:
        parts = [text[at : at + _LONGEST_HASH] for at in range(0, len(text), _LONGEST_HASH)]
        return "".join(f"<span>{part}</span>" for part in parts)
    if match["joint"]:
        return f"<span>{text if text in _PLAIN else _harmless(text)}</span>"
    if text[0].isdigit():  # a number that would start a list
        return f"&#{ord(text[0])};{text[1:]}"
    return _harmless(text)


def _harmless(text: str) -> str:
    return _ENTITIES.get(text) or f"\\{text}"
