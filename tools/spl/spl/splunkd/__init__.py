"""A stand-in for splunkd: reads an app, and calls its search commands and lookups as splunkd does."""
