"""The leaderboard as pages that open from a file: tables, charts, one page a submission, and the same as data."""
