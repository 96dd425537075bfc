/**
 * Which devices the device rules of a container allow: the lines `lxc.cgroup2.devices.allow` and `deny`, after
 * those that Proxmox VE puts before them.
 *
 * LXC compiles the rules of cgroup2 to one program (LXC, `cgroup2_devices.c`): a bare `a` decides about all
 * devices without a rule, and forgets the rules before it. While all are denied, only rules that allow count;
 * while all are allowed, only rules that deny. A rule applies if it covers every access of a request. A rule
 * that repeats another with the other verdict replaces it. The older `lxc.cgroup.devices` is the kernel's own
 * list (`security/device_cgroup.c`): there, a denial also takes access away from a rule for the same numbers,
 * and while all are allowed, one denied access denies the request.
 */
import type { ConfigEntry } from './container-config.ts'

export type DeviceAccess = 'r' | 'w' | 'm'

const accesses: readonly DeviceAccess[] = ['r', 'w', 'm']

export interface DeviceRequest {
  readonly type: 'b' | 'c'
  readonly major: number
  readonly minor: number
  /** At least one of r (read), w (write) and m (mknod). */
  readonly access: readonly DeviceAccess[]
}

export interface DeviceRule {
  readonly allow: boolean
  readonly type: 'a' | 'b' | 'c'
  /** Undefined: any. */
  readonly major: number | undefined
  readonly minor: number | undefined
  /** Empty only in the bare `a`. */
  readonly access: string
  readonly entry?: ConfigEntry
}

/** The value of a rule, `c 195:* rwm`, `a`; undefined for others, with which a container does not start. */
export function parseDeviceRule(value: string, allow: boolean): Omit<DeviceRule, 'entry'> | undefined {
  if (value === 'a') return { allow, type: 'a', major: undefined, minor: undefined, access: '' }
  const match = /^([abc])\s(\*|\d+):(\*|\d+)\s([rwm]{1,3})/.exec(value)
  if (match === null) return undefined
  const [, type, major = '', minor = '', access = ''] = match
  const number = (text: string): number | undefined => (text === '*' ? undefined : Number(text))
  return {
    allow,
    type: type === 'b' ? 'b' : type === 'c' ? 'c' : 'a',
    major: number(major),
    minor: number(minor),
    access,
  }
}

/** The rules that every container of Proxmox VE begins with, as far as they concern GPUs (common.conf). */
const common: readonly DeviceRule[] = [
  { allow: false, type: 'a', major: undefined, minor: undefined, access: '' },
  { allow: true, type: 'c', major: undefined, minor: undefined, access: 'm' },
  { allow: true, type: 'b', major: undefined, minor: undefined, access: 'm' },
]

/** The rules in the lines of a configuration, in order, for one of the two hierarchies. */
export function deviceRules(
  entries: readonly ConfigEntry[],
  hierarchy: 'cgroup' | 'cgroup2',
): readonly DeviceRule[] {
  return entries.flatMap((entry) => {
    const verdict = new RegExp(`^lxc\\.${hierarchy}\\.devices\\.(allow|deny)$`).exec(entry.key)?.[1]
    const rule = verdict === undefined ? undefined : parseDeviceRule(entry.value, verdict === 'allow')
    return rule === undefined ? [] : [{ ...rule, entry }]
  })
}

/**
 * The line that lets a container open a device for reading or writing; undefined if none does. A container
 * may always create device nodes, so only the opening decides.
 */
export function openedBy(entries: readonly ConfigEntry[], device: DeviceNumbers): ConfigEntry | undefined {
  return opening.flatMap((access) => verdictsOn(entries, device, access)).find(({ allowed }) => allowed)
    ?.because?.entry
}

/** With which access these lines let a container open a device. */
export function openingAccess(
  entries: readonly ConfigEntry[],
  device: DeviceNumbers,
): readonly DeviceAccess[] {
  return opening.filter((access) => verdictsOn(entries, device, access).some(({ allowed }) => allowed))
}

export type DeviceNumbers = Pick<DeviceRequest, 'major' | 'minor'>

const opening = ['r', 'w'] as const

/** In both hierarchies. */
function verdictsOn(
  entries: readonly ConfigEntry[],
  device: DeviceNumbers,
  access: DeviceAccess,
): readonly Verdict[] {
  const request: DeviceRequest = { ...device, type: 'c', access: [access] }
  return [
    verdictOfLxc([...common, ...deviceRules(entries, 'cgroup2')], request),
    verdictOfKernel([...common, ...deviceRules(entries, 'cgroup')], request),
  ]
}

export interface Verdict {
  readonly allowed: boolean
  /** The rule that decides; undefined without one. */
  readonly because: DeviceRule | undefined
}

/** @param rules in the order of the configuration */
export function verdictOfLxc(rules: readonly DeviceRule[], request: DeviceRequest): Verdict {
  let rest: DeviceRule | undefined
  let kept: DeviceRule[] = []
  for (const rule of rules) {
    if (isBareAll(rule)) {
      rest = rule
      kept = []
    } else {
      const same = (other: DeviceRule): boolean => sameNumbers(other, rule) && other.access === rule.access
      kept = [...kept.filter((other) => !same(other)), rule]
    }
  }
  const allowsRest = rest?.allow ?? false
  const decides = kept.find(
    (rule) =>
      rule.allow !== allowsRest &&
      covers(rule, request) &&
      request.access.every((one) => rule.access.includes(one)),
  )
  return { allowed: decides?.allow ?? allowsRest, because: decides ?? rest }
}

/** @param rules in the order of the configuration */
export function verdictOfKernel(rules: readonly DeviceRule[], request: DeviceRequest): Verdict {
  let rest: DeviceRule | undefined
  let exceptions: DeviceRule[] = []
  for (const rule of rules) {
    // The kernel ignores the numbers and the access of an `a`.
    if (rule.type === 'a') {
      rest = rule
      exceptions = []
      continue
    }
    const at = exceptions.findIndex((other) => sameNumbers(other, rule))
    const before = exceptions[at]
    const adds = rule.allow !== (rest?.allow ?? true)
    if (!adds && before === undefined) continue
    const access = adds
      ? accesses.filter((one) => before?.access.includes(one) === true || rule.access.includes(one))
      : accesses.filter((one) => before?.access.includes(one) === true && !rule.access.includes(one))
    exceptions = exceptions.filter((other) => other !== before)
    if (access.length > 0) exceptions.push({ ...(adds ? rule : (before ?? rule)), access: access.join('') })
  }
  const allowsRest = rest?.allow ?? true
  const decides = exceptions.find((rule) =>
    allowsRest
      ? covers(rule, request) && request.access.some((one) => rule.access.includes(one))
      : covers(rule, request) && request.access.every((one) => rule.access.includes(one)),
  )
  return { allowed: decides === undefined ? allowsRest : !allowsRest, because: decides ?? rest }
}

function isBareAll({ type, access }: DeviceRule): boolean {
  return type === 'a' && access === ''
}

function sameNumbers(one: DeviceRule, other: DeviceRule): boolean {
  return one.type === other.type && one.major === other.major && one.minor === other.minor
}

function covers({ type, major, minor }: DeviceRule, request: DeviceRequest): boolean {
  return (
    (type === 'a' || type === request.type) &&
    (major === undefined || major === request.major) &&
    (minor === undefined || minor === request.minor)
  )
}
