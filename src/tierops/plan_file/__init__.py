"""The plan file: a plan as JSON with a digest, and the plan that such a file holds.

`schemas/plan.schema.json` describes it. Numbers are exact, keys are in one order, and the bytes are checked. A plan is
read by making it again from the target and the live ladder that the file holds: what it says of changes and requests
must be what tierops itself would plan.
"""

from tierops.plan_file.data import (
    FORMAT_VERSION,
    change_data,
    digest,
    dumps,
    entries,
    identity_data,
    pieces,
    signed_text,
)
from tierops.plan_file.impact import impact_data
from tierops.plan_file.reading import LARGEST, check, loads

__all__ = [
    "FORMAT_VERSION",
    "LARGEST",
    "change_data",
    "check",
    "digest",
    "dumps",
    "entries",
    "identity_data",
    "impact_data",
    "loads",
    "pieces",
    "signed_text",
]
