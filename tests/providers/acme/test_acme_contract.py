"""ACME does what every vendor must do."""

from __future__ import annotations

import outside

from tierops.providers import contract

with outside.installed("acme"):
    from acme_setup import SETUP


class TestAcme(contract.Writing):
    setup = SETUP
