"""ISO New England's price history: downloaded day by day and proven complete."""

__version__ = "0.1.0"
