"""Variance of the coefficients of one series under autocorrelation, after Newey and West.

Holds the rule for the number of lags and the sandwich over all periods, those without a row included: they add nothing,
and keep their place, so that lags count periods and not rows. Fits are each method's part.
"""

import numpy as np

from ikz_eval.errors import UsageError
from ikz_eval.estimate.observations import Floats
from ikz_eval.estimate.series.read_series import Series

LAG_RULE = "newey_west_1994: floor(4 (T/100)^(2/9))"


def choose_lags(n_periods: int, asked: int | None = None) -> int:
    """Return the number of lags: as asked, or by ``LAG_RULE``.

    Raises
    ------
    UsageError
        If as many lags as periods are asked for.

    References
    ----------
    .. [1] Newey, W. K., West, K. D. (1994). Automatic lag selection in covariance matrix estimation. *Review of Economic
       Studies* 61(4).
    """
    if asked is None:
        return int(np.floor(4 * (n_periods / 100) ** (2 / 9)))
    if asked >= n_periods:
        raise UsageError(f"{asked} lags in {n_periods} periods: allowed are fewer lags than periods")
    return asked


def newey_west(series: Series, scores: Floats, bread: Floats, lags: int) -> Floats:
    """Return the covariance of k coefficients, shape (k, k).

    Bartlett weights; times n / (n - k) as the small-sample factor.

    Parameters
    ----------
    series : Series
        Says which periods have a row.
    scores : ndarray
        Regressor times residual, shape (n, k).
    bread : ndarray
        Inverse of the regressors' (weighted) cross product, shape (k, k).
    lags : int
        Lags with a weight.

    References
    ----------
    .. [1] Newey, W. K., West, K. D. (1987). A simple, positive semi-definite, heteroskedasticity and autocorrelation
       consistent covariance matrix. *Econometrica* 55(3).
    .. [2] Datta, D. D., Du, W. (2012). Nonparametric HAC estimation for time series data with missing observations.
       International Finance Discussion Papers 1060 (its "amplitude modulated" estimator).
    """
    from statsmodels.stats.sandwich_covariance import S_hac_simple

    n, k = scores.shape
    middle = S_hac_simple(series.spread(scores, 0.0), nlags=lags)
    covariance: Floats = bread @ middle @ bread * (n / (n - k))
    return covariance
