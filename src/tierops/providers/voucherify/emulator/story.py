"""What `tierops demo` tells with the emulated Voucherify: the example of its reference, one tier of it deleted."""

from __future__ import annotations

from tierops.emulator.api import Story
from tierops.providers.voucherify.emulator.project import Project

_CAMPAIGN, _TIER = "Loyalty Campaign - Tiers", "Middle"
_SAMPLE = "loyalty-campaign.yaml"
_EPILOGUE = """
Your own project, from a folder that holds tiers/*.yaml:

  export VOUCHERIFY_APP_ID=… VOUCHERIFY_APP_TOKEN=…  # see Project settings
  export VOUCHERIFY_URL=https://us1.api.voucherify.io  # outside the default one
  tierops validate
  tierops plan --out plan.json
  tierops apply plan.json

A create cannot be undone by Voucherify's API: try a sandbox project first.
This demonstration, like tierops' tests, ran against emulators built from the
vendors' published documentation, never against their live services.
"""


def _begin(project: Project) -> None:
    project.load_examples()
    project.delete_tier(_CAMPAIGN, _TIER)


def _edit(project: Project) -> None:
    project.edit_tier(_CAMPAIGN, _TIER, points={"from": 250, "to": 600})


STORY = Story(
    sample=_SAMPLE,
    begin=_begin,
    scene="An emulator of Voucherify runs at {url}.\n"
    f"Its campaign {_CAMPAIGN!r} has two tiers;\n"
    f"tiers/{_SAMPLE} wants three. (The data is from Voucherify's\ndocumentation.)",
    edit=_edit,
    edited=f"Somebody edits {_TIER} in the dashboard: 600 points instead of 499.",
    epilogue=_EPILOGUE,
)
