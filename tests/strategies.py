"""
Strategies for property tests: names as people, Macs and attackers make them, drops, looks and job logs.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from hotfolder.core.model import (
    Drop,
    DropState,
    Evidence,
    FormatEnd,
    Identity,
    Job,
    JobState,
    Lease,
    Observation,
    Outcome,
    Post,
    PostState,
    Publish,
    PublishState,
)
from hotfolder.core.server import Asset, JobLog, LogRow
from hotfolder.core.verdicts import Expected

MOMENT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

# --- names ---

# Letters that have caused trouble somewhere: forbidden ones, forbidden ones in disguise, decomposed and composed
# accents, letters whose lower case is longer, controls, direction marks, half a surrogate pair.
awkward_letters = st.sampled_from(
    "\\;?:@&=+$,*\"<>|'{}%#[]!^-_~()., aAbBäÄéßİıſK字𝒳"
    "\u0301\u0308\u0338\u037e\u0958\u202e\uf021\uf022\uf028\uf029\uf03a"
    "\n\r\x1b\x7f\x85\u2028\udce4\ufffe"
)
file_names = st.one_of(
    st.text(st.sampled_from("abAB01-_. "), min_size=1, max_size=12),
    st.text(awkward_letters, min_size=1, max_size=12),
    st.text(st.characters(blacklist_characters="/\0"), min_size=1, max_size=40),
    st.builds("{}.{}".format, st.text(awkward_letters, max_size=6), st.sampled_from(["jpg", "PSD", "tar.gz", "m4v"])),
).filter(lambda name: name not in (".", ".."))
paths = st.lists(file_names, min_size=1, max_size=4).map("/".join)

plain_names = st.builds(
    "{}.{}".format, st.text("abcxyz019-", min_size=1, max_size=8), st.sampled_from(["jpg", "tif", "pdf"])
)

# --- globs ---

glob_parts = st.one_of(
    st.sampled_from(["*", "**", "*.jpg", "*.PSD", "a*", "*b*", "??", "[ab]*", "[!a]*", "[a-", "[]x]", "*a*a*"]),
    st.text("ab.*?[]!-A", min_size=1, max_size=6),
)
globs = st.one_of(
    glob_parts,
    st.lists(glob_parts, min_size=2, max_size=4).map("/".join),
    glob_parts.map(lambda part: part + "/"),
    st.sampled_from(["@images", "@documents", "@MEDIA"]),
)

# --- looks ---

evidence = st.builds(
    Evidence,
    lease=st.sampled_from(Lease),
    trailing_hole=st.booleans(),
    finder_busy=st.booleans(),
    format_end=st.sampled_from(FormatEnd),
    format_name=st.sampled_from(["JPEG", "ZIP"]),
)
# Few different values, so that unchanged files are as usual as changed ones.
looks = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0, 5.0, 31.0, 700.0]),  # seconds since the look before
        st.sampled_from([0, 10, 10, 10, 11]),  # size
        st.sampled_from([1, 1, 1, 2]),  # ctime
        st.none() | evidence,
        st.booleans(),  # an event of a close led to it
    ),
    min_size=1,
    max_size=12,
)


def observation(at_s: float, size_bytes: int = 10, ctime_ns: int = 1, proof: Evidence | None = None) -> Observation:
    """Return a look at a file of that size."""
    identity = Identity(device=1, inode=2, size_bytes=size_bytes, mtime_ns=3)
    return Observation(identity=identity, ctime_ns=ctime_ns, at_s=at_s, evidence=proof)


# --- drops ---


def drop(
    number: int = 1,
    sent_name: str = "chair.jpg",
    *,
    asset: str | None = None,
    size_bytes: int = 10,
    options: str = "{}",
    destination: str = "",
    alone: bool = False,
) -> Drop:
    """Return a ready drop."""
    return Drop(
        id=number,
        folder="catalog",
        path=sent_name,
        state=DropState.READY,
        identity=Identity(device=1, inode=number, size_bytes=size_bytes, mtime_ns=0),
        seen_at=MOMENT,
        asset=sent_name.rpartition(".")[0] if asset is None else asset,
        sent_name=sent_name,
        options=options,
        destination=destination,
        alone=alone,
    )


@st.composite
def waiting_drops(draw: st.DrawFn) -> list[Drop]:
    """Drops that wait, oldest first; asset IDs, options and destinations often meet."""
    megabyte = 1024**2
    return [
        drop(
            number,
            draw(st.sampled_from(["a.jpg", "b.jpg", "ä.jpg", "c d.tif"]) | plain_names),
            size_bytes=draw(st.sampled_from([0, 10, megabyte, 9 * megabyte, 17 * megabyte, 10**10])),
            options=draw(st.sampled_from(["{}", '{"createMask":true}'])),
            destination=draw(st.sampled_from(["", "Catalog", "Catalog/2026"])),
            alone=draw(st.integers(0, 9)) == 0,
        )
        for number in range(draw(st.integers(0, 30)))
    ]


# --- job logs ---

_IDS = ["chair", "chair-1", "chair-1-1", "Chair", "table", "red chair", "chair_layer"]
_NAMES = ["chair.jpg", "chair-1.jpg", "Chair.jpg", "table.tif", "red chair.jpg", "chair"]
log_types = st.sampled_from(
    [
        "UploadSuccess",
        "FileUpdated",
        "UploadWarning",
        "UploadError",
        "PdfRipError",
        "FileCancel",
        "DuplicateSkipped",
        "FatalError",
        "BeginUpload",
        "EndUpload",
        "FleEnd",
        "IPSJobLog.gcUploadWarning",
        "gcUploadError",
        "uplaoderror",
        "SomethingElse",
    ]
) | st.text(max_size=8)
messages = st.one_of(
    st.just(""),
    st.text(max_size=20),
    st.builds("ExampleCo/{} was processed into IPS".format, st.sampled_from(_NAMES)),
    st.builds("{}: bad, see {}.".format, st.sampled_from(_NAMES), st.sampled_from(_NAMES)),
)
log_rows = st.builds(
    LogRow,
    log_type=log_types,
    message=messages,
    asset_name=st.none() | st.sampled_from([*_IDS, ""]),
    asset_type=st.none() | st.sampled_from(["MasterImage", "Mask", "OptimizedImage"]),
    asset_handle=st.none() | st.sampled_from(["a|1", "a|2"]),
    aux=st.lists(st.builds(LogRow, log_type=log_types, message=messages), max_size=2).map(tuple),
)
_counts = st.integers(0, 5)
job_logs = st.builds(
    JobLog,
    handle=st.sampled_from(["j|1", "j|2"]),
    original_name=st.just("catalog-1"),
    ended_at=st.just(MOMENT),
    rows=st.lists(log_rows, max_size=8).map(tuple),
    is_complete=st.booleans(),
    fatal_error=st.sampled_from(["", "", "out of disk"]),
    success_count=_counts,
    error_count=_counts,
    warning_count=_counts,
    duplicate_count=_counts,
    update_count=_counts,
)
expected_files = st.lists(st.sampled_from(_NAMES), unique_by=lambda name: name.partition(".")[0], max_size=5).flatmap(
    lambda names: st.tuples(
        *(
            st.builds(
                Expected,
                drop=st.just(number),
                asset=st.just(name.rpartition(".")[0] or name),
                sent_name=st.just(name),
                overwrite=st.booleans(),
                doubted=st.booleans(),
                earlier_doubt=st.booleans(),
            )
            for number, name in enumerate(names)
        )
    )
)
assets = st.builds(
    Asset,
    name=st.sampled_from(_IDS),
    handle=st.just("a|1"),
    folder=st.just("ExampleCo/"),
    file_name=st.sampled_from(_NAMES),
    size_bytes=st.none() | st.sampled_from([10, 11]),
    modified_at=st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 28), timezones=st.just(UTC)),  # noqa: DTZ001
)

# --- records of the ledger ---

# Moments as clocks and servers tell them: in any zone, with microseconds, long before and after today.
moments = st.datetimes(
    datetime(1901, 1, 1),  # noqa: DTZ001
    datetime(2400, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
# Text that every database keeps as it is; names with other bytes are in paths.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
# Paths as a directory listing gives them: any bytes, and what is not UTF-8 as surrogates.
stored_paths = st.binary(min_size=1, max_size=30).filter(lambda path: b"\0" not in path).map(os.fsdecode)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
small_counts = st.integers(0, 2**31 - 1)
large_counts = st.integers(0, 2**63 - 1)
identities = st.builds(
    Identity,
    device=st.integers(0, 2**64 - 1),
    inode=st.integers(0, 2**64 - 1) | st.sampled_from([2**63 - 1, 2**63, 2**64 - 1]),
    size_bytes=large_counts,
    mtime_ns=st.integers(-(2**63), 2**63 - 1),
)
# Everything in a record but what names it.
DROP_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "folder": texts,
    "path": stored_paths,
    "state": st.sampled_from(DropState),
    "identity": identities,
    "seen_at": moments,
    "ready_at": st.none() | moments,
    "evidence": texts,
    "origin": st.none() | stored_paths,
    "retry_of": st.none() | large_counts,
    "rule": st.none() | small_counts,
    "server": texts,
    "options": texts,
    "destination": texts,
    "asset": texts,
    "sent_name": texts,
    "caution": texts,
    "overwrite": st.booleans(),
    "alone": st.booleans(),
    "job": st.none(),
    "post": st.none() | small_counts,
    "work_path": st.none() | stored_paths,
    "sha256": st.none() | digests,
    "tries": small_counts,
    "sends": small_counts,
    "outcome": st.none() | st.sampled_from(Outcome),
    "reason": texts,
    "warnings": texts,
    "asset_handle": st.none() | texts,
    "stored_as": st.none() | texts,
    "target_path": st.none() | st.just("") | stored_paths,
    "stored_at": st.none() | moments,
    "filed_at": st.none() | moments,
    "possible_second_copy": st.booleans(),
    "note_digest": st.none() | digests,
    "receipt_digest": st.none() | digests,
}
JOB_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "folder": texts,
    "server": texts,
    "company": texts,
    "options": texts,
    "state": st.sampled_from([state for state in JobState if state not in (JobState.CLOSED, JobState.VOID)]),
    "handle": st.none() | texts,
    "our_address": st.none() | texts,
    "created_at": moments,
    "first_post_at": st.none() | moments,
    "last_post_at": st.none() | moments,
    "ended_at": st.none() | moments,
    "absent_since": st.none() | moments,
    "ghost_until": st.none() | moments,
    "other_handles": texts,
    "written_off": texts,
    "files_total": small_counts,
    "bytes_total": large_counts,
    "log": texts,
    "publish": st.none(),
    "publish_due": texts,
}
POST_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "state": st.sampled_from(PostState),
    "ends_job": st.booleans(),
    "files": small_counts,
    "size_bytes": large_counts,
    "sent_at": moments,
    "answered_at": st.none() | moments,
    "reason": texts,
}

PUBLISH_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "server": texts,
    "company": texts,
    "state": st.sampled_from([PublishState.WAITING, PublishState.SUBMITTING, PublishState.SUBMITTED]),
    "created_at": moments,
    "wanted": texts,
    "files": large_counts,
    "handle": st.none() | texts,
    "submitted_at": st.none() | moments,
    "takes_to": large_counts,
    "absent_since": st.none() | moments,
    "tries": small_counts,
    "reason": texts,
    "missed": texts,
    "ended_at": st.none() | moments,
}


def drop_records(number: int) -> st.SearchStrategy[Drop]:
    """Return drops of this id with anything in their columns; without a job, which would have to be there."""
    return st.builds(Drop, id=st.just(number), **DROP_VALUES)


def job_records(number: int) -> st.SearchStrategy[Job]:
    """Return jobs of this id, under a name of their own, that are not at their end."""
    return st.builds(Job, id=st.just(number), name=st.just(f"job-{number}"), **JOB_VALUES)


def post_records(job: int, number: int) -> st.SearchStrategy[Post]:
    """Return POSTs of this job and number."""
    return st.builds(Post, job=st.just(job), number=st.just(number), **POST_VALUES)


def publish_records(number: int) -> st.SearchStrategy[Publish]:
    """Return publishes of this id, under a name of their own, that are not at their end."""
    name = st.sampled_from([None, f"publish-{number}"])
    return st.builds(Publish, id=st.just(number), name=name, **PUBLISH_VALUES)


# --- upload options, as people may write them (PROTOCOL 3) ---

_flags = st.booleans()
_pixels = st.integers(0, 2**31 - 1)
_fractions = st.floats(0, 1) | st.sampled_from([0, 1, 5e-324, 0.00002, 0.1])
_dpi = st.floats(0, 10_000, exclude_min=True) | st.integers(1, 10_000)
_corners = st.sampled_from(["UpperLeft", "UpperRight", "BottomLeft", "BottomRight"])
_colorspaces = st.sampled_from(["Auto", "Rgb", "Cmyk", "Gray"])
_rasterizing = st.sampled_from(["None", "Rasterize"])
_names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f", "\ufffe", "\uffff"]),
    min_size=1,
    max_size=12,
).filter(lambda name: bool(name.strip()) and name[1:2] != "|" and name[2:3] != "|")


def _table(required: dict[str, Any] | None = None, **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    """A table that is not empty."""
    return st.fixed_dictionaries(required or {}, optional=optional).filter(bool)


def _handles_or_names(*handles: str) -> st.SearchStrategy[list[str]]:
    return st.lists(_names | st.sampled_from(handles), max_size=3, unique=True)


_profiles = _names | st.sampled_from(["a|1234", "a|732|1|535"])
_edges = st.fixed_dictionaries({"left": _pixels, "right": _pixels, "top": _pixels, "bottom": _pixels})

upload_options = st.fixed_dictionaries(
    {"overwrite": _flags},
    optional={
        "readyForPublish": _flags,
        "preservePublishState": _flags,
        "createMask": _flags,
        "preserveCrop": _flags,
        "knockoutBackgroundOptions": _table(
            {"corner": _corners, "fillMethod": st.sampled_from(["FloodFill", "MatchPixel"])}, tolerance=_fractions
        ),
        "crop": st.one_of(
            st.fixed_dictionaries({"manual": _edges}),
            st.fixed_dictionaries({"autoColor": _table({"corner": _corners, "tolerance": _fractions})}),
            st.fixed_dictionaries({"autoTransparent": _table({"tolerance": _fractions})}),
        ),
        "photoshopOptions": _table(
            process=st.sampled_from(["None", "MaintainLayers"]),
            layerOptions=_table(
                layerNaming=st.sampled_from(["LayerName", "AppendNumber", "AppendName", "Folders"]),
                anchor=st.sampled_from(
                    ["Center", "North", "Northwest", "West", "Southwest", "South", "Southeast", "East"]
                ),
                createTemplate=_flags,
                extractText=_flags,
                extendLayers=_flags,
            ),
        ),
        "postScriptOptions": _table(
            process=_rasterizing, resolution=_dpi, colorspace=_colorspaces, alpha=_flags, extractSearchWords=_flags
        ),
        "pdfOptions": _table(
            process=st.sampled_from(["None", "Rasterize", "Thumbnail"]),
            resolution=_dpi,
            colorspace=_colorspaces,
            pdfCatalog=_flags,
            extractSearchWords=_flags,
            extractLinks=_flags,
        ),
        "illustratorOptions": _table(process=_rasterizing, resolution=_dpi, colorspace=_colorspaces, alpha=_flags),
        "colorManagementOptions": _table(
            {"colorManagement": st.sampled_from(["Default", "MaintainOriginal", "Convert"])},
            sourceProfileHandle=_profiles,
            outputProfileHandle=_profiles,
        ),
        "autoSetCreationOptions": _table({"autoSetsArray": _handles_or_names("ps|941", "ps|942")}),
        "projectHandleArray": _handles_or_names("p|6|Spring", "p|6|Red & | Blue"),
        "emailSetting": st.sampled_from(["All", "Error", "ErrorAndWarning", "JobCompletion", "None"]),
        "postHttpUrl": st.sampled_from(["", "https://hooks.example.com/done", "https://hooks.example.com?a=1&b=%20"]),
        "mediaOptions": _table(
            videoEncodingPresetsArray=_handles_or_names("ps|17", "ps|18"),
            generateThumbnail=_flags,
            thumbnailOptions=_table({"thumbnailTime": st.integers(0, 2**63 - 1)}),
        ),
        "inDesignOptions": st.just({"process": "None"}),
        "keywords": st.lists(st.text("ab,\\ é'<&\"", min_size=1, max_size=8).filter(str.strip), max_size=3),
        "unsharpMaskOptions": _table(
            amount=st.floats(0, 5),
            radius=st.floats(0, 250),
            threshold=st.integers(0, 255),
            monochrome=st.integers(0, 1),
        ),
        "unCompressOptions": _table({"process": st.sampled_from(["None", "UnCompress"])}),
    },
)
"""Whole sets of options that the configuration takes, where [upload] post_http_hosts has hooks.example.com."""
