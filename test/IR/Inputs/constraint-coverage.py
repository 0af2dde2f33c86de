"""Checks that every labelled constraint of the ODS files is violated in a test, and every op parsed in one.

    constraint-coverage.py INCLUDE_FOLDER TEST_FOLDER

A constraint is a line `- (C<n>) ...` of an op's description; the test is an `expected-error` line that holds
`'<op>' op (C<n>)` (or the op's checks on symbols), in any .mlir file of the test folder.
"""
import pathlib
import re
import sys


def documented_ops(folder):
    """Yields (op name, labels, example lines) for every op definition."""
    for path in sorted(pathlib.Path(folder).glob("*.td")):
        text = path.read_text()
        dialect = "plan" if path.name.startswith("Plan") else "mv"
        for definition in re.split(r"\n(?=def )", text):
            head = re.match(r'def \w+Op : \w+Op<"([\w.]+)"', definition)
            if not head:
                continue
            labels = re.findall(r"^ *- \((C\d+)\)", definition, re.M)
            examples = [line.strip() for block in re.findall(r"```mlir\n(.*?)```", definition, re.S)
                        for line in block.splitlines()]
            yield f"{dialect}.{head.group(1)}", labels, examples


def without_names(line):
    """An IR line with SSA names and spaces made equal."""
    line = re.sub(r"%\w+", "%", line)
    return re.sub(r"\s+", " ", line).strip()


def main():
    include, tests = sys.argv[1:]
    texts = [path.read_text() for path in sorted(pathlib.Path(tests).glob("*.mlir"))]
    errors = "\n".join(line for text in texts for line in text.splitlines() if "expected-error" in line)
    # An example may stand alone in a test, or be part of a larger one: its lines are looked for.
    lines = {without_names(line) for text in texts for line in text.splitlines() if "//" not in line}
    missing, constraints, examples = [], 0, 0
    for op, labels, example in documented_ops(include):
        for label in labels:
            constraints += 1
            if f"'{op}' op ({label})" not in errors:
                missing.append(f"{op}: no test violates ({label})")
        for line in map(without_names, example):
            if f"{op} " in line or f"{op}(" in line:
                examples += 1
                if line not in lines and op != "plan.entry":
                    missing.append(f"{op}: no test parses its example: {line}")
        if not any(op in line for line in lines):
            missing.append(f"{op}: no test has it")
    print(f"{constraints} constraints, {examples} examples")
    print("\n".join(missing))
    return 1 if missing or constraints == 0 else 0


sys.exit(main())
