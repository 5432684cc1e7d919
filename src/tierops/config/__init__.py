"""YAML text → data with positions → gate → `Program` values. The only part of tierops that reads desired files."""

from tierops.config.environment import NO_ENVIRONMENT, Environment
from tierops.config.folders import load_all
from tierops.config.load import Loaded, load
from tierops.config.schemas import schema

__all__ = ["NO_ENVIRONMENT", "Environment", "Loaded", "load", "load_all", "schema"]
