"""The journal: what a run was about to write and what came of it, one JSON object a line, only ever appended to.

A line holds `n` (counted from 1), `at` (UTC), `kind`, what its kind has to say, `previous` (the SHA-256 of the bytes
of the line before, without the newline; zeros in the first) and `digest` (the SHA-256 of its own bytes without that
key). So a line that was altered, removed, inserted or moved is found. That the end was cut off is not, nor that
somebody wrote the whole file anew: against that, keep the hash of the last line elsewhere.

A line that a crash cut off stays where it is. The next run ends it with a newline, and a `recovered` line that says how
many bytes were torn, with their SHA-256, carries the chain on from the last whole line.

One run writes at a time: the file is locked (`flock`) until the run ends. A system without `flock` has no such lock;
there, as against writers that do not ask for it, a run stops writing when the file is not as long as it left it.
"""

from tierops.journal.writing import Journal, begin, who

__all__ = ["Journal", "begin", "who"]
