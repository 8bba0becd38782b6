"""A static check of searches: commands, options, functions and lookups exist, and fields that are read are there.

`fields` says what is known of a search's fields at a point, `commands` what each command makes of that, `programs`
asks the app's own program about its commands, and `corpus` finds every search that the app has.
"""
