"""An emulated Open Loyalty. It shares no code with the account beside it."""

from __future__ import annotations

from tierops.providers.openloyalty.emulator.api import Api as Api
