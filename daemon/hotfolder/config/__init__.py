"""
The configuration: TOML files and environment in, frozen settings out, or every problem at once with file and line.

The only place that reads environment and TOML.
`model` says what may be written, `load` does it all.
"""

from hotfolder.config.loading import Loaded, default_config_path, load, load_text, read_server_password
from hotfolder.config.problems import ConfigError, Problem, format_problem
from hotfolder.config.starter import PASSWORD_FILE, Answers, StarterError, check_free, starter_text, write_starter
from hotfolder.config.stated import StatedName

__all__ = [
    "PASSWORD_FILE",
    "Answers",
    "ConfigError",
    "Loaded",
    "Problem",
    "StarterError",
    "StatedName",
    "check_free",
    "default_config_path",
    "format_problem",
    "load",
    "load_text",
    "read_server_password",
    "starter_text",
    "write_starter",
]
