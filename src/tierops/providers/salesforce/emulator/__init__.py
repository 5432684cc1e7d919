"""An emulated Salesforce org with Loyalty Management. It shares no code with the account beside it."""

from __future__ import annotations

from tierops.providers.salesforce.emulator.api import Api as Api
