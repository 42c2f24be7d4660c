from tfx_ocr.data import labels


def test_a_label_is_nfc_without_white_space_around_it():
    assert labels.normalize_label("\t Ha\u0300  Nội\r\n") == "Hà  Nội"
    assert labels.normalize_label("\u1112\u1161\u11ab") == "한"
