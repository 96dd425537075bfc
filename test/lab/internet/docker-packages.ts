/** Docker's packages, and NVIDIA's container toolkit: programs that read the same files as the real ones. */
import { type PackageFile, program, type PracticePackage } from './package.ts'

const docker = '5:29.1.3-1~debian.12~bookworm'
const toolkit = '1.18.1-1'
const library = '/usr/lib/x86_64-linux-gnu'
/** The configuration that the daemon has loaded: it reads the file only when it starts. */
const loaded = '/run/docker-daemon.json'
const images = '/var/lib/docker/images'

/** Like dockerd, it does not start with a configuration that is not JSON. */
const dockerd = program(`config=/etc/docker/daemon.json
[ -e "$config" ] || { echo '{}' >${loaded}; exec sleep infinity; }
/usr/lib/lab/node -e 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))' "$config" ||
  { echo "unable to configure the Docker daemon with file $config: invalid character" >&2; exit 1; }
cp "$config" ${loaded}
exec sleep infinity
`)

/**
 * `docker pull IMAGE` and `docker run [--OPTION...] IMAGE PROGRAM...`: runs the program without a container,
 * if a real one could start with the GPUs.
 */
const client =
  program(`fail() { echo "docker: Error response from daemon: $1" >&2; printf '\\nRun %s\\n' "'docker run --help' for more information" >&2; exit 125; }
case $1 in
--version) echo 'Docker version 29.1.3, build f52814d'; exit ;;
esac
systemctl -q is-active docker ||
  { echo 'failed to connect to the docker API at unix:///var/run/docker.sock' >&2; exit 1; }
verb=$1
shift
case $verb in
pull) mkdir -p ${images} && : >"${images}/$(echo "$1" | tr / _)"; exit ;;
run) ;;
*) exit 1 ;;
esac
gpus=
while :; do
  case $1 in
  --gpus=*) gpus=yes; shift ;;
  --*) shift ;;
  *) break ;;
  esac
done
image=$1
shift
[ -e "${images}/$(echo "$image" | tr / _)" ] || fail "No such image: $image"
grep -q ' /dev/.lxc/proc ' /proc/self/mountinfo ||
  fail 'failed to create task for container: error mounting "proc" to rootfs at "/proc": permission denied'
[ -z "$gpus" ] || {
  grep -q '"cdi": true' ${loaded} || fail 'could not select device driver "" with capabilities: [[gpu]]'
  ls /etc/cdi/*.yaml >/dev/null 2>&1 ||
    fail 'CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all'
  for path in $(sed -n 's/^ *- \\(hostPath\\|path\\): //p' /etc/cdi/nvidia.yaml); do
    [ -e "$path" ] || fail "CDI device injection failed: $path: no such file or directory"
  done
  awk 'NR == 1 && $2 == 0 { exit 1 }' /proc/self/uid_map && ! grep -q '^no-cgroups = true' /etc/nvidia-container-runtime/config.toml &&
    fail 'error running prestart hook #0: failed to add device rules: bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted'
}
exec "$@"
`)

const service: PackageFile = {
  text: `[Unit]
Description=Docker Application Container Engine (practice)
After=network-online.target

[Service]
ExecStart=/usr/bin/dockerd
Restart=no

[Install]
WantedBy=multi-user.target
`,
}

const started =
  'getent group docker >/dev/null || groupadd --system docker\n' +
  'systemctl daemon-reload && systemctl enable docker && systemctl restart docker\n'
const stopped = 'systemctl disable --now docker || :\n'

export const dockerPackages: readonly PracticePackage[] = [
  { name: 'containerd.io', version: '2.2.0-1~debian.12~bookworm', fields: { Conflicts: 'containerd, runc' } },
  { name: 'docker-ce-cli', version: docker, files: { '/usr/bin/docker': client } },
  {
    name: 'docker-ce',
    version: docker,
    files: { '/usr/bin/dockerd': dockerd, '/lib/systemd/system/docker.service': service },
    postinst: started,
    prerm: stopped,
    fields: { Depends: 'docker-ce-cli, containerd.io', Conflicts: 'docker.io' },
  },
  { name: 'docker-buildx-plugin', version: '0.30.1-1~debian.12~bookworm' },
  { name: 'docker-compose-plugin', version: '5.0.0-1~debian.12~bookworm' },
]

/** The distribution's own package. */
export const distributionDocker: PracticePackage = {
  name: 'docker.io',
  version: '20.10.24+dfsg1-1+deb12u1',
  files: {
    '/usr/bin/docker': client,
    '/usr/sbin/dockerd': dockerd,
    '/usr/bin/dockerd': dockerd,
    '/lib/systemd/system/docker.service': service,
  },
  postinst: started,
  prerm: stopped,
}

/** The head of the file that `nvidia-ctk config` writes. */
const config = `#accept-nvidia-visible-devices-as-volume-mounts = false
disable-require = false

[nvidia-container-cli]
environment = []
#ldcache = "/etc/ld.so.cache"
ldconfig = "@/sbin/ldconfig"
load-kmods = true
#no-cgroups = false

[nvidia-container-runtime]
mode = "auto"
`

const ctk = program(`case "$1 $2" in
'--version '*) echo 'NVIDIA Container Toolkit CLI version 1.18.1' ;;
'cdi list') sed -n 's/^ *- name: "\\{0,1\\}\\([^"]*\\)"\\{0,1\\}$/nvidia.com\\/gpu=\\1/p' /etc/cdi/*.yaml 2>/dev/null | sort -u ;;
'cdi generate')
  [ "$3" = --output ] || exit 1
  uuids=$(nvidia-smi --query-gpu=uuid --format=csv,noheader) ||
    { echo 'failed to generate CDI spec: failed to create device CDI specs: failed to initialize NVML: Driver/library version mismatch' >&2; exit 1; }
  version=$(readlink ${library}/libcuda.so.1)
  devices=$(ls /dev | grep -E '^nvidia[0-9]+$')
  nodes() { printf '    containerEdits:\\n      deviceNodes:\\n'; for node in "$@"; do printf '        - path: /dev/%s\\n' "$node"; done; }
  {
    printf -- '---\\ncdiVersion: 0.5.0\\nkind: nvidia.com/gpu\\ndevices:\\n'
    number=0
    for device in $devices; do printf '  - name: "%s"\\n' $number; nodes "$device"; number=$((number + 1)); done
    printf '  - name: all\\n'
    nodes $devices
    printf 'containerEdits:\\n  deviceNodes:\\n    - path: /dev/nvidiactl\\n  mounts:\\n    - hostPath: ${library}/%s\\n' "$version"
  } >"$4.new" && mv "$4.new" "$4"
  ;;
*) exit 1 ;;
esac
`)

const configFile = '/etc/nvidia-container-runtime/config.toml'

export const containerToolkitPackages: readonly PracticePackage[] = [
  { name: 'libnvidia-container1', version: toolkit },
  {
    name: 'libnvidia-container-tools',
    version: toolkit,
    fields: { Depends: `libnvidia-container1 (>= ${toolkit})` },
  },
  {
    name: 'nvidia-container-toolkit-base',
    version: toolkit,
    files: { '/usr/bin/nvidia-ctk': ctk, '/usr/share/nvidia-ctk/config.toml': { text: config } },
    postinst: `[ -e ${configFile} ] || install -D -m 644 /usr/share/nvidia-ctk/config.toml ${configFile}\n`,
  },
  {
    name: 'nvidia-container-toolkit',
    version: toolkit,
    fields: {
      Depends: `nvidia-container-toolkit-base (= ${toolkit}), libnvidia-container-tools (>= ${toolkit})`,
    },
  },
]
