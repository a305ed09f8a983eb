"""
What goes wrong between us and a server, as people read it on pages and in notes: each text once, to be translated.

Reasons are parts of a sentence: they begin in lower case and have no full stop.
"""

from __future__ import annotations

# --- the way there ---

NOT_SIGNED_IN = "not signed in"
NO_NAME = "the name {host} cannot be resolved"
NO_CONNECTION = "no connection to {host}: {why}"
NO_CONNECTION_IN_TIME = "no connection to {host} within {time} s"
NO_SUCH_SOURCE = "{address} (source_address) is not on this machine"
SOURCE_GONE = "{address} is no address of this machine any more"
PROXY = "the proxy {host}"
PROXY_REFUSES = "the proxy {host} makes no connection to {server}: {why}"
PROXY_LOGIN = "it wants another login (proxy_login_file)"
HTTP = "HTTP {status}"
BAD_CERTIFICATE = "the certificate of {host} is not trusted: {error}"
NOT_SECURE = "no secure connection to {host}: {error}"
TLS_FAILED = "TLS failed"

# --- while something is sent ---

TAKEN_TOO_SLOWLY = "{host} took next to nothing while we were sending: {why}"
NOTHING_TAKEN = "{host} did not take anything for {time} s"
BROKE_WHILE_SENDING = "the connection broke while sending: {error}"
ANSWERED_TOO_SLOWLY = "{host} got everything and its answer came too slowly: {why}"
NO_ANSWER_IN_TIME = "{host} got everything and did not answer within {time} s"
NO_ANSWER = "{host} closed the connection without an answer"
BROKE_BEFORE_THE_ANSWER = "the connection broke before the answer was complete: {error}"
ONLY_BYTES = "only {count} bytes in {time} s"
ANSWER_NOT_COMPLETE = "the answer is not complete by now"
NOTHING_SENT = "nothing was sent: {why}"
CUT_OFF = "what was being sent was cut off: {why}"
OVER_THE_LIMIT = "too large for the server: {count} bytes, and it takes {most} in one go"

# --- what came instead of an answer ---

INSTEAD = "HTTP {status}: {why}"
INSTEAD_EARLY = "HTTP {status}, before everything was sent: {why}"
REDIRECT = "a redirect to {place}; redirects are never followed"
TO_THE_SAME_HOST = "another path of the same host"
TO_NOWHERE = "nowhere"
TOO_LARGE = "too large for the server"
ENDLESS = "an answer too large to be one"
EMPTY = "an empty answer"
FAULT = "a SOAP fault without a code: {message}"
SILENT_FAULT = "a SOAP fault without a code or a text"
HTML = "an HTML page instead of an answer"
HTML_TITLED = "an HTML page instead of an answer, titled '{title}'"
NOT_XML = "an answer that is not well-formed XML"
OTHER_DOCUMENT = "an unexpected document, {name}"
UNREADABLE = "the answer to {operation} cannot be read: {error}"
OTHER_UPLOAD = "the server took a part of the upload {upload} and answered for another one"

# --- who we are, and what we may do ---

NOT_OUR_COMPANY = "the company {company} is not among those that {user} may use: {companies}"
NO_COMPANIES = "none at all"
NO_PASSWORD = "the password cannot be read: {error}"  # noqa: S105 (a sentence about it)
UNFIT_PASSWORD = "the password holds a character that cannot be sent"  # noqa: S105 (a sentence about it)
UNFIT_USER = "the user holds a character that cannot be sent"
NOT_TOLD = "the server does not tell about {what}: {why}"
NO_PUBLISHING = "publishing is not possible: {why}"
WSDL_LACKS = "the WSDL {file} has no {operation}"
WSDL_DIFFERS = "the WSDL {file} does not let {operation} be asked as we do"
WSDL_UNUSABLE = "the WSDL {file} cannot be used: {error}"
VALUE_MISSING = "{operation} was asked without a value that it needs"
INTERNAL = "internal error: {error}"
