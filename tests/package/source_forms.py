"""Events of each source, as Splunk presents them with and without its add-on: made up, in the shape of real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from spl.splunkd.rows import Event

NUMBERS = {"A": "1", "TXT": "16", "CNAME": "5"}
HOST = "dns01.corp.example"
COMPUTERS = {"10.9.8.7": "WS-0815.corp.example", "10.9.8.6": "WS-0816.corp.example"}
PROCESS, USER = "C:\\Users\\Public\\update.exe", "CORP\\jdoe"


@dataclass(frozen=True)
class Exchange:
    """A query and its answer."""

    time: float
    name: str
    src: str
    dest: str
    record_type: str
    reply_code: str
    answer: str

    @property
    def number(self) -> str:
        """The number of the record type."""
        return NUMBERS[self.record_type]

    def stamp(self, pattern: str) -> str:
        """The time as text."""
        return datetime.fromtimestamp(self.time, UTC).strftime(pattern)


@dataclass(frozen=True)
class Form:
    """How one source writes exchanges: the macro, the events of an exchange, and what the macro has to find in them."""

    source: str
    name: str
    events: Callable[[Exchange], list[Event]]
    # The fields of the macro that this form knows, beside query and src.
    knows: frozenset[str]
    # What the client is called.
    client: Callable[[str], str] = str

    @property
    def macro(self) -> str:
        """The macro of the source."""
        return f"dnsentropy_events_{self.source}"


def event(exchange: Exchange, sourcetype: str, _raw: str = "", **fields: str | list[str]) -> Event:
    """An event with Splunk's own fields."""
    own = {"_time": f"{exchange.time:.3f}", "index": "dns", "sourcetype": sourcetype, "host": HOST}
    own |= {"_raw": _raw} if _raw else {}
    return {name: value if isinstance(value, list) else [value] for name, value in (own | fields).items()}


def stream(exchange: Exchange) -> list[Event]:
    """Splunk Stream: the query and the answer are events of their own; names come twice."""
    common: dict[str, str | list[str]] = {
        "query": [exchange.name] * 2, "src_ip": exchange.src, "dest_ip": exchange.dest,
        "query_type": exchange.record_type,
    }  # fmt: skip
    answer = {"reply_code": exchange.reply_code, "host_addr": exchange.answer}
    return [
        event(exchange, "stream:dns", **common, message_type="QUERY"),
        event(exchange, "stream:dns", **common, **answer, message_type="RESPONSE"),
    ]


def stream_exchange(exchange: Exchange) -> list[Event]:
    """Splunk Stream with arrays: one event for both."""
    fields: dict[str, str | list[str]] = {
        "query{}": [exchange.name] * 2, "message_type{}": ["QUERY", "RESPONSE"], "query_type{}": exchange.record_type,
        "reply_code": exchange.reply_code, "host_addr{}": exchange.answer,
    }  # fmt: skip
    return [event(exchange, "stream:dns", **fields, src_ip=exchange.src, dest_ip=exchange.dest)]


def stream_untyped(exchange: Exchange) -> list[Event]:
    """Splunk Stream without message_type."""
    fields = {"query": exchange.name, "src": exchange.src, "dest": exchange.dest, "record_type": exchange.record_type}
    return [event(exchange, "stream:dns", **fields)]


def zeek_json(exchange: Exchange) -> list[Event]:
    """Zeek's JSON; it writes names in lower case."""
    fields: dict[str, str | list[str]] = {
        "query": exchange.name.lower(), "id.orig_h": exchange.src, "id.resp_h": exchange.dest, "qtype": exchange.number,
        "qtype_name": exchange.record_type, "rcode": "0", "rcode_name": exchange.reply_code,
        "answers{}": [exchange.answer], "rejected": "false", "AA": "false",
    }  # fmt: skip
    return [event(exchange, "bro:dns:json", **fields)]


def corelight(exchange: Exchange) -> list[Event]:
    """Corelight, and the add-on's field names."""
    fields = {
        "query": exchange.name.lower(), "src": exchange.src, "dest": exchange.dest, "record_type": exchange.record_type,
        "reply_code": exchange.reply_code, "answer": exchange.answer,
    }  # fmt: skip
    return [event(exchange, "corelight_dns", **fields)]


def zeek_tsv(exchange: Exchange) -> list[Event]:
    """Zeek's tab-separated line, without an add-on."""
    return [event(exchange, "bro:dns", _raw=_tsv(exchange, "0.012345\t"))]


def zeek_old_tsv(exchange: Exchange) -> list[Event]:
    """The same of a version without the column rtt."""
    return [event(exchange, "bro:dns", _raw=_tsv(exchange, ""))]


def _tsv(exchange: Exchange, rtt: str) -> str:
    start = f"{exchange.time:.6f}\tCAbc12\t{exchange.src}\t40001\t{exchange.dest}\t53\tudp\t4711\t{rtt}"
    asked = f"{exchange.name.lower()}\t1\tC_INTERNET\t{exchange.number}\t{exchange.record_type}"
    return f"{start}{asked}\t0\t{exchange.reply_code}\tF\tF\tT\tT\t0\t{exchange.answer}\t60.000000\tF"


def suricata_1(exchange: Exchange) -> list[Event]:
    """Suricata, version 1: an answer for each record, from the resolver."""
    dns = {"dns.rrname": exchange.name, "dns.rrtype": exchange.record_type, "dns.id": "7", "event_type": "dns"}
    answer = {"dns.rdata": exchange.answer, "dns.rcode": exchange.reply_code, "dns.type": "answer"}
    asked = event(exchange, "suricata", **dns, src_ip=exchange.src, dest_ip=exchange.dest, **{"dns.type": "query"})
    heard = event(exchange, "suricata", **dns, src_ip=exchange.dest, dest_ip=exchange.src, **answer)
    return [asked, heard, heard]


def suricata_2(exchange: Exchange) -> list[Event]:
    """Version 2: one answer, with all records, from the client as its query."""
    dns = {
        "dns.rrname": exchange.name, "dns.rrtype": exchange.record_type, "dns.version": "2", "event_type": "dns",
        "src_ip": exchange.src, "src_port": "40001", "dest_ip": exchange.dest, "dest_port": "53",
    }  # fmt: skip
    answer: dict[str, str | list[str]] = {
        "dns.answers{}.rdata": [exchange.answer], "dns.rcode": exchange.reply_code, "dns.type": "answer",
    }  # fmt: skip
    return [
        event(exchange, "suricata", **dns, **{"dns.type": "query"}),
        event(exchange, "suricata", **dns, **answer),
    ]


def suricata_3(exchange: Exchange) -> list[Event]:
    """Version 3, of Suricata 8: requests and responses with arrays of queries, a response from the resolver."""
    dns: dict[str, str | list[str]] = {
        "dns.queries{}.rrname": [exchange.name], "dns.queries{}.rrtype": [exchange.record_type], "dns.version": "3",
        "event_type": "dns",
    }  # fmt: skip
    asked = {"src_ip": exchange.src, "src_port": "40001", "dest_ip": exchange.dest, "dest_port": "53"}
    heard = {"src_ip": exchange.dest, "src_port": "53", "dest_ip": exchange.src, "dest_port": "40001"}
    answer: dict[str, str | list[str]] = {
        "dns.type": "response", "dns.rcode": exchange.reply_code, "dns.answers{}.rdata": [exchange.answer],
    }  # fmt: skip
    return [
        event(exchange, "suricata", **dns, **asked, **{"dns.type": "request"}),
        event(exchange, "suricata", **dns, **heard, **answer),
    ]


def infoblox(exchange: Exchange) -> list[Event]:
    """Infoblox NIOS with the add-on."""
    fields = {
        "query": exchange.name,
        "src_ip": exchange.src,
        "dest": exchange.dest,
        "record_type": exchange.record_type,
    }
    return [
        event(exchange, "infoblox:dns", **fields, message_type="Query"),
        event(exchange, "infoblox:dns", **fields, message_type="Response", reply_code=exchange.reply_code),
    ]


def infoblox_raw(exchange: Exchange) -> list[Event]:
    """Infoblox NIOS without it: lines of named, with its lines of answers."""
    start = f"<30>{exchange.stamp('%b %d %H:%M:%S')} 10.0.0.53 named[4711]: "
    asked = _named(exchange, "@0x7f3c2c0c8d10 ")
    code, kind = exchange.reply_code, exchange.record_type
    heard = (
        f"client {exchange.src}#40001: UDP: query: {exchange.name} IN {kind} response: {code} + {exchange.name}. 60 IN"
    )
    return [
        event(exchange, "infoblox:dns", _raw=start + asked),
        event(exchange, "infoblox:dns", _raw=f"{start}{heard} {kind} {exchange.answer};"),
    ]


def infoblox_other_raw(exchange: Exchange) -> list[Event]:
    """The same with a view, and an answer without a colon after the port."""
    start = "<30>Nov 25 10:00:00 10.0.0.53 named[4711]: "
    code, kind, name = exchange.reply_code, exchange.record_type, exchange.name
    heard = f"client {exchange.src}#40001 UDP: query: {name} IN {kind} response: {code} +AED {name}. 60 IN {kind} x;"
    return [
        event(exchange, "infoblox:dns", _raw=start + "info: " + _named(exchange, "", " view standard:")),
        event(exchange, "infoblox:dns", _raw=start + heard),
    ]


def bloxone(exchange: Exchange) -> list[Event]:
    """BloxOne's events in CEF: one for an exchange."""
    fields = {
        "destinationDnsDomain": exchange.name, "src": exchange.src, "InfobloxDNSQType": exchange.record_type,
        "InfobloxDNSRCode": exchange.reply_code, "dest": exchange.dest,
    }  # fmt: skip
    return [event(exchange, "infoblox:bloxone:dns", **fields)]


def bloxone_csv(exchange: Exchange) -> list[Event]:
    """BloxOne's lines, without an add-on."""
    rest = f"UDP,{exchange.src},40001,{exchange.dest},53,{exchange.name},IN,{exchange.record_type}"
    start = f"{exchange.time:.0f},default"
    return [
        event(exchange, "infoblox:bloxone:dns", _raw=f"{start},Query,{rest},+E"),
        event(exchange, "infoblox:bloxone:dns", _raw=f"{start},Response,{rest},{exchange.reply_code}"),
    ]


def _named(exchange: Exchange, pointer: str, view: str = "") -> str:
    shown = exchange.name.replace("(", "\\(").replace(")", "\\)")
    return (
        f"client {pointer}{exchange.src}#40001 ({shown}):{view} query: {shown} IN {exchange.record_type}"
        f" +E(0)K ({exchange.dest})"
    )


def bind(exchange: Exchange) -> list[Event]:
    """BIND with the add-on, which calls every query's type "Query"."""
    fields = {
        "query": exchange.name, "src": exchange.src, "dest": exchange.dest, "record_type": exchange.record_type,
        "message_type": "Query", "query_type": "Query", "record_class": "IN",
    }  # fmt: skip
    return [event(exchange, "isc:bind:query", **fields)]


def bind_raw(exchange: Exchange) -> list[Event]:
    """BIND's line without it."""
    start = exchange.stamp("%d-%b-%Y %H:%M:%S.123 ") + "queries: info: "
    return [event(exchange, "isc:bind:query", _raw=start + _named(exchange, "@0x7f3c2c0c8d10 ", " view internal:"))]


def bind_old_raw(exchange: Exchange) -> list[Event]:
    """The line of a version before 9.10."""
    text = f"client {exchange.src}#40001: query: {exchange.name} IN {exchange.record_type} + ({exchange.dest})"
    return [event(exchange, "named", _raw=exchange.stamp("%d-%b-%Y %H:%M:%S.123 ") + text)]


def windows_raw(exchange: Exchange) -> list[Event]:
    """Windows' debug log: the query, the server's own query, the answer to it, and the answer to the client."""
    return [event(exchange, "MSAD:NT6:DNS", _raw=line) for line in _debug_lines(exchange, "%m/%d/%Y %I:%M:%S %p")]


def windows_raw_iso(exchange: Exchange) -> list[Event]:
    """The same on a server with other dates, without the packet's address."""
    lines = _debug_lines(exchange, "%Y-%m-%d %H:%M:%S")
    return [event(exchange, "MSAD:NT6:DNS", _raw=line.replace("00000025FE7B2A60 ", "")) for line in lines]


def windows(exchange: Exchange) -> list[Event]:
    """Windows' debug log with an add-on's fields, and names as add-ons write them."""
    common = {
        "query": f".{exchange.name}.",
        "src": exchange.src,
        "dest": exchange.dest,
        "record_type": exchange.record_type,
    }
    return [
        event(exchange, "MSAD:NT6:DNS", **common, direction="Rcv", message_type="Query"),
        event(exchange, "MSAD:NT6:DNS", **common, direction="Snd", message_type="Response", reply_code="NOERROR"),
    ]


def _debug_lines(exchange: Exchange, pattern: str) -> list[str]:
    name = "".join(f"({len(label)}){label}" for label in exchange.name.split(".")) + "(0)"
    start = f"{exchange.stamp(pattern)} 0E2C PACKET  00000025FE7B2A60 UDP"
    kind = f"{exchange.record_type:<6} {name}"
    return [
        f"{start} Rcv {exchange.src:<15} a1b2   Q [0001   D   NOERROR] {kind}",
        f"{start} Snd {'192.0.2.1':<15} c3d4   Q [0000       NOERROR] {kind}",
        f"{start} Rcv {'192.0.2.1':<15} c3d4 R Q [0084 A     NOERROR] {kind}",
        f"{start} Snd {exchange.src:<15} a1b2 R Q [8081   DR  NOERROR] {kind}",
    ]


def analytical(exchange: Exchange) -> list[Event]:
    """Windows' analytical log, as text: the query, the server's own query, and the answer."""
    # PowerShell breaks long lines.
    name = f"{exchange.name[:40]}\r\n          {exchange.name[40:]}."
    head = f"TimeCreated : {exchange.stamp('%m/%d/%Y %I:%M:%S %p')}\nProviderName : Microsoft-Windows-DNSServer\nId : "
    query = f"QNAME={name}; QTYPE={exchange.number}; XID=7;"
    asked = f"TCP=0; InterfaceIP={exchange.dest}; Source={exchange.src}; RD=1; {query}"
    heard = f"TCP=0; InterfaceIP={exchange.dest}; Destination={exchange.src}; AA=0; {query}"
    out = f"TCP=0; Destination=192.0.2.1; InterfaceIP={exchange.dest}; RD=0; {query}"
    return [
        event(exchange, "WinDNS:Analytical", _raw=f"{head}256\nMessage : QUERY_RECEIVED: {asked} Port=40001;"),
        event(exchange, "WinDNS:Analytical", _raw=f"{head}260\nMessage : RECURSE_QUERY_OUT: {out} Port=0;"),
        event(exchange, "WinDNS:Analytical", _raw=f"{head}257\nMessage : RESPONSE_SUCCESS: {heard} RCODE=0;"),
    ]


def analytical_fields(exchange: Exchange) -> list[Event]:
    """The same as fields of XML."""
    common = {"QNAME": f"{exchange.name}.", "InterfaceIP": exchange.dest, "QTYPE": exchange.number}
    sourcetype = "XmlWinEventLog:Microsoft-Windows-DNSServer/Analytical"
    return [
        event(exchange, sourcetype, **common, Source=exchange.src, EventID="256"),
        event(exchange, sourcetype, **common, Destination=exchange.src, EventID="257", RCODE="0"),
    ]


def route53(exchange: Exchange) -> list[Event]:
    """Route 53 Resolver."""
    fields: dict[str, str | list[str]] = {
        "query_name": f"{exchange.name}.", "query_type": exchange.record_type, "query_class": "IN",
        "rcode": exchange.reply_code,
        "answers{}.Rdata": [exchange.answer], "srcaddr": exchange.src, "srcids.instance": "i-0abc",
        "vpc_id": exchange.dest,
    }  # fmt: skip
    return [event(exchange, "aws:route53", **fields)]


def umbrella(exchange: Exchange) -> list[Event]:
    """Umbrella with the add-on."""
    fields = {
        "Domain": f"{exchange.name}.", "InternalIp": exchange.src, "ExternalIp": "203.0.113.9",
        "MostGranularIdentity": USER,
        "QueryType": f"{exchange.number} ({exchange.record_type})", "ResponseCode": exchange.reply_code,
        "Action": "Allowed",
    }  # fmt: skip
    return [event(exchange, "cisco:umbrella:dns", **fields)]


def umbrella_raw(exchange: Exchange) -> list[Event]:
    """Umbrella's CSV."""
    cells = (
        exchange.stamp("%Y-%m-%d %H:%M:%S"), USER, f"{USER},HQ", exchange.src, "203.0.113.9", "Allowed",
        f"{exchange.number} ({exchange.record_type})", exchange.reply_code, f"{exchange.name}.", "Chat,Software",
        "AD Users", "", "",
    )  # fmt: skip
    return [event(exchange, "cisco:umbrella:dns", _raw=",".join(f'"{cell}"' for cell in cells))]


def sysmon(exchange: Exchange) -> list[Event]:
    """Sysmon with the add-on."""
    fields = {
        "QueryName": exchange.name, "Computer": COMPUTERS[exchange.src], "QueryStatus": "0",
        "QueryResults": exchange.answer,
        "Image": PROCESS, "User": USER, "EventCode": "22",
        "source": "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational",
    }  # fmt: skip
    return [event(exchange, "XmlWinEventLog", **fields)]


def sysmon_raw(exchange: Exchange) -> list[Event]:
    """Sysmon's XML."""
    data = {
        "RuleName": "-", "UtcTime": exchange.stamp("%Y-%m-%d %H:%M:%S.123"), "ProcessId": "42",
        "QueryName": exchange.name,
        "QueryStatus": "0", "QueryResults": exchange.answer, "Image": PROCESS, "User": USER,
    }  # fmt: skip
    body = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in data.items())
    head = f"<System><EventID>22</EventID><Computer>{COMPUTERS[exchange.src]}</Computer></System>"
    source = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"
    return [
        event(exchange, "XmlWinEventLog", _raw=f"<Event>{head}<EventData>{body}</EventData></Event>", source=source)
    ]


def crowdstrike(exchange: Exchange) -> list[Event]:
    """CrowdStrike's DnsRequest."""
    fields = {
        "event_simpleName": "DnsRequest", "DomainName": exchange.name, "ComputerName": COMPUTERS[exchange.src],
        "aid": "0abc",
        "aip": "203.0.113.9", "RequestType": exchange.number, "IP4Records": f"{exchange.answer};", "QueryStatus": "0",
        "RespondingDnsServer": exchange.dest, "ContextBaseFileName": "update.exe",
    }  # fmt: skip
    return [event(exchange, "crowdstrike:events:sensor", **fields)]


def cim(message_types: tuple[str, ...], swapped: bool = False) -> Callable[[Exchange], list[Event]]:
    """An add-on for the data model,
    with an event for each of these values of message_type; empty: without the field."""

    def events(exchange: Exchange) -> list[Event]:
        made = []
        for message_type in message_types:
            is_answer = message_type.lower() in ("response", "answer")
            src, dest = (exchange.dest, exchange.src) if swapped and is_answer else (exchange.src, exchange.dest)
            fields = {
                "query": exchange.name,
                "src": src,
                "dest": dest,
                "record_type": exchange.record_type,
                "tag": "dns",
            }
            fields |= {"message_type": message_type} if message_type else {}
            fields |= {"reply_code": exchange.reply_code, "answer": exchange.answer} if is_answer else {}
            made.append(event(exchange, "vendor:dns", **fields))
        return made

    return events


KNOWN = frozenset({"dest", "record_type"})
ALL = KNOWN | {"reply_code", "answer"}
FORMS = (
    Form("stream", "events", stream, KNOWN),
    Form("stream", "exchanges", stream_exchange, ALL),
    Form("stream", "no message_type", stream_untyped, KNOWN),
    Form("zeek", "JSON", zeek_json, ALL),
    Form("zeek", "Corelight", corelight, ALL),
    Form("zeek", "TSV", zeek_tsv, ALL),
    Form("zeek", "old TSV", zeek_old_tsv, ALL),
    Form("suricata", "version 1", suricata_1, KNOWN),
    Form("suricata", "version 2", suricata_2, KNOWN),
    Form("suricata", "version 3", suricata_3, KNOWN),
    Form("infoblox", "add-on", infoblox, KNOWN),
    Form("infoblox", "lines", infoblox_raw, KNOWN),
    Form("infoblox", "BloxOne", bloxone, KNOWN | {"reply_code"}),
    Form("infoblox", "BloxOne CSV", bloxone_csv, KNOWN),
    Form("infoblox", "lines without a colon", infoblox_other_raw, KNOWN),
    Form("bind", "add-on", bind, KNOWN),
    Form("bind", "lines", bind_raw, KNOWN),
    Form("bind", "old lines", bind_old_raw, KNOWN),
    Form("windows", "lines", windows_raw, frozenset({"record_type", "reply_code"})),
    Form("windows", "lines with ISO dates", windows_raw_iso, frozenset({"record_type", "reply_code"})),
    Form("windows", "add-on", windows, KNOWN),
    Form("windows_analytical", "text", analytical, frozenset({"dest", "number"})),
    Form("windows_analytical", "fields", analytical_fields, frozenset({"dest", "number"})),
    Form("route53", "JSON", route53, ALL),
    Form("umbrella", "add-on", umbrella, frozenset({"record_type", "reply_code", "user"})),
    Form("umbrella", "CSV", umbrella_raw, frozenset({"record_type", "reply_code", "user"})),
    Form("sysmon", "add-on", sysmon, frozenset({"answer", "process", "user"}), COMPUTERS.__getitem__),
    Form("sysmon", "XML", sysmon_raw, frozenset({"answer", "process", "user"}), COMPUTERS.__getitem__),
    Form("crowdstrike", "FDR", crowdstrike, frozenset({"dest", "number"}), COMPUTERS.__getitem__),
    Form("cim", "queries and answers", cim(("QUERY", "RESPONSE")), ALL),
    Form("cim", "queries alone", cim(("Query",)), KNOWN),
    Form("cim", "answers alone", cim(("Response",)), ALL),
    Form("cim", "no message_type", cim(("",)), KNOWN),
    Form("cim", "queries without it, and answers", cim(("", "Response")), ALL),
    Form("cim", "swapped answers", cim(("query", "answer"), swapped=True), ALL),
    Form("any", "Splunk Stream", stream, ALL),
    Form("any", "Zeek", zeek_json, ALL),
    Form("any", "Suricata 1", suricata_1, KNOWN | {"reply_code"}),
    Form("any", "Suricata 2", suricata_2, ALL),
    Form("any", "Suricata 3", suricata_3, ALL),
    Form("any", "Infoblox", infoblox, KNOWN | {"reply_code"}),
    Form("any", "BloxOne", bloxone, KNOWN | {"reply_code"}),
    Form("any", "BIND", bind, KNOWN),
    Form("any", "Windows", windows, KNOWN),
    Form("any", "Windows analytical", analytical_fields, frozenset({"dest", "number"})),
    Form("any", "Route 53", route53, ALL),
    Form("any", "Umbrella", umbrella, frozenset({"reply_code", "user"})),
    Form("any", "Sysmon", sysmon, frozenset({"answer", "process", "user"}), COMPUTERS.__getitem__),
    Form("any", "CrowdStrike", crowdstrike, frozenset({"dest", "number"}), COMPUTERS.__getitem__),
    Form("any", "tagged dns", cim(("Query", "Response")), ALL),
    Form("any", "tagged dns, answers alone", cim(("Response",)), ALL),
)
