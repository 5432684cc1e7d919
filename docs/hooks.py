"""Links of the pages to files beside docs/ lead to the repository, for the site does not hold them."""

from __future__ import annotations

import re
from typing import Any


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """The page, with `](../README.md)` as a link into the repository."""
    up = "../" * (page.file.src_uri.count("/") + 1)
    return re.sub(rf"\]\({re.escape(up)}(?!\.\./)", f"]({config.repo_url}/blob/main/", markdown)
