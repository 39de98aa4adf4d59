"""How servers name themselves in the header `Server`, by which synthetic prices are known."""

SANDBOX_SERVER = "isone-sandbox"
"""How the sandbox begins its `Server` header: by it a client knows synthetic prices."""
REPLAY_SERVER = "isone-replay"
"""The same of a sandbox that serves recorded responses and nothing else."""
