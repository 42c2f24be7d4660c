"""Labelled pictures drawn from fonts: seeded, resumable, as TFRecords for `data.readers.tfrecord`."""
