#!/usr/bin/env bash
# protobuf's FieldDescriptor.label, with warnings turned into errors, returns a value and leaves an exception set.
#
# Versions: protobuf 6.33.6 (upb), Python 3.11.
# Input: a field of descriptor.proto itself, and Python's own filter "error", as pytest and `python -W error` set it.
# Behaviour: the property is deprecated. Its C code gives the warning and does not look whether that raised, so no exception is
# raised where the property is read. What follows decides what is seen: a call of a C function is made and then fails with
# "SystemError: ... returned a result with an exception set", a message's isinstance among them; other code raises the
# DeprecationWarning later, in a line that has nothing to do with it.
# Who is hit: code that runs under warnings as errors and calls what still reads `label`, as TFX 1.21's
# runtime_parameter_utils does for each field of a pipeline: there `isinstance(message, Value)` failed.
# Output seen:
#   the next call was made: True
#   it failed with SystemError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check protobuf==6.33.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import warnings

from google.protobuf import descriptor_pb2

field = descriptor_pb2.FileDescriptorProto.DESCRIPTOR.fields[0]
warnings.simplefilter("error")
made = []
try:
    label = field.label
    made.append(label)
    failed = "nothing"
except Exception as error:
    failed = type(error).__name__
print(f"the next call was made: {bool(made)}")
print(f"it failed with {failed}")
sys.exit(not (made and failed == "SystemError"))
PYTHON
