"""MkDocs hooks: add pages that lie outside docs/, and refuse pages that load anything from another host."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
LOADS = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//[^\s\"'>]+", re.IGNORECASE)


def list_outside() -> dict[str, str]:
    """Return pages outside docs/: path below the project's root -> path in the site."""
    cards = sorted(ROOT.glob("data/pretrained/*/CARD.md"))
    return {
        "CONTRIBUTING.md": "contributing.md",
        "CHANGELOG.md": "changelog.md",
        **{path.relative_to(ROOT).as_posix(): f"cards/{path.parent.name}.md" for path in cards},
    }


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of `list_outside`."""
    for source, target in list_outside().items():
        files.append(File.generated(config, target, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links from a page to files outside docs/ to their pages in the site."""
    folder = posixpath.dirname(page.file.src_uri)
    for source, target in list_outside().items():
        link = posixpath.relpath(source, posixpath.join("docs", folder))
        markdown = markdown.replace(f"]({link})", f"]({posixpath.relpath(target, folder)})")
    return markdown


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Return the page unchanged.

    Raises:
        PluginError: the page loads a script, style, image or frame from another host.
    """
    found = LOADS.search(output)
    if found:
        raise PluginError(f"{page.file.src_uri} loads from another host: {found[0]}")
    return output
