"""What holds for every vendor, also for one from which tierops only reads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from jsonschema import Draft202012Validator

from tierops import __version__, config, importing, plan, plan_file, providers
from tierops.emulator import Fault, Switches
from tierops.errors import IncompleteRead, TieropsError, VendorError
from tierops.model import Kind, Plan, Range, TargetPlan, Tier
from tierops.providers.contract.ladders import drawn, rising
from tierops.providers.contract.setup import Bend, Setup, World

SEEDS = range(30)

_SPELLING = "stored_name"

# Libraries that a start of tierops must not pay for.
_HEAVY = ("httpx", "pydantic", "jsonschema")
_IMPORTED = """
import sys
sys.path[:] = {path!r}
import {package}
print([name for name in {heavy!r} if name in sys.modules])
"""


class Reading:
    """A subclass, whose name begins with `Test`, gives `setup`."""

    setup: ClassVar[Setup]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test that takes a `setting`, a `lie`, a `form` or a `contradiction` is run once for each of those."""
        if "setting" in metafunc.fixturenames:
            metafunc.parametrize("setting", self.settings())
        if "form" in metafunc.fixturenames:
            metafunc.parametrize("form", self.forms())
        if "contradiction" in metafunc.fixturenames:
            metafunc.parametrize("contradiction", self.setup.contradictions)
        if "lie" in metafunc.fixturenames:
            metafunc.parametrize("lie", self.setup.lies, ids=lambda fault: f"{fault.kind} {fault.on}")

    def settings(self) -> list[str]:
        """Each setting of each switch of the emulator that is not its default, but names that are stored otherwise."""
        return [
            f"{switch.name}={setting}"
            for switch in Switches.table((self.setup.api,))
            for setting in switch.choices
            if setting != switch.default and not switch.name.endswith(f".{_SPELLING}")
            if f"{switch.name}={setting}" not in self.setup.exempt
        ]

    def forms(self) -> list[str]:
        """Each way in which the emulator can store names otherwise than they were sent, as a setting."""
        return [
            f"{switch.name}={form}"
            for switch in Switches.table((self.setup.api,))
            for form in switch.choices
            if form != switch.default and switch.name.endswith(f".{_SPELLING}")
        ]

    def held(self, world: World, tiers: tuple[Tier, ...]) -> None:
        """Put the tiers there: here by hand, in `Writing` by tierops."""
        assert self.setup.hold is not None, "a vendor from which tierops only reads needs `Setup.hold`"
        self.setup.hold(world.emulator, tiers)

    # The declaration.

    def test_the_vendor_is_found_by_its_name(self) -> None:
        assert providers.find(self.setup.vendor.name) is self.setup.vendor

    def test_the_declaration_is_light(self) -> None:
        package = self.setup.vendor.package
        code = _IMPORTED.format(path=sys.path, package=package, heavy=_HEAVY)
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ended.stdout == "[]\n"

    def test_the_declaration_is_whole(self) -> None:
        vendor = self.setup.vendor
        names = [part.name for part in vendor.parts]
        assert re.fullmatch(r"[a-z][a-z0-9-]*", vendor.name)
        assert vendor.title
        assert vendor.noun
        assert any(part.is_home for part in vendor.parts)
        assert [*dict.fromkeys(names)] == names
        assert {*names} <= self.setup.place.keys() <= {*names, *vendor.settings}
        assert all(part.help for part in vendor.parts)
        assert all(variable.help for variable in vendor.variables)
        assert all(name.isupper() for name in (vendor.url_variable, *(one.name for one in vendor.variables)))
        assert not vendor.default_url or vendor.default_url.startswith("https://")
        assert (files(vendor.package) / "guide.md").read_text(encoding="utf-8").strip()
        assert callable(providers.account(vendor).fetch)

    def test_the_sentences_for_people_are_there(self) -> None:
        with self.setup.world() as world:
            abilities = self.setup.vendor.abilities(world.place, world.connection.fetch(world.place))
        assert abilities.by_hand
        assert abilities.members
        assert abilities.undo

    def test_the_schema_describes_the_blocks(self) -> None:
        vendor = self.setup.vendor
        schema = json.loads((files(vendor.package) / "schema.json").read_text(encoding="utf-8"))
        for part in (schema["place"], schema["fields"], {"properties": schema["overlay"]}):
            Draft202012Validator.check_schema({**part, "$defs": schema.get("$defs", {})})
        assert schema["place"]["properties"].keys() == {*(part.name for part in vendor.parts), *vendor.settings}
        assert schema["fields"].get("properties", {}).keys() == schema["overlay"].keys()
        assert schema["overlay"].keys() >= {key for seed in SEEDS for key in self.setup.blocks(Random(seed))}

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_block_and_what_a_tier_holds_are_inverse(self, seed: int) -> None:
        vendor, place = self.setup.vendor, self.setup.fields
        for index, tier in enumerate(drawn(self.setup, seed)):
            block = vendor.block(tier.fields, place, index)
            assert vendor.fields(block, place, index) == tier.fields

    # Reading.

    def test_live_tiers_come_low_to_high_with_their_ids(self) -> None:
        tiers = rising(self.setup)
        with self.setup.world() as world:
            self.held(world, tiers)
            live = world.connection.fetch(world.place)
        assert [(tier.name, tier.range) for tier in live.tiers] == [(tier.name, tier.range) for tier in tiers]
        assert all(tier.id for tier in live.tiers)
        assert live.proof
        assert live.calls > 0

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_ladder_that_is_live_has_an_empty_plan(self, seed: int) -> None:
        tiers = drawn(self.setup, seed)
        with self.setup.world() as world:
            self.held(world, tiers)
            assert world.plan(tiers).changes == ()

    @pytest.mark.parametrize("seed", SEEDS)
    def test_what_is_imported_has_an_empty_plan(self, seed: int, tmp_path: Path) -> None:
        vendor = self.setup.vendor
        with self.setup.world() as world:
            self.held(world, drawn(self.setup, seed))
            live = world.connection.fetch(world.place)
        place = world.place.fields
        imported = importing.program_text(vendor, place, live, key="club", today=date(2027, 1, 1))
        (tmp_path / "club.yaml").write_text(imported.text, encoding="utf-8")
        loaded = config.load(tmp_path, full_check=True)
        assert loaded.problems == ()
        (target,) = loaded.programs[0].targets
        assert target.place.fields == place
        assert imported.notes == ()
        assert plan.build(target, live, vendor).changes == ()

    def test_what_differs_and_what_is_no_more_wanted_is_told(self) -> None:
        tiers = rising(self.setup)
        top = tiers[-1]
        assert top.range.lower is not None
        higher = top._replace(range=Range(top.range.lower + 1, None))
        below = tiers[0]._replace(range=Range(tiers[0].range.lower, higher.range.lower))
        with self.setup.world() as world:
            self.held(world, tiers)
            planned = world.plan((below, higher))
        kinds = {change.name: change.kind for change in planned.changes}
        assert kinds[top.name] is Kind.DIFFERS
        assert kinds[tiers[1].name] is Kind.UNMANAGED
        assert planned.requests == ()

    def test_every_setting_of_the_vendor_reads_alike(self, setting: str) -> None:
        tiers = rising(self.setup)
        with self.setup.world(setting) as world:
            self.held(world, tiers)
            assert world.plan(tiers).changes == ()
            homes = [part.name for part in self.setup.vendor.parts if part.is_home]
            block = world.place.fields
            assert world.connection.account.locate({home: block[home] for home in homes}) == block
            assert block in world.connection.account.discover()

    def test_a_plan_sends_nothing_but_get_and_a_sign_in(self) -> None:
        with self.setup.world() as world:
            world.plan(rising(self.setup))
            environ = world.emulator.vendors[self.setup.vendor.name].environ("http://127.0.0.1")
            sign_in = providers.account(self.setup.vendor).credentials(environ).sign_in
            others = {sent[1] for sent in world.emulator.requests if sent[0] != "GET"}
            assert others <= {f"/{self.setup.api.place()}{sign_in.path}" if sign_in else ""}
            assert world.emulator.writes == 0

    def test_an_incomplete_list_is_noticed(self, lie: Fault) -> None:
        tiers = rising(self.setup, 2)
        with self.setup.world() as world:
            self.held(world, tiers)
            writes = world.emulator.writes
            world.emulator.faults.append(lie)
            with pytest.raises(IncompleteRead):
                world.plan(tiers)
            assert world.emulator.writes == writes

    def test_a_list_that_is_not_whole_once_is_read_again(self, lie: Fault) -> None:
        tiers = rising(self.setup, 2)
        with self.setup.world() as world:
            self.held(world, tiers)
            world.emulator.faults.append(replace(lie, times=1))
            assert world.plan(tiers).changes == ()

    def test_a_row_that_contradicts_itself_or_its_place_is_refused(self, contradiction: Bend) -> None:
        tiers = rising(self.setup, 2)
        with self.setup.world() as world:
            self.held(world, tiers)
            world.bends.append(contradiction)
            with pytest.raises(VendorError, match="not as documented"):
                world.plan(tiers)

    def test_a_read_after_a_create_takes_as_many_calls_as_was_told_before(self) -> None:
        tiers = rising(self.setup)
        with self.setup.world() as world:
            told = world.connection.read_calls(world.connection.fetch(world.place), len(tiers))
            self.held(world, tiers)
            live = world.connection.fetch(world.place)
            assert live.calls <= told
            assert world.connection.read_calls(live, 0) >= live.calls

    def test_a_plan_file_says_what_the_plan_says(self) -> None:
        with self.setup.world() as world:
            saved(world.plan(rising(self.setup)))

    # Keys.

    def test_a_missing_or_broken_key_is_named_and_not_shown(self) -> None:
        account, vendor = providers.account(self.setup.vendor), self.setup.vendor
        environ = self.setup.api.exports
        names = [variable.name for variable in vendor.variables if variable.name in environ]
        with pytest.raises(TieropsError, match=names[0]):
            account.credentials({})
        for name in names:
            with pytest.raises(TieropsError, match=name) as caught:
                account.credentials({**environ, name: "s3cr\u00e9t"})
            assert "s3c" not in str(caught.value)

    def test_a_wrong_key_says_what_to_check(self) -> None:
        variable = self.setup.vendor.variables[0].name
        with (
            self.setup.world(f"{self.setup.vendor.name}.accepted_keys=another") as world,
            pytest.raises(TieropsError, match=f"Check {variable}"),
        ):
            world.connection.fetch(world.place)


def saved(planned: TargetPlan) -> None:
    """Assert that a plan file of this plan holds it, and all of it."""
    plan = Plan(__version__, "2027-01-01T00:00:00+00:00", "2027-01-02T00:00:00+00:00", None, (planned,))
    assert plan_file.loads(plan_file.dumps(plan).encode()).targets == (planned,)
