"""An emulated Talon.One. It shares no code with the account beside it."""

from __future__ import annotations

from tierops.providers.talonone.emulator.api import Api as Api
