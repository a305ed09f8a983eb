"""
The published schemas as an oracle. They are not ours to publish, so they lie beside the repository.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

SCHEMAS_VARIABLE = "HOTFOLDER_IPS_SCHEMAS"


@pytest.fixture(scope="session")
def published() -> etree._Element:
    """The schema document of 2014-04-03; skips where the directory is absent."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "ips"
    directory = Path(os.environ.get(SCHEMAS_VARIABLE, beside))
    file = directory / "ips-2014-04-03.xsd"
    if not file.exists():
        pytest.skip(f"no schemas: {file} is absent, and ${SCHEMAS_VARIABLE} names no directory with it")
    return etree.parse(file).getroot()


@pytest.fixture(scope="session")
def schema(published: etree._Element) -> etree.XMLSchema:
    """The same, ready to validate."""
    return etree.XMLSchema(published)


@pytest.fixture(scope="session")
def assert_valid(schema: etree.XMLSchema) -> Callable[[bytes | etree._Element], None]:
    """Fails with the schema's own words."""

    def check(document: bytes | etree._Element) -> None:
        schema.assertValid(etree.fromstring(document) if isinstance(document, bytes) else document)

    return check
