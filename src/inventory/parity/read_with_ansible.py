"""Reads inventories as Ansible does: cases as JSON on standard input, what Ansible makes of them on standard output."""
import json
import os
import sys
import tempfile

os.environ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "True"

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

MAGIC = {
    "inventory_hostname", "inventory_hostname_short", "inventory_file", "inventory_dir", "group_names", "groups",
    "omit", "playbook_dir", "ansible_version", "ansible_playbook_python", "ansible_config_file", "hostvars",
    "ansible_check_mode", "ansible_diff_mode", "ansible_forks", "ansible_inventory_sources", "ansible_run_tags",
    "ansible_skip_tags", "ansible_verbosity", "ansible_limit", "ansible_facts", "environment",
}


def read(case):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in case["files"].items():
            full = os.path.join(folder, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        os.chdir(folder)
        try:
            loader = DataLoader()
            loader.set_basedir(folder)
            inventory = InventoryManager(loader=loader, sources=case["sources"])
            manager = VariableManager(loader=loader, inventory=inventory)
            hosts = {}
            names = {}
            for host in inventory.get_hosts("all"):
                variables = manager.get_vars(host=host, include_hostvars=False)
                names[host.name] = variables["group_names"]
                hosts[host.name] = {k: v for k, v in variables.items() if k not in MAGIC}
            groups = {k: v for k, v in inventory.get_groups_dict().items()}
            patterns = {}
            for pattern in case.get("patterns", []):
                try:
                    patterns[pattern] = sorted(host.name for host in inventory.get_hosts(pattern))
                except Exception:
                    patterns[pattern] = "refused"
            return {"hosts": hosts, "groupNames": names, "groups": groups, "patterns": patterns}
        except Exception as error:
            return {"refused": type(error).__name__}


def plain(value):
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)


results = [read(case) for case in json.load(sys.stdin)]
json.dump(results, sys.stdout, default=plain)
