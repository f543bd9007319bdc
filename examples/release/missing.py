"""Says what a release still waits for, from the answer of ``qwen-orch --json /check_completeness``."""

import json
import sys
from pathlib import Path

found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["result"]
for task in found["remaining"]:
    print(f"{task['task']} {task['title']}: {task['why']}; continue with {task['command']}")
