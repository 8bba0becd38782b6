"""The error that the parser, the interpreter and the checker raise."""

from __future__ import annotations


class SearchError(Exception):
    """A search that Splunk would refuse, or that this package does not support."""
