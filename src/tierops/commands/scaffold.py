"""What `tierops init` writes: the files of a new repository, and how they get there without harm to others."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from tierops import providers
from tierops.config import schemas, writing
from tierops.errors import UsageError
from tierops.host import disk

if TYPE_CHECKING:
    from jinja2 import Environment

    from tierops.providers.vendor import Vendor

PROGRAMS = "tiers"
# No YAML, so that no command takes one for a program.
_SCHEMAS = f"{PROGRAMS}/.schemas"
_TEMPLATES = Path(__file__).parent / "templates"
WORKFLOWS = ("tiers-plan.yml", "tiers-apply.yml", "tiers-drift.yml")


class Source(NamedTuple):
    """Where the workflows and the hook take tierops from: a repository on GitHub and a commit of 40 hex digits."""

    repository: str
    commit: str

    def __str__(self) -> str:
        return f"{self.repository}@{self.commit}"


# Nothing runs with it; but its shape is right, so that nothing else in the files is hidden by an error about it.
UNKNOWN = Source("OWNER/tierops", "0" * 40)


class Wanted(NamedTuple):
    """What the new repository is to have. `places`: vendor → the block of a target.

    `key` is the first program's, None where there is to be none. `ci` is `github`, `gitlab` or `none`.
    """

    key: str | None
    places: Mapping[str, Mapping[str, str]]
    environments: tuple[str, ...]
    ci: str
    source: Source


def texts(wanted: Wanted) -> dict[str, str]:
    """Path below the repository → text, in the order in which they are of interest. Raises `writing.CannotSay`."""
    files = {}
    if wanted.key:
        files[f"{PROGRAMS}/{wanted.key}.yaml"] = _render("program.yaml", key=wanted.key, places=wanted.places)
    vendors = tuple(map(providers.find, wanted.places)) or providers.own()
    for name in wanted.environments:
        files[f"{PROGRAMS}/environments/{name}.yaml"] = _render("environment.yaml", name=name, vendors=vendors)
    for name in ("program", "environment"):
        files[f"{_SCHEMAS}/{name}.schema.json"] = schemas.schema(name)
    if wanted.ci == "github":
        every = dict.fromkeys((*providers.own(), *vendors))
        files |= {f".github/workflows/{name}": workflow(name, wanted.source, tuple(every)) for name in WORKFLOWS}
    if wanted.ci == "gitlab":
        files[".gitlab-ci.yml"] = gitlab_pipeline(wanted.source, wanted.environments)
    files[".pre-commit-config.yaml"] = _render("pre-commit.yaml", source=wanted.source)
    return files


def workflow(name: str, source: Source | None, vendors: Sequence[Vendor] = ()) -> str:
    """One of the `WORKFLOWS`, with the keys of these vendors; without a source, as tierops' own repository has it."""
    task = "" if source else "put a released commit of tierops in place of `./` (uses: OWNER/tierops@COMMIT)"
    if source == UNKNOWN:
        task = "put the repository of tierops and a commit of it after `uses:`"
    # A key that takes the place of others is for who asks for it.
    vendors = vendors or providers.own()
    variables = [variable for vendor in vendors for variable in vendor.variables if not variable.is_alternative]
    addresses = [variable for vendor in vendors for variable in vendor.address]
    return _render(name, uses=source or "./", task=task, variables=variables, addresses=addresses)


def gitlab_pipeline(source: Source | None, environments: Sequence[str]) -> str:
    """The pipeline for GitLab; without a source, as the documentation shows it."""
    return _render("gitlab-ci.yml", source=source, environments=environments)


def is_sample(text: str) -> bool:
    """Whether this is the program that init writes, whatever its key and its targets are."""
    before, mark, tiers = _render("program.yaml", key="x", places={}).partition("tiers:")
    return text.startswith(before.partition("program:")[0]) and text.endswith(f"\n{mark}{tiers}")


def schema_for(path: Path, directory: Path) -> str:
    """What leads from a program file to the schema that init put below the folder; empty where there is none."""
    schema = directory / PurePosixPath(_SCHEMAS).name / "program.schema.json"
    return Path(os.path.relpath(schema, path.parent)).as_posix() if schema.is_file() else ""


def pipeline_steps(wanted: Wanted) -> Iterator[str]:
    """What is left to do for the pipeline, in sentences."""
    if wanted.ci == "github":
        names = f"[{', '.join(map(writing.quoted, wanted.environments))}]"
        yield (
            f"On GitHub, set the repository variable TIEROPS_ENVIRONMENTS to {names}, and make for each one the"
            " environments NAME-plan (a key that only reads) and NAME (a key that writes): see tiers-plan.yml"
        )
    if wanted.ci == "gitlab":
        names = " and ".join(wanted.environments)
        yield f"On GitLab, make the environments that .gitlab-ci.yml names for {names}, each with its keys as variables"
    if wanted.source == UNKNOWN:
        yield (
            f"Where .pre-commit-config.yaml{' and the workflows say' if wanted.ci != 'none' else ' says'}"
            f" {UNKNOWN.repository} and {UNKNOWN.commit}, put the repository of tierops and a commit of it"
        )


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    """The templates. GitHub has `{{` for itself, hence the brackets."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        autoescape=False,  # noqa: S701 (YAML, whose texts go through the filters below)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "yaml": _text,
        "block": _block,
        "any_yaml": _in_any_yaml,
        "any_yaml_list": _list_in_any_yaml,
    }
    return environment


def _text(text: str) -> str:
    return writing.Yaml().text(text)


def _block(block: Mapping[str, str]) -> str:
    yaml = writing.Yaml()
    return writing.flow({name: yaml.text(text, in_flow=True) for name, text in block.items()})


def _in_any_yaml(name: str) -> str:
    """In quotes unless no reader of YAML takes it for anything but text, as some do with `no` or `1e3`."""
    return name if re.fullmatch("[a-z]{6,}(-[a-z]+)*", name) else f'"{name}"'


def _list_in_any_yaml(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_in_any_yaml, names))}]"


def write(root: Path, files: Mapping[str, str], say: Callable[[str], object]) -> None:
    """Write what is not there yet, as .yaml or .yml; `say` hears of each file whether it was `created` or `kept`.

    Raises `UsageError`, with nothing written, where a folder below `root` is a link or no folder. `root` may be a link:
    whoever runs this has named it.
    """
    _refuse_no_folder(root)
    for above in dict.fromkeys(parent for path in files for parent in reversed(PurePosixPath(path).parents[:-1])):
        _refuse_no_folder(root / above)
        _refuse_link(root / above)
    for path, text in files.items():
        whole = root / path
        disk.make_folder(whole.parent)
        other = whole.with_suffix({".yaml": ".yml", ".yml": ".yaml"}.get(whole.suffix, whole.suffix))
        is_new = not os.path.lexists(other) and disk.create(whole, text, disk.ORDINARY)
        say(f"created {path}" if is_new else f"kept    {path if os.path.lexists(whole) else other.relative_to(root)}")


def _refuse_no_folder(path: Path) -> None:
    if os.path.lexists(path) and not path.is_dir():
        raise UsageError(f"{path} is no folder; nothing was written")


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise UsageError(f"{path} is a symbolic link, through which init writes nothing; nothing was written")
