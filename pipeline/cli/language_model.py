"""`tfx-ocr language-model`: how likely characters follow each other, learnt from text files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ORDER = 5


def learn(
    texts: Annotated[
        list[Path], typer.Option(help="File of lines in UTF-8, or folder of .txt files; may be repeated.")
    ],
    out: Annotated[Path, typer.Option(help="File to write.")],
    order: Annotated[int, typer.Option(help="Characters of the longest n-gram.", min=1, max=10)] = ORDER,
    small: Annotated[bool, typer.Option("--small", help="Leave out n-grams that came seldom.")] = False,
) -> None:
    """Learn a language model of characters from TEXTS, for lines that are read by a beam search.

    Examples:
      tfx-ocr language-model --texts addresses.txt --texts names.txt --out vi.json.gz

      tfx-ocr language-model --texts corpus/ --out vi.json.gz --order 6

      tfx-ocr language-model --texts corpus/ --out vi.json.xz --small

      tfx-ocr predict lines scan.png --language-model vi.json.gz

    Exit status: 0 it was written, 2 bad use, or a file that cannot be read.
    """
    from tfx_ocr.data.files import decode_text, is_decoded
    from tfx_ocr.serving.portable.language_model import count_grams, prune_grams, write_language_model

    lines: list[str] = []
    for path in texts:
        files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
        if not files:
            raise ValueError(f"no .txt file in {path}: name files, or a folder that holds some")
        for file in files:
            text = decode_text(file.read_bytes())
            if not is_decoded(text):
                raise ValueError(f"{file} is not text in UTF-8")
            lines += text.splitlines()
    model = count_grams(lines, order)
    if small:
        model = prune_grams(model)
    write_language_model(model, out)
    print(f"{out}: {len(model.counts):,} n-grams of up to {order} characters from {len(lines):,} lines")
