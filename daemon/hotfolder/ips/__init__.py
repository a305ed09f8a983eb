"""
The language of the IPS server: documents, framing, faults, answers and our own WSDL. Values in, values out.

Protocol facts come from the protocol reference (PROTOCOL); each place names the section. Adobe's spellings end here:
what leaves this package for the inside are the values of `core.server`.
The code map: an upload option is one line in `options`; a fault code one line in `faults`; a SOAP call one
operation in `ips.wsdl` and, for its answer, one function in `records`.
"""
