"""
Fakes of everything outside, shipped so that whoever builds on the ports can test without machinery.
"""
