"""The worker that trains beside the window, and the immutable snapshots it publishes. No Qt here."""
