"""Files to records: CTs, DICOM series, radiographs, reference cases."""
