"""An emulated Loyalty v2, built from its published documentation. It shares no code with the account beside it."""

from __future__ import annotations

from tierops.providers.voucherify_v2.emulator.api import Api as Api
