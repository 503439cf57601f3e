"""Other systems' conventions: their defaults, and the derivative they take at a kink where it is not this table's."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcore.activation import Activation, Elementwise, resolve
from actcore.registry import ROWS, Row


class AtKinks:
    """A derivative, or a function made with it, that takes given slopes at given points.

    Parameters
    ----------
    function : Elementwise
        What computes everywhere else.
    points : list of (float, float)
        Kinks, each with the slope to take there.
    """

    def __init__(self, function: Elementwise, points: list[tuple[float, float]]) -> None:
        self.function = function
        self.points = points
        self.ufunc = function.ufunc

    def __call__(self, x: Any, *g: Any, **options: Any) -> Any:
        """Apply the function; the arguments are those of the one it changes."""
        x = x.copy() if isinstance(x, np.ndarray) and options.get("out") is not None else x  # the output may be x itself
        result = self.function(x, *g, **options)
        if isinstance(result, tuple):  # value and derivative
            return result[0], self._changed(result[1], x, 1.0, options.get("where", True))
        return self._changed(result, x, g[0] if g else 1.0, options.get("where", True))

    def _changed(self, result: Any, x: Any, factor: Any, where: Any) -> Any:
        """Return `result` with factor · slope at the kinks; an ndarray is changed in place."""
        for at, slope in self.points:
            here = np.equal(x, at) if isinstance(x, (np.ndarray, float, int, list)) else x == at
            if isinstance(result, np.ndarray):
                np.copyto(result, factor * slope, where=np.logical_and(here, where), casting="same_kind")
            else:  # a scalar, or an array of another kind, which keeps its kind under arithmetic
                result = result * ~here + factor * slope * here
        return result


class DialectActivation(Activation):
    """An activation as another system defines it.

    Parameters
    ----------
    row : actcore.registry.Row
        The facts of the function.
    dialect : str
        The system.
    **parameters : float or array
        Values bound in place of the system's defaults.
    """

    def __init__(self, row: Row, dialect: str, **parameters: Any) -> None:
        spelling = row.spellings[dialect]
        super().__init__(row, **{**spelling.defaults, **parameters})
        self.dialect = dialect
        points = [(resolve(kink.at, self.parameters), resolve(kink.derivative, self.parameters)) for kink in spelling.kinks]
        if points:
            for kind in ("derivative", "backward", "value_and_derivative"):
                setattr(self, kind, AtKinks(getattr(self, kind), points))

    def bind(self, **parameters: Any) -> Activation:
        """Return a copy in the same dialect with some parameters bound to other values.

        Parameters
        ----------
        **parameters : float or array
            By the registry's names.

        Returns
        -------
        Activation
            This function itself when nothing is given.
        """
        return DialectActivation(self.spec, self.dialect, **{**self.parameters, **parameters}) if parameters else self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by row, dialect and parameters."""
        return _rebuild, (self.name, self.dialect, dict(self.parameters))

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, as in {self.dialect}>"


def speak(name: str, dialect: str, **parameters: Any) -> Activation:
    """Return the function that a system means by what this table calls `name`.

    Parameters
    ----------
    name : str
        A row's name.
    dialect : str
        A system of ``registry.DIALECTS``.
    **parameters : float or array
        Values to bind.

    Returns
    -------
    Activation
        With the system's defaults and its derivative at kinks; of another row where the system means another function, such as the
        tanh form of GELU.

    Raises
    ------
    ValueError
        If the system has no such function.
    """
    rows = {row.name: row for row in ROWS}
    spelling = rows[name].spellings.get(dialect)
    if spelling is None:
        raise ValueError(f"{dialect} has no function that corresponds to {name}")
    if spelling.row:
        return Activation(rows[spelling.row], **parameters)
    return DialectActivation(rows[name], dialect, **parameters)


def _rebuild(name: str, dialect: str, parameters: dict[str, Any]) -> Activation:
    """Undo ``DialectActivation.__reduce__``."""
    return speak(name, dialect, **parameters)
