"""
What an action's silence means when carrying it out ended in an exception that nobody foresaw: the safe reading of it.
"""

from __future__ import annotations

from hotfolder.core import line_troubles
from hotfolder.core import messages as m
from hotfolder.core.server import Kind, Trouble


def reading_of(action: m.Action, error: str) -> m.Event | None:
    """
    Return the answer that an action counts as having got; None where nothing waits for one.

    Of what may have reached the server nobody knows; a question was not answered; a hot folder is away until it has
    been tried again.
    """
    text = line_troubles.INTERNAL.format(error=error)
    trouble = Trouble(kind=Kind.TRANSIENT, text=text)
    unknown = Trouble(kind=Kind.UNKNOWN, text=text)
    match action:
        case m.SendPost(job=job, number=number):
            return m.PostFailed(job, number, unknown)
        case m.SignIn(server=server):
            return m.SignInFailed(server, trouble)
        case m.AskExpiry(server=server):
            return m.ExpiryUntold(server, trouble)
        case m.Poll(server=server):
            return m.PollFailed(server, trouble)
        case m.Seek(job=job):
            return m.SeekFailed(job, trouble)
        case m.FindAssets(job=job):
            return m.AssetsFailed(job, trouble)
        case m.ListNames(server=server, shelf=shelf):
            return m.ListFailed(server, shelf, trouble)
        case m.CheckTaken(server=server):
            return m.TakenFailed(server)
        case m.SubmitPublish(publish=publish):
            return m.PublishFailed(publish, unknown)
        case m.SeekPublish(publish=publish):
            return m.PublishSeekFailed(publish, trouble)
        case m.BringBack() | m.RemoveCopies() | m.LeaveNote() | m.Tidy():
            return None
        case m.WriteStatus(folder=folder):
            return m.StatusWritten(folder)
        case _:
            return m.FolderDown(action.folder, text)
