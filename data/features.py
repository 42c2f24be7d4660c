"""Names of record features, signatures, inputs and outputs: the one place, read by every step, server and client.

What each holds, with types and units, is in `docs/records.md` (records) and `docs/serving-contract.md` (signatures).
"""

# A record, as a reader yields it and ExampleGen writes it.
IMAGE = "image"  # bytes: encoded PNG, JPEG, GIF or BMP
MOST_PIXELS = 50_000_000  # of a picture, in records and in questions: one of few bytes may decode to more than there is
LABEL = "label"  # bytes: UTF-8 text; a class, a syllable or a line
SOURCE = "source"  # bytes: UTF-8, where the record came from, below the data's root
GROUP = "group"  # bytes: UTF-8, what a split must not cut: writer, font, form, supplier; "" where unknown
STYLE = "style"  # bytes: `printed` or `handwritten`; absent where unknown
SYNTHETIC = "synthetic/"  # how the source of a line begins that was drawn for `examples.synthetic`
REVIEWER = "reviewer"  # bytes: UTF-8, who said what stands there; of exported corrections alone
CORRECTIONS = "corrections/"  # how the source of a record begins that came from the review queue

# A page, where a record is one.
WORDS = "words"  # bytes, one a word: UTF-8, in reading order
BOXES = "boxes"  # float, four a word: left, top, right, bottom in pixels
ENTITIES = "entities"  # bytes, one a word: what it is part of, such as `total`; "" for nothing
FIELD_NAMES = "field_names"  # bytes, one a field: `total`, as in ENTITIES
FIELD_VALUES = "field_values"  # bytes, one a field: its text as it was written down, not as the words have it
PAGE_SIZE = "page_size"  # float: width, height in pixels
MOST_WORDS = 2048  # of a page, in records and in questions: what looks at all pairs takes memory by their square
PAGE = (WORDS, BOXES, ENTITIES, FIELD_NAMES, FIELD_VALUES, PAGE_SIZE)
SHAPES = "shapes"  # bytes, one a shape of the page's picture: its kind, such as `line`
POLYGONS = "polygons"  # float, eight a shape: x and y of its four corners, clockwise, in pixels

# What Transform writes.
PIXELS_XF = "pixels_xf"  # bytes: height x width x channels uint8, row by row
CHARACTERS_XF = "characters_xf"  # bytes: words x max_characters uint8: a word's characters, then 0
PLACES_XF = "places_xf"  # bytes: float32, as many a word as `inputs.words` says
SOURCE_XF = "source_xf"  # bytes: SOURCE as it was, which stages of a training choose records by
LABEL_XF = "label_xf"  # number of the label, of its jamo, of its characters or of its words' entities; shapes
STYLE_XF = "style_xf"  # place of the style in STYLES; -1 where unknown
STYLES = (b"printed", b"handwritten")

# The exported model.
SERVING_DEFAULT = "serving_default"  # signature: serialized tf.Examples in, answers out (TFMA needs it)
SERVE_IMAGES = "serve_images"  # signature: encoded images in, answers out
SERVE_WORDS = "serve_words"  # signature: pages' words with their boxes in, answers out
SERVE_PAGES = "serve_pages"  # signature: encoded pictures of pages in, answers out
EXPLAIN = "explain"  # signature: encoded images in, what of them the answers hang on out
EXAMPLES_IN = "examples"  # input of SERVING_DEFAULT: [batch] string
IMAGE_BYTES_IN = "image_bytes"  # input of SERVE_IMAGES and SERVE_PAGES: [batch] string
WORDS_IN = "words"  # input of SERVE_WORDS: [batch, most words] string, "" past the last word
BOXES_IN = "boxes"  # input of SERVE_WORDS: [batch, most words, 4] float32: left, top, right, bottom in pixels

# Its portable form, beside it: see docs/serving-contract.md.
PIXELS = "pixels"  # what a network of one input takes
LOGITS = "logits"  # what a network gives
ANSWER = "answer"  # its signature beside EXPLAIN; LiteRT runs the first by name where none is named

# Answers of a classification.
LABEL_OUT = "label"  # [batch] string: the best class
PROBABILITY_OUT = "probability"  # [batch] float32: its probability
LABELS_OUT = "labels"  # [batch, top_n] string: the best classes, best first
PROBABILITIES_OUT = "probabilities"  # [batch, top_n] float32: theirs

# Answers of syllables have these too, each with NAME_probability [batch] float32: the best of each head for itself.
INITIAL_OUT = "initial"  # [batch] string
MEDIAL_OUT = "medial"  # [batch] string
FINAL_OUT = "final"  # [batch] string; "" for none

# Explanations have LABEL_OUT, and NAME_heat of each head besides, where an answer has several.
HEAT_OUT = "heat"  # [batch, height, width] float32: 0 to 1, of the last map's places, which divide the picture evenly
PICTURE_OUT = "picture"  # [batch, height, width, channels] uint8: the image as it was fitted, which the network sees

# Answers of a sequence have LABEL_OUT (the text) and PROBABILITY_OUT, and
CHARACTERS_OUT = "characters"  # [batch, longest] string: the text's characters, then ""
CHARACTER_PROBABILITIES_OUT = "character_probabilities"  # [batch, longest] float32: theirs, then 0
CHARACTER_PLACES_OUT = "character_places"  # [batch, longest, 2] float32: begin and end along the strip, 0 to 1

# Answers of tagging.
ENTITIES_OUT = "entities"  # [batch, most words] string: each word's entity; "" for nothing and past the last word
ENTITY_PROBABILITIES_OUT = "entity_probabilities"  # [batch, most words] float32
FIELD_NAMES_OUT = "field_names"  # [batch, entities] string: every entity but "", in the alphabet's order
FIELD_VALUES_OUT = "field_values"  # [batch, entities] string: its words as they stood, "" where none was found
FIELD_PROBABILITIES_OUT = "field_probabilities"  # [batch, entities] float32: mean of its words'
FIELD_BOXES_OUT = "field_boxes"  # [batch, entities, 4] float32: around its words; zeros where none was found

# Answers of detection.
KINDS_OUT = "kinds"  # [batch, kinds] string: what each map is of, in the alphabet's order
MAPS_OUT = "maps"  # [batch, kinds, height, width] float32: how likely a pixel is of the middle of such a shape
