"""Programs, and which structure decides about the tiers of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tierops.emulator.store import Record
from tierops.emulator.web import Answer, Call
from tierops.providers.voucherify_v2.emulator import errors, payload
from tierops.providers.voucherify_v2.emulator.lists import Listing, Lists
from tierops.providers.voucherify_v2.emulator.project import ASSIGNMENT, DELETED, PROGRAM, STRUCTURE, Project
from tierops.providers.voucherify_v2.emulator.switches import Switches

_PROGRAMS = Listing("lcrsprg_", ("created_at", "name"), has_names=True)
_ASSIGNMENTS = Listing("lcrstsa_", ("created_at",), has_ids=False)
_MOST = 10


class Programs:
    """The handlers of the routes below `/programs`."""

    def __init__(self, project: Project, lists: Lists, switches: Callable[[], Switches]) -> None:
        self._project = project
        self._lists = lists
        self._switches = switches

    def listed(self, call: Call, _path: Mapping[str, str]) -> Answer:
        """Every program."""
        switches, rows = self._switches(), self._project.store.select(PROGRAM)
        shown = [row for row in rows if row["status"] != DELETED or switches.deleted == "shown"]
        return self._lists.page(call, _PROGRAMS, shown, switches)

    def one(self, _call: Call, path: Mapping[str, str]) -> Answer:
        """One program; it does not say which structure it uses."""
        return Answer(200, self._program(path))

    def assignments(self, call: Call, path: Mapping[str, str]) -> Answer:
        """The structures of a program."""
        rows = self._project.store.stored(ASSIGNMENT, self._program(path)["id"])
        return self._lists.page(
            call, _ASSIGNMENTS, [{**_shown(row), "id": row["id"]} for row in rows], self._switches()
        )

    def batch(self, call: Call, path: Mapping[str, str]) -> Answer:
        """Assign and unassign structures."""
        program, sent = self._program(path), payload.body(call)
        if sent.keys() - {"assign", "unassign"}:
            raise errors.invalid("Property is not allowed")
        wanted, unwanted = (self._ids(sent.get(key), key) for key in ("assign", "unassign"))
        for structure_id in unwanted or ():
            if program["status"] != "DRAFT":
                raise errors.refused(423, "non_draft_program")
            self._project.unassign(program["id"], structure_id)
        assigned = None if wanted is None else [self._assigned(program, structure_id) for structure_id in wanted]
        return Answer(200, {"assigned": assigned, "unassigned": unwanted and [{"id": one} for one in unwanted]})

    def _assigned(self, program: Record, structure_id: str) -> Any:
        switches = self._switches()
        structure = self._project.structure(structure_id)
        held = self._project.store.stored(ASSIGNMENT, program["id"])
        if structure_id in {one["tier_structure_id"] for one in held}:
            raise errors.refused(409, "duplicate_found")
        if held:
            raise errors.refused(switches.second_structure, "tier_structure_assignments_limit_exceeded")
        is_live = program["status"] == "ACTIVE"
        if is_live and (switches.assign_active == "423" or structure["status"] != "ACTIVE"):
            raise errors.refused(423, "non_active_tier_structure")
        return _shown(self._project.assign(program["id"], structure_id))

    def _ids(self, sent: Any, key: str) -> list[str] | None:
        if sent is None:
            return None
        if not isinstance(sent, list) or len(sent) > _MOST or not all(isinstance(one, dict) for one in sent):
            raise errors.invalid(f"Property .{key} must be array of {_MOST} objects at most")
        ids = [str(one.get("id")) for one in sent]
        for structure_id in ids:
            found = self._project.store.find(STRUCTURE, structure_id)
            if found is None or found["id"] != structure_id or found["status"] == DELETED:
                raise errors.not_found("tier_structure", structure_id, self._switches().resource_type)
        return ids

    def _program(self, path: Mapping[str, str]) -> Record:
        found = self._project.store.find(PROGRAM, path["program"])
        if found is None or found["id"] != path["program"] or found["status"] == DELETED:
            raise errors.not_found("program", path["program"], "singular")
        return found


def _shown(assignment: Record) -> dict[str, Any]:
    shown = {key: assignment[key] for key in ("tier_structure_id", "created_at")}
    return {**shown, "object": "program_tier_structure"}
