"""The columns of measurements.csv: one row per vertebra."""

from ...core.keypoints import KEYPOINT_NAMES
from .column import Column

COLUMNS = (
    Column("number", "No.", "", "number of the vertebra among those detected; 1 is the most cranial"),
    Column(
        "level_shown",
        "Level",
        "",
        "vertebral level as shown in all results; a question mark means that it is uncertain",
    ),
    Column(
        "level", "Level name", "", "vertebral level without a question mark: C3 to L5, T13 or L6; empty where unknown"
    ),
    Column("level_confidence", "Level confidence", "1", "probability that the level is correct", 2),
    Column(
        "level_is_certain", "Level certain", "", "whether the level is certain, that is, shown without a question mark"
    ),
    Column(
        "grade",
        "Grade",
        "",
        "grade of the height loss by the chosen grading thresholds: 0 normal, 1 mild, 2 moderate, 3 severe; empty "
        "where the vertebra is not graded or not evaluable",
    ),
    Column("grade_name", "Severity", "", "the grade in words, or the reason why there is none"),
    Column(
        "height_loss_percent",
        "Height loss",
        "%",
        "height loss that determines the grade; about 15 % is normal, because the endplates are concave",
        1,
    ),
    Column(
        "height_loss_low_percent",
        "Height loss, lower limit",
        "%",
        "lower limit of the 95 % interval of the height loss",
        1,
    ),
    Column(
        "height_loss_high_percent",
        "Height loss, upper limit",
        "%",
        "upper limit of the 95 % interval of the height loss",
        1,
    ),
    Column(
        "height_ratio",
        "Height ratio",
        "1",
        "height ratio G: smallest divided by largest of the three heights (Pisov 2020, equation 1)",
        3,
    ),
    Column(
        "genant_grade",
        "Grade by height ratio",
        "",
        "grade 0 to 3 by the height ratio G alone, at every level: 1 at 0.80 or less, 2 at 0.75 or less, 3 at 0.60 or "
        "less",
    ),
    Column(
        "borderline",
        "Borderline",
        "",
        "whether the grade is close to a threshold: given the uncertainty of the landmarks, the probability of another "
        "grade is at least 33 %",
    ),
    Column(
        "physiological",
        "Physiological",
        "",
        "whether a mild height reduction is probably not a fracture: it lies within the reference range of the level, "
        "and height is not reduced relative to adjacent vertebrae",
    ),
    Column(
        "shape",
        "Shape",
        "",
        "shape of the deformity, named after the most reduced height: wedge (anterior), biconcave (middle), crush "
        "(posterior), or none",
    ),
    Column("height_anterior_mm", "Ha", "mm", "anterior height of the vertebral body", 2),
    Column("height_middle_mm", "Hm", "mm", "middle height of the vertebral body", 2),
    Column("height_posterior_mm", "Hp", "mm", "posterior height of the vertebral body", 2),
    Column("height_anterior_sd_mm", "Ha SD", "mm", "standard uncertainty (1 SD) of the anterior height", 2),
    Column("height_middle_sd_mm", "Hm SD", "mm", "standard uncertainty (1 SD) of the middle height", 2),
    Column("height_posterior_sd_mm", "Hp SD", "mm", "standard uncertainty (1 SD) of the posterior height", 2),
    Column(
        "posterior_loss_percent",
        "Height loss vs posterior",
        "%",
        "loss of the anterior or middle height, whichever is larger, relative to the posterior height of the vertebra",
        1,
    ),
    Column(
        "neighbour_loss_percent",
        "Height loss vs adjacent",
        "%",
        "largest height loss relative to the median of up to six non-deformed vertebrae nearby, scaled to this level",
        1,
    ),
    Column(
        "neighbour_references",
        "Reference levels",
        "",
        "levels of the nearby non-deformed vertebrae with which this vertebra is compared",
    ),
    Column(
        "crush_loss_percent",
        "Posterior height loss",
        "%",
        "posterior height loss relative to the same non-deformed vertebrae nearby",
        1,
    ),
    Column(
        "wedge_angle_deg",
        "Wedge angle",
        "deg",
        "angle between the two endplates of the vertebra, positive for anterior wedging",
        1,
    ),
    Column(
        "z_anterior_posterior",
        "z Ha/Hp",
        "SD",
        "z-score of the ratio of anterior to posterior height, for the level",
        1,
    ),
    Column(
        "z_middle_posterior", "z Hm/Hp", "SD", "z-score of the ratio of middle to posterior height, for the level", 1
    ),
    Column("z_height_anterior", "z Ha", "SD", "z-score of the anterior height for the level", 1),
    Column("z_height_middle", "z Hm", "SD", "z-score of the middle height for the level", 1),
    Column("z_height_posterior", "z Hp", "SD", "z-score of the posterior height for the level", 1),
    Column(
        "outside_norm",
        "Outside reference range",
        "",
        "whether the ratio of anterior or middle to posterior height lies more than 3 SD below the reference mean of "
        "the level",
    ),
    Column("depth_superior_mm", "Superior depth", "mm", "anterior-posterior depth of the superior endplate", 1),
    Column("depth_inferior_mm", "Inferior depth", "mm", "anterior-posterior depth of the inferior endplate", 1),
    Column(
        "score", "Detection score", "1", "confidence of the detection network that this is a vertebral body, 0 to 1", 2
    ),
    Column(
        "largest_uncertainty_mm",
        "Uncertainty",
        "mm",
        "largest uncertainty of the positions of the six landmarks (68 % confidence radius)",
        2,
    ),
    Column(
        "source",
        "Landmarks by",
        "",
        "origin of the landmarks: model (network), edited (network, corrected by a user) or added (user)",
    ),
    Column("status", "Status", "", "review status: not reviewed, verified or not evaluable"),
    Column("reader_note", "Note", "", "note that a reader wrote on the vertebra"),
    Column("reader_note_by", "Note by", "", "name of the reader who wrote the note"),
    Column("reader_note_time", "Note time", "", "time at which the note was written (ISO 8601)"),
    Column("image_probability", "P(image)", "1", "image-based probability of a moderate or severe fracture", 2),
    Column("image_grade", "Image grade", "", "most probable grade 0 to 3 by image appearance"),
    Column("height_probability", "P(heights)", "1", "height-based probability of a moderate or severe fracture", 2),
    Column(
        "combined_probability",
        "P(combined)",
        "1",
        "combined probability of a moderate or severe fracture: from the mean log odds of the image-based and the "
        "height-based probability",
        2,
    ),
    Column(
        "discordant",
        "Discordant",
        "",
        "whether the height-based and the image-based probability differ by more than 0.5; please review",
    ),
    Column(
        "attenuation_median_hu",
        "Attenuation",
        "HU",
        "trabecular attenuation: median in an ellipsoid in the anterior half of the vertebral body; empty for "
        "fractured vertebrae",
    ),
    Column("attenuation_sd_hu", "Attenuation SD", "HU", "standard deviation of the attenuation in that ellipsoid"),
    Column("attenuation_note", "Attenuation note", "", "reason why no trabecular attenuation is given"),
    Column("disc_height_anterior_mm", "Disc anterior", "mm", "anterior height of the disc below this vertebra", 1),
    Column("disc_height_middle_mm", "Disc middle", "mm", "middle height of the disc below this vertebra", 1),
    Column("disc_height_posterior_mm", "Disc posterior", "mm", "posterior height of the disc below this vertebra", 1),
    Column(
        "intervertebral_angle_deg",
        "Intervertebral angle",
        "deg",
        "angle between the endplates that face the disc below, positive where the disc is open anteriorly; on CT "
        "the patient lies supine and the endplates are projected onto the patient's sagittal plane",
        1,
    ),
)
"""What is reported of a vertebra, in the order of the table."""

POINT_COLUMNS = tuple(
    Column(
        f"{name.replace(' ', '_')}_{axis}_mm",
        f"{name.capitalize()} {axis.upper()}",
        "mm",
        f"coordinate of the {name} landmark, increasing {towards} (RAS)",
        3,
    )
    for name in KEYPOINT_NAMES
    for axis, towards in (("r", "to the patient's right"), ("a", "anteriorly"), ("s", "superiorly"))
)
"""What measurements.csv has beside :data:`COLUMNS`: the landmarks."""
