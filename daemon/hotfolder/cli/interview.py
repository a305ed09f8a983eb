"""
`init --online`: the choices of a new administrator, asked for one by one; the company from what the server lists.

Nothing is written before everything is known, and the password is shown nowhere.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Final

import typer

from hotfolder import compose
from hotfolder.cli.exits import Exit
from hotfolder.config import Answers, ConfigError, load_text, starter_text
from hotfolder.config.addresses import REGIONS, base_urls, region_urls
from hotfolder.core.server import Company, Kind, RemoteError
from hotfolder.core.settings import ServerSettings
from hotfolder.core.wording import shown

TRIES: Final = 3  # passwords; some accounts are locked by more


class NotLetInError(Exception):
    """The server does not let us in, or is not there; carries what to say and the exit code."""

    def __init__(self, text: str, code: Exit) -> None:
        super().__init__(text)
        self.code = code


def interview() -> tuple[Answers, str]:
    """Return the choices and the password; raises `NotLetInError`."""
    answers = _where(Answers())
    answers, password, companies = _who(answers)
    company = _company(companies, answers.user)
    return _folder(replace(answers, company=company.name)), password


def _where(answers: Answers) -> Answers:
    typer.echo("Where is your company? One of the regions, or the base URL of a test server.")
    while True:
        where = typer.prompt("  " + ", ".join(REGIONS), default=answers.region, show_default=True).strip()
        if where in REGIONS:
            environment = _one_of("  environment", ("production", "staging"), answers.environment)
            return replace(answers, region=where, environment=environment)
        given = replace(answers, base_url=where)
        if _is_good(given, "server.base_url"):
            return given


def _who(answers: Answers) -> tuple[Answers, str, list[Company]]:
    typer.echo("As whom does hotfolder sign in? Best a user of its own, so that nobody's leaving stops it.")
    for tries in range(TRIES):
        user = typer.prompt("  user (an email address)", default=answers.user if tries else None).strip()
        answers = replace(answers, user=user)
        password = typer.prompt("  password (not shown)", hide_input=True)
        try:
            return answers, password, _companies(answers, password)
        except RemoteError as error:
            is_refusal = error.trouble.kind in (Kind.FATAL, Kind.PERMANENT)
            if not is_refusal or not error.trouble.reached:
                raise NotLetInError(f"the server cannot be asked: {error}", Exit.UNREACHABLE) from None
            sys.stderr.write(shown(f"  the server refuses us: {error}") + "\n")
    raise NotLetInError(f"refused {TRIES} times; nothing was written", Exit.REFUSED)


def _companies(answers: Answers, password: str) -> list[Company]:
    urls = base_urls(answers.base_url) if answers.base_url else region_urls(answers.region, answers.environment)
    server = ServerSettings(
        upload_url=urls[0],
        soap_url=urls[1],
        company=None,
        company_handle=None,
        user=answers.user,
        password=password,
    )
    with closing(compose.connect(server, lambda: password)) as remote:
        return remote.companies()


def _company(companies: Sequence[Company], user: str) -> Company:
    if not companies:
        raise NotLetInError(shown(f"{user} may use no company by now; nothing was written"), Exit.REFUSED)
    if len(companies) == 1:
        typer.echo(shown(f"Signed in. The company is {companies[0].name} ({companies[0].handle})."))
        return companies[0]
    typer.echo("Signed in. Into which company do the files go?")
    for place, company in enumerate(companies, 1):
        typer.echo(shown(f"  {place}  {company.name} ({company.handle})"))
    number: int = typer.prompt("  number", type=int)
    while not 1 <= number <= len(companies):
        number = typer.prompt(f"  a number from 1 to {len(companies)}", type=int)
    return companies[number - 1]


def _folder(answers: Answers) -> Answers:
    typer.echo("The first hot folder. More of them go into files below folders.d.")
    while True:
        given = replace(
            answers,
            folder_name=typer.prompt("  name", default=answers.folder_name).strip(),
            folder_path=typer.prompt("  path", default=answers.folder_path).strip(),
        )
        if _is_good(given, "folder"):
            break
    typer.echo("Two choices that can hurt:")
    given = replace(
        given,
        overwrite=typer.confirm(
            "  May a file replace what has its name online? That cannot be taken back", default=answers.overwrite
        ),
    )
    return replace(
        given,
        ready_for_publish=typer.confirm(
            "  Are new files marked for publishing, so that the next publish shows them to everybody?",
            default=answers.ready_for_publish,
        ),
    )


def _one_of(text: str, choices: Iterable[str], default: str) -> str:
    while (given := typer.prompt(f"{text}: {' or '.join(choices)}", default=default).strip()) not in choices:
        pass
    return str(given)


def _is_good(answers: Answers, key: str) -> bool:
    """Tell what is wrong with the answers of one table, as `check` would; return whether nothing is."""
    try:
        load_text(starter_text(answers), {})
    except ConfigError as error:
        wrong = [problem for problem in error.problems if problem.key.startswith(key)]
        for problem in wrong:
            sys.stderr.write(shown(f"  found {problem.found}, wanted {problem.wanted}") + "\n")
        return not wrong
    return True
