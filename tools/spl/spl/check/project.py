"""What the checker knows of this repository's app and documents; another app needs other values."""

from __future__ import annotations

import csv
from pathlib import Path

# The table of sources: how they call the fields.
SOURCES = Path(__file__).resolve().parents[4] / "data" / "sources.csv"

# The data models that searches may use: the dataset, and those of its fields that the app reads.
DATA_MODELS = {
    "Network_Resolution": (
        "DNS",
        "query src dest record_type query_type message_type reply_code reply_code_id answer".split(),
    ),
}
# Lookup files that users make, with their columns: the package does not contain them.
MADE_BY_USERS = {
    "dnsentropy_allowlist_local.csv": {"domain", "reason", "src", "expires"},
    "dnsentropy_custom_suffixes.csv": {"suffix"},
}
# Fields that the app's commands read if they exist.
OPTIONAL_FIELDS = {"_time", "count", "dnsexfil_partial", "DNS.record_type", "DNS.query_type", "type_name"}
with SOURCES.open(encoding="utf-8", newline="") as table:
    OPTIONAL_FIELDS |= {name.rstrip("?") for row in csv.DictReader(table) for name in row["record_type"].split()}
# Documents with searches.
DOCUMENTS = ("README.md", "splunk_app/README", "docs/*.md")
# Parts of searches in documents that show an error on purpose.
MEANT_TO_FAIL = ("dnsentropy query prefix=x,y_",)
