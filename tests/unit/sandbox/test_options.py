"""
The options of a job as the sandbox takes them: strict in order, types, constants and exclusion, and shown as sent.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.sandbox.client import COMPANY, Caller, param_xml

from hotfolder.sandbox.documents import parse, read
from hotfolder.sandbox.errors import IpsFaultError
from hotfolder.sandbox.schemas import UPLOAD_POST_PARAM

OPTIONS = {
    "overwrite": "true",
    "readyForPublish": "false",
    "preservePublishState": "1",
    "createMask": "0",
    "preserveCrop": "true",
    "knockoutBackgroundOptions": "<corner>UpperLeft</corner><tolerance>0.5</tolerance>"
    "<fillMethod>FloodFill</fillMethod>",
    "manualCropOptions": "<left>1</left><right>2</right><top>3</top><bottom>4</bottom>",
    "photoshopOptions": "<process>MaintainLayers</process><layerOptions><layerNaming>Folders</layerNaming>"
    "<anchor>Northeast</anchor><createTemplate>true</createTemplate><extractText>true</extractText>"
    "<extendLayers>false</extendLayers></layerOptions>",
    "postScriptOptions": "<process>Rasterize</process><resolution>72.0</resolution><colorspace>Gray</colorspace>"
    "<alpha>true</alpha><extractSearchWords>false</extractSearchWords>",
    "pdfOptions": "<process>Thumbnail</process><resolution>150</resolution><colorspace>Rgb</colorspace>"
    "<pdfCatalog>false</pdfCatalog><extractSearchWords>true</extractSearchWords><extractLinks>true</extractLinks>",
    "illustratorOptions": "<process>None</process><resolution>72.0</resolution><colorspace>Cmyk</colorspace>"
    "<alpha>false</alpha>",
    "colorManagementOptions": "<colorManagement>Convert</colorManagement>"
    "<sourceProfileHandle>a|732|1|535</sourceProfileHandle><outputProfileHandle>a|1234</outputProfileHandle>",
    "autoSetCreationOptions": "<autoSetsArray><items>ps|941</items><items>ps|942</items></autoSetsArray>",
    "projectHandleArray": "<items>p|6|Spring 2026</items>",
    "emailSetting": "ErrorAndWarning",
    "postHttpUrl": "https://hooks.example.com/done?a=1",
    "mediaOptions": "<videoEncodingPresetsArray><items>ps|17</items></videoEncodingPresetsArray>"
    "<generateThumbnail>true</generateThumbnail>"
    "<thumbnailOptions><thumbnailTime>1099511627776</thumbnailTime></thumbnailOptions>",
    "inDesignOptions": "<process>None</process>",
    "xmpKeywords": r"spring,red\, green,a\\b",
    "unsharpMaskOptions": "<amount>1.75</amount><radius>0.2</radius><threshold>2</threshold><monochrome>0</monochrome>",
    "unCompressOptions": "<process>UnCompress</process>",
    "excludeMasterVideoFromAVS": "true",
}
"""Every element of UploadPostJob in the order of the wire, but for two ways of cropping."""

CATALOGUE = """
projects = [{ name = "Spring 2026", handle = "p|6|Spring 2026" }]
profiles = [{ name = "Paper", handle = "a|732|1|535" }, { name = "Screen", handle = "a|1234" }]
[[type]]
name = "Sets"
sets = [{ name = "Spin", handle = "ps|941" }, { name = "Swatches", handle = "ps|942" }]
[[type]]
name = "Presets"
sets = [{ name = "Wide", handle = "ps|17" }]
"""
"""What the company must have for them."""

REQUIRED = ("overwrite", "readyForPublish", "createMask", "emailSetting")


def written(options: dict[str, str]) -> str:
    return "".join(f"<{name}>{content}</{name}>" for name, content in options.items())


def code(options: str) -> int | None:
    """The code of the fault to these options, None if they are accepted."""
    raw = param_xml(f"{COMPANY}<jobName>j</jobName><uploadParams>{options}</uploadParams>").encode()
    try:
        tree = read(parse(raw, "uploadParams"), "uploadPostParam", UPLOAD_POST_PARAM)
    except IpsFaultError as error:
        return error.code
    assert isinstance(tree["uploadParams"], dict)
    return None


@pytest.fixture
def stocked(call: Callable[..., Caller], tmp_path: Path) -> Caller:
    """A caller of a sandbox that has what the options name."""
    (tmp_path / "stocked").mkdir()
    (tmp_path / "stocked/catalogue.toml").write_text(CATALOGUE, "utf-8")
    return call(data=tmp_path / "stocked")


def test_every_option_is_shown_with_its_asset_as_it_was_sent(stocked: Caller) -> None:
    assert stocked.post("a.jpg", job="j", end=True, options=written(OPTIONS)).code is None
    (asset,) = stocked.box.assets()
    assert list(asset["options"]) == list(OPTIONS)
    texts = {name: content for name, content in asset["options"].items() if isinstance(content, str)}
    assert texts == {name: content for name, content in OPTIONS.items() if "<" not in content}
    assert asset["options"]["colorManagementOptions"] == {
        "colorManagement": "Convert",
        "sourceProfileHandle": "a|732|1|535",
        "outputProfileHandle": "a|1234",
    }
    assert asset["options"]["autoSetCreationOptions"] == {"autoSetsArray": ["ps|941", "ps|942"]}
    assert asset["options"]["mediaOptions"]["thumbnailOptions"] == {"thumbnailTime": "1099511627776"}
    page = stocked.send("GET", "/").body.decode()
    for line in (
        "mediaOptions.thumbnailOptions.thumbnailTime = <bdi>1099511627776</bdi>",
        "autoSetCreationOptions.autoSetsArray = <bdi>ps|941, ps|942</bdi>",
    ):
        assert line in page


def test_updated_asset_shows_the_options_of_the_last_job(stocked: Caller) -> None:
    stocked.post("a.jpg", job="j", end=True, options=written(OPTIONS))
    stocked.post("a.jpg", job="k", end=True, options=written({name: OPTIONS[name] for name in REQUIRED}))
    (asset,) = stocked.box.assets()
    assert list(asset["options"]) == list(REQUIRED)


def test_wrong_option_opens_no_job(caller: Caller) -> None:
    assert caller.post("a.jpg", job="j", options=written(OPTIONS | {"createMask": "yes"})).code == 30001
    assert caller.post("a.jpg", job="k", options=written(dict(reversed(OPTIONS.items())))).code == 30003
    assert caller.box.jobs() == []


@pytest.mark.parametrize("name", [name for name in OPTIONS if name not in REQUIRED])
def test_other_options_may_be_absent(name: str) -> None:
    assert code(written({key: content for key, content in OPTIONS.items() if key != name})) is None


@pytest.mark.parametrize("name", REQUIRED)
def test_required_options_may_not_be_absent(name: str) -> None:
    assert code(written({key: content for key, content in OPTIONS.items() if key != name})) == 30002


@pytest.mark.parametrize("position", range(len(OPTIONS) - 1))
def test_options_stand_in_the_order_of_the_wire(position: int) -> None:
    names = list(OPTIONS)
    names[position : position + 2] = reversed(names[position : position + 2])
    assert code(written({name: OPTIONS[name] for name in names})) == 30003


_INNER = re.compile(r"<(\w+)>[^<]*</\1>")
_PAIRS = [
    (name, first.group(), second.group())
    for name, content in OPTIONS.items()
    for first, second in zip(_INNER.finditer(content), list(_INNER.finditer(content))[1:], strict=False)
    if first.end() == second.start() and first.group(1) != second.group(1)
]


@pytest.mark.parametrize(("name", "first", "second"), _PAIRS)
def test_elements_of_an_option_stand_in_order_too(name: str, first: str, second: str) -> None:
    wrong = OPTIONS[name].replace(first + second, second + first)
    assert code(written({**OPTIONS, name: wrong})) == 30003


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("overwrite", "yes", 30001),
        ("createMask", "", 30001),
        ("knockoutBackgroundOptions", "<corner>UpperLeft</corner>", 30002),
        ("knockoutBackgroundOptions", "<corner>Upperleft</corner><fillMethod>FloodFill</fillMethod>", 30001),
        ("knockoutBackgroundOptions", "<corner>UpperLeft</corner><fillMethod>Fill</fillMethod>", 30001),
        ("manualCropOptions", "<left>1</left><right>2</right><top>3</top>", 30002),
        ("manualCropOptions", "<left>-1</left><right>2</right><top>3</top><bottom>0</bottom>", 30001),
        ("manualCropOptions", "<left>1.0</left><right>2</right><top>3</top><bottom>0</bottom>", 30001),
        ("photoshopOptions", "<process>none</process>", 30001),
        ("photoshopOptions", "<layerOptions><anchor>NorthEast</anchor></layerOptions>", 30001),
        ("photoshopOptions", "<layerOptions><layerNaming>Layername</layerNaming></layerOptions>", 30001),
        ("postScriptOptions", "<process>rasterize</process>", 30001),
        ("postScriptOptions", "<resolution>1e2</resolution>", 30001),
        ("pdfOptions", "<process>render</process>", 30001),
        ("pdfOptions", "<colorSpace>Rgb</colorSpace>", 30003),
        ("illustratorOptions", "<extractSearchWords>true</extractSearchWords>", 30003),
        ("illustratorOptions", "<colorspace>RGB</colorspace>", 30001),
        ("colorManagementOptions", "<sourceProfileHandle>a|1</sourceProfileHandle>", 30002),
        ("colorManagementOptions", "<colorManagement>convert</colorManagement>", 30001),
        (
            "colorManagementOptions",
            "<colorManagement>Convert</colorManagement><outputProfileHandle>Paper</outputProfileHandle>",
            30001,
        ),
        ("autoSetCreationOptions", "<items>ps|1</items>", 30003),
        ("autoSetCreationOptions", "<autoSetsArray><items>Spin</items></autoSetsArray>", 30001),
        ("autoSetCreationOptions", "<autoSetsArray><items>p|6|Spin</items></autoSetsArray>", 30001),
        ("projectHandleArray", "<items>Spring 2026</items>", 30001),
        ("projectHandleArray", "<item>p|6|Spring</item>", 30003),
        ("projectHandleArray", "p|6|Spring", 30003),
        ("emailSetting", "Never", 30001),
        ("postHttpUrl", "hooks.example.com", 30001),
        ("mediaOptions", "<videoEncodingPresetsArray><items>Wide</items></videoEncodingPresetsArray>", 30001),
        ("mediaOptions", "<thumbnailOptions><thumbnailTime>1.5</thumbnailTime></thumbnailOptions>", 30001),
        ("mediaOptions", "<thumbnailTime>1</thumbnailTime>", 30003),
        ("inDesignOptions", "<process>Rasterize</process>", 30001),
        ("xmpKeywords", r"a\b", 30001),
        ("xmpKeywords", "a\\", 30001),
        ("xmpKeywords", "<items>a</items>", 30003),
        ("unsharpMaskOptions", "<amount>5.01</amount>", 30001),
        ("unsharpMaskOptions", "<radius>250.5</radius>", 30001),
        ("unsharpMaskOptions", "<threshold>256</threshold>", 30001),
        ("unsharpMaskOptions", "<monochrome>2</monochrome>", 30001),
        ("unsharpMaskOptions", "<amount>2e-05</amount>", 30001),
        ("unCompressOptions", "", 30002),
        ("unCompressOptions", "<process>Uncompress</process>", 30001),
        ("excludeMasterVideoFromAVS", "no", 30001),
    ],
)
def test_wrong_values_are_faults(name: str, content: str, wanted: int) -> None:
    assert code(written({**OPTIONS, name: content})) == wanted


@pytest.mark.parametrize(
    "element",
    [
        "<synchronizationComplete>true</synchronizationComplete>",
        "<autoSmartCropOptionsArray/>",
        "<cssOptions/>",
        "<knockoutBackground/>",
    ],
)
def test_elements_of_other_versions_are_unknown(element: str) -> None:
    """PROTOCOL 2.3: never in 2014-04-03."""
    assert code(f"{element}{written(OPTIONS)}") == 30003
