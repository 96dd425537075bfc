/**
 * A kernel parameter (sysctl(8)): its value now, and at every boot by a file in /etc/sysctl.d (sysctl.d(5)).
 */
import type { Action, Effect } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse, type Refusal } from '../../host/plan.ts'
import { resource } from '../../host/resource.ts'
import type { Module } from '../module.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly container: boolean
  /** As the kernel writes it; undefined if there is no such parameter. */
  readonly current: string | undefined
  /** Our file, read at boot. */
  readonly boot: string | undefined
  /** Whether the directory of that file exists; a minimal system may lack it. */
  readonly directory: boolean
}

export const sysctl = {
  name: 'sysctl',
  summary: 'Sets a kernel parameter, now and at every boot.',
  args,
  result,
  probe,
  plan,
  report: ({ name }, { current }) => ({ name, value: current?.trim() ?? null }),
} satisfies Module<Args, Seen>

async function probe({ name }: Args, host: Host): Promise<Seen> {
  const [current, boot, directory] = await Promise.all([
    host.text(procFile(name)),
    host.text(bootFile(name)),
    host.stat(bootDirectory, { follow: true }),
  ])
  return { container: host.placement.ctid !== undefined, current, boot, directory: directory !== undefined }
}

function plan({ name, value = '', state }: Args, { container, current, boot, directory }: Seen): Plan {
  const path = bootFile(name)
  if (state === 'absent')
    return boot === undefined
      ? done()
      : actions([{ kind: 'remove', path }], {
          diffs: [contentDiff({ title: path, before: boot, after: undefined })],
          warnings: [`${name} keeps its current value until the next boot`],
        })
  if (container && !belongsToContainers(name)) return refuse(onNodeOnly(name))
  if (current === undefined) return refuse(noParameter(name, container))
  const wanted = valueText(String(value), current)
  const text = bootText(name, String(value))
  const [differs, differsAtBoot] = [!isSame(current, wanted), boot !== text]
  return actions(
    [
      // First, so that a value that the kernel rejects does not wait for the next boot.
      differs ? set(name, wanted) : undefined,
      differsAtBoot && !directory ? { kind: 'makeDirectory', path: bootDirectory } : undefined,
      differsAtBoot ? { kind: 'writeFile', path, content: { kind: 'text', text }, mode: '0644' } : undefined,
    ],
    {
      diffs: [
        ...(differs ? [{ title: name, before: current, after: wanted }] : []),
        ...(differsAtBoot ? [contentDiff({ title: path, before: boot, after: text })] : []),
      ],
    },
  )
}

/**
 * A container has its own network stack; other parameters are shared with the node or read-only in it
 * (lxc.container.conf(5), `proc:mixed`).
 */
function belongsToContainers(name: string): boolean {
  return partsOf(name)[0] === 'net'
}

function onNodeOnly(name: string): Refusal {
  return {
    code: 'no-kernel-in-containers',
    message: `a container cannot set ${name}: a container has its own value only for parameters below net`,
    hint: 'use this task on its node, where it applies to all containers',
  }
}

function noParameter(name: string, container: boolean): Refusal {
  return {
    code: 'no-such-parameter',
    message: `${container ? 'the container' : 'the kernel'} has no parameter ${name}`,
    hint: container
      ? 'check the name; some parameters below net exist only on the node'
      : 'check the name; a parameter of a kernel module appears when the module is loaded',
  }
}

const bootDirectory = '/etc/sysctl.d'

/**
 * Files are read in the order of their names, and the last one that sets a parameter wins: distributions and
 * administrators number theirs.
 */
function bootFile(name: string): string {
  return `${bootDirectory}/zz-gpuplay-${partsOf(name).join('.').replaceAll('/', '-')}.conf`
}

function bootText(name: string, value: string): string {
  return `# Written by gpuplay.\n${partsOf(name).join('/')} = ${value.trim().split(/\s+/).join(' ')}\n`
}

function procFile(name: string): string {
  return `/proc/sys/${partsOf(name).join('/')}`
}

/**
 * If the first separator is a slash, dots belong to the parts; if it is a dot, a slash stands for a dot
 * (sysctl.d(5)).
 */
function partsOf(name: string): readonly string[] {
  if (/^[^./]*\//.test(name)) return name.split('/')
  return name.split('.').map((part) => part.replaceAll('/', '.'))
}

/**
 * The value in the form in which the kernel writes the current one: several numbers have tabs between them.
 */
function valueText(value: string, current: string): string {
  const [words, before] = [value.trim().split(/\s+/), current.trim().split(/\s+/)]
  const separators = words.length === before.length ? (current.trim().match(/\s+/g) ?? []) : []
  return `${words
    .map((word, index) => `${word}${separators[index] ?? ' '}`)
    .join('')
    .trimEnd()}\n`
}

function isSame(current: string, wanted: string): boolean {
  return current.trim().split(/\s+/).join(' ') === wanted.trim().split(/\s+/).join(' ')
}

function set(name: string, wanted: string): Action {
  const value = wanted.trim()
  return {
    kind: 'run',
    // sysctl(8) comes with procps, which a container may lack.
    argv: ['sh', '-c', `printf '%s\\n' "$2" >"$1"`, 'sh', procFile(name), value],
    timeout: 30,
    label: `set ${name} to ${value}`,
    hint: 'the kernel rejects values that are out of range; see the documentation of the parameter',
    effects: [
      ...others(name),
      { kind: 'file', name: procFile(name), becomes: { kind: 'file', text: wanted } },
    ],
  }
}

/**
 * Parameters that the kernel changes along with another one (Documentation/networking/ip-sysctl.rst,
 * Documentation/admin-guide/sysctl/vm.rst).
 */
const together: readonly { readonly sets: RegExp; readonly changes: readonly string[] }[] = [
  {
    sets: /^net\/ipv4\/(ip_forward|conf\/all\/forwarding)$/,
    changes: ['net/ipv4/ip_forward', 'net/ipv4/conf/*'],
  },
  { sets: /^net\/ipv6\/conf\/all\/(forwarding|disable_ipv6)$/, changes: ['net/ipv6/conf/*'] },
  { sets: /^vm\/dirty_(bytes|ratio)$/, changes: ['vm/dirty_bytes', 'vm/dirty_ratio'] },
  {
    sets: /^vm\/dirty_background_(bytes|ratio)$/,
    changes: ['vm/dirty_background_bytes', 'vm/dirty_background_ratio'],
  },
  { sets: /^vm\/overcommit_(kbytes|ratio)$/, changes: ['vm/overcommit_kbytes', 'vm/overcommit_ratio'] },
]

function others(name: string): readonly Effect[] {
  const path = partsOf(name).join('/')
  const found = together.find(({ sets }) => sets.test(path))
  if (found === undefined) return []
  const resources = found.changes.map((each) => resource('file', `/proc/sys/${each}`))
  return [{ kind: 'unknown', resources, why: `setting ${name} also changes others` }]
}
