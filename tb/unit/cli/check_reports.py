#!/usr/bin/env python3
"""Checks report files of rssnic run with parsers that are not its own.

usage: check_reports.py json SCHEMA FILE...    against the schema; no key that the schema does not name
       check_reports.py junit FILE...          structure and counts of JUnit XML; prints the cases, one a line:
                                               suite, case, pass|failure|error|skipped, message, text
"""
import json
import sys
import xml.etree.ElementTree as ElementTree


def check_json(schema_file, files):
    import jsonschema

    with open(schema_file, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    for name in files:
        with open(name, encoding="utf-8") as file:
            summary = json.load(file)
        jsonschema.Draft202012Validator(schema).validate(summary)
        unnamed = set(summary) - set(schema["properties"])
        assert not unnamed, f"{name}: the schema does not name {unnamed}"


# What the schemas that are in use for JUnit XML agree on: elements, their order, required attributes.
CASE_RESULTS = ("skipped", "error", "failure")


def check_counts(element, cases, name):
    results = [child.tag for case in cases for child in case if child.tag in CASE_RESULTS]
    wanted = {
        "tests": len(cases),
        "failures": results.count("failure"),
        "errors": results.count("error"),
        "skipped": results.count("skipped"),
    }
    for attribute, count in wanted.items():
        assert int(element.attrib[attribute]) == count, f"{name}: {attribute} is not {count}"
    assert float(element.attrib["time"]) >= 0


def check_junit(files):
    for name in files:
        root = ElementTree.parse(name).getroot()
        assert root.tag == "testsuites", name
        assert [suite.attrib["name"] for suite in root] == ["captures", "checks"], name
        check_counts(root, list(root.iter("testcase")), name)
        for suite in root:
            assert suite.tag == "testsuite" and set(child.tag for child in suite) <= {"testcase"}, name
            check_counts(suite, list(suite), name)
            for case in suite:
                assert case.attrib["name"] and case.attrib["classname"] and float(case.attrib["time"]) >= 0, name
                tags = [child.tag for child in case]
                assert set(tags) <= {*CASE_RESULTS, "system-out"} and len(tags) == len(set(tags)), name
                assert "system-out" not in tags or tags[-1] == "system-out", name
                results = [child for child in case if child.tag in CASE_RESULTS]
                assert len(results) <= 1, name
                result = results[0] if results else None
                message = result.attrib["message"] if result is not None else ""
                assert result is None or message, name
                text = (result.text or "").strip() if result is not None else ""
                line = (suite.attrib["name"], case.attrib["name"], result.tag if results else "pass", message, text)
                print("\t".join(part.replace("\n", " | ") for part in line))


def main():
    if sys.argv[1:2] == ["json"] and len(sys.argv) > 3:
        check_json(sys.argv[2], sys.argv[3:])
    elif sys.argv[1:2] == ["junit"] and len(sys.argv) > 2:
        check_junit(sys.argv[2:])
    else:
        sys.exit(__doc__)


main()
