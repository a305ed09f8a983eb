"""
The table [server] and those of further servers below it, such as [server.emea].

`servers` merges them and checks each as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails

from hotfolder.config.addresses import ADDRESS, BASE_URL, PROXY
from hotfolder.config.problems import one_of, quoted
from hotfolder.config.table import Table, refusal
from hotfolder.config.texts import PathText, Text
from hotfolder.core.settings import DEFAULT_SERVER

_NAME = r"^[A-Za-z0-9_-]{1,64}$"  # it stands in log lines, labels of metrics and names of credentials


def check_server_name(name: str) -> str | None:
    """Return what is wanted instead of the name of a further server, or None if it is good."""
    if name == DEFAULT_SERVER:
        return f'another name; "{name}" means [server] itself'
    if not re.fullmatch(_NAME, name):
        return 'a name of letters, digits, "-" and "_"'
    return None


class ServerKeys(Table):
    """A further server, under a name of its own; what it does not say, [server] says."""

    at_most_one: ClassVar = (("region", "base_url"), ("environment", "base_url"), ("company", "company_handle"))

    region: Literal["north-america", "emea", "asia-pacific"] | None = Field(
        None, description="Where the company's account lives.", examples=["north-america", "emea"]
    )
    environment: Literal["production", "staging"] = Field("production", description="Which servers of that region.")
    base_url: Annotated[str, BASE_URL] | None = Field(
        None,
        description="Instead of a region: one base for UploadFile and services/IpsApiService; "
        "plain http only on this machine.",
        examples=["http://127.0.0.1:8470/scene7"],
    )
    company: Text | None = Field(None, description="The company's name.", examples=["Example Co", "Example Europe"])
    company_handle: Text | None = Field(None, description="Instead of its name: its handle.", examples=["c|2101"])
    user: Text | None = Field(
        None, description="The account's e-mail address.", examples=["ingest@example.com", "emea@example.com"]
    )
    password_file: PathText | None = Field(
        None,
        description="File with the password, not readable for others; "
        "else the systemd credential ips-password (of [server.NAME]: ips-password-NAME), else $HOTFOLDER_PASSWORD.",
        examples=["ips-password", "ips-password-emea"],
    )
    proxy: Annotated[str, PROXY] | None = Field(
        None,
        description="HTTP proxy to go through; those of the environment are not used.",
        examples=["http://proxy.example.com:3128"],
    )
    proxy_login_file: PathText | None = Field(
        None,
        description="File with USER:PASSWORD for the proxy, not readable for others.",
        examples=["proxy-login"],
    )
    ca_bundle: PathText | None = Field(
        None,
        description="PEM file with the certificates to trust, instead of those of this machine.",
        examples=["/etc/ssl/example-ca.pem"],
    )
    source_address: Annotated[str, ADDRESS] | None = Field(
        None,
        description="Address of this machine to connect from, if it has several; a job needs one and the same.",
        examples=["192.0.2.10"],
    )
    wsdl: PathText | None = Field(
        None,
        description="WSDL file of the server, to be used instead of ours.",
        examples=["IpsApi-2014-04-03.wsdl"],
    )


class Server(ServerKeys):
    """
    The IPS server, and as whom we speak to it.

    Further ones are tables of their own, such as [server.emea].
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ServerKeys] = Field(init=False)

    complete: ClassVar = (("region", "base_url"), ("company", "company_handle"))  # one of each

    @classmethod
    def _wrong_choices(cls, data: Mapping[str, Any]) -> list[InitErrorDetails]:
        """Want a whole server, unless there are others: then this may only say what they share."""
        wrong = super()._wrong_choices(data)
        names = [key for key in data if key not in cls.model_fields and isinstance(data[key], Mapping)]
        for name in names:
            wanted = check_server_name(name)
            if wanted is not None:
                wrong.append({"type": refusal(wanted, f"the name {quoted(name)}"), "loc": (name,), "input": data})
        if names:
            return wrong
        if "user" not in data:
            wrong.append({"type": "missing", "loc": ("user",), "input": data})
        for group in cls.complete:
            if not any(key in data for key in group):
                wrong.append({"type": refusal(f"one of the keys {one_of(group)}", "none"), "input": data})
        return wrong

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        result = super().__get_pydantic_json_schema__(schema, handler)
        node = handler.resolve_ref_schema(result)
        whole = {
            "required": ["user"],
            "allOf": [{"anyOf": [{"required": [key]} for key in group]} for group in cls.complete],
        }
        has_others = {"not": {"propertyNames": {"enum": list(cls.model_fields)}}}
        node["anyOf"] = [whole, has_others]
        node["propertyNames"] = {"pattern": _NAME, "not": {"const": DEFAULT_SERVER}, "examples": ["emea"]}
        return result
