"""The doctor: whether this machine and the service are what the workflow takes them to be.

- `surroundings`: versions, folder, disk, account, proxy.
- `probes`: the requests, one at a time, and what answered.
- `shapes`: what a response is made of, without any of its values.
- `assumptions`: one function for each line of docs/unverified.md, in the modules `lines_…`.
- `report`: the tables on the terminal, doctor.json and the folder of shapes.

Nothing here writes or prints a price, an account or a cookie.
"""
