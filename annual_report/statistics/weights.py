"""How many municipalities of the register each answer stands for.

Every respondent stands for itself, and the respondents of a pool share its missing among them
(Särndal, Swensson, Wretman, 1992, ch. 15: response homogeneity groups). Without borrowing that is
post-stratification: N/n in each cell. Where thin cells borrow, the shares are raked, so that those
who stand for the missing are of the same kinds, population classes and districts as the missing
(iterative proportional fitting: Deming, Stephan, 1940; Deville, Särndal, Sautory, 1993). A cell in
which all answered has the weight 1 exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from annual_report.statistics.strata import LEVELS, Strata, choose_levels

#: The columns to whose counts the shares of the missing are raked.
MARGINS = ("kind", "size", "district")
#: No answer stands for more municipalities than this, itself included.
MAX_WEIGHT = 10.0
#: Raking changes no share of a pool more than this many times.
MAX_FACTOR = 4.0
MAX_ITERATIONS = 50
TOLERANCE = 1e-6
#: Raking ends when a round leaves more than this part of the deviation.
WORTHWHILE = 0.99


@dataclass(frozen=True)
class Raking:
    """What the raking came to: ``deviation`` is the largest relative miss of a margin."""

    iterations: int = 0
    deviation: float = 0.0
    trimmed: int = 0

    @property
    def converged(self) -> bool:
        return self.deviation <= TOLERANCE


@dataclass(frozen=True)
class Weights:
    """Answers of one question over the cells of ``strata``.

    By cell: ``asked``, ``answered``, ``missing`` municipalities, ``pool`` of its missing (-1 where
    nobody is missing or nobody at all answered), ``level`` of that pool. ``shares`` is pools ×
    cells: which part of a pool's missing is represented by a cell's respondents; rows sum to 1.
    """

    strata: Strata
    asked: np.ndarray
    answered: np.ndarray
    missing: np.ndarray
    level: np.ndarray
    pool: np.ndarray
    shares: sparse.csr_matrix
    raking: Raking

    @property
    def by_cell(self) -> np.ndarray:
        """The weight of each answer of a cell; 0 for a cell without answers."""
        lent = self.shares.T @ self.missing_by_pool()
        weight = 1 + np.divide(lent, self.answered, out=np.zeros_like(lent), where=lent > 0)
        return np.where(self.answered > 0, weight, 0.0)

    def missing_by_pool(self) -> np.ndarray:
        used = self.pool >= 0
        return np.bincount(self.pool[used], self.missing[used], minlength=self.shares.shape[0])


def make_weights(
    strata: Strata,
    answered: np.ndarray,
    eligible: np.ndarray | None = None,
    margins: Sequence[str] = MARGINS,
) -> Weights:
    """Weights of a question that ``answered`` municipalities of each cell have answered.

    ``eligible`` says of each cell whether the question is asked there at all (default: everywhere).
    """
    asked = strata.size if eligible is None else np.where(eligible, strata.size, 0.0)
    answered = np.asarray(answered, dtype=float)
    missing = asked - answered
    level = choose_levels(strata, answered, asked)
    pool, rows, cells = _pools(strata, answered, missing, level)
    shape = (int(pool.max(initial=-1)) + 1, len(asked))
    flows, raking = np.zeros(0), Raking()
    if shape[0]:
        totals = np.bincount(pool[pool >= 0], missing[pool >= 0], minlength=shape[0])
        start = answered[cells] / np.bincount(rows, answered[cells])[rows]
        flows, raking = _rake(strata, start, rows, cells, totals, answered, missing, margins)
    shares = sparse.csr_matrix((flows, (rows, cells)), shape=shape)
    return Weights(strata, asked, answered, missing, level, pool, shares, raking)


def _pools(strata, answered, missing, level):
    """Each cell's pool, and the pairs (pool, cell that gives to it)."""
    pool = np.full(len(missing), -1)
    rows, cells, count = [], [], 0
    for number in range(len(LEVELS)):
        takers = (missing > 0) & (level == number)
        groups = strata.levels[number]
        if not takers.any() or not answered.any():
            continue
        used = np.unique(groups[takers])
        ids = np.full(groups.max() + 1, -1)
        ids[used] = count + np.arange(len(used))
        count += len(used)
        pool[takers] = ids[groups[takers]]
        givers = np.flatnonzero((answered > 0) & (ids[groups] >= 0))
        rows.append(ids[groups[givers]])
        cells.append(givers)
    if not rows:
        return pool, np.zeros(0, dtype=int), np.zeros(0, dtype=int)
    return pool, np.concatenate(rows), np.concatenate(cells)


def _rake(strata, start, rows, cells, totals, answered, missing, margins):
    """Shares of the pairs after raking, and how it went. A pool of one cell has nothing to rake."""
    if len(rows) == len(totals):
        return start, Raking()
    groups = [_margin(strata, name, cells, missing) for name in margins]
    shares, trimmed, iterations = start, 0, 0
    deviation, before = _deviation(shares * totals[rows], groups), np.inf
    # Margins that no pool can meet (nobody of the kind answered) would keep it turning.
    while TOLERANCE < deviation < WORTHWHILE * before and iterations < MAX_ITERATIONS:
        before, iterations = deviation, iterations + 1
        flows = shares * totals[rows]
        for codes, target in groups:
            have = np.bincount(codes, flows, minlength=len(target))
            factor = np.divide(target, have, out=np.ones_like(target), where=have > 0)
            flows = flows * np.where(target > 0, factor, 1.0)[codes]
        shares = np.clip(flows / totals[rows], start / MAX_FACTOR, start * MAX_FACTOR)
        shares, trimmed = _trim(shares, rows, cells, totals, answered)
        deviation = _deviation(shares * totals[rows], groups)
    return shares, Raking(iterations, float(deviation), trimmed)


def _margin(strata, name, cells, missing):
    """Codes of the giving cells and the number of missing of each code."""
    codes, names = strata.codes(name)
    return codes[cells], np.bincount(codes, missing, minlength=len(names))


def _deviation(flows, groups) -> float:
    misses = [0.0]
    for codes, target in groups:
        have = np.bincount(codes, flows, minlength=len(target))
        met = (target > 0) & (have > 0)
        misses.append(float(np.max(np.abs(have - target)[met] / target[met], initial=0.0)))
    return max(misses)


def _trim(shares, rows, cells, totals, answered):
    """Hold weights at ``MAX_WEIGHT``: what a cell may not carry goes to the rest of its pools."""
    lent = np.bincount(cells, shares * totals[rows], minlength=len(answered))
    limit = (MAX_WEIGHT - 1) * answered
    over = lent > limit
    scale = np.divide(limit, lent, out=np.ones_like(lent), where=over)
    shares = shares * scale[cells]
    return shares / np.bincount(rows, shares)[rows], int(answered[over].sum())
