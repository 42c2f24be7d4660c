"""The one error whose text is for people: the runner prints it alone and the stack trace goes to the log."""

from __future__ import annotations


class Stop(RuntimeError):
    """A step cannot go on for a reason the user can act on: what, where, what to do, in one sentence a finding."""
