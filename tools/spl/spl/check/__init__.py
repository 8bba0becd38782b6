"""A static check of searches: commands, options, functions, lookups and every field that is read exist.

`walk` follows a search's commands, `fields` holds the fields that are known at a point, and `rules` are what commands
do with them. `functions` and `lookups` list what exists; `programs` asks the app's own program about its commands.
`corpus` finds every search of an app, and `project` holds what is particular to this app.
"""
