"""The settings of Splunk's files that the app may use: stanzas, keys, values, and the version that introduced them.

The facts are from the .conf.spec files of Splunk 9.0.3 to 10.6 and, for Enterprise Security's keys, from the templates of
Splunk's own detections. Only what the app and its documents may use is here: to use another setting, look it up and add a
line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from spl.splunkd.app import Settings

# The oldest version that the app supports.
OLDEST = (9, 0)
ANY = r"(?s).+"
BOOLEAN = "0|1|true|false"
NUMBER = r"-?\d+"
TIME = r"[-+@\w]+"
JSON = "JSON"
T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """What is allowed for a key: a pattern of its values, and the first version that knows it.

    A newer one than the oldest supported is allowed if `ignored`: older versions ignore the key without harm.
    """

    values: str = ANY
    since: tuple[int, int] = OLDEST
    ignored: bool = False



# file -> pattern of stanzas -> pattern of keys -> what is allowed. The first pattern that fits the whole name counts.
SPECS: dict[str, dict[str, dict[str, Setting]]] = {
    "app.conf": {
        "id": {"name": Setting(r"\w+"), "version": Setting(r"\d+\.\d+\.\d+")},
        "package": {"id": Setting(r"\w+"), "check_for_updates": Setting(BOOLEAN)},
        "install": {"is_configured": Setting(BOOLEAN), "build": Setting(NUMBER)},
        "ui": {"is_visible": Setting(BOOLEAN), "label": Setting(".{5,80}")},
        "launcher": {"author": Setting(), "description": Setting("(?s).{1,200}"), "version": Setting(r"\d+\.\d+\.\d+")},
        "shclustering": {
            "deployer_lookups_push_mode": Setting("preserve_lookups|always_(preserve|overwrite)|overwrite_on_change"),
            "deployer_push_mode": Setting("full|merge_to_default|local_only|default_only"),
        },
    },
    "collections.conf": {
        r"\w+": {
            r"field\.\w+": Setting("number|bool|string|time"),
            r"accelerated_fields\.\w+": Setting(JSON),
            "enforceTypes|replicate": Setting(BOOLEAN),
        },
    },
    # With chunked = true no other settings are valid.
    "commands.conf": {
        r"\w+": {
            "chunked": Setting("true|1"),
            "filename": Setting(r"[\w.-]+"),
            r"command\.arg\.\d+": Setting(),
            "maxwait|maxchunksize": Setting(NUMBER),
            "is_risky|run_in_preview": Setting(BOOLEAN),
        },
    },
    "macros.conf": {
        r"\w+(\(\d\))?": {
            "definition|errormsg|validation|description": Setting(),
            "args": Setting(r"\w+(, ?\w+)*"),
            "iseval": Setting(BOOLEAN),
        },
    },
    "savedsearches.conf": {
        ".+": {
            "search|description": Setting(),
            "disabled|enableSched|realtime_schedule|is_visible": Setting(BOOLEAN),
            "cron_schedule": Setting(r"(\S+ ){4}\S+"),
            "schedule_window": Setting(r"auto|\d+"),
            r"dispatch\.(earliest|latest)_time": Setting(TIME),
            r"dispatch\.(ttl|max_count|max_time)": Setting(r"\d+p?"),
            r"dispatch\.allow_partial_results": Setting(BOOLEAN),
            r"request\.ui_dispatch_(app|view)": Setting(r"\w+"),
            "counttype": Setting("number of events|always"),
            "relation": Setting("greater than"),
            "quantity": Setting(NUMBER),
            r"alert\.(digest_mode|suppress)": Setting(BOOLEAN),
            r"alert\.track": Setting(f"{BOOLEAN}|auto"),
            r"alert\.severity": Setting("[1-6]"),
            r"alert\.(expires|suppress\.period)": Setting(r"\d+[smhd]?"),
            r"alert\.suppress\.fields": Setting(r"\w+(, ?\w+)*"),
            # alert_actions.conf, [email]
            r"action\.email": Setting(BOOLEAN),
            r"action\.email\.(to|subject|subject\.(alert|report)|message\.(alert|report))": Setting(),
            r"action\.email\.(inline|sendresults|useNSSubject)": Setting(BOOLEAN),
            r"action\.email\.include\.(results_link|view_link|search|trigger)": Setting(BOOLEAN),
            # Enterprise Security 7 and 8. Where a version does not know one of them, it ignores it.
            r"action\.correlationsearch\.enabled": Setting(BOOLEAN),
            r"action\.correlationsearch\.label": Setting(),
            r"action\.correlationsearch\.(annotations|metadata)": Setting(JSON),
            r"action\.correlationsearch\.detection_type": Setting("ebd"),
            r"action\.(risk|notable)": Setting(BOOLEAN),
            r"action\.risk\.param\._risk": Setting(JSON),
            r"action\.risk\.param\._risk_message": Setting(),
            r"action\.(risk|notable)\.param\.(_risk_score|verbose)": Setting("0"),
            r"action\.notable\.param\.(rule_(title|description)|nes_fields|drilldown_(name|search))": Setting(),
            r"action\.notable\.param\.(recommended_actions|default_(owner|status))": Setting(),
            r"action\.notable\.param\.security_domain": Setting("access|audit|endpoint|identity|network|threat"),
            r"action\.notable\.param\.severity": Setting("informational|low|medium|high|critical"),
            r"action\.notable\.param\.drilldown_(earliest|latest)_offset": Setting(r"\$info_(min|max)_time\$"),
            r"action\.notable\.param\.drilldown_(searches|dashboards)": Setting(JSON),
            r"action\.notable\.param\.(next_steps|_entities)": Setting(JSON),
        },
    },
    "searchbnf.conf": {
        r"[\w-]+": {
            "syntax|simplesyntax|shortdesc|description|tags|related|alias|maintainer|appears-in": Setting(),
            r"(example|comment)\d": Setting(),
            "usage": Setting("public|private|deprecated"),
        },
    },
    "transforms.conf": {
        r"\w+": {
            "filename": Setting(r"[\w-]+\.csv"),
            "external_type": Setting("executable|kvstore"),
            "external_cmd|match_type": Setting(),
            "collection": Setting(r"\w+"),
            "fields_list": Setting(r"\w+(, \w+)*"),
            "max_matches|min_matches": Setting(NUMBER),
            "default_match": Setting(),
            "case_sensitive_match|check_permission|replicate": Setting(BOOLEAN),
        },
    },
    "default.meta": {
        r"|(commands|searchbnf|savedsearches|lookups|collections|transforms|macros|views|nav)(/[^/\s]+)?": {
            "access": Setting(r"read : \[ [\w*]+(, \w+)* \](, write : \[ \w+(, \w+)* \])?"),
            "export": Setting("system|none"),
            "owner": Setting(r"\w+"),
        },
    },
    # The app has none of these. The documents name settings of them.
    "authorize.conf": {
        r"role_\w+": {
            "run_custom_command": Setting("enabled|disabled"),
            "output_file": Setting("enabled|disabled"),
            "schedule_search": Setting("enabled|disabled"),
            "importRoles|srchIndexesAllowed": Setting(),
        },
    },
    "distsearch.conf": {
        "replication(Allow|Deny)list": {r"\w+": Setting()},
        "replicationSettings": {"maxBundleSize|excludeReplicatedLookupSize": Setting(NUMBER)},
        "distributedSearch(:.+)?": {"servers|disabled_servers|quarantined_servers": Setting()},
    },
    "limits.conf": {
        "outputlookup": {
            "outputlookup_check_permission": Setting(BOOLEAN),
            "create_context": Setting("app|user|system"),
        },
    },
}  # fmt: skip


def problems(file: str, settings: Settings) -> Iterator[str]:
    """What Splunk 9.0 would not understand in this file."""
    for name, stanza in settings.items():
        keys = _first(SPECS.get(file, {}), name)
        if keys is None:
            yield f"{file} has no stanza [{name}]"
            continue
        for key, value in stanza.items():
            setting = _first(keys, key)
            if setting is None:
                yield f"{file} has no setting {key} in [{name}]"
            elif setting.since > OLDEST and not setting.ignored:
                yield f"{file}, [{name}]: {key} is unknown before {'.'.join(map(str, setting.since))}"
            elif not _allowed(setting.values, value):
                yield f"{file}, [{name}]: {key} = {value} is not allowed"


def files_with(stanza: str) -> list[str]:
    """The files that can have a stanza of this name."""
    return [file for file, stanzas in SPECS.items() if _first(stanzas, stanza) is not None]


def _allowed(values: str, value: str) -> bool:
    if values != JSON:
        return re.fullmatch(values, value) is not None
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


def _first(patterns: dict[str, T], name: str) -> T | None:
    return next((found for pattern, found in patterns.items() if re.fullmatch(pattern, name)), None)
