"""Faults on demand: every way a response can go wrong, one row each in `table`.

A fault acts at one of four stages: on the records of a response, on the response, on the message
made of it, or on the connection.
"""
