"""The work of `dnsentropy query` as a Python developer writes it for Splunk: splunk-sdk and tldextract.

Run by bin/bench in an environment of benches/requirements.txt, with two arguments in the environment: SUFFIX_LIST, the
public suffix list (the whole of it is used), and CACHE, a folder where tldextract keeps it parsed.
"""

import math
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from splunklib.searchcommands import Configuration, StreamingCommand, dispatch
from tldextract import TLDExtract

extract = TLDExtract(
    suffix_list_urls=(Path(os.environ["SUFFIX_LIST"]).as_uri(),),
    cache_dir=os.environ["CACHE"],
    fallback_to_snapshot=False,
    include_psl_private_domains=True,
)


def shannon(text: str) -> float:
    """Bits a character. Counting each distinct character is faster than a Counter for texts as short as these."""
    shares = [text.count(character) / len(text) for character in set(text)]
    return -sum(share * math.log2(share) for share in shares)


def measure(name: str) -> tuple[str, str, str, str, int, int | str, float | str, str]:
    """The outputs of one name in the order of `OUTPUTS`."""
    found = extract(name)
    subdomain, label, suffix = found.subdomain, found.domain.lower(), found.suffix.lower()
    if suffix:
        kind = "private" if found.is_private else "icann"
    elif found.ipv4 or found.ipv6:
        return "", "", "", "", 0, "", "", "ip"
    else:
        # A suffix that the list does not have is the last label.
        kind, suffix = "unlisted", label
        subdomain, _, label = subdomain.rpartition(".")
        label = label.lower()
    domain = f"{label}.{suffix}" if label else ""
    if not subdomain:
        return domain, "", label, suffix, 0, "", "", kind
    return domain, subdomain, label, suffix, subdomain.count(".") + 1, len(subdomain), shannon(subdomain), kind


OUTPUTS = (
    "ut_domain", "ut_subdomain", "ut_domain_without_tld", "ut_tld",
    "ut_subdomain_count", "ut_subdomain_length", "ut_shannon", "ut_suffix_type",
)  # fmt: skip
ABSENT = ("",) * len(OUTPUTS)


@Configuration(required_fields=["query"])
class Command(StreamingCommand):
    """Adds the outputs to every record."""

    def stream(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for record in records:
            name = record["query"]
            record.update(zip(OUTPUTS, measure(name) if name else ABSENT, strict=True))
            yield record


dispatch(Command, sys.argv, sys.stdin, sys.stdout, __name__)
