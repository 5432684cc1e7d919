"""`tierops suggest`: where would tiers begin, for each to have its share of the members?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tierops import pipeline, providers
from tierops.commands import boundary_tests, options, places
from tierops.commands import members as counting
from tierops.commands.selection import Selection
from tierops.commands.session import Session
from tierops.config import writing
from tierops.errors import Exit, TieropsError, UsageError
from tierops.host import disk
from tierops.model import Program, Scale, digits

if TYPE_CHECKING:
    from tierops.members.suggest import Suggestion
    from tierops.providers.vendor import Vendor

_NAMES = ("Bronze", "Silver", "Gold", "Platinum", "Diamond")
_MOST_TIERS = 20


class _Shares(click.ParamType[tuple[Decimal, ...]]):
    """`60,25,10,5`: percent of the members, low to high."""

    name = "shares"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Decimal, ...]:
        try:
            shares = tuple(Decimal(part.strip().removesuffix("%")) for part in str(value).split(","))
        except InvalidOperation:
            self.fail(f"{value!r} is no list of shares such as 60,25,10,5", param, ctx)
        if not all(share.is_finite() and share > 0 for share in shares) or not 1 < len(shares) <= _MOST_TIERS:
            self.fail(f"{value!r}: 2 to {_MOST_TIERS} shares, each above 0", param, ctx)
        if sum(shares) != 100:
            self.fail(f"{value!r} is {sum(shares):f} percent together, not 100", param, ctx)
        return shares


@click.command()
@click.option(
    "--shares", type=_Shares(), metavar="PERCENT,…",
    help="Share of the members of each tier, from the lowest up: 60,25,10,5.",
)  # fmt: skip
@click.option("--names", metavar="NAME,…", help="Names of the tiers; by default those of the program.")
@click.option("--program", metavar="KEY", callback=options.key, help="For this program: its places and names.")
@click.option("--vendor", type=places.VENDOR, help="For a new program: where it is to live.")
@click.option(
    "--tolerance", type=click.FloatRange(0, 50), default=1.0, show_default=True, metavar="PERCENT",
    help="Members that a round number may move to another tier.",
)  # fmt: skip
@click.option("--out", type=options.FILE, metavar="FILE", help="Write the program to this file.")
@counting.source
@boundary_tests.option
@options.shared
@click.pass_obj
def suggest(
    session: Session, members_file: str | None, engine: str, value_column: str, value_type: str | None, skip_bad: bool,
    shares: tuple[Decimal, ...] | None, names: str | None, program: str | None, vendor: Vendor | None, tolerance: float,
    out: Path | None, key: str | None,
) -> Exit:  # fmt: skip
    """Design a ladder: thresholds that give each tier its share of the members.

    They are rounded to numbers that people remember; what that costs stands beside them. Prints a program file.

    With --tests: the tests that a ladder lacks. They say who is where now, on both sides of each end of each tier, and
    go under `tests:` in the program's file.
    """
    if key is not None:
        return boundary_tests.write(session, key)
    if members_file is None or shares is None:
        raise UsageError(
            "what is to be suggested? --members FILE --shares 60,25,10,5 designs a ladder, --tests KEY tests one"
        )
    from tierops.members import run
    from tierops.members import suggest as design

    base = _base(session, program)
    chosen = _names(names, base, len(shares))
    with run.opened(
        members_file, engine=engine, value_column=value_column, value_type=value_type, skips_bad=skip_bad
    ) as census:
        scale = base.targets[0].scale if base else Scale("points", None)
        decimals = census.places if scale.places is None else min(scale.places, census.places)
        suggestion = design.suggest(census.histogram, shares, decimals, Decimal(str(tolerance)))
    text = _text(suggestion, chosen, shares, members_file, base, vendor)
    if out is None:
        session.console.page(text)
    else:
        disk.save(out, text, disk.ORDINARY)
        session.console.progress(f"written to {out}; see what it says with: tierops validate {out}")
    return Exit.DONE


def _base(session: Session, key: str | None) -> Program | None:
    """The program that the ladder is for: the one of the key, or the only one there is. None for a new one."""
    chosen = session.chosen
    if key is None and not chosen.directory.is_dir():
        return None
    files = pipeline.read_files(chosen.directories, chosen.environment, today=chosen.today)
    targets = Selection((key,) if key else ()).of_files(files)
    programs = [program for program in files.programs if program.key in {target.program for target in targets}]
    return programs[0] if len(programs) == 1 else None


def _names(names: str | None, base: Program | None, number: int) -> list[str]:
    if names is not None:
        given = [name.strip() for name in names.split(",")]
        if len(given) != number or not all(given) or len(set(given)) < number:
            raise click.UsageError(f"--names: {number} names, each another, for {number} shares")
        return given
    if base and len(base.targets[0].tiers) == number:
        return [tier.name for tier in base.targets[0].tiers]
    return list(_NAMES[:number]) if number <= len(_NAMES) else [f"Tier {n + 1}" for n in range(number)]


def _text(
    suggestion: Suggestion,
    names: Sequence[str],
    shares: Sequence[Decimal],
    source: str,
    base: Program | None,
    vendor: Vendor | None,
) -> str:
    """The program file, with what rounding cost in its comments. Raises `TieropsError` for what YAML cannot hold."""
    yaml = writing.Yaml()
    starts = [Decimal(0), *(threshold.start for threshold in suggestion.thresholds)]
    try:
        tiers = [
            f"  - {writing.flow({'name': yaml.text(name, in_flow=True), 'from': writing.number(start)})}"
            for name, start in zip(names, starts, strict=True)
        ]
        targets = list(_targets(base, vendor, yaml))
    except writing.CannotSay as error:
        raise TieropsError(f"no program file can hold this: {error}") from None
    comments = [f"# {line}" if line else "#" for line in _account(suggestion, names, shares, source)]
    key = base.key if base else "suggested"
    return "\n".join(
        [*comments, "version: 1", f"program: {yaml.text(key)}", "targets:", *targets, "tiers:", *tiers, ""]
    )


def _targets(base: Program | None, vendor: Vendor | None, yaml: writing.Yaml) -> Iterator[str]:
    if base is not None and vendor is None:
        for target in base.targets:
            place = yaml.inline(target.place.block)
            entry = {"name": yaml.text(target.name, in_flow=True)} if target.name != target.provider else {}
            yield f"  - {writing.flow(entry | {target.provider: place})}"
        return
    chosen = vendor or providers.own()[0]
    place = writing.flow({part.name: yaml.text(part.default or "Suggested", in_flow=True) for part in chosen.parts})
    yield f"  - {writing.flow({chosen.name: place})}  # name the place"


def _account(suggestion: Suggestion, names: Sequence[str], shares: Sequence[Decimal], source: str) -> Iterator[str]:
    """What was asked, what the exact thresholds are, and what the round ones make of it."""
    members = suggestion.members
    yield from (f"Suggested by tierops from {members:,} members ({source!a}).", "")
    rows = [("tier", "wanted", "exactly from", "rounded from", "members", "share")]
    exact = [Decimal(0), *(threshold.exact for threshold in suggestion.thresholds)]
    starts = [Decimal(0), *(threshold.start for threshold in suggestion.thresholds)]
    for name, share, precise, start, number in zip(names, shares, exact, starts, suggestion.tiers, strict=True):
        got = f"{100 * number / members:.1f} %"
        rows.append((ascii(name)[1:-1], f"{digits(share)} %", f"{precise:,f}", f"{start:,f}", f"{number:,}", got))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        yield "  ".join(
            [name.ljust(widths[0]), *(cell.rjust(wide) for cell, wide in zip(cells, widths[1:], strict=True))]
        )
    moved = sum(abs(threshold.below - threshold.below_exact) for threshold in suggestion.thresholds)
    part = f"{100 * moved / members:.1f} %"
    yield from ("", f"Rounding puts {moved:,} members ({part}) into another tier than the exact numbers would.")
