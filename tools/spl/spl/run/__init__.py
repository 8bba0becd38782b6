"""The interpreter: plans and runs a search on a search head and its peers."""
