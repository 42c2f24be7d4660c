#!/usr/bin/env bash
# dateparser reads a Vietnamese date with its time in words, "15 giờ 30 phút, ngày 12/3/2026", as 15 hours and 30 minutes ago: the printed date is dropped.
#
# Versions: dateparser 1.5.0, regex 2026.11.19, python-dateutil 4.0.0, tzlocal 5.4.5, Python 3.11.
# Input: one moment, 15:30 on 12 March 2026, as Vietnamese and Korean receipts and official papers write it, parsed on two days (the setting
# RELATIVE_BASE): at noon of 28 November 2026 and of 5 May 2024.
# Behaviour: giờ (o'clock) and phút are translated to the units hour and minute. The freshness parser, which comes first, takes a number before a
# unit for a span of time; a string of units and numbers alone passes its check of words (freshness_date_parser.py, _are_all_words_units),
# and the day, month and year are not looked at. STRICT_PARSING and REQUIRE_PARTS for day, month and year accept the answer. PARSERS without
# relative-time gives None. With the month in words the answer is None, with 15:30 it is right, as in Korean.
# Who is hit: dates of documents taken from OCR text: the answer is a valid, recent date that changes with the day of the run, so no check of
# its form or range refuses it, and a second run gives another one.
# Output seen:
#   15:30 ngày 12/3/2026: 2026-03-12 15:30 in 2026, 2026-03-12 15:30 in 2024
#   15 giờ 30 phút, ngày 12/3/2026: 2026-11-27 20:30 in 2026, 2024-05-04 20:30 in 2024
#   12/3/2026 lúc 15 giờ 30: 2026-11-27 21:00 in 2026, 2024-05-04 21:00 in 2024
#   2026년 3월 12일 15시 30분: 2026-03-12 15:30 in 2026, 2026-03-12 15:30 in 2024
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  dateparser==1.5.0 regex==2026.11.19 python-dateutil==4.0.0 tzlocal==5.4.5
TZ=UTC PYTHONIOENCODING=utf-8 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import datetime
import sys

import dateparser

TEXTS = {
    "15:30 ngày 12/3/2026": "vi",
    "15 giờ 30 phút, ngày 12/3/2026": "vi",
    "12/3/2026 lúc 15 giờ 30": "vi",
    "2026년 3월 12일 15시 30분": "ko",
}
TODAY = [datetime.datetime(2026, 11, 28, 12), datetime.datetime(2024, 5, 5, 12)]
STRICT = {"STRICT_PARSING": True, "REQUIRE_PARTS": ["day", "month", "year"]}


def read(text, today):
    moment = dateparser.parse(text, languages=[TEXTS[text]], settings={"RELATIVE_BASE": today, **STRICT})
    return f"{moment:%Y-%m-%d %H:%M}"


found = {text: [read(text, today) for today in TODAY] for text in TEXTS}
for text, (first, second) in found.items():
    print(f"{text}: {first} in 2026, {second} in 2024")
right = ["2026-03-12 15:30"] * 2
known = [right, ["2026-11-27 20:30", "2024-05-04 20:30"], ["2026-11-27 21:00", "2024-05-04 21:00"], right]
sys.exit([*found.values()] != known)
PYTHON
