"""Between model and view: turn gestures into commands, state into arrays, once per frame."""
