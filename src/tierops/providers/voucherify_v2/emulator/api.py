"""Voucherify's Loyalty v2 as far as tiers go: tier structures, their tiers, and the programs that use them.

Built from the published documentation; where that is silent, `Switches` decide. It shares address and keys with v1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from tierops.emulator import api
from tierops.emulator.routes import Route, Router
from tierops.emulator.spelling import stored
from tierops.emulator.store import Record, Store
from tierops.emulator.web import Answer, Call, Refused
from tierops.providers.voucherify.emulator import errors as v1
from tierops.providers.voucherify_v2.emulator import errors, payload, tiers
from tierops.providers.voucherify_v2.emulator.lists import Listing, Lists
from tierops.providers.voucherify_v2.emulator.programs import Programs
from tierops.providers.voucherify_v2.emulator.project import ACTIVITY, DELETED, PROGRAM, STRUCTURE, TIER, Project
from tierops.providers.voucherify_v2.emulator.story import LOSS
from tierops.providers.voucherify_v2.emulator.switches import Switches

_BASE = "/v2/loyalties"
_ONE = f"{_BASE}/tier-structures/{{structure}}"
_STRUCTURES = Listing("lcrsts_", ("created_at", "name", "type", "status"), has_names=True)
_TIERS = Listing("lcrst_", ("created_at", "name"))
_CARDS = Listing("lcrscdef_", ("created_at", "name"), has_names=True)
_ACTIVITIES = Listing("lcrsats_", ("created_at",))


class Api(api.Api[Switches]):
    """Answers the requests to one project."""

    name = "voucherify-v2"
    mount = "voucherify"
    switch_set = Switches
    exports: ClassVar = {"VOUCHERIFY_URL": "{url}", "VOUCHERIFY_APP_ID": "any", "VOUCHERIFY_APP_TOKEN": "any"}
    cycle_seconds = 30 * 24 * 3600
    loss = LOSS

    dashboard: Project
    error = staticmethod(v1.general)
    wrong_method = staticmethod(v1.wrong_method)

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], Switches]) -> None:
        super().__init__(store, clock, switches)
        self.dashboard = Project(store, clock)
        self._lists = Lists(clock)
        programs = Programs(self.dashboard, self._lists, switches)
        routes = (
            Route(f"{_BASE}/tier-structures", {"GET": self._list, "POST": self._create}),
            Route(_ONE, {"GET": self._get, "PUT": self._change, "DELETE": self._delete}),
            Route(f"{_ONE}/activate", {"POST": self._activate}),
            Route(f"{_ONE}/deactivate", {"POST": self._deactivate}),
            Route(f"{_ONE}/draft", {"POST": self._draft}),
            Route(f"{_ONE}/tiers", {"GET": self._list_tiers, "POST": self._create_tier}),
            Route(f"{_ONE}/tiers/{{tier}}", {"PUT": self._change_tier, "DELETE": self._delete_tier}),
            Route(f"{_ONE}/activities", {"GET": self._list_activities}),
            Route(f"{_BASE}/card-definitions", {"GET": self._list_cards}),
            Route(f"{_BASE}/programs", {"GET": programs.listed}),
            Route(f"{_BASE}/programs/{{program}}", {"GET": programs.one}),
            Route(f"{_BASE}/programs/{{program}}/tier-structures", {"GET": programs.assignments}),
            Route(f"{_BASE}/programs/{{program}}/tier-structures/batch", {"POST": programs.batch}),
        )
        self.router = Router(routes)

    def load_examples(self) -> None:
        """The structure of the documentation's form, unless there is one already."""
        if not self.dashboard.structures():
            self.dashboard.load_examples()

    def seed(self, place: Mapping[str, Any]) -> None:
        """The structure, or the wallet for one to be made, and the program. What begins as an id does is one."""
        name, card, program = place["structure"], place.get("card_definition"), place.get("program")
        if card is not None:
            if all(card not in (row["id"], row["name"]) for row in self.dashboard.cards()):
                self.dashboard.add_card(card, id=card if card.startswith("lcdef_") else None)
        elif self.store.find(STRUCTURE, name) is None:
            self.dashboard.add_structure(name, id=name if name.startswith("lts_") else None)
        if program is not None and self.store.find(PROGRAM, program) is None:
            structure = None if card is not None else name
            id_ = program if program.startswith("lprg_") else None
            self.dashboard.add_program(program, id=id_, structure=structure)

    def authenticate(self, call: Call) -> None:
        """Raise `Refused` without application keys or a bearer token, and where the project lacks the feature."""
        app_id, app_token = call.headers.get("x-app-id", ""), call.headers.get("x-app-token", "")
        if not self.accepts(f"{app_id}:{app_token}" if app_id and app_token else call.bearer):
            raise Refused(v1.general(401))
        feature = self.switches().feature
        if feature != "on":
            raise errors.refused(feature, "missing_required_feature", "LOYALTY_V2")

    def too_many(self, wait: int | None, *, is_cycle: bool) -> Answer:
        """429, as v1 has it."""
        kind = "api_calls_cycle" if is_cycle else "api_calls"
        return v1.too_many({} if wait is None else {"X-Rate-Limit-Type": kind})

    def headers(self, limit: int, left: int, ends: int) -> Mapping[str, str]:
        """The limit, as v1 has it."""
        names = ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Retry")
        return dict(zip(names, map(str, (limit, left, ends)), strict=True))

    # Structures.

    def _list(self, call: Call, _path: Mapping[str, str]) -> Answer:
        switches = self.switches()
        rows = self.store.select(STRUCTURE, now=self.clock() - call.lag)
        shown = [row for row in rows if row["status"] != DELETED or switches.deleted == "shown"]
        return self._lists.page(call, _STRUCTURES, shown, switches)

    def _create(self, call: Call, _path: Mapping[str, str]) -> Answer:
        switches = self.switches()
        fields = payload.structure(payload.body(call), switches)
        name = fields.pop("name")
        self._refuse_unknown_card(fields)
        if switches.duplicate_structure != "accepted" and self.store.find(STRUCTURE, name):
            raise errors.refused(switches.duplicate_structure, "duplicate_found", f"Duplicated structure {name}")
        return Answer(
            200, self.dashboard.add_structure(stored(name, switches.stored_name), visible_at=self._visible(), **fields)
        )

    def _refuse_unknown_card(self, fields: Mapping[str, Any]) -> None:
        how, measure = self.switches().unknown_card, fields.get("point_balance") or fields.get("point_earned") or {}
        card = measure.get("card_definition_id")
        if how != "accepted" and not any(row["id"] == card for row in self.dashboard.cards()):
            raise errors.refused(how, "not_found", f"Cannot find card_definition with id {card}")

    def _list_cards(self, call: Call, _path: Mapping[str, str]) -> Answer:
        return self._lists.page(call, _CARDS, self.dashboard.cards(), self.switches())

    def _get(self, _call: Call, path: Mapping[str, str]) -> Answer:
        return Answer(200, self._structure(path["structure"], self.clock()))

    def _change(self, call: Call, path: Mapping[str, str]) -> Answer:
        structure, switches = self._structure(path["structure"]), self.switches()
        given = payload.structure(payload.body(call), switches, is_new=False)
        changes = tiers.changed(structure, given, structure["status"], switches)
        return Answer(200, self.dashboard.edit_structure(structure["id"], **changes))

    def _delete(self, _call: Call, path: Mapping[str, str]) -> Answer:
        structure = self._structure(path["structure"])
        if users := self.dashboard.users(structure["id"]):
            raise errors.in_use([user["id"] for user in users])
        return Answer(200, self.dashboard.edit_structure(structure["id"], status=DELETED))

    def _activate(self, _call: Call, path: Mapping[str, str]) -> Answer:
        how = self.switches().activate_empty
        if how != "accepted" and not self.dashboard.tiers(self._structure(path["structure"])["id"]):
            raise errors.refused(how, "invalid_state_transition", "A structure without tiers")
        return self._to("ACTIVE", ("DRAFT", "INACTIVE"), path)

    def _deactivate(self, _call: Call, path: Mapping[str, str]) -> Answer:
        how = self.switches().deactivate
        is_used = bool(self.dashboard.users(self._structure(path["structure"])["id"]))
        if how == "423" or (how == "423-assigned" and is_used):
            raise errors.refused(423, "connected_non_draft_program")
        return self._to("INACTIVE", ("ACTIVE",), path)

    def _draft(self, _call: Call, path: Mapping[str, str]) -> Answer:
        how = self.switches().draft_assigned
        users = self.dashboard.users(self._structure(path["structure"])["id"])
        if how != "accepted" and any(user["status"] != "DRAFT" for user in users):
            raise errors.refused(how, "connected_non_draft_program")
        return self._to("DRAFT", ("ACTIVE",), path)

    def _to(self, status: str, before: tuple[str, ...], path: Mapping[str, str]) -> Answer:
        structure = self._structure(path["structure"])
        if structure["status"] not in before:
            raise errors.refused(self.switches().wrong_transition, "invalid_state_transition")
        return Answer(200, self.dashboard.edit_structure(structure["id"], status=status))

    def _list_activities(self, call: Call, path: Mapping[str, str]) -> Answer:
        switches = self.switches()
        now = self.clock() - call.lag - switches.activity_lag_ms / 1000
        rows = self.store.select(ACTIVITY, place=self._structure(path["structure"])["id"], now=now)
        shown = [{key: row[key] for key in row if key not in ("name", "updated_at")} for row in rows]
        return self._lists.page(call, _ACTIVITIES, shown, switches)

    # Tiers.

    def _list_tiers(self, call: Call, path: Mapping[str, str]) -> Answer:
        structure = self._structure(path["structure"], self.clock())
        rows = self.store.select(TIER, place=structure["id"], now=self.clock() - call.lag)
        return self._lists.page(call, _TIERS, map(self._shown, rows), self.switches())

    def _create_tier(self, call: Call, path: Mapping[str, str]) -> Answer:
        structure, switches = self._structure(path["structure"]), self.switches()
        tier = payload.tier(payload.body(call), switches)
        tiers.refuse_frozen(structure, switches.frozen_create)
        held = self.dashboard.tiers(structure["id"])
        tier["name"] = stored(tier["name"], switches.stored_name)
        tiers.refuse_conflicts(tier, held, switches)
        tiers.refuse_too_many(len(held), switches)
        if switches.default_downgrade == "empty":
            tier.setdefault("downgrade", {})
        created = self.dashboard.add_tiers(structure["id"], [tier][: call.kept], visible_at=self._visible())
        self._touch(structure)
        return Answer(200, self._shown(created[0]) if created else None)

    def _change_tier(self, call: Call, path: Mapping[str, str]) -> Answer:
        structure, switches = self._structure(path["structure"]), self.switches()
        tier = self._tier(structure, path["tier"])
        given = payload.tier(payload.body(call), switches, is_new=False)
        changes = tiers.changed(tier, given, structure["status"], switches)
        others = [one for one in self.dashboard.tiers(structure["id"]) if one["id"] != tier["id"]]
        tiers.refuse_conflicts({**tier, **changes}, others, switches)
        self._touch(structure)
        return Answer(200, self._shown(self.dashboard.edit_tier(structure["id"], tier["id"], **changes)))

    def _delete_tier(self, _call: Call, path: Mapping[str, str]) -> Answer:
        structure = self._structure(path["structure"])
        tier = self._tier(structure, path["tier"])
        tiers.refuse_frozen(structure, self.switches().frozen_delete)
        self._touch(structure)
        return Answer(200, self._shown(self.dashboard.delete_tier(structure["id"], tier["id"])))

    def _shown(self, tier: Record) -> Record:
        is_shown = self.switches().points_expiration == "shown"
        return {key: value for key, value in tier.items() if is_shown or key != "points_expiration"}

    def _touch(self, structure: Record) -> None:
        if self.switches().structure_updated_at == "set":
            self.store.replace(STRUCTURE, structure | {"updated_at": self.dashboard.now()})

    def _visible(self) -> float:
        return self.clock() + self.switches().read_after_write_lag_ms / 1000

    def _structure(self, sent: str, now: float | None = None) -> Record:
        found = self.store.find(STRUCTURE, sent, now=now)
        if found is None or found["id"] != sent or found["status"] == DELETED:  # by id only
            raise errors.not_found("tier_structure", sent, self.switches().resource_type)
        return found

    def _tier(self, structure: Record, sent: str) -> dict[str, Any]:
        found = self.store.find(TIER, sent, place=structure["id"])
        if found is None or found["id"] != sent:
            raise errors.not_found("tier", sent, self.switches().resource_type)
        return found
