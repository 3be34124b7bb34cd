"""The columns of measurements.csv: one row per vertebra."""

from ...core.keypoints import KEYPOINT_NAMES
from .column import Column

COLUMNS = (
    Column("number", "No.", "", "number of the vertebra among those detected; 1 is the most cranial"),
    Column(
        "level_shown", "Level", "", "vertebral level as every output shows it; a question mark where it is uncertain"
    ),
    Column(
        "level", "Level name", "", "vertebral level without a question mark: C3 to L5, T13 or L6; empty where unknown"
    ),
    Column("level_confidence", "Level confidence", "1", "probability that the level is right", 2),
    Column("level_is_certain", "Level certain", "", "whether the level is shown without a question mark"),
    Column(
        "grade",
        "Grade",
        "",
        "severity of the height loss under the chosen thresholds: 0 normal, 1 mild, 2 moderate, 3 severe; empty where "
        "the vertebra is measured but not graded, or not evaluable",
    ),
    Column("grade_name", "Severity", "", "the grade in words, or the reason why there is none"),
    Column(
        "height_loss_percent",
        "Height loss",
        "%",
        "height loss on which the grade rests; it includes the normal concavity of the endplates, about 15 %",
        1,
    ),
    Column("height_loss_low_percent", "Height loss, low", "%", "lower end of the 95 % interval of the height loss", 1),
    Column(
        "height_loss_high_percent", "Height loss, high", "%", "upper end of the 95 % interval of the height loss", 1
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
        "Grade by ratio",
        "",
        "grade 0 to 3 by the height ratio G alone, at any level: 1 from 0.80, 2 from 0.75, 3 from 0.60 downwards",
    ),
    Column(
        "borderline",
        "Borderline",
        "",
        "whether another grade is at least 33 % likely, given the uncertainty of the landmarks",
    ),
    Column(
        "physiological",
        "Physiological",
        "",
        "whether a mild height reduction lies within the reference range of the level and shows no loss against the "
        "adjacent vertebrae; it is probably not a fracture",
    ),
    Column(
        "shape",
        "Shape",
        "",
        "shape of the deformity, by the height that is reduced most: wedge (anterior), biconcave (middle), crush "
        "(posterior) or none",
    ),
    Column("height_anterior_mm", "Ha", "mm", "anterior height of the vertebral body", 2),
    Column("height_middle_mm", "Hm", "mm", "middle height of the vertebral body", 2),
    Column("height_posterior_mm", "Hp", "mm", "posterior height of the vertebral body", 2),
    Column("height_anterior_sd_mm", "Ha SD", "mm", "standard uncertainty (1 SD) of the anterior height", 2),
    Column("height_middle_sd_mm", "Hm SD", "mm", "standard uncertainty (1 SD) of the middle height", 2),
    Column("height_posterior_sd_mm", "Hp SD", "mm", "standard uncertainty (1 SD) of the posterior height", 2),
    Column(
        "posterior_loss_percent",
        "Loss vs posterior",
        "%",
        "height loss relative to the posterior height of the same vertebra",
        1,
    ),
    Column(
        "neighbour_loss_percent",
        "Loss vs adjacent",
        "%",
        "largest height loss relative to the median of up to six non-deformed vertebrae nearby, scaled to this level",
        1,
    ),
    Column(
        "neighbour_references",
        "Adjacent levels",
        "",
        "levels of the non-deformed vertebrae nearby that this vertebra is compared with",
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
    Column("z_anterior_posterior", "z Ha/Hp", "SD", "z-score of anterior over posterior height for the level", 1),
    Column("z_middle_posterior", "z Hm/Hp", "SD", "z-score of middle over posterior height for the level", 1),
    Column("z_height_anterior", "z Ha", "SD", "z-score of the anterior height for the level", 1),
    Column("z_height_middle", "z Hm", "SD", "z-score of the middle height for the level", 1),
    Column("z_height_posterior", "z Hp", "SD", "z-score of the posterior height for the level", 1),
    Column(
        "outside_norm",
        "Outside reference range",
        "",
        "whether one of the two ratios of heights lies more than 3 SD below the reference mean of the level",
    ),
    Column("depth_superior_mm", "Superior depth", "mm", "anterior-posterior depth of the superior endplate", 1),
    Column("depth_inferior_mm", "Inferior depth", "mm", "anterior-posterior depth of the inferior endplate", 1),
    Column("score", "Detection score", "1", "confidence of the network that there is a vertebral body here, 0 to 1", 2),
    Column(
        "largest_uncertainty_mm",
        "Uncertainty",
        "mm",
        "largest uncertainty of the six landmarks, each a 68 % confidence radius",
        2,
    ),
    Column(
        "source",
        "Landmarks by",
        "",
        "who placed the landmarks: model (the network), edited (the network, corrected by a user) or added (a user)",
    ),
    Column("status", "Status", "", "review status: not reviewed, verified or not evaluable"),
    Column("image_probability", "P(image)", "1", "image-based probability of a moderate or severe fracture", 2),
    Column("image_grade", "Image grade", "", "most probable grade 0 to 3 by image appearance"),
    Column("height_probability", "P(heights)", "1", "height-based probability of a moderate or severe fracture", 2),
    Column(
        "combined_probability",
        "P(combined)",
        "1",
        "combined probability of a moderate or severe fracture: mean of the log odds of both",
        2,
    ),
    Column(
        "discordant",
        "Discordant",
        "",
        "whether height- and image-based probability differ by more than 0.5; please review",
    ),
    Column(
        "attenuation_median_hu",
        "Attenuation",
        "HU",
        "trabecular attenuation: median of an ellipsoid in the anterior half of the body; empty for fractured bodies",
    ),
    Column("attenuation_sd_hu", "Attenuation SD", "HU", "standard deviation of the attenuation in that ellipsoid"),
    Column("attenuation_note", "Attenuation note", "", "the reason why a body has no trabecular attenuation"),
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
        f"{name} landmark: coordinate towards the patient's {towards} (RAS)",
        3,
    )
    for name in KEYPOINT_NAMES
    for axis, towards in (("r", "right"), ("a", "front"), ("s", "head"))
)
"""What measurements.csv has beside :data:`COLUMNS`: the landmarks."""
