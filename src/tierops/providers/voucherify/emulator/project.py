"""What one Voucherify project holds: campaigns and tiers. Its methods are the emulator's dashboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tierops.emulator.store import Record, Store
from tierops.emulator.web import timestamp
from tierops.providers.voucherify.emulator.payload import LOYALTY

CAMPAIGN, TIER, MAPPED = "voucherify.campaign", "voucherify.tier", "voucherify.mapped"


class Project:
    """A Voucherify project in the store. Somebody who edits in the dashboard is played with these methods.

    They check nothing that the dashboard might let through and take effect at once. Campaigns and tiers are named by
    id or name; an unknown one raises `LookupError`.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self.store = store
        self.clock = clock

    def add_campaign(
        self,
        name: str,
        *,
        id: str | None = None,  # noqa: A002 - Voucherify's own word
        campaign_type: str = LOYALTY,
        tiers: Iterable[Mapping[str, Any]] = (),
        earning_rules: Iterable[str] = (),
        rewards: Iterable[str] = (),
        visible_at: float = 0,
        **fields: Any,
    ) -> Record:
        """A new campaign, with the fields that responses always have; `fields` overrides them.

        `earning_rules` and `rewards` declare the ids of what the campaign has (`ern_…`, `rewa_…`). Raises `ValueError`
        on a name or id that is taken.
        """
        with self.store.transaction():
            taken = self.store.find(CAMPAIGN, name)
            if taken is not None and taken["name"] == name:
                raise ValueError(f"a campaign {name!r} is there already")
            campaign = self._campaign_record(id or self.store.next_id("camp_"), name, campaign_type, fields)
            self.store.insert(CAMPAIGN, campaign_type, campaign, visible_at=visible_at)
            self.add_tiers(campaign["id"], tiers)
            for key, ids in (("earning_rules", earning_rules), ("rewards", rewards)):
                for name in ids:
                    mapped = {"id": f"{campaign['id']}/{name}", "name": name, "created_at": "", "updated_at": None}
                    self.store.insert(f"{MAPPED}.{key}", campaign["id"], mapped)
        return campaign

    def add_tiers(self, campaign: str, tiers: Iterable[Mapping[str, Any]], *, visible_at: float = 0) -> list[Record]:
        """Append tiers, with one creation time and consecutive ids; what a raw tier brings itself is kept."""
        with self.store.transaction():
            campaign_id = self.campaign(campaign)["id"]
            now = self.now()
            added = []
            for raw in tiers:
                points = dict(raw.get("points", {}))
                tier = {
                    "id": self.store.next_id("ltr_"),
                    "name": raw["name"],
                    "campaign_id": campaign_id,
                    "metadata": {},
                    "created_at": now,
                    "updated_at": None,
                    "earning_rules": {},
                    "rewards": {},
                    "config": {"points": points},
                    "points": points,
                    "object": "loyalty_tier",
                } | dict(raw)
                self.store.insert(TIER, campaign_id, tier, visible_at=visible_at)
                added.append(tier)
        return added

    def edit_tier(self, campaign: str, tier: str, **changes: Any) -> Record:
        """Change a tier as a dashboard user would; new `points` are mirrored in `config`, `updated_at` is set."""
        with self.store.transaction():
            edited = self._tier(campaign, tier) | {"updated_at": self.now()} | changes
            if "points" in changes and "config" not in changes:
                edited["config"] = {"points": changes["points"]}
            self.store.replace(TIER, edited)
        return edited

    def delete_tier(self, campaign: str, tier: str) -> None:
        """Remove a tier, which only the dashboard can."""
        with self.store.transaction():
            self.store.delete(TIER, self._tier(campaign, tier)["id"])

    def tiers(self, campaign: str) -> list[Record]:
        """All tiers of a campaign in the order they were added, those not yet visible to readers included."""
        return self.store.stored(TIER, self.campaign(campaign)["id"])

    def campaigns(self) -> list[Record]:
        """All campaigns, of every type, oldest first."""
        return self.store.select(CAMPAIGN)

    def campaign(self, campaign: str) -> Record:
        """The campaign with this id or name."""
        record = self.store.find(CAMPAIGN, campaign)
        if record is None:
            raise LookupError(f"no campaign {campaign!r}")
        return record

    def mapped(self, campaign_id: str, key: str) -> set[str]:
        """The ids of the `earning_rules` or `rewards` that were declared for a campaign."""
        return {record["name"] for record in self.store.stored(f"{MAPPED}.{key}", campaign_id)}

    def load_examples(self) -> Record:
        """The campaign with three tiers that Voucherify's reference shows. Loading it again changes nothing."""
        text = Path(__file__).with_name("examples.json").read_text(encoding="utf-8")
        example = json.loads(text)
        with self.store.transaction():
            loaded = self.store.find(CAMPAIGN, example["campaign"]["id"])
            return loaded or self.add_campaign(**example["campaign"], tiers=example["tiers"])

    def now(self) -> str:
        """The time as Voucherify writes it."""
        return timestamp(self.clock())

    def _tier(self, campaign: str, tier: str) -> Record:
        record = self.store.find(TIER, tier, place=self.campaign(campaign)["id"])
        if record is None:
            raise LookupError(f"no tier {tier!r} in campaign {campaign!r}")
        return record

    def _campaign_record(self, campaign_id: str, name: str, campaign_type: str, fields: Mapping[str, Any]) -> Record:
        campaign: Record = {
            "id": campaign_id,
            "name": name,
            "campaign_type": campaign_type,
            "type": "AUTO_UPDATE",
            "auto_join": False,
            "join_once": campaign_type == LOYALTY,
            "use_voucher_metadata_schema": False,
            "vouchers_count": 0,
            "active": True,
            "metadata": {},
            "created_at": self.now(),
            "updated_at": None,
            "creation_status": "DONE",
            "vouchers_generation_status": "DONE",
            "protected": False,
            "category_id": None,
            "categories": [],
            "object": "campaign",
        }
        if campaign_type == LOYALTY:
            campaign["voucher"] = {
                "type": "LOYALTY_CARD",
                "loyalty_card": {"points": 0},
                "redemption": {"quantity": None},
                "code_config": {"length": 8, "pattern": "########"},
                "is_referral_code": False,
            } | dict(fields.get("voucher", {}))
        return campaign | {key: value for key, value in fields.items() if key != "voucher" or campaign_type != LOYALTY}
