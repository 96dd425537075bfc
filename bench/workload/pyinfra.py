"""The tasks of site.yml as a deploy of pyinfra (version 3)."""

from io import StringIO

from pyinfra import host, logger
from pyinfra.facts.files import File
from pyinfra.operations import apt, files, python, server

features = ["cache", "metrics", "tracing"]
peers = [("alpha", "192.0.2.1"), ("beta", "192.0.2.2"), ("gamma", "192.0.2.3")]

for path in ["/opt/bench", "/opt/bench/conf.d", "/opt/bench/data"]:
    files.directory(name=f"Directories: {path}", path=path, mode="755")
files.put(
    name="A banner", src=StringIO("This host is managed.\n"), dest="/opt/bench/banner", mode="644"
)
files.put(
    name="A configuration file",
    src="files/limits.conf",
    dest="/opt/bench/conf.d/limits.conf",
    mode="640",
)
files.put(name="A program", src="files/tool.sh", dest="/opt/bench/tool.sh", mode="755")
files.template(
    name="A template",
    src="templates/app.conf.j2",
    dest="/opt/bench/app.conf",
    mode="644",
    app_name="bench",
    listen_port=8080,
    workers=4,
    features=features,
    jinja_env_kwargs={"trim_blocks": True},
)
files.template(
    name="A template with a list",
    src="templates/peers.list.j2",
    dest="/opt/bench/peers.list",
    mode="644",
    jinja_env_kwargs={"trim_blocks": True},
    peers=[{"name": name, "address": address} for name, address in peers],
)
files.file(name="A line of a new file: the file", path="/etc/bench.env", mode="644")
files.line(name="A line of a new file", path="/etc/bench.env", line="BENCH_HOME=/opt/bench")
files.line(
    name="A line that a pattern finds",
    path="/etc/default/useradd",
    line="^SHELL=.*$",
    replace="SHELL=/bin/bash",
)
files.link(name="A link", path="/opt/bench/current", target="/opt/bench/data")
apt.packages(name="Packages", packages=["curl", "ca-certificates", "wget"], present=True)
if not host.get_fact(File, path="/opt/bench/data/initialised"):
    server.shell(
        name="A command that runs once", commands=["touch /opt/bench/data/initialised"]
    )
lines = server.shell(name="A question by the shell", commands=["wc -l </opt/bench/app.conf"])
# The file is there once the operations above have run, so the condition is decided while they run.
files.put(
    name="A file on a condition",
    src=StringIO("enabled\n"),
    dest="/opt/bench/enabled",
    mode="644",
    _if=lambda: bool(host.get_fact(File, path="/opt/bench/tool.sh")),
)
files.file(name="A file that goes", path="/etc/issue.net", present=False)
files.file(name="A file that is not there", path="/opt/bench/lock", present=False)
files.directory(name="A private directory", path="/var/log/bench", mode="750")
files.file(name="Permissions", path="/opt/bench/tool.sh", mode="755")
files.put(
    name="A file on a condition that does not hold",
    src=StringIO("missing\n"),
    dest="/opt/bench/missing",
    mode="644",
    _if=lambda: not host.get_fact(File, path="/opt/bench/tool.sh"),
)
python.call(
    name="A message",
    function=lambda: logger.info(f"The configuration has {lines.stdout} lines"),
)
