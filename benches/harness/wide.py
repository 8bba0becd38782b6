"""The wide stream: events with all their fields, as splunkd sends them to a command that names no `required_fields`.

30 fields of a resolver's log in the manner of Splunk Stream, about 1,300 bytes a row with the `__mv_` columns. `_raw` is
JSON in half of the rows (whose quotes are doubled), `key=value` pairs with commas in the others; one row in 30 has line
feeds in it, and one in 10 has several values in `tag`.
"""

import json
import random

from .names import Query
from .streams import Stream, chunks, conversation, quoted

FIELDS = [
    "_time", "_raw", "_indextime", "_serial", "_sourcetype", "host", "index", "source", "sourcetype", "splunk_server",
    "linecount", "punct", "query", "query_type", "reply_code", "message_type", "src", "src_port", "src_mac", "dest",
    "dest_port", "transport", "bytes", "bytes_in", "bytes_out", "transaction_id", "response_time", "vendor_product", "tag",
    "eventtype",
]  # fmt: skip
TAG = FIELDS.index("tag")


def wide(queries: list[Query]) -> Stream:
    header = ",".join(f'"{name}"' if name.startswith("_") else name for name in [*FIELDS, *(f"__mv_{name}" for name in FIELDS)])
    chance = random.Random(20170825)
    return conversation(["query"], header + "\n", ([row(q, chance) for q in chunk] for chunk in chunks(queries)))


def row(query: Query, chance: random.Random) -> str:
    number = chance.randrange
    event: dict[str, object] = {
        "timestamp": f"2017-08-24T17:{number(60):02}:{number(60):02}.{number(1_000_000):06}Z",
        "endtime": "2017-08-24T17:59:50.480391Z", "protocol_stack": "ip:udp:dns", "query": [query.name], "query_type": ["A"],
        "message_type": ["QUERY", "RESPONSE"], "reply_code": "NoError", "reply_code_id": 0, "src_ip": query.source,
        "src_port": number(1024, 65_535), "src_mac": f"00:50:56:9A:{number(256):02X}:{number(256):02X}",
        "dest_ip": "10.0.1.100", "dest_mac": "00:50:56:9A:7C:7F", "dest_port": 53, "transport": "udp", "bytes": 190,
        "bytes_in": 71, "bytes_out": 119, "transaction_id": number(65_536), "response_time": number(90_000),
        "time_taken": number(99_000), "ttl": [number(3600)], "host_addr": ["192.0.2.17"],
        "flow_id": f"{chance.getrandbits(128):032x}", "packets_in": 1, "packets_out": 1, "data_packets_in": 1,
        "data_packets_out": 1, "missing_packets_in": 0, "missing_packets_out": 0, "duplicate_packets_in": 0,
        "duplicate_packets_out": 0, "capture_hostname": "tap02.example.net", "hostname": [query.name], "answer_count": 1,
        "authority_answer_count": 0, "additional_answer_count": 1, "flow_end": "client",
    }  # fmt: skip
    if chance.random() < 0.5:
        raw, punct = json.dumps(event, separators=(",", ":")), '{"":"--T::.Z","":"--T::.Z","":"::","":["..."],"":[""]'
    else:
        raw, punct = ", ".join(f"{key}={value}" for key, value in event.items()), "=--T::.Z,_=--T::.Z,_=::,_=...,_=,_="
    if chance.random() < 1 / 30:
        raw = raw.replace(",", ",\n", 3)
    cells = [
        f"150359{number(10_000):04}.{number(1000):03}", raw, "1503597601", str(number(50_000)), "stream:dns", "tap02",
        "botsv2", "stream:dns", "stream:dns", "idx03.example.net", "1", punct, query.name, "A", "NoError", "QUERY",
        query.source, str(event["src_port"]), str(event["src_mac"]), "10.0.1.100", "53", "udp", "190", "71", "119",
        str(event["transaction_id"]), str(event["response_time"]), "Splunk Stream", "dns", "stream_dns",
    ]  # fmt: skip
    several = [""] * len(FIELDS)
    if chance.random() < 0.1:
        cells[TAG], several[TAG] = "dns\nnetwork\nresolution", "$dns$;$network$;$resolution$"
    return ",".join([quoted(cell) for cell in cells] + several) + "\n"
