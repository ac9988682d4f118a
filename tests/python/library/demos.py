"""What the tests of the demo sources share."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from customer_segmentation.demo import DEMOS, Demo

every_seed = pytest.mark.parametrize("seed", range(5))


@cache
def demo(dataset: str, seed: int = 0) -> Demo:
    return DEMOS[dataset](seed)


def strange(texts: pd.Series, pattern: str) -> set[str]:
    """Return the texts that the pattern does not describe."""
    return set(texts[~texts.str.fullmatch(pattern)])


def scaled(features: pd.DataFrame) -> pd.DataFrame:
    """Return log features of mean 0 and deviation 1."""
    features = np.log1p(features)
    return pd.DataFrame(
        StandardScaler().fit_transform(features), features.index, features.columns
    )


def clusters(features: pd.DataFrame, k: int) -> np.ndarray:
    model = KMeans(k, n_init=10, max_iter=500, random_state=0)
    # Threads cost more than they save on so few rows.
    with threadpool_limits(1):
        return model.fit_predict(features.to_numpy())


def agreement(groups: pd.Series, features: pd.DataFrame) -> float:
    """Return how well as many clusters as there are groups agree with them."""
    groups = groups.loc[features.index]
    return adjusted_rand_score(groups, clusters(features, groups.nunique()))


def silhouettes(features: pd.DataFrame) -> pd.Series:
    """Return the squared Euclidean silhouette for 2 to 8 clusters."""
    return pd.Series(
        {
            k: silhouette_score(features, clusters(features, k), metric="sqeuclidean")
            for k in range(2, 9)
        }
    )
