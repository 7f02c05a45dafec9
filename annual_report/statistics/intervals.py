"""95 % intervals from an estimate and its variance; every function works on arrays.

Sums and ratios: Student's t with Satterthwaite's degrees of freedom. Shares: Jeffreys' interval at
the effective number of answers, which stays inside 0 to 1 and does not shrink to a point at them
(Korn, Graubard, 1998; Brown, Cai, DasGupta, 2001). Medians: Woodruff (1952), the bounds of the
share below it carried back to values. Where nobody is missing every interval is a point.
"""

from __future__ import annotations

import numpy as np
from scipy import special

CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2
#: Stratification may make a share this many times more precise than its number of answers says.
MAX_GAIN = 4.0


def divide(top, bottom, empty=np.nan) -> np.ndarray:
    """``top / bottom``, ``empty`` where the bottom is zero or unknown."""
    top, bottom = np.broadcast_arrays(np.asarray(top, float), np.asarray(bottom, float))
    return np.divide(top, bottom, out=np.full(top.shape, float(empty)), where=bottom != 0)


def student(freedom) -> np.ndarray:
    """How many standard errors an interval reaches at so many degrees of freedom, one at least."""
    # The functions behind scipy.stats, whose checks of arguments cost more than the numbers.
    return special.stdtrit(np.clip(freedom, 1.0, 1e9), 1 - TAIL)


def t_interval(value, variance, freedom) -> tuple[np.ndarray, np.ndarray]:
    """``value`` ± t · standard error; a point where the variance is zero."""
    half = student(freedom) * np.sqrt(np.maximum(variance, 0.0))
    return value - half, value + half


def effective_answers(share, variance, plain, freedom) -> np.ndarray:
    """How many answers of a simple sample would be as precise; infinite for a full count.

    ``plain`` is the variance that a share of one half would have per unit of its own variance, that
    is 1/n (1 − n/N) for a simple sample; it serves at 0 and 1, where the variance itself says
    nothing, and bounds the gain. Fewer degrees of freedom make fewer answers.
    """
    base = divide(1.0, plain, empty=np.inf)
    measured = divide(share * (1 - share), variance, empty=np.inf)
    count = np.where(np.isfinite(measured), np.minimum(measured, MAX_GAIN * base), base)
    return count / (student(freedom) / special.ndtri(1 - TAIL)) ** 2


def share_interval(share, count) -> tuple[np.ndarray, np.ndarray]:
    """Jeffreys' interval of a ``share`` seen in ``count`` answers; a point for infinitely many."""
    share, count = np.broadcast_arrays(np.asarray(share, float), np.asarray(count, float))
    known = np.isfinite(count) & np.isfinite(share)
    n, p = np.where(known, count, 1.0), np.where(known, np.clip(share, 0, 1), 0.5)
    low = np.where(p <= 0, 0.0, special.betaincinv(n * p + 0.5, n * (1 - p) + 0.5, TAIL))
    high = np.where(p >= 1, 1.0, special.betaincinv(n * p + 0.5, n * (1 - p) + 0.5, 1 - TAIL))
    return (
        np.where(known, np.minimum(low, share), share),
        np.where(known, np.maximum(high, share), share),
    )


def weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The value below which ``share`` of the weight lies; ``values`` are sorted.

    Midway between two values when the share falls exactly between them, as the plain median does.
    """
    reached = np.cumsum(weights)
    total = reached[-1]
    place = int(np.searchsorted(reached, share * total * (1 - 1e-12), side="left"))
    place = min(place, len(values) - 1)
    exact = abs(reached[place] - share * total) <= 1e-9 * total
    after = min(place + 1, len(values) - 1)
    return float((values[place] + values[after]) / 2) if exact else float(values[place])
