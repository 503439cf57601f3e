"""Desktop app: a neuron and a small network that one can hold in one's hands.

Layers, top to bottom: ``__main__`` (wiring), ``controller`` (model and engine to view), ``view`` (draws,
never computes an activation), ``model`` and ``engine`` (no Qt). Installed under the name ``actcore_gui``;
all imports inside are relative for that reason.
"""
