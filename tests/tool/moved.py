#!/usr/bin/env python3
"""
moved.py SOURCE TARGET REPORT - whether a restore brought everything, by what both servers hold and by what it said.

SOURCE and TARGET are what imap.py snapshot prints of two accounts, of which the target had no mail before; REPORT is what
mailkeep restore --json printed.  Each message of the source has to be in the target, in the folder that the plan names,
once, with its content, flags and date; but for what a finding says of that very message.  Nothing else may be there.

Prints each finding as "kind<tab>folder<tab>subject<tab>reason", and each folder that got another name on the way as
"name<tab>OLD<tab>NEW", sorted.  Exit 1 if anything is not so, and says what.
"""
import collections
import datetime
import json
import re
import sys

# What a finding of a kind excuses: NOTHING of the message need be there, or these columns may differ.
NOTHING = {"refused", "left", "damaged", "missing"}
SHA, FLAGS, DATE = range(3)
EXCUSES = {"changed": {SHA}, "fixed": {SHA}, "flags": {FLAGS}, "date": {DATE}, "without": {FLAGS, DATE}}


def snapshot(name):
    rows = {}
    for line in open(name, encoding="utf-8", errors="surrogateescape"):
        folder, validity, uid, sha, flags, date = line.rstrip("\n").split("\t")
        when = datetime.datetime.strptime(date.strip(), "%d-%b-%Y %H:%M:%S %z")
        rows[folder, int(validity), int(uid)] = (sha, flags, int(when.timestamp()))
    return rows


def main(source, target, report):
    source, target = snapshot(source), snapshot(target)
    there = {(folder, uid): row for (folder, _, uid), row in target.items()}
    names, told, wrong, said = {}, collections.defaultdict(list), [], []
    for line in open(report, encoding="utf-8"):
        o = json.loads(line)
        if o["type"] == "folder":
            names[o["folder"]] = o["to"]
        elif o["type"] == "note":
            m = re.match(r"(.*): the server would not make it; it is called (.*) there$", o["text"])
            for folder in [k for k, v in names.items() if m and v == m.group(1)]:
                names[folder] = m.group(2)
                said.append("\t".join(("name", folder, m.group(2))))
        elif o["type"] == "finding":
            key = (o["folder"], o.get("uidvalidity"), o.get("uid"))
            if "uid" in o and key not in source:
                wrong.append("a finding on a message that is not there: %s" % (key,))
            told[key].append(o)
            said.append("\t".join((o["kind"], o["folder"], o.get("subject", ""), o["reason"])))
    want = collections.Counter()
    for key, row in source.items():
        folder = key[0]
        if told.get((folder, None, None)):
            continue
        findings = told.get(key, [])
        if any(f["kind"] in NOTHING for f in findings):
            continue
        if not findings:
            want[(names[folder],) + row] += 1
            continue
        excused = set().union(*(EXCUSES[f["kind"]] for f in findings))
        found = there.pop((names[folder], findings[0]["uid_there"]), None)
        if found is None or any(row[c] != found[c] for c in range(3) if c not in excused):
            wrong.append("%s: %s is %s, not %s" % ([f["kind"] for f in findings], key, found, row))
    have = collections.Counter((folder,) + row for (folder, _), row in there.items())
    wrong += ["lacks %s" % (row,) for row in (want - have).elements()]
    wrong += ["should not have %s" % (row,) for row in (have - want).elements()]
    print("\n".join(sorted(said)))
    for w in wrong:
        print("moved.py: " + w, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main(*sys.argv[1:]))
