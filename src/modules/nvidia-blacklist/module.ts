/**
 * Prevents other drivers from binding to the NVIDIA cards at the next boot: writes a file in modprobe.d and
 * rebuilds every initramfs, since modules may be loaded before the root file system is mounted.
 *
 * The NVIDIA driver itself is loaded only by name: udev would load it before the cards of VMs are reserved, and
 * it takes all free cards at once. `blacklist` has no effect on loading by name (modprobe.d(5)).
 *
 * Records the rebuild in gpuplay's state, so that the run after an interrupted one rebuilds the images.
 */
import { known, knownOr } from '../../base/unknown.ts'
import type { Action } from '../../host/action.ts'
import { sha256Of } from '../../host/content.ts'
import type { Host } from '../../host/host.ts'
import { partitionSize } from '../../host/questions/system.ts'
import { actions, done, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { initramfsNote } from '../../nvidia/initramfs-note.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly text: string | undefined
  readonly noted: string | undefined
  readonly loaded: readonly string[]
  readonly room: Room | undefined
  readonly tool: string | undefined
}

/** In bytes; read only if images must be rebuilt. Unknown if an earlier task of a dry run may add images. */
export interface Room {
  readonly free: number
  readonly largestImage: number
  readonly largestKernel: number
  /** Sizes of the EFI system partitions that Proxmox copies kernels to. */
  readonly systemPartitions: readonly number[]
}

const bootUuids = '/etc/kernel/proxmox-boot-uuids'

export const nvidiaBlacklist = {
  name: 'nvidia_blacklist',
  summary:
    'Prevents nouveau and similar modules from binding to the NVIDIA cards, in the initramfs too, or allows it again.',
  args,
  result,
  exitCode: 4,
  probe,
  plan,
  report: (_, { loaded }) => ({ loaded }),
} satisfies Module<Args, Seen>

async function probe({ modules, path, state }: Args, host: Host): Promise<Seen> {
  const [text, noted, statuses] = await Promise.all([
    host.text(path),
    host.text(initramfsNote),
    Promise.all(modules.map((name) => host.kernelModule(name))),
  ])
  const loaded = modules.filter((_, index) => statuses[index]?.loaded === true)
  const wanted = state === 'present' ? fileText(modules) : undefined
  if (isRight({ text, noted }, wanted)) return { text, noted, loaded, room: undefined, tool: undefined }
  const [room, tool] = await Promise.all([host.maybe(readRoom(host)), host.command('update-initramfs')])
  return { text, noted, loaded, room: knownOr(room, undefined), tool }
}

async function readRoom(host: Host): Promise<Room> {
  const [names, free, uuids] = await Promise.all([
    host.list('/boot'),
    host.space('/boot'),
    host.text(bootUuids),
  ])
  const images = (names ?? []).filter((name) => /^(initrd\.img|vmlinuz)-/.test(name))
  const partitions = (uuids ?? '').split('\n').filter((uuid) => /^[0-9A-Fa-f-]+$/.test(uuid))
  const [sizes, blocks] = await Promise.all([
    Promise.all(images.map((name) => host.stat(`/boot/${name}`))),
    Promise.all(partitions.map((uuid) => host.ask(partitionSize({ device: `/dev/disk/by-uuid/${uuid}` })))),
  ])
  const largest = (prefix: string): number =>
    Math.max(
      0,
      ...images.map((name, index) => (name.startsWith(prefix) ? known(sizes[index]?.size ?? 0) : 0)),
    )
  return {
    free,
    largestImage: largest('initrd.img-'),
    largestKernel: largest('vmlinuz-'),
    systemPartitions: blocks.flatMap((size) => (size !== undefined && size > 0 ? [size] : [])),
  }
}

function isRight({ text, noted }: Pick<Seen, 'text' | 'noted'>, wanted: string | undefined): boolean {
  return text === wanted && noted === (wanted === undefined ? undefined : noteText(wanted))
}

function plan({ modules, path, state }: Args, seen: Seen): Plan {
  const { text, room, tool } = seen
  const wanted = state === 'present' ? fileText(modules) : undefined
  if (isRight(seen, wanted)) return done()
  if (tool === undefined)
    return refuse({
      code: 'no-initramfs-tools',
      message: 'update-initramfs is not installed on this node',
      hint: 'run `apt install initramfs-tools` on the node',
    })
  const problem = room && noRoom(room)
  if (problem) return refuse(problem)
  return actions(
    [text === wanted ? undefined : change(path, wanted), rebuild(wanted, seen), ...note(wanted)],
    {
      diffs: text === wanted ? [] : [{ title: path, before: text ?? '', after: wanted ?? '' }],
    },
  )
}

function change(path: string, wanted: string | undefined): Action {
  return wanted === undefined
    ? { kind: 'remove', path }
    : { kind: 'writeFile', path, content: { kind: 'text', text: wanted }, mode: '0644' }
}

/** Until a reboot, the modules stay as they are. */
function rebuild(wanted: string | undefined, { loaded }: Seen): Action {
  const gone = wanted === undefined ? [] : loaded
  return {
    kind: 'run',
    argv: ['update-initramfs', '-u', '-k', 'all'],
    detached: { name: 'update-initramfs', fingerprint: sha256Of(wanted ?? '') },
    timeout: 1800,
    label: 'rebuild the initramfs of every kernel',
    hint: 'see the output of update-initramfs; the usual cause is a full /boot or EFI partition',
    effects: [
      {
        kind: 'unknown',
        resources: ['file:/boot/initrd.img-*'],
        why: 'an earlier action rebuilds the initramfs',
      },
      ...gone.map((name) => ({
        kind: 'kernelModule' as const,
        name,
        becomes: { loaded: false },
        afterBoot: true,
      })),
    ],
  }
}

/** Last, so that the run after an interrupted one rebuilds the images. */
function note(wanted: string | undefined): readonly Action[] {
  if (wanted === undefined) return [{ kind: 'remove', path: initramfsNote }]
  return [
    { kind: 'makeDirectory', path: initramfsNote.slice(0, initramfsNote.lastIndexOf('/')), mode: '0700' },
    {
      kind: 'writeFile',
      path: initramfsNote,
      content: { kind: 'text', text: noteText(wanted) },
      mode: '0600',
      label: 'record that every initramfs is rebuilt',
    },
  ]
}

/**
 * A new image is written next to the old one and copied with its kernel to each EFI system partition, which
 * contains at least two.
 */
function noRoom({ free, largestImage, largestKernel, systemPartitions }: Room): Refusal | undefined {
  const hint = 'remove old kernels (apt autoremove --purge), then run again'
  if (free < largestImage * 1.1)
    return {
      code: 'no-space',
      message: `/boot has ${mebibytes(free)} free, but a new initramfs needs ${mebibytes(largestImage * 1.1)}`,
      hint,
    }
  const needed = 2 * (largestImage + largestKernel)
  const small = systemPartitions.find((size) => size < needed)
  if (small === undefined) return undefined
  return {
    code: 'no-space',
    message: `an EFI system partition has ${mebibytes(small)}, but two kernels with their initramfs need ${mebibytes(needed)}`,
    hint,
  }
}

function fileText(modules: readonly string[]): string {
  const lines = modules.map((name) => `blacklist ${name}`)
  const options = modules.includes('nouveau') ? ['options nouveau modeset=0'] : []
  return [
    '# Kept by gpuplay: these would take the NVIDIA cards before the NVIDIA driver does.',
    ...lines,
    ...options,
    '# gpuplay-nvidia.service loads these by name, after it has reserved the cards of VMs. nvidia_drm needs nvidia.',
    'blacklist nvidia',
    'blacklist nvidia_drm',
    '',
  ].join('\n')
}

function noteText(wanted: string): string {
  return `${sha256Of(wanted)}\n`
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`
}
