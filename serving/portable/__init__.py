"""The portable form of an exported model: pixels and answers by NumPy, the network by LiteRT, no TensorFlow.

An export carries it in the folder `portable/` beside its SavedModel: `network.tflite` and `portable.json`
(docs/serving-contract.md). `inputs` turns requests into what the network takes, `answers` its logits into outputs.
"""

FOLDER = "assets.extra/portable"  # in an export, where TensorFlow Serving does not look
NETWORK = "network.tflite"
