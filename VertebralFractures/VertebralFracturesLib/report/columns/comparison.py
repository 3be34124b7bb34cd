"""The columns of comparison.csv, which has one row for each vertebra that both studies show."""

from ...core.comparison.change import LEAST_LOSS, LEAST_LOSS_MM
from .column import Column

_HEIGHTS = ("anterior", "middle", "posterior")


def _height_columns(name: str) -> tuple[Column, ...]:
    return (
        Column(f"prior_{name}_mm", f"Prior {name}", "mm", f"{name} height in the prior study", 2),
        Column(f"current_{name}_mm", f"Current {name}", "mm", f"{name} height in the current study", 2),
        Column(f"change_{name}_mm", f"Change {name}", "mm", f"{name} height, current minus prior", 2),
        Column(
            f"least_detectable_{name}_mm",
            f"Detectable {name}",
            "mm",
            f"smallest change of the {name} height that exceeds measurement error with a probability of 95 %",
            2,
        ),
    )


COMPARISON_COLUMNS = (
    Column("level", "Level", "", "vertebral level, as numbered in the study with the more certain levels"),
    Column(
        "verdict",
        "Change",
        "",
        f"new fracture: a height has decreased by {LEAST_LOSS:.0%} and {LEAST_LOSS_MM:.0f} mm or more, and by "
        "more than measurement error (Black 1999); progressive fracture: the same of a vertebra that had grade 1 or "
        "higher before; unchanged; not comparable",
    ),
    Column("reason", "Reason", "", "reason why the vertebra cannot be compared"),
    Column(
        "height_loss_since_prior_percent",
        "Loss since prior",
        "%",
        "largest loss of the three heights since the prior study; negative if all have increased",
        1,
    ),
    Column("prior_grade", "Prior grade", "", "grade in the prior study"),
    Column("current_grade", "Current grade", "", "grade in the current study"),
    Column("prior_height_ratio", "Prior height ratio", "1", "height ratio G in the prior study", 3),
    Column("current_height_ratio", "Current height ratio", "1", "height ratio G in the current study", 3),
    *(column for name in _HEIGHTS for column in _height_columns(name)),
    Column(
        "attenuation_change_hu",
        "Attenuation change",
        "HU",
        "trabecular attenuation, current minus prior; contrast agent and tube voltage change it as well",
        0,
    ),
    Column("prior_number", "Prior number", "", "number of the vertebra in the prior study, 1 is the most cranial"),
    Column("current_number", "Current number", "", "number of the vertebra in the current study"),
)
"""The columns in their order."""
