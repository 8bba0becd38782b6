"""What a rule of the checker may ask of the walk along the search."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from spl.check.fields import Fields
from spl.check.lookups import Lookups
from spl.language.pipeline import Pipeline
from spl.splunkd.app import App


class Context(Protocol):
    """The app of the search, and the way to check a subsearch."""

    @property
    def app(self) -> App:
        """The app whose search it is."""

    @property
    def lookups(self) -> Lookups:
        """The lookups that the app has."""

    @property
    def home(self) -> Path:
        """A folder in which the app's programs run."""

    @property
    def strict(self) -> bool:
        """Whether to refuse also what fails on much data only."""

    def pipeline(self, pipeline: Pipeline, before: Fields | None) -> Fields:
        """The fields after the last command of a pipeline; `before` is None if it begins a search."""
