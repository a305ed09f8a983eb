"""Words of job logs, loosely compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.logwords import Weight, weight


@pytest.mark.parametrize(
    ("log_type", "meaning"),
    [
        ("UploadSuccess", Weight.SUCCESS),
        ("FileUpdated", Weight.UPDATED),
        ("UploadWarning", Weight.WARNING),
        ("UploadError", Weight.ERROR),
        ("PdfRipError", Weight.ERROR),
        ("FileCancel", Weight.CANCEL),
        ("DuplicateSkipped", Weight.DUPLICATE),
        ("FatalError", Weight.FATAL),
        ("BeginUpload", Weight.NEUTRAL),
        ("FileEnd", Weight.NEUTRAL),
        ("FleEnd", Weight.NEUTRAL),  # as Adobe's page prints it
        ("IPSJobLog.gcUploadWarning", Weight.WARNING),
        ("IPSJobLog.gcUploadError", Weight.ERROR),
        ("gcUploadErorr", Weight.ERROR),
        ("UPLOADSUCCESS", Weight.SUCCESS),
        (" uploadsuccess\n", Weight.SUCCESS),
        ("UploadSucess", Weight.SUCCESS),
        ("Upload_Error", Weight.ERROR),
        ("UplaodError", Weight.ERROR),
        ("FileUpdate", Weight.UPDATED),
        ("BeginVideoPubl]ish", Weight.NEUTRAL),
        ("ImageServingPublishError", Weight.NEUTRAL),
        ("ReoptimizeFailure", Weight.NEUTRAL),
        ("UploadMiracle", Weight.UNKNOWN),
        ("Success", Weight.UNKNOWN),
        ("", Weight.UNKNOWN),
    ],
)
def test_table_of_words(log_type: str, meaning: Weight) -> None:
    assert weight(log_type) is meaning


_KNOWN = ["UploadSuccess", "FileUpdated", "UploadWarning", "UploadError", "FileCancel", "DuplicateSkipped"]


@given(st.sampled_from(_KNOWN), st.data())
def test_one_slip_does_not_hide_a_word(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(word) - 2))
    slip = data.draw(
        st.sampled_from(
            [
                word[:at] + word[at + 1 :],
                word[:at] + "x" + word[at:],
                word[:at] + "x" + word[at + 1 :],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            ]
        )
    )
    assert weight(slip) is weight(word)


@given(st.text())
def test_any_word_has_some_weight(word: str) -> None:
    assert weight(word) in Weight
