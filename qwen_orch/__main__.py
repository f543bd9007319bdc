"""``python -m qwen_orch``."""

import sys

from qwen_orch.cli import main

if __name__ == "__main__":
    sys.exit(main())
