"""A static check of searches: commands, options, functions and lookups exist, and fields that are read are there.

`check` walks along a search; `fields` says what is known of its fields at a point, `commands` what each command makes of
that, `functions` and `lookups` which there are; `programs` asks the app's own program about its commands. `corpus` finds
every search that the app has.
"""
