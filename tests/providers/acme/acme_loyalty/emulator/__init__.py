"""An emulated ACME. It shares no code with the account beside it."""

from __future__ import annotations

from acme_loyalty.emulator.api import Api as Api
