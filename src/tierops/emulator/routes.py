"""Which handler a request is for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

from tierops.emulator.web import Answer, Call

Handler: TypeAlias = Callable[[Call, Mapping[str, str]], Answer]


@dataclass(frozen=True)
class Route:
    """A path template such as `/ladders/{ladder}/tiers` and what answers there, by method.

    `is_write` is False where no method changes what the vendor holds, such as a POST that gives out a token.
    """

    template: str
    handlers: Mapping[str, Handler]
    is_write: bool = True


class Router:
    """Finds the route of a request; the first route that fits wins, so the specific ones come first.

    Where the server passes the request line on (`RAW_URI`), `%2F` inside a segment is told apart from a path separator.
    WSGI itself passes a decoded path only: then a parameter named in `may_hold_slashes` takes as many segments as it
    must, which is wrong only for names that contain a whole route.
    """

    def __init__(self, routes: Sequence[Route], may_hold_slashes: str = "") -> None:
        self.routes = tuple(routes)
        self._routes = [
            (route, _pattern(route.template, ""), _pattern(route.template, may_hold_slashes)) for route in routes
        ]

    def find(self, call: Call) -> tuple[Route, dict[str, str]] | None:
        """The route and its decoded parameters, or nothing."""
        for route, strict, loose in self._routes:
            match = loose.fullmatch(call.path) if call.raw_path is None else strict.fullmatch(call.raw_path)
            if match:
                values = match.groupdict()
                return route, values if call.raw_path is None else {k: unquote(v) for k, v in values.items()}
        return None


def _pattern(template: str, may_hold_slashes: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = ""
    for index, part in enumerate(parts):
        text += f"(?P<{part}>{'.+?' if part == may_hold_slashes else '[^/]+'})" if index % 2 else re.escape(part)
    return re.compile(text, re.DOTALL)
