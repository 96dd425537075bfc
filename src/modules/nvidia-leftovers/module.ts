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
import { type DkmsTree, readDkmsTrees } from '../../nvidia/dkms-trees.ts'
import { readDriverPackages } from '../../nvidia/driver-packages.ts'
import { initramfsNote } from '../../nvidia/initramfs-note.ts'
import { installedVersion, installerLog } from '../../nvidia/installer.ts'
import {
  kernelLineFile,
  type LeftoverLines,
  modprobeDirectory,
  readLeftoverLines,
} from '../../nvidia/leftover-files.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen extends LeftoverLines {
  readonly trees: readonly DkmsTree[]
  /** Whether the program dkms is installed. */
  readonly dkms: boolean
}

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
  const [trees, records, lines, dkms] = await Promise.all([
    readDkmsTrees(host),
    host.text(installerLog),
    readLeftoverLines(host, excluded),
    host.command('dkms'),
  ])
  const own = [version, installedVersion(records ?? '')]
  return {
    ...lines,
    trees: trees.filter((tree) => tree.name !== 'nvidia' || !own.includes(tree.version)),
    dkms: dkms !== undefined,
  }
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
      place: kernelLineFile,
      message: `${kernelLineFile}: "${text}" ${why}; remove it from /etc/kernel/cmdline or /etc/default/grub`,
    })),
  ]
}

function plan({ remove }: Args, seen: Seen): Plan {
  const { trees, files, dkms } = seen
  if (!remove) {
    const hint = '; nvidia_host_foreign_driver: remove removes it and keeps a copy'
    const changeable = ({ place }: Named): boolean => place !== kernelLineFile
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
