"""Writes: one keyword-only function for each thing somebody can do, actor first; the only code that changes domain
tables.

Each is one outermost transaction. Actions never call actions; what two of them share stands in a module that is not
a noun of the house (`moves`, `facts`, `texts`). A refusal is `Refused`, with a sentence for the person; nothing is
written then.
"""
