/**
 * Lines of modprobe's configuration that earlier drivers and guides for passthrough leave behind, and that
 * keep the NVIDIA driver from its cards (modprobe.d(5); vfio-pci's parameter `ids`: drivers/vfio/pci in Linux).
 */
export interface ModprobeLeftover {
  /** From 1. */
  readonly line: number
  /** The command as one line, without comments and line continuations. */
  readonly text: string
  readonly why: string
}

/** Whether a card of this PCI device id (four hexadecimal digits), or a function of it, stays with vfio-pci. */
export type StaysWithVfio = (device: string) => boolean

interface PlacedLeftover extends ModprobeLeftover {
  /** Lines of the file, end excluded, from 0. */
  readonly from: number
  readonly to: number
  /** What remains of the command; undefined if nothing does. */
  readonly rest: string | undefined
}

/** The leftovers in a file of /etc/modprobe.d. */
export function modprobeLeftovers(text: string, stays: StaysWithVfio): readonly ModprobeLeftover[] {
  return placed(text, stays).map(({ line, text: command, why }) => ({ line, text: command, why }))
}

/** The text with its leftovers as comments. Keeps every other byte. */
export function withoutModprobeLeftovers(text: string, stays: StaysWithVfio): string {
  const lines = text.split('\n')
  for (const { from, to, rest } of placed(text, stays).toReversed()) {
    const disabled = lines.slice(from, to).map((line) => `# Disabled by gpuplay: ${line}`)
    lines.splice(from, to - from, ...disabled, ...(rest === undefined ? [] : [rest]))
  }
  return lines.join('\n')
}

/** Leftovers on the kernel's command line, which only its boot loader's configuration can change. */
export function kernelLineLeftovers(
  commandLine: string,
  stays: StaysWithVfio,
): readonly Pick<ModprobeLeftover, 'text' | 'why'>[] {
  return commandLine
    .trim()
    .split(/\s+/)
    .flatMap((word) => {
      const [name = '', value = ''] = word.split('=', 2)
      const key = name.replaceAll('-', '_')
      if (key === 'vfio_pci.ids')
        return taken(value, stays).length > 0 ? [{ text: word, why: bindsToVfio }] : []
      const blacklists = key === 'modprobe.blacklist' || key === 'module_blacklist'
      return blacklists && value.split(',').some(isDriverModule) ? [{ text: word, why: prevents }] : []
    })
}

/** Whether a file may bind NVIDIA cards to vfio-pci; a cheap test before the cards are read. */
export function namesNvidiaForVfio(text: string): boolean {
  return /vfio[-_]pci\b.*\bids=.*10de:/is.test(text)
}

const prevents = 'prevents the NVIDIA driver from being loaded'
const replaces = 'loads the modules of a driver that is gone'
const bindsToVfio = 'binds NVIDIA cards to vfio-pci that neither belong to a VM nor are excluded'

function placed(text: string, stays: StaysWithVfio): readonly PlacedLeftover[] {
  return commands(text).flatMap(({ from, to, command }) => {
    const found = judge(command, stays)
    return found ? [{ line: from + 1, text: command, from, to, ...found }] : []
  })
}

/** Commands with their lines. A backslash at the end continues a line, even that of a comment. */
function commands(
  text: string,
): readonly { readonly from: number; readonly to: number; readonly command: string }[] {
  const lines = text.split('\n')
  const found = []
  for (let from = 0, to = 0; from < lines.length; from = to) {
    do to += 1
    while (to < lines.length && lines[to - 1]?.endsWith('\\') === true)
    const whole = lines.slice(from, to).map((line) => line.replace(/\\$/, ''))
    const command = whole.join(' ').trim().replaceAll(/\s+/g, ' ')
    if (command !== '' && !command.startsWith('#')) found.push({ from, to, command })
  }
  return found
}

type Judgement = Pick<PlacedLeftover, 'why' | 'rest'>

function judge(command: string, stays: StaysWithVfio): Judgement | undefined {
  const [verb = '', name = '', ...words] = command.split(' ')
  if (verb === 'options' && isVfio(name)) return judgeIds(words, stays)
  if (!isDriverModule(name)) return undefined
  const rest = words.join(' ')
  if (verb === 'blacklist' || (verb === 'alias' && rest === 'off')) return { why: prevents, rest: undefined }
  if (verb === 'softdep' && words.some(isVfio))
    return { why: 'loads vfio-pci before the NVIDIA driver', rest: undefined }
  if (verb !== 'install' && verb !== 'remove' && verb !== 'alias') return undefined
  if (/^(?:\/(?:usr\/)?bin\/)?(?:true|false)$|^:$/.test(rest)) return { why: prevents, rest: undefined }
  // Debian's modules are named after their series, and its configuration loads them in place of NVIDIA's names.
  const elsewhere = /\bnvidia[-_](?:current|tesla|legacy|open|\d)/.test(rest)
  const wraps = /\bmodprobe\b/.test(rest) && words.some((word) => isDriverModule(word.replace(/;$/, '')))
  return elsewhere || (verb === 'remove' && wraps) ? { why: replaces, rest: undefined } : undefined
}

function judgeIds(options: readonly string[], stays: StaysWithVfio): Judgement | undefined {
  const own = options.filter((option) => !option.startsWith('ids='))
  const ids = options.filter((option) => option.startsWith('ids=')).map((option) => option.slice(4))
  const going = ids.flatMap((list) => taken(list, stays))
  if (going.length === 0) return undefined
  const kept = ids.flatMap((list) => list.replaceAll('"', '').split(',')).filter((id) => !going.includes(id))
  const words = [...(kept.length > 0 ? [`ids=${kept.join(',')}`] : []), ...own]
  return { why: bindsToVfio, rest: words.length > 0 ? `options vfio-pci ${words.join(' ')}` : undefined }
}

/** NVIDIA's entries of `vendor:device[:...]` that take a card which does not stay. */
function taken(ids: string, stays: StaysWithVfio): readonly string[] {
  return ids
    .replaceAll('"', '')
    .split(',')
    .filter((id) => {
      const [vendor = '', device = ''] = id.toLowerCase().split(':')
      return vendor.replace(/^0x/, '') === '10de' && !stays(device.replace(/^0x/, '').padStart(4, '0'))
    })
}

function isVfio(name: string): boolean {
  return name.replaceAll('-', '_') === 'vfio_pci'
}

/** The driver's modules by NVIDIA's, Debian's and Ubuntu's names; not nvidiafb, i2c-nvidia-gpu and the like. */
function isDriverModule(name: string): boolean {
  return /^nvidia(_(current|open|tesla(_\d+)?|legacy_\w+?|\d+))?(_(drm|modeset|uvm|peermem))?$/.test(
    name.replaceAll('-', '_'),
  )
}
