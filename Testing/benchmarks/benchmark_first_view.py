"""
How long a reader waits between Apply and the first frame of the layout, stage by stage.

    python Testing/benchmarks/benchmark_first_view.py [--ct FILE] [--threads 2] [--repeat 2]

The CT is the synthetic chest of benchmark_analyze.py, 512 x 512 x 300 voxels, or one of yours.  The views are Slicer's
own, off screen at 1280 x 768 pixels, drawn by the processor where there is no graphics card.  The first run imports
torch and loads the networks; later ones of a session have them.
"""

import argparse
import os
import sys
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "VertebralFractures"))

from benchmark_analyze import StageTimes, chest_ct

SIZE = (1280, 768)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ct", type=Path, metavar="FILE", help="a CT instead of the synthetic chest")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=2)
    args = parser.parse_args()

    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    import numpy as np
    from VertebralFracturesLib.analyzer import Analyzer
    from VertebralFracturesLib.core.volume import Volume
    from VertebralFracturesLib.io.ct import read_volume

    if args.ct is None:
        with np.load(chest_ct(300)) as archive:
            volume = Volume(archive["voxels"], archive["ijk_to_ras"])
    else:
        volume = read_volume(args.ct)
    print(f"{' x '.join(map(str, volume.shape[::-1]))} voxels, {args.threads} threads; load {os.getloadavg()[0]:.1f}")
    analyzer = Analyzer()
    for run in range(args.repeat):
        print(f"run {run + 1}")
        for name, seconds in stages(volume, analyzer):
            print(f"{name:>22} {seconds:6.2f} s")


def stages(volume, analyzer) -> list[tuple[str, float]]:
    """Seconds of each stage from Apply to the first frame, and of all, in a new scene with open views."""
    from VertebralFracturesLib.mrml.application import boot_scene
    from VertebralFracturesLib.mrml.layout.rendered import RenderedLayout
    from VertebralFracturesLib.mrml.layout.show import show_study
    from VertebralFracturesLib.mrml.live.study import LiveStudy
    from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, volume_from_node
    from VertebralFracturesLib.mrml.study.replacement import replace_study

    with boot_scene() as application:
        volume_node = add_volume_node(application.scene, volume, "CT", share_voxels=True)
        with closing(RenderedLayout(application, SIZE)) as layout:
            layout.render()
            times = StageTimes()
            read = volume_from_node(volume_node)
            report = analyzer.analyze(read, device="cpu", progress=times)
            times("adding the study", 0.0)
            study = replace_study(volume_node, read, report)
            times("showing it", 0.0)
            show_study(study, layout.layout_node)
            times("linking it", 0.0)
            live = LiveStudy(study)
            times("drawing all views", 0.0)
            layout.render()
            total = time.perf_counter() - times.marks[0][1]
            found = times.seconds()
            live.close()
    return [*found, ("from Apply to the view", total)]


if __name__ == "__main__":
    main()
