"""
What people and machines may know of the daemon: snapshots, history, explanations.
"""
