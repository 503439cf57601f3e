"""What the worker publishes: one immutable picture of the training, swapped in whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model.course import Course
from ..model.network import NetworkState


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The training at one moment.

    Attributes
    ----------
    version : int
        Grows with every snapshot: an unchanged version needs no drawing.
    state : NetworkState
        The settings in force.
    parameters : ndarray of float32, shape (n,)
        A copy of the weights and biases, read-only, laid out as in `actcore.MLP.parameters`.
    step, last_step : int
        Steps done, and the last recorded step: larger while the past is looked at.
    epoch : float
        How often the training data has been gone through.
    gradients : tuple of float
        The norm of the gradient of each layer's weights.
    train_loss, test_loss : float
    train_score, test_score : float
        Share classified rightly; for a regression the share of the variance explained, R².
    course : Course
        Losses and scores of all recorded steps.
    running : bool
    message : str
        Why the training stopped by itself, as a sentence; else empty.
    """

    version: int
    state: NetworkState
    parameters: NDArray[np.float32]
    step: int
    last_step: int
    epoch: float
    gradients: tuple[float, ...]
    train_loss: float
    test_loss: float
    train_score: float
    test_score: float
    course: Course
    running: bool
    message: str
