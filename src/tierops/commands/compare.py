"""`tierops compare`: what differs between environments?"""

from __future__ import annotations

from collections.abc import Sequence

import click

from tierops import comparing, pipeline
from tierops.commands import options
from tierops.commands.selection import Selection
from tierops.commands.session import Session
from tierops.comparing import Row
from tierops.errors import Exit
from tierops.output.escaping import inline
from tierops.text import jsontext
from tierops.text.visible import printable, width
from tierops.text.wording import counted


@click.command()
@click.argument("environments", nargs=-1, required=True, metavar="ENV ENV...")
@options.program
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True,
    help="How the table is written.",
)  # fmt: skip
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are differences.")
@options.shared
@click.pass_obj
def compare(
    session: Session, environments: tuple[str, ...], programs: tuple[str, ...], form: str, detailed_exitcode: bool
) -> Exit:
    """Show what differs between environments, side by side; no network.

    The programs are read with the values of each ENV. What is the same everywhere is left out.
    """
    if len(set(environments)) < 2:
        raise click.UsageError("name two environments, or more")
    chosen = session.chosen
    files = [pipeline.read_files(chosen.directories, name, today=chosen.today) for name in environments]
    targets = [Selection(programs).of_files(one) for one in files]
    rows = comparing.rows(targets)
    session.console.page(_FORMS[form](environments, rows))
    return Exit.DIFFERENCES if rows and detailed_exitcode else Exit.DONE


def _text(environments: Sequence[str], rows: Sequence[Row]) -> str:
    if not rows:
        return f"No difference between {_listed(environments)}.\n"
    lines = []
    cells = [[printable(f"{row.tier} {row.what}".strip()), *map(_shown, row.values)] for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, ["", *environments], strict=True)]
    head = _laid(["", *environments], widths)
    address = ""
    for row, cell in zip(rows, cells, strict=True):
        if row.address != address:
            address = row.address
            lines += ["", printable(address), head]
        lines.append(_laid(cell, widths))
    differences = counted(len(rows), "difference")
    return "\n".join([*lines[1:], "", f"{differences} between {_listed(environments)}."]) + "\n"


def _shown(value: str | None) -> str:
    return "–" if value is None else printable(value)


def _laid(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell + " " * (size - width(cell)) for cell, size in zip(cells, widths, strict=True)]
    return "  " + "  ".join(padded).rstrip()


def _markdown(environments: Sequence[str], rows: Sequence[Row]) -> str:
    if not rows:
        return f"No difference between {_listed([f'**{name}**' for name in environments])}.\n"
    heads = ["target", "tier", "what", *environments]
    lines = [
        heads,
        ["---"] * len(heads),
        *([row.address, row.tier, row.what, *map(_shown, row.values)] for row in rows),
    ]
    return "".join(f"| {' | '.join(inline(cell) if cell != '---' else cell for cell in line)} |\n" for line in lines)


def _json(environments: Sequence[str], rows: Sequence[Row]) -> str:
    return (
        jsontext.dumps(
            {
                "command": "compare",
                "environments": list(environments),
                "differences": [
                    {
                        "target": row.address,
                        "tier": row.tier or None,
                        "what": row.what,
                        "values": dict(zip(environments, row.values, strict=True)),
                    }
                    for row in rows
                ],
            },
            indent=2,
        )
        + "\n"
    )


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}"


_FORMS = {"text": _text, "markdown": _markdown, "json": _json}
