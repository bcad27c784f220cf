#!/usr/bin/env python3
"""The JSON Schema of `cbench schema` against every bench.yml of the project, by a validator of others.

usage: check.py CBENCH ROOT
What the checker accepts the schema accepts; what is wrong in the way of keys and types it refuses.
"""
import pathlib
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-jsonschema python3-yaml)")
    sys.exit(77)

import json


class Loader(yaml.SafeLoader):
    """Scalars as cbench reads them: only true and false are booleans, and nothing is a date or octal."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("merge", r"^<<$", "<"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", __import__("re").compile(pattern), list(first))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value, 10))

# What is wrong with these is a matter of keys, types, ranges or choices alone.
REFUSED = ["unknown_keys", "wrong_types", "out_of_range", "generated_templates", "missing_benchmark"]

# YAML that PyYAML does not read: tabs behind a value.
UNREADABLE = ["valid_tabs"]


def main() -> int:
    cbench, root = sys.argv[1], pathlib.Path(sys.argv[2])
    schema = json.loads(subprocess.run([cbench, "schema"], check=True, capture_output=True).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    problems = []
    golden = root / "tests/golden/config"
    accepted = sorted(root.glob("examples/**/bench*.yml")) + sorted(root.glob("tests/**/bench.yml"))
    accepted += sorted(golden.glob("valid_*.yml")) + sorted(golden.glob("warned_*.yml"))
    accepted = [path for path in accepted if path.stem not in UNREADABLE]
    for path in accepted:
        for error in validator.iter_errors(yaml.load(path.read_text(encoding="utf-8-sig"), Loader)):
            problems.append(f"{path.relative_to(root)}: {'/'.join(map(str, error.path))}: {error.message[:200]}")
    for name in REFUSED:
        if validator.is_valid(yaml.load((golden / f"{name}.yml").read_text(), Loader)):
            problems.append(f"{name}.yml is accepted")
    print(f"{len(accepted)} files accepted, {len(REFUSED)} refused", *problems, sep="\n")
    return 1 if problems or len(accepted) < 20 else 0


sys.exit(main())
