"""
The torture bench: proof that nothing is lost, nothing is sent twice unnoticed, and nothing leaks.

It does what no test has the time for: histories by the thousand on a virtual clock, crashed and cut off at every step;
the installed daemon killed hundreds of times behind a line that breaks in every way; every call failing once and for
ever; inputs by the ten thousand. One judge that shares no code with the daemon looks at what is left (`judge`), and
bugs planted on purpose show that it would see one (`planted`).

Everything follows from a seed; what fails is printed with the command that plays it again.
"""
