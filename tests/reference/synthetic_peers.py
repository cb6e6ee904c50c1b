"""What the peers give for Proposition 99 and the invented panels of factor_panels.py, by case.

Made by ``tests/reference/peers/synthetic.py``: synthdid-py 0.1.0, pysyncon 1.7.0 and diff-diff 3.13.0.
"""

SYNTHDID_CONTROL = {"one_region": -4.236347906574571, "prop99": -19.619663470944012}
PYSYNCON = {
    "one_region": (-4.236621682222297, 0.14872221122714457),
    "prop99": (-19.513645879817805, 1.6564003573724682),
}
"""Effect and fit before the start of the exact optimum (a quadratic programme)."""
SYNTHDID = {"one_region": -4.370431151112249, "prop99": -15.603827872733893, "two_regions": -4.276853419796442}
DIFF_DIFF = {"one_region": -4.370431151112251, "prop99": -15.60382787273387}
JACKKNIFE = 0.6469261365607631
"""Of synthdid-py on one_region, weights kept."""
PLACEBO_200 = 0.3447270117430063
"""Of synthdid-py on one_region: 200 random choices of four donors of 1820."""
