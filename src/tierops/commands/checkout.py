"""Which repository a run is in: CI services look its files up from the root, wherever in it the command runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tierops.output.report import Checkout

_PAGE = re.compile(r"https?://[\w.:-]+(?:/[\w.~-]+)+/", re.ASCII)
_WORKSPACES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")  # where GitHub and GitLab put the repository


def find(environ: Mapping[str, str]) -> Checkout | None:
    """The checkout around the working directory; None where the disk does not tell."""
    try:
        return _around(Path.cwd().resolve(), environ)
    except OSError:
        return None


def _around(folder: Path, environ: Mapping[str, str]) -> Checkout:
    """The nearest repository that git has, else the service's own, else the folder alone.

    One that lies around the service's own is none: a runner may work somewhere below a repository of its owner.
    """
    around = (folder, *folder.parents)
    workspaces = [Path(environ[name]).resolve() for name in _WORKSPACES if environ.get(name)]
    last = next((workspace for workspace in workspaces if workspace in around), None)
    searched = around[: around.index(last) + 1] if last else around
    root = next((parent for parent in searched if (parent / ".git").exists()), last or folder)
    return Checkout(root, folder, _page(environ))


def _page(environ: Mapping[str, str]) -> str:
    """Where GitHub or GitLab shows the files of the commit that the job runs for; empty elsewhere."""
    server, name, commit = (environ.get(f"GITHUB_{part}", "") for part in ("SERVER_URL", "REPOSITORY", "SHA"))
    project, built = environ.get("CI_PROJECT_URL", ""), environ.get("CI_COMMIT_SHA", "")
    if server and name and commit:
        page = f"{server}/{name}/blob/{commit}/"
    elif project and built:
        page = f"{project}/-/blob/{built}/"
    else:
        return ""
    return page if _PAGE.fullmatch(page) else ""
