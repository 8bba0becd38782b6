"""Which events belong to a finding's domain: the macro that Investigate and drill-downs use, and links to them."""

from __future__ import annotations

import unittest

from harness import PackageTest

NAMES = (
    "www.Evil.com", "evil.com", "a.b.evil.com.", "(1)x(4)evil(3)com(0)", "notevil.com", "evil.com.au", "x.müller.de",
    "y.xn--mller-kva.de", "d1.abc.trycloudflare.com", "d2.xyz.trycloudflare.com", "trycloudflare.com", "one.tunnel",
    "two.three.tunnel", "tunnel", "wpad", "dGhpcyBpcw", "x.a\\034b.com", 'y.a"b.com', "10.1.2.3", "-",
)  # fmt: skip
NO_DOMAIN = {"one.tunnel", "two.three.tunnel", "tunnel", "wpad", "dGhpcyBpcw", "trycloudflare.com"}
WANTED = {
    "evil.com": {"www.Evil.com", "evil.com", "a.b.evil.com.", "(1)x(4)evil(3)com(0)"},
    "EVIL.com.": {"www.Evil.com", "evil.com", "a.b.evil.com.", "(1)x(4)evil(3)com(0)"},
    "(4)evil(3)com(0)": {"www.Evil.com", "evil.com", "a.b.evil.com.", "(1)x(4)evil(3)com(0)"},
    "www.evil.com": {"www.Evil.com"},
    "b.evil.com": {"a.b.evil.com."},
    "xn--mller-kva.de": {"x.müller.de", "y.xn--mller-kva.de"},
    "müller.de": {"x.müller.de", "y.xn--mller-kva.de"},
    "MÜLLER.DE": {"x.müller.de", "y.xn--mller-kva.de"},
    "trycloudflare.com": {"d1.abc.trycloudflare.com", "d2.xyz.trycloudflare.com", "trycloudflare.com"},
    "abc.trycloudflare.com": {"d1.abc.trycloudflare.com"},
    "tunnel": {"one.tunnel", "two.three.tunnel", "tunnel"},
    "(none)": NO_DOMAIN,
    "a\\034b.com": {"x.a\\034b.com", 'y.a"b.com'},
    "*": set(NAMES),
    "": set(NAMES),
    "evil*": {"www.Evil.com", "evil.com", "a.b.evil.com.", "(1)x(4)evil(3)com(0)", "evil.com.au"},
    "*vil.com": {"www.Evil.com", "evil.com", "a.b.evil.com.", "(1)x(4)evil(3)com(0)", "notevil.com"},
    "*.b.evil.com": {"a.b.evil.com."},
    "mül*": {"x.müller.de"},
    "xn--*": {"x.müller.de", "y.xn--mller-kva.de"},
    "nobody.example": set(),
    "vil.com": set(),
    "%": set(),
}  # fmt: skip
ROWS = ("evil.com", "xn--mller-kva.de", "trycloudflare.com", "abc.trycloudflare.com", "tunnel", "(none)")


class OfDomain(PackageTest):
    """The macro dnsentropy_of_domain."""

    def test_it_keeps_the_events_of_a_domain_in_any_spelling(self) -> None:
        """And of a suffix, a last label, names without a domain, a whole name, or a pattern."""
        events = [{"query": [name]} for name in NAMES]
        parts = 'dnsentropy query fields="domain,domain_ascii,fqdn,suffix_type"'
        server = self.splunk()
        for wanted, expected in WANTED.items():
            with self.subTest(wanted=wanted):
                text = wanted.replace("\\", "\\\\")
                rows = server.chain(f'{parts} | eval wanted="{text}" | `dnsentropy_of_domain(wanted)`', events)
                self.assertEqual({row["query"][0] for row in rows}, expected)
                self.assertFalse({name for row in rows for name in row} & {"of_domain", "wanted_fqdn"})

    def test_it_keeps_the_findings_of_a_domain(self) -> None:
        """A finding has no more than the spelling of its domain; a suffix has those below it too."""
        rows = [{"ut_domain": [name]} for name in ROWS]
        as_events = 'ut_domain_ascii=ut_domain, ut_fqdn=ut_domain, ut_suffix_type=""'
        for wanted, expected in (
            ("evil.com", {"evil.com"}), ("(none)", {"(none)"}), ("tunnel", {"tunnel"}), ("*", set(ROWS)),
            ("müller.de", {"xn--mller-kva.de"}), ("trycloudflare.com", {"trycloudflare.com", "abc.trycloudflare.com"}),
        ):  # fmt: skip
            search = f'eval wanted="{wanted}", {as_events} | `dnsentropy_of_domain(wanted)`'
            self.assertEqual({row["ut_domain"][0] for row in self.splunk().chain(search, rows)}, expected, wanted)

    def test_links_name_findings_without_a_domain(self) -> None:
        """An odd domain becomes a wildcard."""
        for domain, part in (
            ("evil.com", "evil.com"), ("tunnel", "tunnel"), ("(none)", "%28none%29"), ("(none)x", "*"), ("a b", "*"),
            ("a\\034b.com", "a%5C034b.com"),
        ):  # fmt: skip
            row = {"src": ["10.0.0.1"], "domain": [domain]}
            (found,) = self.splunk().chain("eval link=`dnsentropy_link(src, domain)`", [row])
            end = f"form.source=live&form.domain={part}&form.src=10.0.0.1"
            self.assertEqual(found["link"], [f"/app/dnsentropy/dnsentropy_investigate?{end}"])


if __name__ == "__main__":
    unittest.main()
