"""A report as DICOM objects in the study of its image: structured report, captures and PDF.

``export`` is the way in. It takes a report, its image and the DICOM files the image was read from (``source``), and
writes a Comprehensive 3D SR by TID 1500 (``structured_report``, ``vertebra_group``, with the codes of ``codes``), the
straightened spine and the abnormal close-ups as Secondary Capture (``captures``, drawn by ``figures``) and the report's
page as Encapsulated PDF (``pdf``). The objects are made with highdicom, which is installed with the extra ``dicom``.
``reading`` opens such a structured report again on its CT.

Name, identity and study of the patient are read when an export is asked for and go into these objects only.
"""
