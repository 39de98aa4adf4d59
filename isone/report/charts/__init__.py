"""The charts: each module draws those of one section, from data that the queries gave."""
