"""``python -m customer_segmentation`` is the command ``segments``."""

import sys

from customer_segmentation.cli import main

if __name__ == "__main__":
    sys.exit(main())
