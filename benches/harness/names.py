"""Made DNS queries, as a company's resolvers see them. Seeded: always the same.

The mix:

- 76 % ordinary names, drawn from 60,000 host names under 6,000 registrable domains; a few are asked for all the time, most
  seldom (the n-th has a weight of 1 / (n + 3)), so that names repeat as they do on a network; of 300 clients all ask for
  the frequent names, few for a seldom one
- 15 % of tunnels: labels of 16 to 60 characters of base64 (upper and lower case), base32 or hex, each asked for once, under
  16 domains, from few clients
- 5 % made by machines, asked for once: labels of 8 to 16 hex digits under domains of content delivery networks
- 1 % ordinary names with case at random, as careful resolvers ask
- 1 % reverse look-ups
- 1 % of suffixes that no list has, and service names: `_ldap._tcp.dc01.corp`
- 0.5 % absent, 0.3 % IP addresses, 0.1 % with a root dot, 0.1 % with letters beyond ASCII
"""

import random
from dataclasses import dataclass
from itertools import accumulate

SUFFIXES = {
    "com": 48, "net": 11, "org": 7, "de": 5, "co.uk": 4, "io": 4, "com.br": 2, "fr": 2, "nl": 2, "com.au": 2, "app": 1,
    "co.jp": 1, "github.io": 1, "cloudfront.net": 2, "s3.amazonaws.com": 2, "azurewebsites.net": 1, "blogspot.com": 1,
    "info": 2, "ru": 2,
}  # fmt: skip
CDNS = [
    ("", ".cloudfront.net"), ("", ".s3.amazonaws.com"), (".g", "videodelivery.net"), (".r", "staticedge.com"),
    (".telemetry", "softvendor.com"),
]  # fmt: skip
"""The endings after a label made by a machine, of the subdomain or of the registrable domain's label."""
HOSTS = ["", "www", "www", "api", "mail", "cdn", "img", "static", "login", "ns1", "m", "update", "eu-west.api", "a.b.tracking"]
UNLISTED = [
    ("_ldap._tcp", "dc01.corp"), ("", "wpad"), ("printer7", "floor2.lan"), ("", "dc02.local"), ("_kerberos._udp", "hq.corp"),
]  # fmt: skip
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
HEX = "0123456789abcdef"
LETTERS_BEYOND_ASCII = [("www", "müller.de"), ("пример", "испытание.com"), ("mail", "日本語.jp"), ("shop", "café.fr")]


@dataclass(frozen=True)
class Query:
    """One event's query: the name is `subdomain.domain`, or only one of them."""

    subdomain: str
    domain: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.subdomain}.{self.domain}" if self.subdomain else self.domain


class Resolver:
    """Draws queries."""

    def __init__(self, seed: int = 20170824) -> None:
        self._chance = random.Random(seed)
        self._clients = [f"10.0.{number // 100}.{number % 100 + 10}" for number in range(300)]
        self._client_weights = weights(len(self._clients))
        self._ordinary = self._chance.sample(self._make_hosts(), 60_000)
        self._ordinary_weights = weights(len(self._ordinary))
        self._tunnels = [self._make_domain() for _ in range(16)]
        self._kinds = {
            self._ordinary_queries: 0.76, self._tunnel_queries: 0.15, self._machine_queries: 0.05, self._cased_queries: 0.01,
            self._reverse_queries: 0.01, self._unlisted_queries: 0.01, self._absent_queries: 0.005,
            self._address_queries: 0.003, self._rooted_queries: 0.001, self._beyond_ascii_queries: 0.001,
        }  # fmt: skip

    def queries(self, count: int) -> list[Query]:
        """That many queries, in random order."""
        shares = {kind: int(share * count) for kind, share in self._kinds.items()}
        shares[self._ordinary_queries] += count - sum(shares.values())
        queries = [query for kind, share in shares.items() for query in kind(share)]
        self._chance.shuffle(queries)
        return queries

    def hosts(self) -> list[str]:
        """The names of the ordinary queries."""
        return [f"{host}.{domain}" if host else domain for host, domain in self._ordinary]

    def _ordinary_queries(self, count: int) -> list[Query]:
        ranks = self._chance.choices(range(len(self._ordinary)), cum_weights=self._ordinary_weights, k=count)
        return [Query(*self._ordinary[rank], self._client_of(rank)) for rank in ranks]

    def _client_of(self, rank: int) -> str:
        """The client that asks for a host: one of many for a frequent name, one of a few for a rare one."""
        askers = 1 + 300 * 10 // (rank + 10)
        return self._clients[(rank * 7 + int(self._chance.random() * askers)) % len(self._clients)]

    def _tunnel_queries(self, count: int) -> list[Query]:
        return [self._tunnel_query() for _ in range(count)]

    def _tunnel_query(self) -> Query:
        number = self._chance.randrange(len(self._tunnels))
        alphabet = (BASE64, BASE64, BASE32, HEX)[number % 4]
        label = self._text(alphabet, 16, 60)
        client = self._clients[number * 7 + self._chance.randrange(2)]
        return Query(label, self._tunnels[number], client)

    def _machine_queries(self, count: int) -> list[Query]:
        return [self._machine_query(source) for source in self._sources(count)]

    def _machine_query(self, source: str) -> Query:
        label, (subdomain, domain) = self._text(HEX, 8, 16), self._chance.choice(CDNS)
        return Query(label + subdomain, domain, source) if subdomain else Query("", label + domain, source)

    def _cased_queries(self, count: int) -> list[Query]:
        def cased(text: str) -> str:
            return "".join(self._chance.choice((letter, letter.upper())) for letter in text)

        return [Query(cased(q.subdomain), cased(q.domain), q.source) for q in self._ordinary_queries(count)]

    def _reverse_queries(self, count: int) -> list[Query]:
        number = self._chance.randrange
        addresses = [f"{number(256)}.{number(256)}.{number(4)}" for _ in range(count)]
        return [Query(a, "10.in-addr.arpa", s) for a, s in zip(addresses, self._sources(count), strict=True)]

    def _unlisted_queries(self, count: int) -> list[Query]:
        return [Query(*self._chance.choice(UNLISTED), source) for source in self._sources(count)]

    def _absent_queries(self, count: int) -> list[Query]:
        return [Query("", "", source) for source in self._sources(count)]

    def _address_queries(self, count: int) -> list[Query]:
        return [Query("", f"192.0.2.{self._chance.randrange(256)}", source) for source in self._sources(count)]

    def _rooted_queries(self, count: int) -> list[Query]:
        return [Query(q.subdomain, q.domain + ".", q.source) for q in self._ordinary_queries(count)]

    def _beyond_ascii_queries(self, count: int) -> list[Query]:
        hosts = self._chance.choices(LETTERS_BEYOND_ASCII, k=count)
        return [Query(*host, source) for host, source in zip(hosts, self._sources(count), strict=True)]

    def _sources(self, count: int) -> list[str]:
        return self._chance.choices(self._clients, cum_weights=self._client_weights, k=count)

    def _make_hosts(self) -> list[tuple[str, str]]:
        hosts = {(self._chance.choice(HOSTS), self._make_domain()) for _ in range(6_000)}
        for domain in [domain for _, domain in sorted(hosts)]:
            hosts.update((f"{self._chance.choice(HOSTS[1:])}{number}", domain) for number in range(12))
        return sorted(hosts)

    def _make_domain(self) -> str:
        suffix = self._chance.choices(list(SUFFIXES), weights=list(SUFFIXES.values()))[0]
        return f"{self._word()}{self._chance.choice(('', self._word(), '-' + self._word()))}.{suffix}"

    def _word(self) -> str:
        pick, syllables = self._chance.choice, self._chance.randint(2, 3)
        return "".join(pick("bcdfghklmnprstvw") + pick("aeiou") for _ in range(syllables))

    def _text(self, alphabet: str, shortest: int, longest: int) -> str:
        return "".join(self._chance.choices(alphabet, k=self._chance.randint(shortest, longest)))


def weights(count: int) -> list[float]:
    """Cumulative weights of things of which the first are far more frequent than the last."""
    return list(accumulate(1 / (rank + 3) for rank in range(count)))
