"""The rules in the air that no outline has: one a file, each citing its identifier.

`suspect(work, mark)` marks the rows of a block that need a look, vectorised; `observe` takes it for one row, also while the
rule's condition stands. A rule that lacks what it needs to be checked here sees nothing: `geofence.rules` lists it as not
checked. `link` is of another kind: silence has no rows.
"""

from streams.rules import battery, daylight, fix_quality, sight

RULES = ((1, daylight), (2, sight), (4, battery), (8, fix_quality))  # each with its mark, a bit
