"""What can be chosen in the Network lab, with the words for it."""

from __future__ import annotations

from ..model.dataset import EXTENT, KINDS, DatasetSettings, make_dataset
from ..model.features import FEATURES
from ..model.network import INITIALIZERS, MAX_LAYERS, MAX_STOP_EPOCH, MAX_STOP_LOSS, OPTIMIZERS, SPEEDS
from ..view.data_panel import Tile
from ..view.network_lab import Offer

RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
WORDS = {
    "mse": "squared error",
    "huber": "Huber",
    "binary_crossentropy": "cross-entropy",
    "categorical_crossentropy": "cross-entropy",
    "sgd": "SGD",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
}


def offer() -> Offer:
    """Everything that the lab's menus and tiles show."""
    return Offer(
        tiles=[_tile(key) for key in KINDS],
        features=[(key, feature.title) for key, feature in FEATURES.items()],
        optimizers=[(key, WORDS[key]) for key in OPTIMIZERS],
        initializers=[(key, key.replace("_", " ")) for key in INITIALIZERS],
        speeds=[(speed, "fastest" if speed is None else f"{speed:,.0f}".replace(",", "\u2009")) for speed in SPEEDS],
        rates=[(rate, f"{rate:g}") for rate in RATES],
        layers=MAX_LAYERS,
        extent=EXTENT,
        stop_epoch=MAX_STOP_EPOCH,
        stop_loss=MAX_STOP_LOSS,
    )


def _tile(key: str) -> Tile:
    kind = KINDS[key]
    data = make_dataset(DatasetSettings(key, count=150, train_share=0.9))
    shades = data.train_y if kind.task == "classification" else (data.train_y + 1) / 2
    return Tile(key, kind.title, kind.advice, data.train_x / EXTENT, shades)
