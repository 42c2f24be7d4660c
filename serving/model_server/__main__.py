"""`python -m tfx_ocr.serving.model_server`: the model server by its flags."""

import sys

from tfx_ocr.serving.model_server.main import main

if __name__ == "__main__":
    sys.exit(main())
