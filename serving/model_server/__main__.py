"""`python -m tfx_ocr.serving.model_server`: the model server by its flags."""

import sys

if __name__ == "__main__":  # a worker process imports this module too
    from tfx_ocr.serving.model_server.main import main

    sys.exit(main())
