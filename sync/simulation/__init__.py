"""Many nodes and a central on one thread, in one seeded order: no network, no wall clock, every fault on demand.

    python -m sync.simulation --seeds 1000          # on all cores; a finding prints the command that replays it
    python -m sync.simulation --seed 123            # one scenario
    python -m sync.simulation --seed 123 --actions 4,7,9
    python -m sync.simulation --central postgres --seeds 100    # before a real Postgres, and compared

A node is the real thing on an SQLite in memory: door, transactions, rules, port, exchange. Only threads and sockets are
replaced: each place where another could come between (a read, a commit, a message) hands control back to the scenario.
Head office is the central in memory (office.py) or the real one (postgres.py); both come to the same end.
"""
