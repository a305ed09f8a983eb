from pathlib import Path
from typing import Any

import pytest

from hotfolder.sandbox.faults import FILE_FAULTS, REQUEST_FAULTS, FaultFileError, FaultScript, make_fault, read_faults


def acting(times: int, **keys: Any) -> list[int]:
    """Which of so many matching requests a fault acts on."""
    script = FaultScript([make_fault({"do": "empty-200", **keys})])
    hits = []
    for number in range(1, times + 1):
        watch = script.watch("UploadFile")
        watch.look()
        if watch.acting is not None:
            hits.append(number)
    return hits


@pytest.mark.parametrize(
    ("keys", "hits"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7]),
        ({"nth": 3}, [3]),
        ({"from": 3}, [3, 4, 5, 6, 7]),
        ({"count": 2}, [1, 2]),
        ({"every": 3}, [1, 4, 7]),
        ({"from": 2, "every": 2, "count": 2}, [2, 4]),
        ({"on": "getActiveJobs"}, []),
        ({"on": "*", "nth": 1}, [1]),
    ],
)
def test_window_says_which_matches_act(keys: dict[str, Any], hits: list[int]) -> None:
    assert acting(7, **keys) == hits


def test_only_requests_that_match_are_counted() -> None:
    fault = make_fault({"do": "empty-200", "on": "UploadFile", "job": "a-*", "file": "*.psd", "nth": 2})
    script = FaultScript([fault])
    acted = []
    for job, files in [("a-1", ["x.psd"]), ("b-1", ["x.psd"]), ("a-2", ["x.jpg"]), ("a-3", ["x.jpg", "y.psd"])]:
        watch = script.watch("UploadFile")
        watch.look()
        watch.see_job(job)
        for file in files:
            watch.see_file(file)
        acted.append(watch.acting is fault)
    assert acted == [False, False, False, True]
    assert (fault.matches, fault.hits, fault.met.is_set()) == (2, 1, True)


def test_each_fault_is_counted_once_per_request() -> None:
    fault = make_fault({"do": "empty-200", "file": "*"})
    watch = FaultScript([fault]).watch("UploadFile")
    for name in ("a", "b", "c"):
        watch.see_file(name)
    assert fault.matches == 1


def test_first_fault_that_acts_wins_and_the_others_count_on() -> None:
    first, second = make_fault({"do": "html", "nth": 2}), make_fault({"do": "garbage"})
    script = FaultScript([first, second])
    acted = []
    for _ in range(3):
        watch = script.watch("UploadFile")
        watch.look()
        acted.append(watch.acting and watch.acting.do)
    assert acted == ["garbage", "html", "garbage"]
    assert (first.matches, second.matches) == (3, 3)


def test_faults_of_files_add_up_and_count_files() -> None:
    script = FaultScript([make_fault({"do": "rename", "file": "a*"}), make_fault({"do": "no-log-row", "nth": 2})])
    assert [sorted(script.for_file(name, "job")) for name in ("a1", "b1", "a2")] == [
        ["rename"],
        ["no-log-row"],
        ["rename"],
    ]


def test_every_fault_can_be_scripted() -> None:
    """With its required keys."""
    values = {
        "code": 30000,
        "location": "http://127.0.0.1/",
        "seconds": 1,
        "bytes_per_second": 9,
        "after_bytes": 9,
        "log_type": "UploadSucess",
        "rows": 9,
    }
    for do, keys in {**REQUEST_FAULTS, **FILE_FAULTS}.items():
        fault = make_fault({"do": do, **{key: values[key] for key in keys if key in values}})
        assert fault.do == do


def test_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(
        """
        [[fault]]
        on = "UploadFile"
        nth = 2
        job = "catalog-*"
        do = "fault"
        code = 30000
        reason = "later"
        as_200 = true

        [[fault]]
        do = "upload-error"
        file = "*.psd"
        message = "no"
        """
    )
    first, second = read_faults(path)
    assert (first.on, first.first, first.count, first.job) == ("UploadFile", 2, 1, "catalog-*")
    assert (first.code, first.reason, first.status) == (30000, "later", 200)
    assert (second.do, second.file, second.message, second.is_for_files) == ("upload-error", "*.psd", "no", True)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({}, "fault.do: found nothing, wanted one of http-503, "),
        ({"do": "explode"}, "fault.do: found 'explode', wanted one of http-503, "),
        ({"do": "html", "nht": 1}, "fault.nht: unknown key with do = 'html'"),
        ({"do": "html", "nht": 1}, "; did you mean nth?"),
        ({"do": "html", "nth": 0}, "fault.nth: found 0, wanted a whole number from 1"),
        ({"do": "html", "nth": True}, "fault.nth: found True, wanted a whole number from 1"),
        ({"do": "html", "nth": 1, "from": 2}, "fault.nth: stands beside from, count or every"),
        ({"do": "html", "on": "getNothing"}, "fault.on: found 'getNothing', wanted one of *, UploadFile, "),
        ({"do": "html", "on": "getActiveJobs", "file": "*"}, "fault.file: only a POST has files"),
        ({"do": "html", "code": 3}, "fault.code: unknown key with do = 'html'"),
        ({"do": "fault"}, "fault.code: found nothing, wanted a value, as do = 'fault' needs it"),
        ({"do": "fault", "code": 7}, "fault.code: found 7, wanted a whole number from 10000 to 39999"),
        ({"do": "slow", "seconds": -1}, "fault.seconds: found -1, wanted a number of seconds from 0 to 86400"),
        ({"do": "slow", "seconds": "2s"}, "fault.seconds: found '2s', wanted a number of seconds"),
        ({"do": "reset", "after_bytes": 1.5}, "fault.after_bytes: found 1.5, wanted a whole number from 0"),
        ({"do": "truncated", "short_length": "yes"}, "fault.short_length: found 'yes', wanted true or false"),
        ({"do": "rename", "on": "UploadFile"}, "fault.on: unknown key with do = 'rename'"),
        ({"do": "rename", "file": ""}, "fault.file: found '', wanted a text"),
    ],
)
def test_problem_names_key_found_and_wanted(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(FaultFileError) as error:
        make_fault(keys)
    assert problem in str(error.value)


def test_all_problems_of_a_file_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(
        'extra = 1\n[[fault]]\ndo = "html"\nnth = 0\nevery = "x"\n[[fault]]\ndo = "slow"\n[[fault]]\ndo = "html"'
    )
    with pytest.raises(FaultFileError) as error:
        read_faults(path)
    keys = [problem.removeprefix(f"{path}: ").partition(":")[0] for problem in error.value.problems]
    assert keys == ["extra", "fault[1].nth", "fault[1].nth", "fault[1].every", "fault[2].seconds"]


@pytest.mark.parametrize("text", ["fault = 1", "fault = [1]", "not toml", "[fault]\ndo = 'html'"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(FaultFileError, match=r"faults\.toml"):
        read_faults(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FaultFileError, match=r"none\.toml: cannot be read: No such file"):
        read_faults(tmp_path / "none.toml")
