"""Mean average precision of the logits in src/average_precision.rs's test, by scikit-learn.

    pip install scikit-learn && python crates/amst-train/tests/average_precision.py
"""

import numpy as np
import sklearn
from sklearn.metrics import average_precision_score

logits = np.array(
    [[2.0, 0.0, 0.5], [0.0, 1.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 3.0]]
)
labels = np.array([0, 1, 0, 1, 1])
exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
present = [c for c in range(logits.shape[1]) if (labels == c).any()]
scores = [average_precision_score(labels == c, probabilities[:, c]) for c in present]
print(f"scikit-learn {sklearn.__version__}: {np.mean(scores):.17g}")
