/**
 * Finds what earlier drivers and guides for passthrough left on a node: sources that DKMS builds for every new
 * kernel, and lines in /etc/modprobe.d that keep the driver from its cards. Warns of them, or removes them and
 * keeps copies in gpuplay's directory for backups.
 *
 * Says nothing while driver packages are installed: these own such files, and `nvidia_foreign_driver` decides
 * about them.
 */
import type { Action, Effect } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan } from '../../host/plan.ts'
import { backupDirectory } from '../../host/work-directory.ts'
import { readCards, readVmOwners } from '../../nvidia/cards.ts'
import { type DkmsTree, readDkmsTrees } from '../../nvidia/dkms-trees.ts'
import { readDriverPackages } from '../../nvidia/driver-packages.ts'
import { initramfsNote } from '../../nvidia/initramfs-note.ts'
import { installedVersion, installerLog } from '../../nvidia/installer.ts'
import {
  kernelLineLeftovers,
  type ModprobeLeftover,
  modprobeLeftovers,
  namesNvidiaForVfio,
  withoutModprobeLeftovers,
} from '../../nvidia/modprobe-leftovers.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly trees: readonly DkmsTree[]
  /** Files of /etc/modprobe.d with leftovers. */
  readonly files: readonly LeftoverFile[]
  readonly kernelLine: readonly Pick<ModprobeLeftover, 'text' | 'why'>[]
  /** Whether the program dkms is installed. */
  readonly dkms: boolean
}

interface LeftoverFile {
  readonly path: string
  readonly text: string
  /** Without the leftovers. */
  readonly cleaned: string
  readonly leftovers: readonly ModprobeLeftover[]
}

const modprobeDirectory = '/etc/modprobe.d'
const kernelLine = '/proc/cmdline'

export const nvidiaLeftovers = {
  name: 'nvidia_leftovers',
  summary: 'Warns of what earlier NVIDIA drivers left on a node, or removes it.',
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (_, seen) => ({ found: named(seen).map(({ place }) => place) }),
  mayChange: ({ remove }) =>
    remove === false
      ? []
      : [
          `file:${modprobeDirectory}/*`,
          'file:/var/lib/dkms/*',
          'file:/lib/modules/*',
          `file:${initramfsNote}`,
        ],
} satisfies Module<Args, Seen>

const nothing: Seen = { trees: [], files: [], kernelLine: [], dkms: false }

async function probe({ version, exclude_gpus: excluded }: Args, host: Host): Promise<Seen> {
  if ((await readDriverPackages(host)).length > 0) return nothing
  const [trees, records, names, commandLine, dkms] = await Promise.all([
    readDkmsTrees(host),
    host.text(installerLog),
    host.list(modprobeDirectory),
    host.text(kernelLine),
    host.command('dkms'),
  ])
  const own = [version, installedVersion(records ?? '')]
  const paths = (names ?? [])
    .filter((name) => name.endsWith('.conf'))
    .map((name) => `${modprobeDirectory}/${name}`)
  const texts = await Promise.all(paths.map((path) => host.text(path)))
  const vfio = [...texts, commandLine].some((text) => namesNvidiaForVfio(text ?? ''))
  const staying = vfio ? await readStaying(excluded, host) : []
  const stays = (device: string): boolean => staying.includes(device)
  const files = paths.flatMap((path, index): readonly LeftoverFile[] => {
    const text = texts[index] ?? ''
    const leftovers = modprobeLeftovers(text, stays)
    return leftovers.length === 0
      ? []
      : [{ path, text, cleaned: withoutModprobeLeftovers(text, stays), leftovers }]
  })
  return {
    trees: trees.filter((tree) => tree.name !== 'nvidia' || !own.includes(tree.version)),
    files,
    kernelLine: kernelLineLeftovers(commandLine ?? '', stays),
    dkms: dkms !== undefined,
  }
}

/** Device ids of the cards that belong to a VM or are excluded, with all their functions. */
async function readStaying(excluded: readonly string[], host: Host): Promise<readonly string[]> {
  const devices = '/sys/bus/pci/devices'
  const [cards, owners, present] = await Promise.all([
    readCards(host),
    readVmOwners(host),
    host.list(devices),
  ])
  const kept = excluded.map((address) => address.toLowerCase())
  const slots = cards
    .filter(({ pci }) => owners.has(pci) || kept.includes(pci))
    .map(({ pci }) => pci.replace(/\d$/, ''))
  const functions = (present ?? []).filter((name) =>
    slots.some((slot) => name.toLowerCase().startsWith(slot)),
  )
  const ids = await Promise.all(functions.map((name) => host.text(`${devices}/${name}/device`)))
  return ids.map((id) => (id ?? '').trim().toLowerCase().replace(/^0x/, ''))
}

interface Named {
  readonly place: string
  readonly message: string
}

function named({ trees, files, kernelLine: words }: Seen): readonly Named[] {
  return [
    ...trees.map(({ name, version, path }) => ({
      place: path,
      message: `${path}: DKMS builds ${name} ${version} for every new kernel, but that driver is not installed`,
    })),
    ...files.flatMap(({ path, leftovers }) =>
      leftovers.map(({ line, text, why }) => ({
        place: `${path}:${line}`,
        message: `${path}:${line}: "${text}" ${why}`,
      })),
    ),
    ...words.map(({ text, why }) => ({
      place: kernelLine,
      message: `${kernelLine}: "${text}" ${why}; remove it from /etc/kernel/cmdline or /etc/default/grub`,
    })),
  ]
}

function plan({ remove }: Args, seen: Seen): Plan {
  const { trees, files, dkms } = seen
  if (!remove) {
    const hint = '; nvidia_host_foreign_driver: remove removes it and keeps a copy'
    const changeable = ({ place }: Named): boolean => place !== kernelLine
    return done(named(seen).map((one) => one.message + (changeable(one) ? hint : '')))
  }
  const warnings = named({ ...seen, trees: [], files: [] }).map(({ message }) => message)
  if (trees.length === 0 && files.length === 0) return done(warnings)
  return actions(
    [
      {
        kind: 'remove',
        path: initramfsNote,
        label: 'record that every initramfs must be rebuilt',
      },
      ...trees.flatMap((tree) => (tree.whole && dkms ? [removeByDkms(tree)] : removeByHand(tree))),
      ...files.map(({ path, cleaned }): Action => {
        return {
          kind: 'writeFile',
          path,
          content: { kind: 'text', text: cleaned },
          backup: true,
          backupDirectory,
          label: `disable leftovers of another driver in ${path}`,
        }
      }),
    ],
    {
      warnings,
      diffs: [
        ...trees.map(({ path }) => ({ title: path, before: 'present\n', after: '' })),
        ...files.map(({ path, text, cleaned }) => ({ title: path, before: text, after: cleaned })),
      ],
    },
  )
}

function removeByDkms({ name, version, path }: DkmsTree): Action {
  return {
    kind: 'run',
    argv: ['dkms', 'remove', '-m', name, '-v', version, '--all'],
    timeout: 600,
    label: `remove ${name} ${version} from DKMS; its sources stay in /usr/src`,
    effects: gone(path),
  }
}

/** dkms does not remove a tree without sources. */
function removeByHand({ name, version, path, installed }: DkmsTree): readonly Action[] {
  const copy = `${backupDirectory}/dkms-${name}-${version}`
  return [
    ...installed.flatMap(({ kernel, link, files }): readonly Action[] => [
      ...[...files, link].map((file): Action => ({ kind: 'remove', path: file, label: `remove ${file}` })),
      {
        kind: 'run',
        argv: ['depmod', kernel],
        label: `update the list of modules of ${kernel}`,
        effects: [{ kind: 'unknown', resources: [`file:/lib/modules/${kernel}/*`], why: removed }],
      },
    ]),
    { kind: 'makeDirectory', path: backupDirectory, mode: '0700' },
    {
      kind: 'run',
      argv: ['mv', '-T', '--backup=numbered', path, copy],
      label: `move ${path}, whose sources are gone, to ${copy}`,
      effects: [...gone(path), { kind: 'unknown', resources: [`file:${backupDirectory}/*`], why: removed }],
    },
  ]
}

const removed = 'an earlier action removes the modules of another driver'

function gone(path: string): readonly Effect[] {
  return [
    { kind: 'file', name: path, becomes: { kind: 'absent' } },
    { kind: 'unknown', resources: ['file:/lib/modules/*'], why: removed },
  ]
}
