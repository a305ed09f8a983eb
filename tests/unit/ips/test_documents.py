"""
The XML parts of a POST, against the table of cases, the published schema and the sandbox's strict reader.
"""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.unit.ips.cases import COMPANY, UPLOADS, XMLNS, UploadCase
from tests.unit.ips.strategies import option_values, texts

from hotfolder.core.server import Company
from hotfolder.ips.documents import auth_document, destination_folder, upload_document
from hotfolder.ips.markup import UnfitTextError, unfit_character
from hotfolder.ips.options import OptionError, join_keywords
from hotfolder.sandbox.documents import parse, read
from hotfolder.sandbox.schemas import UPLOAD_POST_PARAM

AssertValid = Callable[[bytes | etree._Element], None]

by_name = pytest.mark.parametrize("case", UPLOADS, ids=lambda case: case.name)


def encode(case: UploadCase) -> bytes:
    options = None if case.options is None else json.dumps(case.options)
    return upload_document(company=COMPANY, options=options, **case.values)


@by_name
def test_an_upload_document_is_these_bytes(case: UploadCase) -> None:
    assert encode(case).decode("ascii") == f"<uploadPostParam{XMLNS}>{case.inside}</uploadPostParam>"


@by_name
def test_an_upload_document_fits_the_published_schema(case: UploadCase, assert_valid: AssertValid) -> None:
    assert_valid(encode(case))


@by_name
def test_the_sandbox_reads_what_was_meant(case: UploadCase) -> None:
    tree = read(parse(encode(case), "uploadParams"), "uploadPostParam", UPLOAD_POST_PARAM)
    assert tree.get("fileName") == case.values.get("file_name")
    assert tree.get("jobHandle") == case.values.get("job_handle")
    assert ("uploadParams" in tree) == (case.options is not None)


def test_the_auth_document_is_versioned_and_in_order() -> None:
    assert auth_document("ingest@example.com", ' <&">ä ', "1.2") == (
        f'<authHeader{XMLNS}><user>ingest@example.com</user><password> &lt;&amp;"&gt;&#228; </password>'
        "<locale>en-US</locale><appName>hotfolder</appName><appVersion>1.2</appVersion></authHeader>"
    ).encode("ascii")


def test_the_auth_document_of_old_servers_differs_in_its_namespace_only() -> None:
    versioned = auth_document("u", "p", "1")
    bare = auth_document("u", "p", "1", is_versioned=False)
    assert bare == versioned.replace(b"/xsd/2014-04-03", b"/xsd")
    assert bare != versioned


@given(user=texts, password=texts)
def test_any_password_arrives_as_it_is(assert_valid: AssertValid, user: str, password: str) -> None:
    document = auth_document(user, password, "1")
    assert document.isascii()
    assert_valid(document)
    root = etree.fromstring(document)
    assert [child.text or "" for child in root][:2] == [user, password]


@given(values=option_values, destination=texts, file_name=texts)
def test_any_options_make_a_valid_document(
    assert_valid: AssertValid, values: dict[str, object], destination: str, file_name: str
) -> None:
    document = upload_document(
        company=COMPANY, destination=destination, job_name="j", options=json.dumps(values), file_name=file_name
    )
    assert document.isascii()
    assert b"E-" not in document
    assert_valid(document)
    root = etree.fromstring(document)
    assert root.findtext("{*}fileName") == file_name
    sharpening = values.get("unsharpMaskOptions")
    if isinstance(sharpening, dict) and "amount" in sharpening:
        assert float(root.findtext("{*}uploadParams/{*}unsharpMaskOptions/{*}amount") or "") == sharpening["amount"]


@pytest.mark.parametrize("bad", ["\x00", "\x07", "\x1f", "\udce4", "\ufffe", "\uffff"])
def test_a_character_that_xml_cannot_carry_is_named_and_the_text_is_not(bad: str) -> None:
    with pytest.raises(UnfitTextError) as caught:
        upload_document(company=COMPANY, destination="a", job_name="j", file_name=f"holiday{bad}.jpg")
    assert "fileName" in str(caught.value)
    assert f"U+{ord(bad):04X}" in str(caught.value)
    with pytest.raises(UnfitTextError) as hidden:
        auth_document("u", f"hunter2{bad}", "1")
    assert "hunter2" not in str(hidden.value)


@given(st.characters())
def test_our_idea_of_fit_characters_is_that_of_the_xml_library(character: str) -> None:
    try:
        etree.Element("x").text = character
        carried = True
    except ValueError:
        carried = False
    assert (unfit_character(character) is None) == carried


def test_a_post_opens_a_job_or_goes_on_with_one() -> None:
    with pytest.raises(ValueError, match="either"):
        upload_document(company=COMPANY, destination="")
    with pytest.raises(ValueError, match="either"):
        upload_document(company=COMPANY, destination="", job_name="a", job_handle="b")


def test_a_folder_begins_at_the_company_root() -> None:
    company = Company(handle="c|1", name="X", root_path="Root/")
    assert destination_folder(company, "a/b") == "Root/a/b/"
    assert destination_folder(company, "") == "Root/"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"overwrite": None}, "overwrite is missing"),
        ({"overwrite": "yes"}, "overwrite must be true or false"),
        ({"emailSetting": True}, "emailSetting must be a text"),
        ({"excludeMasterVideoFromAVS": True}, "excludeMasterVideoFromAVS is not an upload option"),
        ({"projectHandleArray": ["Spring 2026"]}, "projectHandleArray must be a handle"),
        ({"projectHandleArray": "p|6|Spring"}, "projectHandleArray must be a list"),
        (
            {"colorManagementOptions": {"sourceProfileHandle": "a|1"}},
            "colorManagementOptions.colorManagement is missing",
        ),
        (
            {"colorManagementOptions": {"colorManagement": "Convert", "outputProfileHandle": "Paper"}},
            "colorManagementOptions.outputProfileHandle must be a handle",
        ),
        ({"autoSetCreationOptions": {"autoSetsArray": ["ps|1", 2]}}, "autoSetCreationOptions.autoSetsArray must be a"),
        (
            {"mediaOptions": {"thumbnailOptions": {"thumbnailTime": 2**63}}},
            "thumbnailTime must be a whole number of 64",
        ),
        ({"mediaOptions": {"thumbnailOptions": {"thumbnailTime": 1.5}}}, "thumbnailTime must be a whole number"),
        ({"knockoutBackgroundOptions": {"corner": "UpperLeft"}}, "knockoutBackgroundOptions.fillMethod is missing"),
        ({"unCompressOptions": {}}, "unCompressOptions.process is missing"),
        ({"xmpKeyword": "x"}, "xmpKeyword is not an upload option"),
        ({"photoshopOptions": "None"}, "photoshopOptions must be a table"),
        ({"photoshopOptions": {"layerOptions": {"anchor": 1}}}, "photoshopOptions.layerOptions.anchor must be a text"),
        ({"unsharpMaskOptions": {"threshold": 1.5}}, "threshold must be a whole number"),
        ({"unsharpMaskOptions": {"threshold": 2**31}}, "threshold must be a whole number of 32 bits"),
        ({"unsharpMaskOptions": {"amount": True}}, "amount must be a finite number"),
        ({"crop": {"manual": {"left": 1}}}, "manualCropOptions.right is missing"),
        ({"crop": {"manual": {}, "autoColor": {}}}, "exactly one of manual, autoColor, autoTransparent"),
        ({"crop": {"sometimes": {}}}, "exactly one"),
        ({"crop": "manual"}, "exactly one"),
        ({"keywords": "spring"}, "keywords must be a list of texts"),
        ({"keywords": [1]}, "keywords must be a list of texts"),
    ],
)
def test_an_option_that_cannot_be_sent_is_named(changes: dict[str, object], says: str) -> None:
    options = {"overwrite": True, "readyForPublish": True, "createMask": False, "emailSetting": "None", **changes}
    with pytest.raises(OptionError, match=says):
        upload_document(company=COMPANY, destination="a", job_name="j", options=json.dumps(options))


@pytest.mark.parametrize("options", ["", "[]", "null", '{"overwrite": NaN'])
def test_options_that_are_no_table_are_refused(options: str) -> None:
    with pytest.raises(OptionError):
        upload_document(company=COMPANY, destination="a", job_name="j", options=options)


def test_a_number_that_is_none_is_refused() -> None:
    options = (
        '{"overwrite":true,"readyForPublish":true,"createMask":false,"emailSetting":"None",'
        '"unsharpMaskOptions":{"amount":NaN}}'
    )
    with pytest.raises(OptionError, match="finite"):
        upload_document(company=COMPANY, destination="a", job_name="j", options=options)


@given(st.lists(st.text("a,\\ ", min_size=1)))
def test_keywords_can_be_taken_apart_again(keywords: list[str]) -> None:
    joined = join_keywords(keywords)
    parts = [""]
    letters = iter(joined)
    for letter in letters:
        if letter == ",":
            parts.append("")
        else:
            parts[-1] += next(letters) if letter == "\\" else letter
    assert parts == (keywords or [""])
