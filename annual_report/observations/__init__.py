"""Reading files of observations: pure functions over frames, without the database.

``readers`` opens a file, ``mapping`` says which column is what, ``cleaning`` reads codes, periods
and numbers, ``resolving`` finds what they name, ``checks`` finds what contradicts, ``refusals``
words it. ``services.observations`` brings the reference tables and stores the outcome.
"""
