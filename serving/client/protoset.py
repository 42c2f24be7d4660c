"""TensorFlow Serving's services as one descriptor file, for clients that know nothing of them, such as grpcurl.

`python -m tfx_ocr.serving.client.protoset > serving.protoset`
"""

import sys

from tfx_ocr.serving.messages import PROTOSET

if __name__ == "__main__":
    sys.stdout.buffer.write(PROTOSET.read_bytes())
