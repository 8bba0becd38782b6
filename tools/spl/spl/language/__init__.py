"""The parser: the text of a search as commands, expressions, terms and clauses."""
