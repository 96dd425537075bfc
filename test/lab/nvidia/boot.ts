/**
 * The boot of a lab node up to the first service: enrols keys, chooses a kernel, detects the cards, and loads
 * the modules that the initramfs and udev load. lab-hardware.service runs it once a boot.
 */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { writeKernel } from './kernel.ts'
import { shownDir, type KernelState } from './kernel-state.ts'
import { nodeSpec } from './node-spec.ts'
import { load } from './kmod.ts'
import { consoleFile, enrolledDir, requestedDir } from './mok.ts'
import { type ModprobeConfig, modprobeText, parseModprobe } from './module-files.ts'
import { Exit, exists, namesIn, overwrite, run, runMain, textOf } from './system.ts'

const bootsFile = '/var/lib/lab/boots'

export function boot(): number {
  enrolKeys()
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
    claimed: [],
    vfio: [],
    opened: [],
    persistence: [],
    powerLimits: {},
    mig: [],
    dri: [],
    cuda: {},
  }
  writeKernel(state)
  cover()
  loadAtBoot(state)
  writeKernel(state)
  return 0
}

/** MokManager before the boot loader: it needs somebody at the console. Otherwise, requests stay pending. */
function enrolKeys(): void {
  if (!exists(consoleFile)) return
  mkdirSync(enrolledDir, { recursive: true })
  for (const name of namesIn(requestedDir)) renameSync(`${requestedDir}/${name}`, `${enrolledDir}/${name}`)
}

/** The pinned kernel, else the newest installed one. */
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
  const devices = `${shownDir}/pci/devices`
  const { gpus, nvswitches = [] } = nodeSpec()
  for (const { pci, deviceId, virtualFunctions = [] } of gpus) {
    layOutCard(`${devices}/${pci}`, deviceId)
    writeFileSync(`${devices}/${pci}/sriov_numvfs`, `${virtualFunctions.length}\n`)
    for (const address of virtualFunctions) {
      layOutCard(`${devices}/${address}`, deviceId)
      symlinkSync(`../${pci}`, `${devices}/${address}/physfn`)
    }
  }
  // GH100 [H100 NVSwitch]: a bridge of class "other".
  for (const address of nvswitches) layOutCard(`${devices}/${address}`, '22a3', '0x068000')
  mkdirSync(`${shownDir}/pci/drivers`, { recursive: true })
  layOutFirmware()
}

/** EFI variables: four bytes of attributes, then the value (efivarfs in the kernel's documentation). */
function layOutFirmware(): void {
  const { secureBoot } = nodeSpec()
  if (secureBoot === undefined) return
  const variables = `${shownDir}/firmware/efi/efivars`
  mkdirSync(variables, { recursive: true })
  const value = Uint8Array.of(6, 0, 0, 0, secureBoot ? 1 : 0)
  writeFileSync(`${variables}/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c`, value)
}

/** A PCI device in sysfs, with the files that lspci and gpuplay read. */
function layOutCard(directory: string, deviceId: string, kind = '0x030000'): void {
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
    class: kind,
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

/** Mounts the lab's files over those of the real kernel. */
function cover(): void {
  const covers = [
    ['driver', '/proc/driver'],
    ['devices', '/proc/devices'],
    ['modules', '/proc/modules'],
    ['osrelease', '/proc/sys/kernel/osrelease'],
    ['module', '/sys/module'],
    ['pci', '/sys/bus/pci'],
    ['firmware', '/sys/firmware'],
  ] as const
  for (const [shown, place] of covers) {
    // A kernel without loadable modules has no /proc/modules, and the lab cannot add files to /proc.
    if (!exists(place) || !exists(`${shownDir}/${shown}`)) continue
    const mounted = run('mount', ['--bind', `${shownDir}/${shown}`, place])
    if (mounted.status !== 0) throw new Exit(1, mounted.stderr)
  }
}

/** Loads nouveau from the initramfs or by udev, then nvidia by udev. */
function loadAtBoot(state: KernelState): void {
  const initramfs = parseModprobe(textOf(`/boot/initrd.img-${state.release}`) ?? '')
  const root = parseModprobe(modprobeText())
  const { gpus: cards, vmCards } = nodeSpec()
  if (vmCards !== 'until-start') {
    if (cards.some((gpu) => gpu.ownedByVm !== undefined)) load(state, root, 'vfio_pci')
    if (cards.every((gpu) => gpu.ownedByVm !== undefined)) return
  }
  for (const config of [initramfs, root]) if (!isKeptOut(config, 'nouveau')) load(state, config, 'nouveau')
  if (!isKeptOut(root, 'nvidia')) load(state, root, 'nvidia')
}

function isKeptOut(config: ModprobeConfig, module: string): boolean {
  return config.blacklist.has(module) || config.install.has(module)
}

if (process.argv[1]?.endsWith('/boot.js') === true) runMain(boot)
