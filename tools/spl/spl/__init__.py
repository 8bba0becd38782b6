"""As much of Splunk's search language as the app's searches use, run on search peers and a search head.

The parser: pipeline (commands and subsearches), expression (eval), terms (search), clauses (options, aggregations),
times. It knows nothing of events, so that a checker can read searches without running them. The interpreter: server
plans and runs a search; filters, shaping, aggregate, charts, files and sources are the commands; evaluate, functions
and values are eval.
"""

from spl.run.aggregate import average, deviation
from spl.run.functions import Clock
from spl.run.server import COMMANDS, Splunk

__all__ = ["COMMANDS", "Clock", "Splunk", "average", "deviation"]
