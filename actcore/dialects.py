"""Other systems' conventions: their defaults, and the derivative they take at a kink where it is not this table's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from actcore import interop
from actcore.activation import Activation, Elementwise
from actcore.registry import ROWS, Fact, Row


class AtKinks(Elementwise):
    """A derivative, or a function made with it, with the slopes that a system takes at kinks.

    Parameters
    ----------
    row : actcore.registry.Row
        The facts of the function; those of the system among them.
    kind : str
        What is computed.
    parameters : mapping of str to float
        The bound parameter values.
    activation : DialectActivation
        Whose function this is.
    """

    def __init__(self, row: Row, kind: str, parameters: Mapping[str, float], activation: DialectActivation) -> None:
        super().__init__(row, kind, parameters, activation.__reduce__())
        self.dialect = activation.dialect

    def _apply(self, arrays: tuple[Any, ...], named: Mapping[str, Any], options: dict[str, Any]) -> Any:
        if options.get("out") is not None:  # which may be an argument
            arrays = tuple(array.copy() if isinstance(array, np.ndarray) else array for array in arrays)
        result = super()._apply(arrays, named, options)
        if isinstance(result, tuple):  # value and derivative
            return result[0], self._changed(result[1], arrays, named, options)
        return self._changed(result, arrays, named, options)

    def _changed(self, result: Any, arrays: tuple[Any, ...], named: Mapping[str, Any], options: dict[str, Any]) -> Any:
        """Return `result` with g · slope, or the slope where there is no g, at the kinks."""
        for kink in self._row.spellings[self.dialect].kinks:
            here = np.equal(arrays[0], _at(kink.at, named))
            slope = _at(kink.derivative, named)
            where = options.get("where", True)
            result = interop.replaced(
                result,
                here if where is True else np.logical_and(here, where),
                np.multiply(arrays[1], slope) if len(arrays) > 1 else slope,
            )
        return result

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, as in {self.dialect}>"


def _at(fact: Fact, named: Mapping[str, Any]) -> Any:
    """Return a fact of the registry for parameters of any shape."""
    return fact(**named) if callable(fact) else fact


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
        self.dialect = dialect
        spelling = row.spellings[dialect]
        super().__init__(row, **{**spelling.defaults, **parameters})
        if spelling.kinks:
            for kind in ("derivative", "backward", "value_and_derivative"):
                function = AtKinks(row, kind, self.parameters, self)
                function.__doc__ = getattr(self, kind).__doc__
                setattr(self, kind, function)

    def bind(self, **parameters: Any) -> Self:
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
        return type(self)(self.spec, self.dialect, **{**self.parameters, **parameters}) if parameters else self

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
        A system that has a spelling in the row.
    **parameters : float or array
        Values to bind.

    Returns
    -------
    Activation
        With the system's defaults and its derivative at kinks; of another row where the system means another function, such as the
        tanh form of GELU.
    """
    rows = {row.name: row for row in ROWS}
    spelling = rows[name].spellings[dialect]
    if spelling.row:
        return Activation(rows[spelling.row], **parameters)
    return DialectActivation(rows[name], dialect, **parameters)


def _rebuild(name: str, dialect: str, parameters: dict[str, Any]) -> Activation:
    """Undo ``DialectActivation.__reduce__``."""
    return speak(name, dialect, **parameters)
