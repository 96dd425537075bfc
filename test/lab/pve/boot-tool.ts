/** Stand-in of proxmox-boot-tool on a system that boots with GRUB: lists kernels, pins one. */
import { rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { Exit, namesIn, textOf } from '../nvidia/system.ts'

const pinFile = '/etc/kernel/proxmox-boot-pin'
const oncePinFile = '/etc/kernel/next-boot-pin'

export function bootTool([command = '', ...argv]: readonly string[]): number {
  switch (command) {
    case 'status':
      process.stderr.write('E: /etc/kernel/proxmox-boot-uuids does not exist.\n')
      return 2
    case 'refresh':
    case 'init':
      process.stdout.write(
        "Running hook script 'proxmox-auto-removal'..\nRunning hook script 'zz-proxmox-boot'..\nNo /etc/kernel/proxmox-boot-uuids found, skipping ESP sync.\n",
      )
      return 0
    case 'kernel':
      return kernel(argv)
    default:
      throw new Exit(1, `Unknown command '${command}'`)
  }
}

function kernel([command = '', ...argv]: readonly string[]): number {
  const installed = namesIn('/boot')
    .filter((name) => name.startsWith('vmlinuz-'))
    .map((name) => name.slice('vmlinuz-'.length))
  if (command === 'list') {
    const pinned = textOf(pinFile)?.trim()
    const once = textOf(oncePinFile)?.trim()
    process.stdout.write(
      `Manually selected kernels:\nNone.\n\nAutomatically selected kernels:\n${installed.map((one) => `${one}\n`).join('')}`,
    )
    if (pinned !== undefined) process.stdout.write(`\nPinned kernel:\n${pinned}\n`)
    if (once !== undefined) process.stdout.write(`\nKernel pinned on next-boot:\n${once}\n`)
    return 0
  }
  const file = argv.includes('--next-boot') ? oncePinFile : pinFile
  if (command === 'unpin') {
    rmSync(file, { force: true })
    process.stdout.write(`Removed ${file}.\n`)
    return 0
  }
  if (command !== 'pin') throw new Exit(1, `Unknown command 'kernel ${command}'`)
  const version = argv.find((word) => !word.startsWith('-')) ?? ''
  if (!installed.includes(version))
    throw new Exit(1, `E: no kernel image found in /boot for '${version}', not setting pin.`)
  mkdirSync('/etc/kernel', { recursive: true })
  writeFileSync(file, `${version}\n`)
  process.stdout.write(`Setting '${version}' as grub default entry and running update-grub.\n`)
  return 0
}
