# What type checkers and editors are told of the lazy names in __init__.py; a test compares.
from .api import Analysis as Analysis
from .api import Cancelled as Cancelled
from .api import NoSpineFound as NoSpineFound
from .api import Radiograph as Radiograph
from .api import ReadImage as ReadImage
from .api import SpineReport as SpineReport
from .api import UnusableInput as UnusableInput
from .api import Volume as Volume
from .api import analyze as analyze
from .api import analyze_radiograph as analyze_radiograph
from .api import read_ct as read_ct
from .api import read_radiograph as read_radiograph

__version__: str
