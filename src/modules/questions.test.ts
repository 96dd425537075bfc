/** All questions, and command lines that no question can become. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fits, isQuestion, type Slot, type Words } from '../host/question.ts'

type Patterns = ReadonlyMap<string, Words>

const folders = ['../host/questions', '../apt', '../nvidia', '../proxmox']

const all: Patterns = await gather()

test('modules can ask exactly these questions', () => {
  assert.deepEqual(
    [...all.values()].map((words) => words.map(textOf).join(' ')).sort(),
    [
      '{directory}/nvcc --version',
      'apt-cache madison {names...}',
      'apt-cache pkgnames {prefix}',
      'apt-cache policy {names...}',
      'apt-get -s [-y --install-recommends --no-install-recommends --allow-downgrades --reinstall --auto-remove] (install|remove|purge|autoremove) {names...}',
      'base64 -w0 {path}',
      'cat /proc/net/tcp /proc/net/tcp6',
      'cat /proc/net/tcp /proc/net/tcp6',
      'ceph --connect-timeout 10 health --format json',
      'cuda-probe',
      'date +%s',
      'device-probe {devices...}',
      'dkms status',
      'docker run --rm --pull=never --network=none --gpus=all {image} nvidia-smi --query-gpu=uuid,pci.bus_id,mig.mode.current --format=csv,noheader',
      'dpkg --print-architecture',
      'dpkg-deb -W --showformat=${Package} ${Version}\\n {path}',
      'dpkg-query -W -f ${db:Status-Status} ${Package} ${Version} ${Architecture}\\n',
      'dpkg-query -W -f ${db:Status-Status} ${Package} ${Version}\\n {patterns...}',
      'find /var/lib/apt/lists -maxdepth 0 -newer (/var/lib/apt/periodic/update-success-stamp|/var/lib/apt/periodic/update-stamp)',
      'find (/var/lib/apt/periodic/update-success-stamp|/var/lib/apt/periodic/update-stamp) -maxdepth 0 -newermt {time}',
      'find /proc -mindepth 1 -maxdepth 3 ( -path /proc/[!1-9]* -o -path /proc/*/* ! -path /proc/*/fd ! -path /proc/*/fd/* ) -prune -o -lname /dev/nvidia[0-9]* -printf %P %l\\n',
      'find {root} -mindepth 1 ( -path {directory} -o -regex {devices} -printf %y %m %U %G /%P\\n -ls ) -o -prune',
      'find -H {directories...} -mindepth 1 -maxdepth {depth} -printf (%y\\t%m\\t%s\\t%U\\t%G\\t%T@\\t%T@\\t%p\\0|%y\\t%m\\t%s\\t%U\\t%G\\t%T@\\t%A@\\t%p\\0|%y\\t%m\\t%s\\t%U\\t%G\\t%T@\\t%C@\\t%p\\0)',
      'find {paths...} -newer (/var/lib/apt/periodic/update-success-stamp|/var/lib/apt/periodic/update-stamp)',
      'flock -n -s {alive} true',
      'getent ahosts {names...}',
      'git --no-optional-locks -c core.fsmonitor=false -C / ls-remote --symref {repo} {refs...}',
      'git --no-optional-locks -c core.fsmonitor=false -C {directory} config --get remote.origin.url',
      'git --no-optional-locks -c core.fsmonitor=false -C {directory} rev-parse --verify --quiet HEAD',
      'git --no-optional-locks -c core.fsmonitor=false -C {directory} status --porcelain --untracked-files=no',
      'grep -lsaZE -e {pattern} -- {files...}',
      'grep -lsxF 0x10de {files...}',
      'head -c 0 {path}',
      'hostname --fqdn',
      'lsblk -bndo SIZE {device}',
      'modinfo -k {kernel} -F license nvidia nvidia-current nvidia-current-open',
      'modinfo -k {kernel} -F signer (nvidia|nvidia-current|nvidia-current-open)',
      'modinfo -k {kernel} -F version nvidia nvidia-current nvidia-current-open',
      'mokutil --test-key /var/lib/dkms/mok.pub',
      'nproc',
      'nvidia-ctk cdi list',
      'nvidia-smi --query-gpu=pci.bus_id,persistence_mode,power.limit --format=csv,noheader,nounits',
      'nvidia-smi --query-gpu=pci.bus_id,uuid --format=csv,noheader',
      'nvidia-smi --query-gpu=uuid,pci.bus_id,mig.mode.current --format=csv,noheader',
      'pvecm status',
      'pveversion',
      'systemctl is-system-running',
      'systemctl list-unit-files --type=service --no-legend --no-pager',
      'systemctl list-units --type=service --all --plain --no-legend --no-pager',
      'systemctl show -p NeedDaemonReload {unit}',
      'systemd-detect-virt',
      'tar --compare --force-local --file {archive} --directory {directory} --strip-components {strip}',
      'tcp-probe {seconds} {address} {port}',
      'uname -m',
    ].sort(),
  )
})

test('all questions are declared in known places and are in this list', () => {
  const source = join(import.meta.dirname, '..')
  const declared = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(name))
    .filter((name) => name !== 'host/question.ts')
    .flatMap((name) => readFileSync(join(source, name), 'utf8').match(/\bquestion(?:About)?\(\{/g) ?? [])
  assert.equal(declared.length, all.size)
})

/** Each of them changes a host, or runs a program other than the one that it names. */
const holes: readonly string[] = [
  'systemctl --failed reboot',
  'systemctl --failed stop pveproxy',
  'apt-get -s --simulate=false install x',
  'apt-get -s -o APT::Get::Simulate=false install x',
  'apt-cache policy -o Dir::Cache::pkgcache=/etc/passwd',
  'nvcc /tmp/x.cu',
  'lxc-info -o FILE -l DEBUG',
  'lspci -q',
  'journalctl --rotat',
  'journalctl --vacuum-siz=1K',
  'udevadm info --cleanup',
  'mountpoint -qx /dev/sda',
  'nvidia-smi mig -dgi -lgi',
  './cat /proc/net/tcp /proc/net/tcp6',
  '/tmp/evil/cat /proc/net/tcp /proc/net/tcp6',
  // Similar command lines.
  'systemctl show -p NeedDaemonReload --host=other',
  'apt-get -s --no-s install x',
  'apt-get -s update',
  'apt-get install x',
  'find / -delete',
  'find -H / -delete -mindepth 1 -maxdepth 1 -printf x',
  'date -s 2020-01-01',
  'tar --extract --file /x',
  'tar --compare --force-local --file /x --directory /y --strip-components 0 --to-command=reboot',
  'tar --compare --force-local --file /x --directory --to-command=reboot --strip-components 0',
  'date +%s -s 2020-01-01',
  'base64 -w0 --files0-from=x',
  'find -delete -newer /var/lib/apt/periodic/update-success-stamp',
  'head -c 0 /dev/st0',
  '/usr/local/cuda-12.4/../../tmp/nvcc --version',
  'mokutil --test-key /x --import /y',
  'hostname other',
  'dkms remove -m nvidia',
  'getent shadow root',
  'git --no-optional-locks -c core.fsmonitor=/tmp/x -C / ls-remote --symref x HEAD',
  'git --no-optional-locks -c core.fsmonitor=false -C / ls-remote --symref ext::reboot HEAD',
  'git --no-optional-locks -c core.fsmonitor=false -C / ls-remote --symref --upload-pack=reboot HEAD',
  'git --no-optional-locks -c core.fsmonitor=false -C /x config --get --unset remote.origin.url',
  'grep -lsaZE -e x -f /etc/shadow -- /x',
  'getent ahosts --service=files x',
]

for (const line of holes) {
  test(`no question can become "${line}"`, () => {
    const words = line.split(' ')
    assert.deepEqual(
      [...all].filter(([, pattern]) => admits(pattern, words)).map(([name]) => name),
      [],
    )
  })
}

test('the check for holes can fail: it finds the questions for permitted lines', () => {
  const asked = (line: string): readonly string[] =>
    [...all].filter(([, pattern]) => admits(pattern, line.split(' '))).map(([name]) => name)
  assert.deepEqual(asked('apt-get -s -y --reinstall install jq curl'), ['aptSimulation'])
  assert.deepEqual(asked('/usr/local/cuda-12.4/bin/nvcc --version'), ['compilerRelease'])
  assert.deepEqual(asked('find /etc/a /etc/b -newer /var/lib/apt/periodic/update-success-stamp'), [
    'changedSinceFetch',
  ])
})

test('no value is read as an option or adds an argument', () => {
  const places = [...all].flatMap(([name, words]) =>
    words.flatMap((part) =>
      typeof part === 'string' || !(part.fits instanceof RegExp) ? [] : [{ name, part }],
    ),
  )
  const hostile = fc.oneof(
    fc.string(),
    fc.string().map((text) => `-${text}`),
    fc.string().map((text) => `/etc/../${text}`),
    fc.string().map((text) => `${text}\nx`),
  )
  fc.assert(
    fc.property(fc.constantFrom(...places), hostile, ({ part }, value) => {
      if (!fits(part, value)) return
      assert.ok(!value.startsWith('-') && !/[\n\0]/.test(value) && !/(?:^|\/)\.\.(?:\/|$)/.test(value))
    }),
    { numRuns: 2000 },
  )
})

/** By the name under which each is exported. */
async function gather(): Promise<Patterns> {
  const found = new Map<string, Words>()
  for (const folder of folders) {
    const names = readdirSync(join(import.meta.dirname, folder)).filter((name) =>
      /(?<!\.test)\.ts$/.test(name),
    )
    for (const name of names) {
      const exported: unknown = await import(`${folder}/${name}`)
      for (const [key, value] of Object.entries(Object(exported)))
        if (isQuestion(value) || hasWords(value)) found.set(key, value.words)
    }
  }
  return found
}

function hasWords(value: unknown): value is { readonly words: Words } {
  return typeof value === 'function' && 'words' in value
}

function textOf(part: string | Slot): string {
  if (typeof part === 'string') return part
  const { name, takes, fits: wanted, program } = part
  if (!(wanted instanceof RegExp)) return takes === 'many' ? `[${wanted.join(' ')}]` : `(${wanted.join('|')})`
  return `{${name}${takes === 'many' ? '...' : ''}}${program === undefined ? '' : `/${program}`}`
}

/** Whether the pattern admits these words for some values. */
function admits(pattern: readonly (string | Slot)[], words: readonly string[]): boolean {
  const [part, ...rest] = pattern
  const [word, ...others] = words
  if (part === undefined) return word === undefined
  if (typeof part === 'string') return part === word && admits(rest, others)
  if (part.takes === 'many' && admits(rest, words)) return true
  const end = part.program === undefined ? '' : `/${part.program}`
  if (word === undefined || !word.endsWith(end)) return false
  if (!fits(part, word.slice(0, word.length - end.length))) return false
  return admits(part.takes === 'many' ? pattern : rest, others)
}
