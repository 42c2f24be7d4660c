from tfx_ocr.data import labels


def test_a_label_is_nfc_without_white_space_around_it():
    assert labels.normal("\t Ha\u0300  Nội\r\n") == "Hà  Nội"
    assert labels.normal("\u1112\u1161\u11ab") == "한"
