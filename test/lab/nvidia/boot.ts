/**
 * What the kernel of a lab node does before systemd starts services: it chooses itself among the installed kernels,
 * finds the cards, and loads what the initramfs and udev would load. Run once a boot, by lab-hardware.service.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { nodeSpec, shownDir, writeKernel, type KernelState } from './kernel.ts'
import { load } from './kmod.ts'
import { type ModprobeConfig, modprobeText, parseModprobe } from './module-files.ts'
import { Exit, exists, namesIn, overwrite, run, runMain, textOf } from './system.ts'

const bootsFile = '/var/lib/lab/boots'

export function boot(): number {
  const release = chooseKernel()
  const boots = Number(textOf(bootsFile) ?? 0) + 1
  mkdirSync('/var/lib/lab', { recursive: true })
  writeFileSync(bootsFile, `${boots}\n`)
  layOut(release)
  const state: KernelState = {
    release,
    boots,
    loads: 0,
    loaded: [],
    majors: {},
    opened: [],
    persistence: [],
    powerLimits: {},
    mig: [],
    cuda: {},
  }
  writeKernel(state)
  cover()
  loadAtBoot(state)
  writeKernel(state)
  return 0
}

/** The pinned kernel, else the newest that is installed. */
export function chooseKernel(): string {
  const installed = namesIn('/boot')
    .filter((name) => name.startsWith('vmlinuz-'))
    .map((name) => name.slice('vmlinuz-'.length))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const once = textOf('/etc/kernel/next-boot-pin')?.trim()
  if (once !== undefined) rmSync('/etc/kernel/next-boot-pin')
  const pinned = once ?? textOf('/etc/kernel/proxmox-boot-pin')?.trim()
  const release = pinned !== undefined && installed.includes(pinned) ? pinned : installed.at(-1)
  if (release === undefined) throw new Exit(1, 'no kernel in /boot')
  return release
}

function layOut(release: string): void {
  mkdirSync(`${shownDir}/driver`, { recursive: true })
  mkdirSync(`${shownDir}/module`, { recursive: true })
  overwrite(`${shownDir}/osrelease`, `${release}\n`)
  for (const name of namesIn('/run/lab/proc/driver'))
    overwrite(`${shownDir}/driver/${name}`, textOf(`/run/lab/proc/driver/${name}`) ?? '')
  for (const gpu of nodeSpec().gpus) layOutCard(`${shownDir}/pci/devices/${gpu.pci}`, gpu.deviceId)
  mkdirSync(`${shownDir}/pci/drivers`, { recursive: true })
}

/** A PCI device as sysfs shows it; enough for lspci and for who looks for display controllers of NVIDIA. */
function layOutCard(directory: string, deviceId: string): void {
  mkdirSync(directory, { recursive: true })
  const id = Number.parseInt(deviceId, 16)
  const config = Buffer.alloc(64)
  config.writeUInt16LE(0x10de, 0)
  config.writeUInt16LE(id, 2)
  config.writeUInt16LE(0x0007, 4)
  config.writeUInt16LE(0x0010, 6)
  config.set([0xa1, 0x00, 0x00, 0x03], 8)
  writeFileSync(`${directory}/config`, config)
  const files = {
    vendor: '0x10de',
    device: `0x${deviceId}`,
    class: '0x030000',
    revision: '0xa1',
    subsystem_vendor: '0x1462',
    subsystem_device: '0x5351',
    irq: '16',
    numa_node: '-1',
    enable: '1',
    boot_vga: '0',
    driver_override: '(null)',
    modalias: `pci:v000010DEd0000${deviceId.toUpperCase()}sv00001462sd00005351bc03sc00i00`,
    uevent: `PCI_CLASS=30000\nPCI_ID=10DE:${deviceId.toUpperCase()}`,
    resource: Array.from(
      { length: 13 },
      () => '0x0000000000000000 0x0000000000000000 0x0000000000000000',
    ).join('\n'),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, `${text}\n`)
}

/** Mounts what the lab shows over what the real kernel shows. */
function cover(): void {
  const covers = [
    ['driver', '/proc/driver'],
    ['devices', '/proc/devices'],
    ['modules', '/proc/modules'],
    ['osrelease', '/proc/sys/kernel/osrelease'],
    ['module', '/sys/module'],
    ['pci', '/sys/bus/pci'],
  ] as const
  for (const [shown, place] of covers) {
    // a kernel that was built without loadable modules has no /proc/modules, and nothing can be added to /proc
    if (!exists(place)) continue
    const mounted = run('mount', ['--bind', `${shownDir}/${shown}`, place])
    if (mounted.status !== 0) throw new Exit(1, mounted.stderr)
  }
}

/** nouveau from the initramfs or udev, then udev's nvidia for the cards that are left. */
function loadAtBoot(state: KernelState): void {
  const initramfs = parseModprobe(textOf(`/boot/initrd.img-${state.release}`) ?? '')
  const root = parseModprobe(modprobeText())
  const cards = nodeSpec().gpus
  if (cards.some((gpu) => gpu.ownedByVm !== undefined)) load(state, root, 'vfio_pci')
  if (cards.every((gpu) => gpu.ownedByVm !== undefined)) return
  for (const config of [initramfs, root]) if (!isKeptOut(config, 'nouveau')) load(state, config, 'nouveau')
  if (!isKeptOut(root, 'nvidia')) load(state, root, 'nvidia')
}

function isKeptOut(config: ModprobeConfig, module: string): boolean {
  return config.blacklist.has(module) || config.install.has(module)
}

if (process.argv[1]?.endsWith('/boot.js') === true) runMain(boot)
