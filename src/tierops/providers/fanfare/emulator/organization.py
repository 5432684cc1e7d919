"""What one Fanfare organisation holds: audiences, some of them in groups. Its methods are the emulator's dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tierops.emulator import exact
from tierops.emulator.exact import Json
from tierops.emulator.store import Record, Store
from tierops.emulator.web import timestamp
from tierops.providers.fanfare.emulator import tiers as fanfare_tiers
from tierops.providers.fanfare.emulator.switches import Switches

AUDIENCE, _NUMBER = "fanfare.audience", "fanfare.number"
_TIERED = "SEGMENTED_VALUE"
ID = "019a0000-0000-7000-8000-0000000000aa"
"""The organisation's own id."""
BY_API = "secret-key"
"""Who created what the API did; the text is a guess."""
PARTS = ("rules", "imports", "primarySyncSource")
"""What Audience+ has and Audience has not."""
WHOLE = PARTS[:2]
"""What is required of Audience+."""

_DASHBOARD = "dashboard"
# The example of the old audiences page. Its attribute `totalOrderValue` is not in today's specification.
_EXAMPLE_GROUP = "Spending Tiers"
_EXAMPLE_TIERS = (
    {"name": "Bronze", "startValue": 0, "endValue": 100, "order": 0},
    {"name": "Silver", "startValue": 100, "endValue": 500, "order": 1},
    {"name": "Gold", "startValue": 500, "endValue": 1000, "order": 2},
    {"name": "Platinum", "startValue": 1000, "order": 3},
)


class Organization:
    """A Fanfare organisation in the store. Somebody who edits in the dashboard is played with these methods.

    They check nothing that the dashboard might let through and take effect at once. Audiences are dicts as the API has
    them, whose numbers are `int` or `Decimal`. Groups and audiences are named by id or name, and what is archived is
    not found; an unknown one raises `LookupError`.
    """

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], Switches]) -> None:
        self.store = store
        self.clock = clock
        self._switches = switches

    def add_group(
        self,
        name: str,
        attribute: str,
        tiers: Sequence[fanfare_tiers.RawTier] = (),
        *,
        id: str | None = None,  # noqa: A002 - Fanfare's own word
        created_at: str | None = None,
        by: str = _DASHBOARD,
        visible_at: float = 0,
    ) -> list[Json]:
        """A group with one audience for each tier; the switches say what its rules and metadata look like."""
        with self.store.transaction():
            group: Record = {"groupId": id or self.new_id("b"), "groupName": name, "groupType": _TIERED}
            return [
                self.add_audience(
                    **group,
                    **fields,
                    createdAt=created_at or self.now(),
                    createdBy=by,
                    visible_at=visible_at,
                )
                for fields in self._definitions(group["groupId"], attribute, tiers)
            ]

    def replace_group(
        self, group: str, name: str, attribute: str, tiers: Sequence[fanfare_tiers.RawTier]
    ) -> list[Json]:
        """Make the group hold these tiers, by name: update, add, archive. Its audiences, in the order of `tiers`."""
        with self.store.transaction():
            live = self.group(group)
            group_id = live[0]["groupId"]
            by_name = {audience["name"]: audience for audience in live}
            kept = [by_name.pop(tier["name"], None) for tier in tiers]
            for audience in live:
                if audience not in kept:
                    self.change(audience, archived=True)
            grouped = {"groupId": group_id, "groupName": name, "groupType": _TIERED}
            definitions = self._definitions(group_id, attribute, tiers)
            return [
                self.change(audience, **grouped, **fields) if audience else self.add_audience(**grouped, **fields)
                for audience, fields in zip(kept, definitions, strict=True)
            ]

    def add_audience(
        self, name: str, *, rules: Iterable[Mapping[str, Any]] | None = None, visible_at: float = 0, **fields: Any
    ) -> Json:
        """Any audience, by hand: the fields that answers always have, overridden by `fields`.

        A rule needs `field`, `operator`, `values`. Raises `ValueError` on an id that is taken.
        """
        with self.store.transaction():
            audience: Record = {
                "id": self.new_id("0"),
                "organizationId": ID,
                "createdAt": self.now(),
                "createdBy": _DASHBOARD,
                "archived": False,
                "name": name,
                "type": "DYNAMIC",
                "description": None,
                "groupId": None,
                "groupType": None,
                "groupName": None,
                "iconName": None,
                "metadata": None,
                "rules": [],
                "imports": [],
                "lastRefreshedAt": None,
                "refreshIntervalSeconds": None,
                "updatedAt": None,
                "updatedBy": None,
                "primaryExternalId": None,
                "primarySourceVendor": None,
                "primarySyncSourceId": None,
                "primaryLastSyncedAt": None,
            } | fields
            audience["rules"] = self._with_ids(audience["id"], rules or ())
            self.store.insert(AUDIENCE, "", _record(audience), visible_at=visible_at)
        return audience

    def edit_audience(self, audience: str, *, group: str | None = None, **changes: Any) -> Json:
        """Change fields of an audience as a dashboard user would; new `rules` replace all of its rules."""
        with self.store.transaction():
            return self.change(self._find(audience, group), **changes)

    def delete_tier(self, group: str, name: str) -> None:
        """Remove a tier in the dashboard, which archives its audience."""
        with self.store.transaction():
            self.change(self._find(name, group), archived=True)

    def audiences(self) -> list[Json]:
        """All audiences, oldest first, archived ones and those not yet visible to readers included."""
        return [audience_of(record) for record in self.store.stored(AUDIENCE, "")]

    def groups(self) -> list[Json]:
        """The groups that hold anything: `groupId`, `groupName`, `attribute` (if it can be told), `audiences`."""
        held: dict[str, list[Json]] = {}
        for audience in self._live():
            if audience["groupId"] is not None:
                held.setdefault(audience["groupId"], []).append(audience)
        return [
            {
                "groupId": group_id,
                "groupName": members[0]["groupName"],
                "attribute": _attribute(members),
                "audiences": members,
            }
            for group_id, members in held.items()
        ]

    def group(self, group: str) -> list[Json]:
        """The audiences of the group with this id, else of the first with this name."""
        groups = self.groups()
        fitting = [one for key in ("groupId", "groupName") for one in groups if one[key] == group]
        if not fitting:
            raise LookupError(f"no group {group!r}")
        members: list[Json] = fitting[0]["audiences"]
        return members

    def load_examples(self) -> list[Json]:
        """The group with four tiers that Fanfare's audiences page shows. Loading it again changes nothing."""
        with self.store.transaction():
            if any(group["groupName"] == _EXAMPLE_GROUP for group in self.groups()):
                return self.group(_EXAMPLE_GROUP)
            return self.add_group(_EXAMPLE_GROUP, "ltv", _EXAMPLE_TIERS)

    # What the API needs besides.

    def change(self, audience: Json, **changes: Any) -> Json:
        """Store an audience with changes made in the dashboard."""
        changed = audience | {"updatedAt": self.now(), "updatedBy": _DASHBOARD} | changes
        if "rules" in changes:
            changed["rules"] = self._with_ids(audience["id"], changes["rules"])
        self.store.replace(AUDIENCE, _record(changed))
        return changed

    def new_id(self, kind: str) -> str:
        """An id never given before, one more than the last: UUIDs of version 7 sort by age."""
        number = self.store.next_id("")
        with self.store.transaction():
            taken = {"id": number, "name": "", "created_at": "", "updated_at": ""}
            self.store.insert(_NUMBER, "", taken)
            self.store.delete(_NUMBER, number)
        return f"019a0000-0000-7000-8{kind:0>3}-{number[-12:]}"

    def now(self) -> str:
        """The time as Fanfare writes it."""
        return timestamp(self.clock())

    def visible_at(self) -> float:
        """When readers will see what is created now."""
        return self.clock() + self._switches().read_after_write_lag_ms / 1000

    def readable(self, *, with_archived: bool = False, lag: float = 0.0) -> list[Record]:
        """The records of what readers see who are `lag` seconds behind what is created.

        Whether archived audiences belong to it, the switch says.
        """
        shows_archived = with_archived or self._switches().archived == "shown"
        records = self.store.select(AUDIENCE, now=self.clock() - lag)
        return [record for record in records if shows_archived or not record["archived"]]

    def _definitions(self, group_id: str, attribute: str, tiers: Sequence[fanfare_tiers.RawTier]) -> list[Json]:
        lowest = fanfare_tiers.lowest(tiers)
        return [
            fanfare_tiers.definition(tier, group_id, attribute, is_lowest=tier is lowest, switches=self._switches())
            for tier in tiers
        ]

    def _with_ids(self, audience_id: str, rules: Iterable[Mapping[str, Any]]) -> list[Json]:
        complete = []
        for position, rule in enumerate(rules):
            given = {key: value for key, value in rule.items() if key != "audienceId"}
            fixed = {"id": self.new_id("c"), "organizationId": ID, "audienceId": audience_id}
            complete.append(fixed | {"groupId": None, "position": position} | given)
        return complete

    def _live(self) -> list[Json]:
        return [audience for audience in self.audiences() if not audience["archived"]]

    def _find(self, audience: str, group: str | None) -> Json:
        among = self._live() if group is None else self.group(group)
        fitting = [one for key in ("id", "name") for one in among if one[key] == audience]
        if not fitting:
            raise LookupError(f"no audience {audience!r}" + ("" if group is None else f" in group {group!r}"))
        return fitting[0]


def audience_of(record: Record) -> Json:
    """The audience that a record of the store holds."""
    return exact.loads(record["json"])


def view(audience: Json, parts: Iterable[str] = ()) -> Json:
    """An audience as answers have it: the specification's Audience, and those parts of Audience+ that are asked for."""
    hidden = set(PARTS) - set(parts)
    return {key: value for key, value in audience.items() if key not in hidden}


def _record(audience: Json) -> Record:
    # The audience is text of its own inside the record: the store knows no Decimal.
    return {
        "id": audience["id"],
        "name": audience["name"],
        "created_at": audience["createdAt"],
        "updated_at": audience["updatedAt"],
        "refreshed_at": audience["lastRefreshedAt"],
        "archived": audience["archived"],
        "group_id": audience["groupId"],
        "json": exact.dumps(audience),
    }


def _attribute(members: Iterable[Json]) -> str | None:
    metadata = [member["metadata"] or {} for member in members]
    named = {str(one["tierAttribute"]) for one in metadata if "tierAttribute" in one}
    ruled = {rule["field"] for member in members for rule in member["rules"]}
    return next((str(*names) for names in (named, ruled) if len(names) == 1), None)
