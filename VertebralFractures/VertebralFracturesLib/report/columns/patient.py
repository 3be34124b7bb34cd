"""The columns of patient.csv, which has one row, and those that name the study in every CSV file."""

from .column import Column

SUMMARY_COLUMNS = (
    Column("headline", "Conclusion", "", "conclusion for the patient, in one line"),
    Column("statement", "Findings", "", "findings that support the conclusion, in sentences"),
    Column("vertebrae_detected", "Detected", "", "number of vertebrae detected"),
    Column("vertebrae_graded", "Graded", "", "number of vertebrae graded for fracture"),
    Column("grade_0_count", "Normal", "", "number of vertebrae with grade 0"),
    Column("grade_1_count", "Mild", "", "number of vertebrae with grade 1"),
    Column("grade_2_count", "Moderate", "", "number of vertebrae with grade 2"),
    Column("grade_3_count", "Severe", "", "number of vertebrae with grade 3"),
    Column("borderline_count", "Borderline", "", "number of vertebrae whose grade is close to a grading threshold"),
    Column(
        "physiological_count",
        "Physiological",
        "",
        "number of vertebrae with a mild height reduction that is probably physiological",
    ),
    Column("unreliable_count", "Not reliable", "", "number of vertebrae whose measurement is too uncertain to grade"),
    Column("worst_grade", "Highest grade", "", "highest grade of a vertebra"),
    Column(
        "worst_level",
        "Most affected level",
        "",
        "level of the vertebra with the highest grade; among several, that with the greatest height loss",
    ),
    Column("greatest_height_loss_percent", "Greatest height loss", "%", "height loss of the most affected vertebra", 1),
    Column("least_height_ratio", "Smallest height ratio", "1", "smallest height ratio G of the graded vertebrae", 3),
    Column(
        "deformity_index",
        "Spinal deformity index",
        "",
        "sum of the grades of the levels T4 to L4 (Crans 2005); levels outside the field of view are not counted",
    ),
    Column(
        "deformity_index_levels", "Levels in deformity index", "", "number of the 13 levels T4 to L4 that were graded"
    ),
    Column(
        "numbering_basis",
        "Numbering based on",
        "",
        "landmarks from which the vertebral levels are counted (C2, first rib, sacrum), or shape and size only",
    ),
    Column(
        "levels_are_uncertain",
        "Numbering uncertain",
        "",
        "whether the numbering is uncertain as a whole: no vertebral level is certain",
    ),
    Column(
        "image_probability",
        "P(image)",
        "1",
        "highest image-based probability of a moderate or severe fracture among the vertebrae",
        2,
    ),
    Column(
        "height_probability", "P(heights)", "1", "highest height-based probability of a moderate or severe fracture", 2
    ),
    Column(
        "combined_probability", "P(combined)", "1", "highest combined probability of a moderate or severe fracture", 2
    ),
)
"""The conclusion for the patient."""

ANGLE_COLUMNS = (
    Column(
        "lordosis_l1_l5_deg",
        "L1-L5 lordosis",
        "deg",
        "angle between the superior endplate of L1 and the inferior endplate of L5, positive in lordosis",
        1,
    ),
    Column(
        "lordosis_l1_s1_deg",
        "L1-S1 lordosis",
        "deg",
        "angle between the superior endplates of L1 and S1, positive in lordosis",
        1,
    ),
    Column(
        "sacral_slope_deg",
        "Sacral slope",
        "deg",
        "angle between the superior endplate of S1 and the horizontal of the image",
        1,
    ),
    Column(
        "kyphosis_t4_t12_deg",
        "T4-T12 kyphosis",
        "deg",
        "angle between the superior endplate of T4 and the inferior endplate of T12, positive in kyphosis",
        1,
    ),
    Column(
        "thoracolumbar_t10_l2_deg",
        "Thoracolumbar angle",
        "deg",
        "angle between the superior endplate of T10 and the inferior endplate of L2, positive in kyphosis",
        1,
    ),
)
"""Sagittal alignment: the angles of :data:`~...core.alignment.spinal_angles.ANGLES`."""

CORONAL_COLUMNS = (
    Column(
        "cobb_angle_deg",
        "Coronal Cobb angle",
        "deg",
        "curve-based Cobb angle: largest angle between the tangents of the spine curve at two vertebrae in view, in "
        "the patient's coronal plane; the patient lies supine; an angle below 10 degrees is not scoliosis",
        1,
    ),
    Column("cobb_upper_level", "Upper end vertebra", "", "upper end vertebra of the coronal Cobb angle"),
    Column("cobb_lower_level", "Lower end vertebra", "", "lower end vertebra of the coronal Cobb angle"),
    Column("cobb_convex_to", "Convexity", "", "side of the patient to which this curve is convex: right or left"),
)
"""The coronal alignment, which only a CT has."""

ATTENUATION_COLUMNS = (
    Column(
        "attenuation_l1_hu",
        "L1 attenuation",
        "HU",
        "trabecular attenuation of L1; screening thresholds for osteoporosis at 120 kVp without contrast agent: 160 "
        "HU or less is sensitive, 110 HU or less is specific (Pickhardt 2013)",
    ),
    Column(
        "attenuation_mean_hu",
        "T12-L4 attenuation",
        "HU",
        "mean trabecular attenuation of the vertebrae from T12 to L4 that were measured",
    ),
    Column("attenuation_mean_levels", "Levels in T12-L4 mean", "", "levels that contribute to the mean of T12 to L4"),
    Column(
        "contrast_likely",
        "Contrast agent likely",
        "",
        "whether an intravenous contrast agent is likely: soft tissue anterior to half of the vertebrae has 100 HU or "
        "more. Contrast agent raises trabecular attenuation; the values are not corrected for it",
    ),
)
"""Trabecular attenuation, which only a CT has."""

NOTE_COLUMNS = (
    Column("reader_note", "Note", "", "note that a reader wrote on the patient"),
    Column("reader_note_by", "Note by", "", "name of the reader who wrote the note"),
    Column("reader_note_time", "Note time", "", "time at which the note was written (ISO 8601)"),
)
"""What a reader wrote about the patient."""

SPINE_COLUMNS = (*ANGLE_COLUMNS, *CORONAL_COLUMNS, *ATTENUATION_COLUMNS)
"""What is measured of the spine as a whole."""

PATIENT_COLUMNS = (*SUMMARY_COLUMNS, *SPINE_COLUMNS, *NOTE_COLUMNS)
"""What is reported of the patient."""

STUDY_COLUMNS = (
    Column("case_id", "Case", "", "name of the case: --case-id, by default the path of the input as given"),
    Column("input", "Input", "", "path of the input, or name of the volume in 3D Slicer"),
    Column("series", "Series", "", "number, description and number of slices of the DICOM series"),
    Column("slice_thickness_mm", "Slice thickness", "mm", "slice thickness stated in the DICOM header"),
    Column("spacing_mm", "Voxel spacing", "mm", "voxel spacing along the axes of the image"),
    Column("kernel", "Reconstruction kernel", "", "reconstruction (convolution) kernel stated in the DICOM header"),
    Column("contrast", "Contrast agent", "", "contrast agent stated in the DICOM header"),
    Column("patient_id", "Patient ID", "", "patient ID; only with --identify"),
    Column("patient_age", "Age", "", "age of the patient at the examination; only with --identify"),
    Column("patient_sex", "Sex", "", "sex of the patient; only with --identify"),
    Column("study_date", "Study date", "", "date of the study; only with --identify"),
)
"""Whose study it is, see :func:`~..study.study_values`."""

ORIGIN_COLUMNS = (
    Column("preset", "Grading thresholds", "", "name of the grading thresholds: level-aware, genant or pisov"),
    Column("detector", "Detector", "", "network that placed the landmarks"),
    Column("software", "Software", "", "name and version of the program"),
    *STUDY_COLUMNS,
    Column("warnings", "Warnings", "", "warnings that apply to these results, separated by vertical bars"),
)
"""How the values came about and whose they are: the last columns of every CSV file, the same in every row."""
