"""What an answer hangs on in a picture, as values of Python and as a drawing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tfx_ocr.data import features

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

SIDE_PX = 256  # of each map in a drawing: its longer side
RED, STRENGTH = (255, 0, 0), 0.6  # of the hottest place


@dataclasses.dataclass(frozen=True, kw_only=True)
class Explanation:
    """Which places of a picture its answer hangs on.

    Attributes:
        text: the answer.
        heat: [rows, columns] float32 from 0 to 1: how much each place speaks for the answer; the places divide
            `picture` evenly.
        parts: of a syllable, the same for its `initial`, `medial` and `final`.
        picture: [height, width, channels] uint8: as the image was fitted to the network, strokes light.
    """

    text: str
    heat: np.ndarray
    parts: Mapping[str, np.ndarray]
    picture: np.ndarray

    def draw(self) -> Image.Image:
        """Draw the picture with the heat over it in red, and each part's beside it."""
        from PIL import Image

        pixels = self.picture[..., 0] if self.picture.shape[-1] == 1 else self.picture
        scale = SIDE_PX / max(pixels.shape[:2])
        size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
        picture = Image.fromarray(pixels).convert("RGB").resize(size)
        maps = (self.heat, *self.parts.values())
        drawn = Image.new("RGB", (size[0] * len(maps), size[1]))
        for place, heat in enumerate(maps):
            opacity = Image.fromarray((heat * (255 * STRENGTH)).round().astype("uint8"))
            opacity = opacity.resize(size, Image.Resampling.BILINEAR)
            drawn.paste(Image.composite(Image.new("RGB", size, RED), picture, opacity), (place * size[0], 0))
        return drawn


def build_explanation(outputs: Mapping[str, Any]) -> Explanation:
    """Build the explanation of one picture from the outputs of signature `explain`, without the batch's axis."""
    import numpy as np

    names = (features.INITIAL_OUT, features.MEDIAL_OUT, features.FINAL_OUT)
    heats = {name: f"{name}_{features.HEAT_OUT}" for name in names}
    picture = np.asarray(outputs[features.PICTURE_OUT]).astype(np.uint8)  # REST's numbers are of no such type
    return Explanation(
        text=outputs[features.LABEL_OUT].decode("utf-8", "replace"),
        heat=np.asarray(outputs[features.HEAT_OUT]),
        parts={name: outputs[heat] for name, heat in heats.items() if heat in outputs},
        picture=picture,
    )
