"""Who moves: members counted on ladders, by an engine that reads them from files or from a lake.

Only what an engine needs is heavy, and imported when one is opened. No member leaves this package but as a count, and
as a line of the list that somebody asks for.
"""
