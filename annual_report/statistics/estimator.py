"""Values of territories with their intervals, from the answers of those who filed.

Each respondent counts as itself; each missing municipality is predicted by the weighted mean of its
pool (``weights``), for sums moved along the regression on population (Cochran, 1977, ch. 7). The
variance of the prediction error is that of a stratified sample without replacement, N(N − n)s²/n
in a stratum, so that the finite-population correction is in it (Cochran, 1977, ch. 5; Valliant,
Dorfman, Royall, 2000, ch. 2). A borrowed mean adds the variance between the cells that it was
borrowed from. Ratios are linearised (Särndal, Swensson, Wretman, 1992, ch. 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from annual_report.statistics.intervals import (
    divide,
    effective_answers,
    share_interval,
    t_interval,
    weighted_quantile,
)
from annual_report.statistics.strata import LEVELS, Strata
from annual_report.statistics.weights import Weights

#: Below this the slope of a population class rests on too little; the common one is used.
MIN_SLOPE_DF = 10
#: A cell's variance is taken from the finest level with so many degrees of freedom.
MIN_VARIANCE_DF = 4
#: A municipality counts as represented where at least this share of its own cell answered.
MIN_CELL_SHARE = 0.1


@dataclass(frozen=True)
class Domains:
    """Territories as unions of cells: ``codes`` is scopes × cells, numbers of ``names``."""

    names: list[tuple[str, str]]
    codes: np.ndarray
    matrix: sparse.csr_matrix

    @classmethod
    def of(cls, strata: Strata, scopes: Mapping[str, str | None]) -> Domains:
        """``scopes`` maps a scope to a column of ``strata.cells``, or to None for the whole."""
        names: list[tuple[str, str]] = []
        rows = []
        whole = (np.zeros(len(strata.cells), dtype=int), np.array([""], dtype=object))
        for scope, column in scopes.items():
            codes, found = strata.codes(column) if column else whole
            rows.append(codes + len(names))
            names.extend((scope, str(name)) for name in found)
        codes = np.array(rows)
        places = (codes.ravel(), np.tile(np.arange(codes.shape[1]), len(rows)))
        matrix = sparse.csr_matrix(
            (np.ones(codes.size), places), shape=(len(names), codes.shape[1])
        )
        return cls(names, codes, matrix)


@dataclass(frozen=True)
class Estimates:
    """One question over all domains; arrays in the order of ``Domains.names``.

    ``value`` is weighted, ``unweighted`` of the answers alone, ``low`` and ``high`` bound the
    interval; NaN where nothing can be said. ``represented`` is the share of the asked
    municipalities that lie in cells with answers of their own. ``error`` is the standard error, NaN
    for medians, whose interval does not rest on one.
    """

    value: np.ndarray
    unweighted: np.ndarray
    low: np.ndarray
    high: np.ndarray
    error: np.ndarray
    count: np.ndarray
    expected: np.ndarray
    represented: np.ndarray


#: How the variance inside a population class may grow with population.
POWERS = (0, 1, 2)


@dataclass(frozen=True)
class Residents:
    """Population as the auxiliary of sums.

    ``answered`` is that of each respondent; ``missing`` has for each of ``POWERS`` the mean of the
    power over the missing of each cell, NaN where it is unknown.
    """

    answered: np.ndarray
    missing: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, strata: Strata, answered: np.ndarray, absent: np.ndarray) -> Residents | None:
        """From masks of the respondents and the missing; None when nobody's residents are known.

        A municipality without residents counts as one with a single resident. A respondent whose
        residents are unknown gets the median of the known: alone in its class, it moves nothing.
        """
        people = np.maximum(strata.population, 1.0)
        mine = people[answered]
        if np.isnan(mine).all():
            return None
        mine = np.where(np.isnan(mine), np.nanmedian(mine), mine)
        cell, size = strata.cell[absent], len(strata.cells)
        count = np.bincount(cell, minlength=size)
        means = tuple(
            divide(np.bincount(cell, people[absent] ** power, minlength=size), count)
            for power in POWERS
        )
        return cls(mine, means)


class Estimator:
    """Estimates of one question over ``domains``; ``cell`` is the cell of each respondent."""

    def __init__(
        self,
        weights: Weights,
        domains: Domains,
        cell: np.ndarray,
        residents: Residents | None = None,
    ):
        self.weights, self.domains, self.cell, self.residents = weights, domains, cell, residents
        self.count = domains.matrix @ weights.answered
        self.expected = domains.matrix @ weights.asked
        self.missing = domains.matrix @ weights.missing
        own = weights.answered >= np.maximum(MIN_CELL_SHARE * weights.asked, 1)
        self.represented = divide(domains.matrix @ np.where(own, weights.asked, 0.0), self.expected)
        self._pool_domains()
        self._choose_variances()

    def _pool_domains(self) -> None:
        """Missing of each domain by pool, and how many of them each cell's answers stand for."""
        w, scopes = self.weights, len(self.domains.codes)
        used = np.flatnonzero(w.pool >= 0)
        places = (self.domains.codes[:, used].ravel(), np.tile(w.pool[used], scopes))
        shape = (len(self.domains.names), w.shares.shape[0])
        missing = np.tile(w.missing[used], scopes)
        self.pooled = sparse.csr_matrix((missing, places), shape=shape)
        self.lent = sparse.csr_matrix(self.pooled @ w.shares)
        self.borrowed = np.zeros(w.shares.shape[0], dtype=bool)
        self.borrowed[w.pool[used]] = w.level[used] > 0
        borrowers = used[w.level[used] > 0]
        #: Of each borrowing cell in each scope: its domain, its pool, its missing and its region.
        self._borrowers = (
            self.domains.codes[:, borrowers].ravel(),
            np.tile(w.pool[borrowers], scopes),
            np.tile(w.missing[borrowers], scopes),
            np.tile(w.strata.codes("region")[0][borrowers], scopes),
        )
        self._squares = w.shares.power(2)
        self._squared_shares = np.asarray(self._squares.sum(axis=1)).ravel()

    def _choose_variances(self) -> None:
        """The levels that cells take their variances from, and the degrees of freedom there."""
        levels = self.weights.strata.levels
        freedom = np.maximum(self.weights.answered - 1, 0)
        chosen = np.full(len(freedom), len(LEVELS) - 1)
        sums = [np.bincount(groups, freedom) for groups in levels]
        for number in reversed(range(len(LEVELS) - 1)):
            chosen[(sums[number] >= MIN_VARIANCE_DF)[levels[number]]] = number
        self._levels = [
            (levels[number], sums[number], np.flatnonzero(chosen == number))
            for number in np.unique(chosen)
        ]
        self._freedom = np.ones(len(freedom))
        for groups, total, cells in self._levels:
            self._freedom[cells] = np.maximum(total[groups[cells]], 1)

    # --- estimates ---------------------------------------------------------------------------------

    def total(self, values: np.ndarray, *, non_negative: bool = False) -> Estimates:
        """Sums; ``non_negative`` values cannot come to less than what was answered."""
        slope = self._slope(values)
        value, plain = self._total(values, slope), self._answered(values)
        residual = self._residual(values, slope)
        variance, freedom = self._variance(residual, growth=self._growth(residual))
        low, high = t_interval(value, variance, freedom)
        if non_negative:
            low = np.maximum(low, np.minimum(plain, value))
        return self._estimates(value, plain, low, high, np.sqrt(variance))

    def ratio(self, top: np.ndarray, bottom: np.ndarray) -> Estimates:
        """Sum of ``top`` over sum of ``bottom``, for those who answered both."""
        slopes = self._slope(top), self._slope(bottom)
        below = self._total(bottom, slopes[1])
        value = divide(self._total(top, slopes[0]), below)
        residuals = self._residual(top, slopes[0]), self._residual(bottom, slopes[1])
        common = float(divide(top.sum(), bottom.sum(), empty=0.0))
        growth = self._growth(residuals[0] - common * residuals[1])
        variance, freedom = self._variance(*residuals, np.nan_to_num(value), growth)
        variance = divide(variance, below**2)
        low, high = t_interval(value, variance, freedom)
        plain = divide(self._answered(top), self._answered(bottom))
        return self._estimates(value, plain, low, high, np.sqrt(variance))

    def share(self, yes: np.ndarray) -> Estimates:
        """Share of municipalities, 0 to 1, for answers of 1 and 0."""
        total, said = self._total(yes, None), self._answered(yes)
        value = np.clip(divide(total, self.expected), 0, 1)
        variance, freedom = self._variance(yes)
        variance = divide(variance, self.expected**2)
        count = effective_answers(value, variance, self._plain(), freedom)
        low, high = share_interval(value, count)
        low = np.maximum(low, divide(said, self.expected))
        high = np.minimum(high, divide(said + self.missing, self.expected))
        # A full count is a point whatever the last binary digit says.
        low, high = np.minimum(low, value), np.maximum(high, value)
        plain = divide(said, self.count)
        return self._estimates(value, plain, low, high, np.sqrt(variance))

    def median(self, values: np.ndarray) -> Estimates:
        """Weighted medians; the interval by Woodruff's method."""
        order = np.argsort(values, kind="stable")
        ranked, cells = values[order], self.cell[order]
        inside, plain = self.domains.matrix.toarray(), self._plain()
        results = np.full((4, len(self.domains.names)), np.nan)
        for number in np.flatnonzero(self.count > 0):
            results[:, number] = self._median(number, ranked, cells, inside[number], plain)
        return self._estimates(*results, np.full(len(self.count), np.nan))

    def _median(self, number, ranked, cells, inside, plain):
        """Weighted and unweighted median of one domain, and the bounds of the weighted one."""
        row = slice(self.lent.indptr[number], self.lent.indptr[number + 1])
        weight = inside.copy()
        weight[self.lent.indices[row]] += divide(
            self.lent.data[row], self.weights.answered[self.lent.indices[row]]
        )
        chosen = weight[cells] > 0
        values, weights, own = ranked[chosen], weight[cells[chosen]], inside[cells[chosen]]
        value = weighted_quantile(values, weights, 0.5)
        mine = values[own > 0]
        unweighted = weighted_quantile(mine, np.ones(len(mine)), 0.5)
        if not self.missing[number]:
            return value, unweighted, value, value
        variance, freedom = self._below(number, np.bincount(cells, ranked <= value))
        count = effective_answers(0.5, variance, plain[number], freedom)
        low, high = (
            weighted_quantile(values, weights, float(bound)) for bound in share_interval(0.5, count)
        )
        return value, unweighted, min(low, value), max(high, value)

    def _below(self, number: int, below: np.ndarray):
        """Variance of the share of one domain that lies below a value; ``below`` counts by cell."""
        answered = self.weights.answered
        below = np.pad(below, (0, len(answered) - len(below)))
        share = divide(below, answered, empty=0.0)
        within = self._pool_variance(answered * share * (1 - share))
        between = self._between(share, share, within)
        rows = slice(number, number + 1)
        variance, freedom = self._combine([within], [between], [np.ones(1)], rows)
        return float(variance[0]) / self.expected[number] ** 2, float(freedom[0])

    def _estimates(self, *measures: np.ndarray) -> Estimates:
        """``measures`` are value, unweighted, low, high, error; NaN where nobody answered."""
        known = [np.where(self.count > 0, item, np.nan) for item in measures]
        return Estimates(*known, self.count, self.expected, self.represented)

    # --- sums over cells ---------------------------------------------------------------------------

    def _sum(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self.cell, values, minlength=len(self.weights.asked))

    def _mean(self, values: np.ndarray) -> np.ndarray:
        return divide(self._sum(values), self.weights.answered, empty=0.0)

    def _answered(self, values: np.ndarray) -> np.ndarray:
        """Sum of the answers themselves, by domain."""
        return self.domains.matrix @ self._sum(values)

    def _expand(self, by_pool: np.ndarray) -> np.ndarray:
        """A pool's value for each cell's missing; 0 where nobody is missing."""
        padded = np.append(by_pool, 0.0)
        return padded[self.weights.pool]

    def _total(self, values: np.ndarray, slope: np.ndarray | None) -> np.ndarray:
        """Sum by domain: the answers and the predictions of the missing."""
        shares = self.weights.shares
        predicted = self._expand(shares @ self._mean(values))
        if slope is not None and self.residents is not None:
            mean = self._expand(shares @ self._mean(self.residents.answered))
            predicted = predicted + slope * np.nan_to_num(self.residents.missing[1] - mean)
        return self.domains.matrix @ (self._sum(values) + self.weights.missing * predicted)

    def _slope(self, values: np.ndarray) -> np.ndarray | None:
        """Growth of ``values`` with one resident inside the cells, by population class.

        Weighted by 1/population, since larger municipalities vary more.
        """
        if self.residents is None:
            return None
        people, answered = self.residents.answered, self.weights.answered
        x = people - self._mean(people)[self.cell]
        y = values - self._mean(values)[self.cell]
        weight = 1 / people
        codes, names = self.weights.strata.codes("size")
        classes = codes[self.cell]
        top = np.bincount(classes, weight * x * y, minlength=len(names))
        bottom = np.bincount(classes, weight * x * x, minlength=len(names))
        freedom = np.bincount(codes, np.maximum(answered - 1, 0), minlength=len(names))
        common = float(divide(top.sum(), bottom.sum(), empty=0.0))
        safe = (freedom >= MIN_SLOPE_DF) & (bottom > 0)
        return np.where(safe, divide(top, bottom, empty=0.0), common)[codes]

    def _residual(self, values: np.ndarray, slope: np.ndarray | None) -> np.ndarray:
        if slope is None or self.residents is None:
            return values
        return values - slope[self.cell] * self.residents.answered

    # --- variance ----------------------------------------------------------------------------------

    def _growth(self, residual: np.ndarray) -> np.ndarray | None:
        """How much more each cell's missing vary than those who stand for them, as a factor.

        Variance grows with the power of population that is likeliest in the class: when the one
        city of millions is missing, the others of its class do not tell how far off its value is.
        """
        if self.residents is None:
            return None
        people, answered = self.residents.answered, self.weights.answered
        codes, names = self.weights.strata.codes("size")
        classes = codes[self.cell]
        squares = (residual - self._mean(residual)[self.cell]) ** 2
        count = np.bincount(classes, minlength=len(names))
        logs = np.bincount(classes, np.log(people), minlength=len(names))
        best, chosen = np.full(len(names), -np.inf), np.zeros(len(names), dtype=int)
        for power in POWERS:
            scaled = np.bincount(classes, squares / people**power, minlength=len(names))
            spread = np.log(divide(scaled, count, empty=1.0) + np.finfo(float).tiny)
            likely = -count * spread - power * logs
            chosen, best = np.where(likely > best, power, chosen), np.maximum(likely, best)
        power = np.where(answered + self.weights.missing > 0, chosen[codes], 0)
        theirs = np.choose(power, self.residents.missing)
        ours = np.choose(
            power,
            [
                self._expand(self.weights.shares @ self._mean(people**exponent))
                for exponent in POWERS
            ],
        )
        return np.maximum(np.nan_to_num(divide(theirs, ours, empty=1.0), nan=1.0), 1e-6)

    def _pool_variance(self, products: np.ndarray) -> np.ndarray:
        """Variance inside each cell from sums of squares by cell, pooled where they are few."""
        result = np.zeros(len(products))
        for groups, freedom, cells in self._levels:
            sums = np.bincount(groups, products)
            result[cells] = divide(sums, freedom, empty=0.0)[groups[cells]]
        return result

    def _within(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        a = left - self._mean(left)[self.cell]
        b = a if right is left else right - self._mean(right)[self.cell]
        return self._pool_variance(self._sum(a * b))

    def _between(self, left: np.ndarray, right: np.ndarray, within: np.ndarray) -> np.ndarray:
        """Covariance between the means of each borrowed pool's cells, less what sampling adds."""
        if not self.borrowed.any():
            return np.zeros(len(self.borrowed))
        shares, squares, spread = self.weights.shares, self._squares, 1 - self._squared_shares
        seen = shares @ (left * right) - (shares @ left) * (shares @ right)
        noise = divide(within, self.weights.answered, empty=0.0)
        noise = shares @ noise - squares @ noise
        usable = self.borrowed & (spread > 1e-9)
        return np.where(usable, divide(seen - noise, spread, empty=0.0), 0.0)

    def _variance(self, top, bottom=None, ratio=None, growth=None) -> tuple[np.ndarray, np.ndarray]:
        """Variance of the sum of ``top − ratio · bottom`` by domain, and degrees of freedom."""
        pairs = [(top, top)] if bottom is None else [(top, top), (top, bottom), (bottom, bottom)]
        within = [self._within(*pair) for pair in pairs]
        means = [[self._mean(item) - _centre(item) for item in pair] for pair in pairs]
        between = [self._between(*m, inside) for m, inside in zip(means, within, strict=True)]
        ones = np.ones(len(self.expected))
        factors = [ones] if ratio is None else [ones, -2 * ratio, ratio**2]
        return self._combine(within, between, factors, slice(None), growth)

    def _combine(self, within, between, factors, rows: slice, growth=None):
        """Part inside cells and part between them, for the domains of ``rows``.

        Inside: of those who stand for the missing, and of the missing themselves, who vary as those
        do. Between: the missing of a cell share one deviation from the mean that they borrow.
        """
        lent, owner = _rows(self.lent, rows)
        variance = np.maximum(_mix(factors, within, owner, lent.indices), 0.0)
        varied = lent.data if growth is None else self._grown(growth)
        parts = variance * (lent.data**2 / self.weights.answered[lent.indices] + varied)
        total = np.bincount(owner, parts, minlength=lent.shape[0])
        spread = np.bincount(owner, parts**2 / self._freedom[lent.indices], minlength=lent.shape[0])
        freedom = divide(total**2, spread, empty=np.inf)
        if not self.borrowed.any():
            return total, freedom
        total += self._borrowing(between, factors, rows)
        return total, freedom

    def _borrowing(self, between, factors, rows: slice) -> np.ndarray:
        """Variance between cells: of the means that are borrowed, and of the cells that borrow.

        Cells of one region deviate together: it is the region that answers badly and is different.
        """
        pooled, owner = _rows(self.pooled, rows)
        variance = np.maximum(_mix(factors, between, owner, pooled.indices), 0.0)
        spread = variance * pooled.data**2 * self._squared_shares[pooled.indices]
        total = np.bincount(owner, spread, minlength=pooled.shape[0])
        places, pools, missing, region = self._borrowers
        first, last = (rows.start or 0), pooled.shape[0] + (rows.start or 0)
        chosen = slice(None) if rows == slice(None) else (places >= first) & (places < last)
        places, pools = places[chosen] - first, pools[chosen]
        variance = np.maximum(_mix(factors, between, places, pools), 0.0)
        size = int(region.max(initial=0)) + 1
        keys = places * size + region[chosen]
        together = np.bincount(
            keys, np.sqrt(variance) * missing[chosen], minlength=size * pooled.shape[0]
        )
        return total + (together.reshape(-1, size) ** 2).sum(axis=1)

    def _grown(self, growth: np.ndarray) -> np.ndarray:
        """The entries of ``lent`` with each missing one times its cell's ``growth``."""
        w = self.weights
        used = np.flatnonzero(w.pool >= 0)
        scopes = len(self.domains.codes)
        places = (self.domains.codes[:, used].ravel(), np.tile(w.pool[used], scopes))
        missing = np.tile((w.missing * growth)[used], scopes)
        pooled = sparse.csr_matrix((missing, places), shape=self.pooled.shape)
        return sparse.csr_matrix(pooled @ w.shares).data

    def _plain(self) -> np.ndarray:
        """Variance of a share per unit of its own variance: (1 − n/N)/n for a simple sample."""
        lent, owner = _rows(self.lent, slice(None))
        amount = lent.data**2 / self.weights.answered[lent.indices] + lent.data
        return divide(np.bincount(owner, amount, minlength=lent.shape[0]), self.expected**2)


def _centre(values: np.ndarray) -> float:
    """Subtracted before squaring, so that large values lose no digits."""
    return float(values.mean()) if len(values) else 0.0


def _rows(matrix: sparse.csr_matrix, rows: slice) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Some rows of a matrix, and the row of each of their entries."""
    part = matrix if rows == slice(None) else matrix[rows]
    return part, np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))


def _mix(factors, moments, owner, places) -> np.ndarray:
    """A quadratic form at the entries of a matrix: by-row ``factors`` of by-column ``moments``."""
    mixed = np.zeros(len(owner))
    for factor, moment in zip(factors, moments, strict=True):
        mixed += factor[owner] * moment[places]
    return mixed
