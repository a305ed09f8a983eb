"""
Executors of what the coordinator decides, over ports: one call takes one action and gives the events that answer it.

They keep no state that a crash could lose, and decide nothing.
"""
