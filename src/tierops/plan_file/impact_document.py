"""What a plan file says of members, as types. Strict, as `document` is; nothing of it is sent to a vendor."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from tierops.model import Impact, Move, Outlook, Standing


class _Document(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class MoveDocument(_Document):
    """Members who change their tier; null is no tier."""

    before: str | None = Field(alias="from")
    after: str | None = Field(alias="to")
    members: int | None
    steps: int | None

    def value(self) -> Move:
        """As the model has it."""
        return Move(self.before, self.after, self.members, self.steps)


class OutlookDocument(_Document):
    """The members of a ladder that is to come."""

    after: dict[str, int | None]
    moves: list[MoveDocument]
    upgrades: int | None
    downgrades: int | None
    joiners: int | None
    leavers: int | None
    in_no_tier: int | None
    in_two_tiers: int | None

    def outlook(self) -> Outlook:
        """As the model has it."""
        standing = Standing(tuple(self.after.items()), self.in_no_tier, self.in_two_tiers)
        moves = tuple(move.value() for move in self.moves)
        return Outlook(standing, moves, self.upgrades, self.downgrades, self.joiners, self.leavers)


class NearDocument(_Document):
    """How many members are near a bound."""

    margin: str
    members: int | None


class ImpactDocument(OutlookDocument):
    """What becomes of the members of a target."""

    source: str
    against: str | None
    members: int
    skipped: dict[str, int]
    before: dict[str, int | None]
    in_no_tier_before: int | None
    in_two_tiers_before: int | None
    desired: OutlookDocument | None
    near: NearDocument
    between_whole_numbers: int | None
    vendor_differs: int | None
    vendor_holds: list[MoveDocument] | None
    acts: str | None
    min_count: int

    def value(self) -> Impact:
        """As the model has it."""
        return Impact(
            source=self.source,
            against=self.against or "",
            members=self.members,
            skipped=tuple(self.skipped.items()),
            before=Standing(tuple(self.before.items()), self.in_no_tier_before, self.in_two_tiers_before),
            after=self.outlook(),
            desired=None if self.desired is None else self.desired.outlook(),
            margin=self.near.margin,
            near=self.near.members,
            vendor=None if self.vendor_holds is None else tuple(move.value() for move in self.vendor_holds),
            between=self.between_whole_numbers,
            acts=self.acts or "",
            min_count=self.min_count,
        )
