"""Lines and settings of the sources that differ from the usual form of test_sources.py."""

from __future__ import annotations

import unittest

from harness import PackageTest
from spl.splunkd.rows import Event

CLIENT, RESOLVER = "10.9.8.7", "10.0.0.53"
SYSMON = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"
ANALYTICAL = "XmlWinEventLog:Microsoft-Windows-DNSServer/Analytical"


def event(sourcetype: str, raw: str = "", **fields: str) -> Event:
    """An event with Splunk's own fields."""
    own = {"_time": "1750680000", "index": "dns", "sourcetype": sourcetype, "host": "dns01"}
    return {name: [value] for name, value in (own | ({"_raw": raw} if raw else {}) | fields).items()}


def xml(number: int, **data: str) -> str:
    """An event of Windows in XML."""
    body = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in data.items())
    system = f"<System><EventID>{number}</EventID><Computer>WS-0815</Computer></System>"
    return f"<Event>{system}<EventData>{body}</EventData></Event>"


class Lines(PackageTest):
    """Each line is one query, with its fields, or none."""

    def rows(self, macro: str, *events: Event) -> list[dict[str, str]]:
        """The rows of a macro, without their time."""
        rows = self.search(f"| `dnsentropy_events_{macro}` | fields - _raw _time", events)
        return [{name: "|".join(values) for name, values in row.items()} for row in rows]

    def test_named_logs_keys_transports_and_more_blanks(self) -> None:
        """A query signed with a key, as in a transfer between views, and answers over any transport."""
        wanted = {"query": "a.example.com", "src": CLIENT, "dest": RESOLVER, "record_type": "TXT"}
        asked = f"query: a.example.com IN TXT +S ({RESOLVER})"
        for line in (
            f"client @0x7f1 {CLIENT}#40001/key a.key (a.example.com): view internal: {asked}",
            f"client {CLIENT}#40001/key a.key: {asked}",
            f"queries: info: client  @0x7f1 {CLIENT}#40001 (a.example.com): {asked}",
        ):
            for sourcetype, macro in (("isc:bind:query", "bind"), ("infoblox:dns", "infoblox")):
                self.assertEqual(self.rows(macro, event(sourcetype, line)), [wanted], line)
        heard = f"client {CLIENT}#40001: DOT: query: a.example.com IN TXT response: NXDOMAIN +"
        query = f"client {CLIENT}#40001 (a.example.com): {asked}"
        rows = self.rows("infoblox", event("infoblox:dns", query), event("infoblox:dns", heard))
        self.assertEqual(rows, [wanted], "the answer is known as such")

    def test_windows_server_2003_logs_no_type(self) -> None:
        """A line that ends after the type has no name."""
        start = f"20050921 11:30:04 5A8 PACKET  UDP Rcv {CLIENT}  a1b2   Q [0001   D   NOERROR] "
        wanted = {"query": "(3)w w(7)example(3)com(0)", "src": CLIENT, "dest": "dns01", "reply_code": "NOERROR"}
        self.assertEqual(self.rows("windows", event("MSAD:NT5:DNS", start + "(3)w w(7)example(3)com(0)")), [wanted])
        (row,) = self.rows("windows", event("MSAD:NT6:DNS", start + "65     .www.example.com."))
        self.assertEqual((row["query"], row["record_type"]), (".www.example.com.", "65"))
        for end in ("A", "A   ", "A\r\n  Name"):
            self.assertEqual(self.rows("windows", event("MSAD:NT6:DNS", start + end)), [], end)

    def test_the_analytical_log_needs_no_fields_in_xml(self) -> None:
        """Its event 256 is found by the line."""
        data = {"InterfaceIP": RESOLVER, "Source": CLIENT, "QNAME": "a.example.com.", "QTYPE": "16"}
        wanted = {"query": "a.example.com.", "src": CLIENT, "dest": RESOLVER, "record_type": "16"}
        asked, heard = event(ANALYTICAL, xml(256, **data)), event(ANALYTICAL, xml(257, **data))
        self.assertEqual(self.rows("windows_analytical", asked, heard), [wanted])

    def test_sysmon_may_leave_out_fields(self) -> None:
        """By its configuration, or where a result is empty: the others stay."""
        full = {"QueryName": "a.example.com", "QueryStatus": "9003", "QueryResults": "-", "Image": "a.exe"}
        names = {"QueryStatus": "reply_code", "QueryResults": "answer", "Image": "process"}
        wanted = {"query": "a.example.com", "src": "WS-0815", "dest": "unknown"}
        for absent in names:
            data = {name: value for name, value in full.items() if name != absent}
            expected = wanted | {names[name]: value for name, value in data.items() if name in names}
            self.assertEqual(self.rows("sysmon", event("XmlWinEventLog", xml(22, **data), source=SYSMON)), [expected])

    def test_a_dash_of_zeek_is_no_value(self) -> None:
        """An unanswered query has neither a reply code nor an answer."""
        line = "\t".join(
            ["1700000000.1", "CAb", CLIENT, "40001", RESOLVER, "53", "tcp", "7", "-", "a.example.com", "1"]
            + ["C_INTERNET", "16", "TXT", "-", "-", "F", "F", "T", "F", "0", "-", "-", "F"]
        )
        wanted = {"query": "a.example.com", "src": CLIENT, "dest": RESOLVER, "record_type": "TXT"}
        for end in ("", "\r"):
            self.assertEqual(self.rows("zeek", event("bro:dns", line + end)), [wanted])

    def test_the_macro_for_anything_leaves_out_other_events_of_a_source(self) -> None:
        """Suricata's alerts repeat a query, and DomainName of another CrowdStrike event is not a DNS name."""
        dns = {"src_ip": CLIENT, "dest_ip": RESOLVER, "dns.type": "query", "dns.rrname": "a.example.com"}
        alert = {"src_ip": CLIENT, "dest_ip": RESOLVER, "dns.query{}.rrname": "a.example.com"}
        falcon = {"event_simpleName": "SmbClientShareOpenedEtw", "DomainName": "CORP", "aid": "0abc"}
        rows = self.rows(
            "any",
            event("suricata", event_type="dns", **dns),
            event("suricata", event_type="alert", **alert),
            event("crowdstrike:events:sensor", **falcon),
            event("crowdstrike:events:sensor", **falcon | {"event_simpleName": "DnsRequest", "DomainName": "b.example"}),
        )
        self.assertEqual([(row["query"], row["count"]) for row in rows], [("a.example.com", "1"), ("b.example", "1")])


if __name__ == "__main__":
    unittest.main()
