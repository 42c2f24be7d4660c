#!/bin/bash
# Exit status 0 when a version of MODEL_NAME is available on the REST port. Nothing but bash: tensorflow/serving has no curl.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${REST_PORT:-8501}"
printf 'GET /v1/models/%s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$MODEL_NAME" >&3
grep --quiet AVAILABLE <&3
