"""An emulated Toy, built from its documentation. It shares no code with the account beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from tierops.emulator import api
from tierops.emulator.routes import Route, Router
from tierops.emulator.store import Store
from tierops.emulator.switches import SwitchSet, choice, number, text
from tierops.emulator.web import Answer, Call, Page, Refused


@dataclass(frozen=True)
class ToySwitches(SwitchSet):
    """What Toy's documentation leaves open."""

    open_end: str = choice("null", "absent", doc="`last` of a tier without an end")
    order: str = choice("rising", "falling", doc="the order of a box's tiers")
    rate_limit: int = number(100, 1, "calls in one window")
    rate_window_s: int = number(60, 1, "seconds in one window")
    accepted_keys: str = text("comma-separated keys; empty accepts any")


class Api(api.Api[ToySwitches]):
    """Shows the boxes of one account. `dashboard` is the app, where they are filled."""

    name = "toy"
    switch_set = ToySwitches
    exports: ClassVar = {"TOY_URL": "{url}", "TOY_KEY": "any"}

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], ToySwitches]) -> None:
        super().__init__(store, clock, switches)
        self.dashboard = self
        self.boxes: dict[str, list[dict[str, Any]]] = {}
        self.router = Router((Route("/boxes", {"GET": self._boxes}), Route("/boxes/{box}", {"GET": self._box})))

    def fill(self, box: str, tiers: Iterable[Mapping[str, Any]]) -> None:
        """Put tiers into a box: `name`, `first`, perhaps `last` and `badge`."""
        self.boxes[box] = [{"id": f"t{number}", "last": None, **tier} for number, tier in enumerate(tiers)]

    def authenticate(self, call: Call) -> None:
        """Raise `Refused` without a key."""
        if not self.accepts(call.headers.get("x-toy-key", "")):
            raise Refused(self.error(401))

    def error(self, status: int) -> Answer:
        """What may be said on any path."""
        return Answer(status, {"message": f"error {status}"})

    def wrong_method(self, method: str, allowed: str) -> Answer:
        """405."""
        return Answer(405, {"message": f"{method} is not {allowed}"})

    def too_many(self, wait: int | None, *, is_cycle: bool) -> Answer:
        """429."""
        return self.error(429)

    def headers(self, limit: int, left: int, ends: int) -> Mapping[str, str]:
        """Toy says nothing of its limits."""
        return {}

    def _boxes(self, _call: Call, _path: Mapping[str, str]) -> Answer:
        return Answer(200, [{"id": f"box-{name}", "name": name} for name in self.boxes])

    def _box(self, _call: Call, path: Mapping[str, str]) -> Answer:
        if path["box"] not in self.boxes:
            raise Refused(self.error(404))
        tiers = self.boxes[path["box"]]
        if self.switches().open_end == "absent":
            tiers = [{key: value for key, value in tier.items() if value is not None} for tier in tiers]
        rows = tiers[::-1] if self.switches().order == "falling" else tiers

        def written(page: Page) -> Any:
            return {"id": f"box-{path['box']}", "tiers": list(page.entries), "count": page.total}

        return Answer(200, Page(rows, written, len(rows)))
