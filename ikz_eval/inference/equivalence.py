"""Equivalence: whether an effect is shown to be too small to matter (two one-sided tests).

Holds the test for an estimate with a t distribution. Which margin matters is a study's choice.
"""

from dataclasses import dataclass

from scipy import special

from ikz_eval.errors import EstimationError


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Result of two one-sided tests.

    Attributes
    ----------
    p : float
        The larger of both p values: below alpha the effect lies between the margins.
    p_lower, p_upper : float
        Against an effect at or below the lower margin, and at or above the upper one.
    low, high : float
        Interval at confidence 1 - 2 alpha; within the margins exactly when ``p`` is below alpha.
    is_equivalent : bool
        Whether ``p`` is below alpha.
    """

    p: float
    p_lower: float
    p_upper: float
    low: float
    high: float
    is_equivalent: bool


def equivalence(
    estimate: float, se: float, df: float, *, lower: float, upper: float, alpha: float = 0.05
) -> Equivalence:
    """Test whether an effect lies between two margins (TOST).

    Parameters
    ----------
    estimate, se, df : float
        From any t test, CR2 as a rule.
    lower, upper : float
        Margins, in units of the outcome. A margin of 5 % either way in logs is log(.95) and log(1.05).
    alpha : float
        Level.

    Raises
    ------
    EstimationError
        If the margins are not in order, or ``se`` or ``df`` is not positive.

    References
    ----------
    .. [1] Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach for
       assessing the equivalence of average bioavailability. *Journal of Pharmacokinetics and Biopharmaceutics* 15(6).
    """
    if not lower < upper:
        raise EstimationError(f"margins {lower} and {upper}: the lower one must be below the upper one")
    if not (se > 0 and df > 0):
        raise EstimationError(f"standard error {se} and degrees of freedom {df}: allowed are se > 0 and df > 0")
    if not 0 < alpha < 0.5:
        raise EstimationError(f"alpha is {alpha}; allowed is between 0 and .5")
    p_lower = float(special.stdtr(df, (lower - estimate) / se))
    p_upper = float(special.stdtr(df, (estimate - upper) / se))
    reach = float(special.stdtrit(df, 1 - alpha)) * se
    p = max(p_lower, p_upper)
    return Equivalence(p, p_lower, p_upper, estimate - reach, estimate + reach, p < alpha)
