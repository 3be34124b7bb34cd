"""The command ``cohort``: many CTs at once, on one machine or on a cluster.

A case is a CT and its name. What happens to it::

    INPUT... -> cases -> slots -> worker -> DIR/cases/NAME -> tables, page
      inputs      scheduling (Dask, or one after the other)     tables, table_files
      dicom_series    worker_process (limits)   store           index_page

Every worker has a process of its own, which loads the networks once, so that a case that needs too much memory, hangs
or ends the process takes nothing else with it. The results of a case appear by one rename; whatever was renamed into
place is never analyzed again.
"""

from .command import add_arguments, run

__all__ = ["add_arguments", "run"]
