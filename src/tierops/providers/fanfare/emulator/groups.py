"""Fanfare's tier groups: several audiences that are created, read, replaced and deleted as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tierops.emulator.switches import FanfareSwitches
from tierops.emulator.web import Answer, Call, Json, Refused
from tierops.providers.fanfare.emulator import errors, payload
from tierops.providers.fanfare.emulator import tiers as fanfare_tiers
from tierops.providers.fanfare.emulator.organization import BY_API, WHOLE, Organization, audience_of, view


class TierGroups:
    """The handlers of the group routes."""

    def __init__(self, organization: Organization, switches: Callable[[], FanfareSwitches]) -> None:
        self._organization = organization
        self._switches = switches

    def read(self, call: Call, path: Mapping[str, str]) -> Answer:
        """`GET /audiences/groups/{groupId}`: a bare array."""
        members = self._members(path, call.lag)
        return Answer(200, [view(audience, WHOLE) for audience in members])

    def archive(self, _call: Call, path: Mapping[str, str]) -> Answer:
        """`DELETE /audiences/groups/{groupId}`: archives every audience of the group."""
        members = self._members(path)
        return Answer(200, [view(self._organization.change(one, BY_API, archived=True)) for one in members])

    def create(self, call: Call, _path: Mapping[str, str]) -> Answer:
        """`POST /audiences/loyalty-tiers`."""
        body = payload.Inspection(self._switches()).tier_group(payload.read(call))
        self._refuse_taken_name(body)
        tiers = body["tiers"]
        refusal: Answer | None = None
        conflict = self._conflict(tiers)
        if conflict:
            refusal = self._overlap(body, conflict)
            if self._switches().batch_failure == "atomic":
                raise Refused(refusal)
            tiers = tiers[: conflict.index]
        group_id = self._organization.new_id("b")
        created = self._organization.add_group(
            body["groupName"],
            body["attribute"],
            tiers[: call.kept],
            id=group_id,
            by=BY_API,
            visible_at=self._organization.visible_at(),
        )
        return refusal or _tier_group(group_id, created)

    def replace(self, call: Call, path: Mapping[str, str]) -> Answer:
        """`PUT /audiences/loyalty-tiers/{groupId}`: updates, creates, archives, as the old audiences page tells."""
        group_id = path["group"]
        # That any group which holds something may be replaced, an RFM one or one made by hand too, is a guess.
        if all(group["groupId"] != group_id for group in self._organization.groups()):
            raise Refused(errors.group_not_found())
        body = payload.Inspection(self._switches()).tier_group(payload.read(call))
        self._refuse_taken_name(body, group_id)
        conflict = self._conflict(body["tiers"])
        if conflict:
            raise Refused(self._overlap(body, conflict))
        replaced = self._organization.replace_group(
            group_id, body["groupName"], body["attribute"], body["tiers"], BY_API
        )
        return _tier_group(group_id, replaced)

    def _refuse_taken_name(self, body: Json, group_id: str | None = None) -> None:
        if self._switches().duplicate_group == "accepted":
            return
        name = body["groupName"]
        others = (group for group in self._organization.groups() if group["groupId"] != group_id)
        if any(group["groupName"] == name for group in others):
            # The issue that the errors page has for duplicate values of other resources.
            issue = errors.invalid(((body, "groupName"),), "unique", "unique", name, "validation.unique")
            raise Refused(errors.validation([issue], self._switches().validation_status))

    def _conflict(self, tiers: list[Json]) -> fanfare_tiers.Conflict | None:
        return None if self._switches().overlap == "accepted" else fanfare_tiers.conflict(tiers)

    def _overlap(self, body: Json, conflict: fanfare_tiers.Conflict) -> Answer:
        if self._switches().overlap == "plain":
            return errors.plain(conflict.text)
        tier = body["tiers"][conflict.index]
        path: errors.Path = ((body, "tiers"), (body["tiers"], conflict.index), (tier, "startValue"))
        issue = errors.invalid(path, "overlap", "non-overlapping ranges", tier["startValue"], conflict.text)
        return errors.validation([issue], self._switches().validation_status)

    def _members(self, path: Mapping[str, str], lag: float = 0.0) -> list[Json]:
        every = self._organization.readable(with_archived=True, lag=lag)
        if self._switches().unknown_group == "404" and all(one["group_id"] != path["group"] for one in every):
            raise Refused(errors.group_not_found())
        readable = self._organization.readable(lag=lag)
        return [audience_of(record) for record in readable if record["group_id"] == path["group"]]


def _tier_group(group_id: str, audiences: list[Json]) -> Answer:
    return Answer(200, {"tierGroup": group_id, "audiences": [view(audience, WHOLE) for audience in audiences]})
