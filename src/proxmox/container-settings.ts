/**
 * The settings of a container's configuration and the values that Proxmox VE accepts (pve-container's
 * schema). `devN`, whole numbers and switches are checked completely; of the other property strings, only the
 * size of `rootfs` and `mpN`, which an editing mistake can break.
 */

export type SettingCheck = { readonly value: string } | { readonly problem: string }

const integers = new Set(['cores', 'cpuunits', 'memory', 'snaptime', 'swap', 'tty'])
const switches = new Set(['console', 'debug', 'onboot', 'protection', 'template', 'unprivileged'])
const texts = new Set(
  `arch cmode cpulimit entrypoint env features hookscript hostname lock nameserver ostype parent searchdomain snapstate
  startup tags timezone`.split(/\s+/),
)
const numbered: ReadonlyMap<string, number> = new Map([
  ['dev', 256],
  ['mp', 256],
  ['net', 32],
  ['unused', 256],
])

/** The value as Proxmox keeps it, or its error message; an invalid value is kept as written. */
export function checkSetting(key: string, value: string): SettingCheck {
  if (integers.has(key)) {
    return /^-?[0-9]+$/.test(value)
      ? { value }
      : { problem: `type check ('integer') failed - got '${value}'\n` }
  }
  if (switches.has(key)) {
    if (/^(1|on|yes|true)$/i.test(value)) return { value: '1' }
    if (/^(0|off|no|false)$/i.test(value)) return { value: '0' }
    return { problem: `type check ('boolean') failed - got '${value}'\n` }
  }
  if (texts.has(key)) return { value }
  if (key === 'rootfs') return checkVolume(value)
  const name = /^([a-z]+)(0|[1-9][0-9]*)$/.exec(key)
  const count = numbered.get(name?.[1] ?? '')
  if (count === undefined || Number(name?.[2]) >= count) return { problem: `unknown setting '${key}'\n` }
  if (name?.[1] === 'dev') return checkDevice(value)
  return name?.[1] === 'mp' ? checkVolume(value) : { value }
}

function checkDevice(value: string): SettingCheck {
  for (const [name, text] of properties(value, 'path')) {
    if (name === 'path' && !isDevicePath(text)) {
      return formatError(`path: invalid format - ${text} is not a valid device path\n`)
    }
    if (name === 'mode' && !/^0[0-7]{3}$/.test(text))
      return formatError('mode: value does not match the regex pattern')
    if (name === 'uid' || name === 'gid') {
      if (!/^-?[0-9]+$/.test(text))
        return formatError(`${name}: type check ('integer') failed - got '${text}'`)
      if (text.startsWith('-')) return formatError(`${name}: value must have a minimum value of 0`)
    }
    if (name === 'deny-write' && !/^(0|1|on|off|yes|no|true|false)$/i.test(text)) {
      return formatError(`deny-write: type check ('boolean') failed - got '${text}'`)
    }
    if (!['path', 'mode', 'uid', 'gid', 'deny-write'].includes(name))
      return formatError(unknownProperty(name))
  }
  return { value }
}

function checkVolume(value: string): SettingCheck {
  const size = properties(value, 'volume').get('size')
  if (size === undefined || /^[0-9]+(\.[0-9]+)?[KMGT]?$/.test(size)) return { value }
  return formatError(`size: invalid format - value does not look like a valid disk size: ${size}\n`)
}

/** `a,b=c` with `a` as the value of the default key. A key keeps its white space, as it does for Proxmox. */
export function properties(value: string, defaultKey: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const part of value.split(',')) {
    if (part.trim() === '') continue
    const [key = '', ...rest] = part.split('=')
    if (rest.length === 0) found.set(defaultKey, key)
    else found.set(key, rest.join('='))
  }
  return found
}

function isDevicePath(path: string): boolean {
  return path.startsWith('/dev/') && !/\/\.\.?(\/|$)/.test(path)
}

function unknownProperty(name: string): string {
  return `${name}: property is not defined in schema and the schema does not allow additional properties`
}

function formatError(details: string): SettingCheck {
  return { problem: `format error\n${details}\n` }
}
