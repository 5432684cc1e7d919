"""What every vendor must do, as tests: a vendor's package runs them in its own suite, with pytest.

    from tierops.providers import contract

    class TestVendor(contract.Writing):
        setup = contract.Setup(VENDOR, place=…, prepare=…, blocks=…)

A vendor from which tierops only reads takes `contract.Reading`. Nothing but tests imports this.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(f"{__name__}.reading", f"{__name__}.writing")

from tierops.providers.contract.ladders import rising  # noqa: E402 (asserts are rewritten as a module is imported)
from tierops.providers.contract.reading import Reading  # noqa: E402
from tierops.providers.contract.setup import Bend, Clock, InProcess, Setup, World  # noqa: E402
from tierops.providers.contract.writing import Writing  # noqa: E402

__all__ = ["Bend", "Clock", "InProcess", "Reading", "Setup", "World", "Writing", "rising"]
