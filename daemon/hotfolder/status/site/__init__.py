"""
The pages for people: what a browser gets to see of a running daemon, and the buttons on it.

Speaks to people who drop files and to those who look after them: never of assets, jobs, handles or settling.
"""
