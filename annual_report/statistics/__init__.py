"""The report's statistics as pure functions over numpy and pandas; no database, no Django.

``strata``: what stands for what. ``weights``: how many municipalities an answer stands for.
``intervals``: values of territories with their 95 % intervals. ``outliers``: unusual answers.
``peers``: similar municipalities and rank intervals. ``disclosure``: what must not be published.
Formulas and their sources: docs/decisions/0013-weights-and-intervals.md.
"""
