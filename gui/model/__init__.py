"""What the app knows, free of Qt: frozen state, commands with undo, and one kind of signal."""
