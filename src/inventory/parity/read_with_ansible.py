"""Reads inventories with ansible-inventory: cases as JSON on standard input, a line of JSON for each on standard output.

The program runs inside this process, because it takes long to start.
"""
import json
import os
import sys
import tempfile

os.environ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "True"

from ansible.cli.inventory import InventoryCLI
from ansible.utils.context_objects import GlobalCLIArgs


def write(folder, files):
    for path, text in files.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        if text.startswith("#!"):
            os.chmod(full, 0o755)


def read(case):
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as listed:
        write(folder, case["files"])
        os.chdir(folder)
        words = ["ansible-inventory", "--list", "--output", listed.name]
        for source in case["sources"]:
            words += ["-i", source]
        if "playbook" in case:
            words += ["--playbook-dir", case["playbook"]]
        # The words are a singleton, made by the first run.
        GlobalCLIArgs._Singleton__instance = None
        cli = InventoryCLI(words)
        try:
            cli.run()
        except SystemExit:
            pass
        except Exception as error:
            return {"refused": type(error).__name__}
        with open(listed.name, encoding="utf-8") as file:
            answer = {"list": json.load(file)}
        hosts = cli.inventory.get_hosts("all")
        answer["groupNames"] = {host.name: cli.vm.get_vars(host=host)["group_names"] for host in hosts}
        answer["groups"] = cli.inventory.get_groups_dict()
        answer["patterns"] = {pattern: selected(cli.inventory, pattern) for pattern in case["patterns"]}
        return answer


def selected(inventory, pattern):
    try:
        return sorted(host.name for host in inventory.get_hosts(pattern))
    except Exception:
        return "refused"


for case in json.load(sys.stdin):
    print(json.dumps({"name": case["name"], **read(case)}, sort_keys=True, ensure_ascii=False))
