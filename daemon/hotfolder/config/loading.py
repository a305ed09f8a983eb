"""
The way in: files and environment to settings, or every problem at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotfolder.config.access import check_access
from hotfolder.config.callbacks import check_callbacks
from hotfolder.config.cautions import find_cautions
from hotfolder.config.checks import FolderSource, check_any, check_folders, check_main, find_folders
from hotfolder.config.model import Folder, FolderFile, Main
from hotfolder.config.notify import check_notify, resolve_notify
from hotfolder.config.places import Look, Looker, look_at
from hotfolder.config.problems import ConfigError, Problem, format_problem
from hotfolder.config.reading import default_folders_directory, parse_source, read_folder_sources, read_source
from hotfolder.config.resolve import resolve, resolve_folder
from hotfolder.config.secret import SecretError
from hotfolder.config.servers import check_servers, find_servers, resolve_server
from hotfolder.config.stated import StatedName, stated_names
from hotfolder.config.structure import Source, validate
from hotfolder.core.settings import FolderSettings, Settings

CONFIG_VARIABLE = "HOTFOLDER_CONFIG"
_SYSTEM_CONFIG = Path("/etc/hotfolder/hotfolder.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A configuration that can be used."""

    settings: Settings
    warnings: tuple[Problem, ...]  # worth a second look
    names: tuple[StatedName, ...]  # what the options name on a server; only that can say whether it is there


def default_config_path(environment: Mapping[str, str]) -> Path:
    """Return the main file that commands use without `--config`."""
    return Path(environment.get(CONFIG_VARIABLE) or _SYSTEM_CONFIG)


def load(path: Path, environment: Mapping[str, str], *, with_password: bool = True) -> Loaded:
    """
    Return the configuration of the main file and of folders.d beside it.

    Without the password, which then is empty, for those who only look: it is not theirs to read.

    Raises ConfigError with every problem; messages name files as `path` does.
    Reads, besides those, the password file and what the hot folders' paths lead to; changes nothing.
    """
    main = read_source(path)
    files, problems = read_folder_sources(path)
    return _load(main, files, problems, environment, look_at, with_password=with_password)


def read_server_password(path: Path, environment: Mapping[str, str], name: str) -> str:
    """
    Return the password of one server, as the main file says by now; raises SecretError.

    Looks at nothing else, so that a mistake that concerns others keeps nobody from signing in.
    """
    try:
        main = read_source(path)
    except ConfigError as error:
        raise SecretError(format_problem(error.problems[0]), "a file of settings") from None
    server = next((server for server in find_servers(main) if server.name == name), None)
    if server is None:
        raise SecretError(f"no server {name} in {path}", "its table, until the daemon is started again")
    return server.password(environment)


def load_text(
    text: str,
    environment: Mapping[str, str],
    *,
    file: Path = Path("hotfolder.toml"),
    folder_texts: Mapping[str, str] | None = None,
    looker: Looker = look_at,
) -> Loaded:
    """Do what `load` does with texts instead of files; `folder_texts` maps names of hot folders to documents."""
    main = parse_source(text, file)
    files: list[Source] = []
    problems: list[Problem] = []
    for name, folder_text in sorted((folder_texts or {}).items()):
        try:
            files.append(parse_source(folder_text, default_folders_directory(file) / f"{name}.toml"))
        except ConfigError as error:
            problems.extend(error.problems)
    return _load(main, files, problems, environment, looker)


def _load(
    main: Source,
    files: Sequence[Source],
    unread: Sequence[Problem],
    environment: Mapping[str, str],
    looker: Looker,
    *,
    with_password: bool = True,
) -> Loaded:
    """Interpret documents; `unread` are the problems of files in folders.d that could not be read."""
    model, found = validate(Main, main)
    problems = [*unread, *found]
    own: list[Folder | FolderFile] = [] if model is None else [*model.folder]
    for file in files:
        folder_model, found = validate(FolderFile, file)
        problems.extend(found)
        if folder_model is not None:
            own.append(folder_model)
    sources = find_folders(main, files)
    looks = looker([source.path for source in sources if source.path is not None])
    problems.extend(check_main(main))
    problems.extend(check_folders(main, sources, looks))
    problems.extend(check_callbacks(main, sources))
    problems.extend(check_access(main, sources, with_secrets=with_password))
    problems.extend(check_notify(main, sources, environment, with_secrets=with_password))
    if not sources and not unread:
        problems.extend(check_any(main))
    problems.extend(check_servers(main, sources, with_secrets=with_password))
    servers = find_servers(main)
    passwords = dict.fromkeys((server.name for server in servers), "")
    for server in servers if with_password else ():
        try:
            passwords[server.name] = server.password(environment)
        except SecretError as error:
            problems.append(server.problem("password_file", error.found, error.wanted))
    if model is None or problems:
        raise ConfigError(_ordered(problems, main.file))
    folders = [(source, _resolve_folder(source, keys, model, looks)) for source, keys in zip(sources, own, strict=True)]
    settings = resolve(
        model,
        [resolve_server(server, passwords[server.name], with_secrets=with_password) for server in servers],
        [folder for _, folder in folders],
        main.file.parent.absolute(),
        resolve_notify(model.notify, main, environment, with_secrets=with_password),
    )
    return Loaded(
        settings=settings,
        warnings=_ordered(find_cautions(main, folders, settings, looks), main.file),
        names=tuple(stated_names(main, folders)),
    )


def _resolve_folder(
    source: FolderSource, keys: Folder | FolderFile, main: Main, looks: Mapping[Path, Look]
) -> FolderSettings:
    name, path = source.name, source.path
    assert name is not None and path is not None  # noqa: S101, PT018 - the model wants both
    if ".." in path.parts:
        path = looks[path].real  # what people name is compared with it, and nobody spells it like that
    return resolve_folder(name, path, keys, main.defaults)


def _ordered(problems: Iterable[Problem], main: Path) -> tuple[Problem, ...]:
    """Return the problems by file, the main file first, and by line, each once."""
    return tuple(
        sorted(dict.fromkeys(problems), key=lambda problem: (problem.file != main, problem.file, problem.line))
    )
