"""The part of Splunk's search language (SPL) that the app's searches use: parser, interpreter and static checker.

`language` parses searches and knows nothing of events. `commands` is the one table of Splunk's commands. `run` plans
and runs a search on a search head and its peers; `check` follows the fields through a search without running it; both
read the table. `splunkd` reads an app and calls its programs as splunkd does.
"""

from spl.run.aggregate import average, deviation
from spl.run.functions import Clock
from spl.run.server import COMMANDS, Splunk

__all__ = ["COMMANDS", "Clock", "Splunk", "average", "deviation"]
