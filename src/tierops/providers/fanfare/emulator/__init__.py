"""An emulated Fanfare, built from its published documentation. It shares no code with the account beside it."""

from __future__ import annotations

from tierops.providers.fanfare.emulator.api import Api as Api
