"""Pusher: makes a blessed model the version that is served."""
