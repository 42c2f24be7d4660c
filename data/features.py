"""Names of record features, signatures, inputs and outputs: the one place, read by every step, server and client.

What each holds, with types and units, is in `docs/records.md` (records) and `docs/serving-contract.md` (signatures).
"""

# A record, as a reader yields it and ExampleGen writes it.
IMAGE = "image"  # bytes: encoded PNG, JPEG, GIF or BMP
LABEL = "label"  # bytes: UTF-8 text; a class, a syllable or a line
SOURCE = "source"  # bytes: UTF-8, where the record came from, below the data's root
GROUP = "group"  # bytes: UTF-8, what a split must not cut: writer, font, form, supplier; "" where unknown

# A page, where a record is one.
WORDS = "words"  # bytes, one a word: UTF-8, in reading order
BOXES = "boxes"  # float, four a word: left, top, right, bottom in pixels
ENTITIES = "entities"  # bytes, one a word: what it is part of, such as `total`; "" for nothing
FIELD_NAMES = "field_names"  # bytes, one a field: `total`, as in ENTITIES
FIELD_VALUES = "field_values"  # bytes, one a field: its text as it was written down, not as the words have it
PAGE_SIZE = "page_size"  # float: width, height in pixels
PAGE = (WORDS, BOXES, ENTITIES, FIELD_NAMES, FIELD_VALUES, PAGE_SIZE)

# What Transform writes.
PIXELS_XF = "pixels_xf"  # bytes: height x width x channels uint8, row by row
LABEL_XF = "label_xf"  # int64: index of the label in the recipe's alphabet

# The exported model.
SERVING_DEFAULT = "serving_default"  # signature: serialized tf.Examples in, answers out (TFMA needs it)
SERVE_IMAGES = "serve_images"  # signature: encoded images in, answers out
EXAMPLES_IN = "examples"  # input of SERVING_DEFAULT: [batch] string
IMAGE_BYTES_IN = "image_bytes"  # input of SERVE_IMAGES: [batch] string

# Answers of a classification.
LABEL_OUT = "label"  # [batch] string: the best class
PROBABILITY_OUT = "probability"  # [batch] float32: its probability
LABELS_OUT = "labels"  # [batch, top_n] string: the best classes, best first
PROBABILITIES_OUT = "probabilities"  # [batch, top_n] float32: theirs
