"""What `tierops init` writes: the texts of the files of a new repository."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from tierops import providers
from tierops.config import schemas, writing
from tierops.config.files import name_for
from tierops.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Environment

    from tierops.providers.vendor import Vendor

PROGRAMS = "tiers"
_SCHEMAS = ".schemas"  # what begins with a dot is no program
_TEMPLATES = Path(__file__).parent / "templates"
WORKFLOWS = ("tiers-plan.yml", "tiers-apply.yml", "tiers-drift.yml")
GITIGNORE = ("/plan*.json", "/journal*.jsonl", "*.pem", ".env")
"""Plans, journals and keys, which nobody means to commit."""


class Source(NamedTuple):
    """Where the workflows and the hook take tierops from: a repository on GitHub and a commit of 40 hex digits."""

    repository: str
    commit: str

    def __str__(self) -> str:
        return f"{self.repository}@{self.commit}"


# Nothing runs with it; but its shape is right, so that nothing else in the files is hidden by an error about it.
UNKNOWN = Source("OWNER/tierops", "0" * 40)
UNKNOWN_TASK = "put the repository of tierops and a commit of it after `uses:`"


class Wanted(NamedTuple):
    """What the new repository is to have. `places`: vendor → the block of a target.

    `key` is the first program's, None where there is to be none. `ci` is `github`, `gitlab` or `none`. `home` is where
    commands run, as seen from the root of the repository, and `programs` the folder of the programs as seen from there.
    `has_values` says that what names a ladder is to be a value of each environment.
    """

    key: str | None
    places: Mapping[str, Mapping[str, str]]
    environments: tuple[str, ...]
    ci: str
    source: Source
    home: str = ""
    programs: str = PROGRAMS
    has_values: bool = False

    @property
    def folder(self) -> str:
        """The folder of the programs, as seen from the root of the repository."""
        return (PurePosixPath(self.home) / self.programs).as_posix()


def texts(wanted: Wanted) -> dict[str, str]:
    """Path below the repository → text, in the order in which they are of interest.

    Raises `writing.CannotSay`, and `UsageError` for a folder that no pipeline can name.
    """
    folder, files = wanted.folder, {}
    if wanted.ci != "none" and not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)*", folder, re.ASCII):
        raise UsageError(
            f"a pipeline cannot name the folder {folder!r}: letters, digits, `.`, `-`, `_` only; or --ci none"
        )
    names = _value_names(wanted.places) if wanted.has_values else {}
    if wanted.key:
        blocks = {vendor: _block(vendor, place, names) for vendor, place in wanted.places.items()}
        files[f"{folder}/{name_for(wanted.key)}"] = _render("program.yaml", key=wanted.key, places=blocks)
    vendors = tuple(map(providers.find, wanted.places)) or providers.own()
    values = {name: wanted.places[vendor][part] for (vendor, part), name in names.items()} if wanted.key else {}
    for name in wanted.environments:
        text = _render("environment.yaml", name=name, vendors=vendors, values=values)
        files[f"{folder}/environments/{name}.yaml"] = text
    for name in ("program", "environment"):
        files[f"{folder}/{_SCHEMAS}/{name}.schema.json"] = schemas.schema(name)
    if wanted.ci == "github":
        every = tuple(dict.fromkeys((*providers.own(), *vendors)))
        for name in WORKFLOWS:
            files[f".github/workflows/{name}"] = workflow(name, wanted.source, every, folder)
    if wanted.ci == "gitlab":
        files[".gitlab-ci.yml"] = gitlab_pipeline(wanted.source, wanted.environments, folder)
    files[".pre-commit-config.yaml"] = _render("pre-commit.yaml", source=wanted.source, folder=folder)
    files[(PurePosixPath(wanted.home) / ".gitignore").as_posix()] = _render("gitignore", patterns=GITIGNORE)
    return files


def _value_names(places: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, str], str]:
    """Vendor and part of what names a ladder → the value that holds it; none holds `${`."""
    homes = [
        (name, part.name)
        for name, place in places.items()
        for part in providers.find(name).parts
        if part.is_home and "${" not in place[part.name]
    ]
    parts = [part for _, part in homes]
    return {
        (vendor, part): (part if parts.count(part) == 1 else f"{vendor}_{part}").replace("-", "_")
        for vendor, part in homes
    }


def workflow(name: str, source: Source | None, vendors: Sequence[Vendor] = (), folder: str = PROGRAMS) -> str:
    """One of the `WORKFLOWS`, with the keys of these vendors; without a source, as tierops' own repository has it."""
    task = "" if source else "put a released commit of tierops in place of `./` (uses: OWNER/tierops@COMMIT)"
    if source == UNKNOWN:
        task = UNKNOWN_TASK
    # A key that takes the place of others is for who asks for it.
    vendors = vendors or providers.own()
    every = dict.fromkeys(variable for vendor in vendors for variable in vendor.variables)  # two may share their keys
    variables = [variable for variable in every if not variable.is_alternative]
    addresses = [variable for vendor in vendors for variable in vendor.address]
    return _render(name, uses=source or "./", task=task, variables=variables, addresses=addresses, folder=folder)


def gitlab_pipeline(source: Source | None, environments: Sequence[str], folder: str = PROGRAMS) -> str:
    """The pipeline for GitLab; without a source, as the documentation shows it."""
    return _render("gitlab-ci.yml", source=source, environments=environments, folder=folder)


def name_of(vendor: str, place: Mapping[str, str]) -> str:
    """What people call the ladder at a place."""
    return place[next(part.name for part in providers.find(vendor).parts if part.is_home)]


def is_sample(text: str) -> bool:
    """Whether this is the program that init writes, whatever its key and its targets are."""
    before, mark, tiers = _render("program.yaml", key="x", places={}).partition("tiers:")
    return text.startswith(before.partition("program:")[0]) and text.endswith(f"\n{mark}{tiers}")


def schema_for(path: Path, directory: Path) -> str:
    """What leads from a program file to the schema that init put below the folder; empty where there is none."""
    schema = directory / _SCHEMAS / "program.schema.json"
    return Path(os.path.relpath(schema, path.parent)).as_posix() if schema.is_file() else ""


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
        "any_yaml": _in_any_yaml,
        "any_yaml_list": _list_in_any_yaml,
    }
    return environment


def _text(text: str) -> str:
    return writing.Yaml().text(text)


def _block(vendor: str, place: Mapping[str, str], names: Mapping[tuple[str, str], str]) -> str:
    """A target's block; what has a name among the values is written as it."""
    yaml = writing.Yaml()
    return writing.flow(
        {
            part: f'"${{{names[vendor, part]}}}"' if (vendor, part) in names else yaml.text(text, in_flow=True)
            for part, text in place.items()
        }
    )


def _in_any_yaml(name: str) -> str:
    """In quotes unless no reader of YAML takes it for anything but text, as some do with `no` or `1e3`."""
    return name if re.fullmatch("[a-z]{6,}(-[a-z]+)*", name) else f'"{name}"'


def _list_in_any_yaml(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_in_any_yaml, names))}]"
