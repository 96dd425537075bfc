import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseContainerConfig } from './container-config.ts'
import {
  type DeviceAccess,
  deviceRules,
  type DeviceRequest,
  type DeviceRule,
  openedBy,
  parseDeviceRule,
  verdictOfKernel,
  verdictOfLxc,
} from './device-cgroup.ts'

const bits = { r: 1, w: 2, m: 4 } as const
const mask = (access: Iterable<string>): number =>
  [...access].reduce((sum, one) => sum | (one === 'r' ? bits.r : one === 'w' ? bits.w : bits.m), 0)

interface Item {
  type: string
  major: number
  minor: number
  access: string
  allow: boolean
}

/** `bpf_list_add_device` and the program that `__bpf_cgroup_devices` makes of the list, step by step. */
function lxcModel(rules: readonly DeviceRule[], request: DeviceRequest): boolean {
  let allowList = true
  const list: Item[] = []
  const counts = (item: Item): boolean => (allowList ? item.allow : !item.allow)
  for (const { type, major = -1, minor = -1, access, allow } of rules) {
    if (type === 'a' && major < 0 && minor < 0 && access === '') {
      allowList = !allow
      list.length = 0
      continue
    }
    const existing = list.find(
      (item) =>
        item.type === type &&
        item.major === major &&
        item.minor === minor &&
        item.access === access &&
        counts(item),
    )
    if (existing === undefined) list.unshift({ type, major, minor, access, allow })
    else existing.allow = allow
  }
  const asked = mask(request.access)
  for (const item of list) {
    if (!counts(item)) continue
    const access = mask(item.access)
    if (access !== 7 && (asked & access) !== asked) continue
    if (item.type !== 'a' && item.type !== request.type) continue
    if (item.major >= 0 && item.major !== request.major) continue
    if (item.minor >= 0 && item.minor !== request.minor) continue
    return item.allow
  }
  return !allowList
}

/** `devcgroup_update_access` and `__devcgroup_check_permission` of the kernel. */
function kernelModel(rules: readonly DeviceRule[], request: DeviceRequest): boolean {
  let byDefault = true
  let exceptions: { type: string; major: number; minor: number; access: number }[] = []
  for (const { type, major = -1, minor = -1, access, allow } of rules) {
    if (type === 'a') {
      byDefault = allow
      exceptions = []
      continue
    }
    const existing = exceptions.find((one) => one.type === type && one.major === major && one.minor === minor)
    if (allow === byDefault) {
      if (existing !== undefined) existing.access &= ~mask(access)
      exceptions = exceptions.filter((one) => one.access !== 0)
    } else if (existing === undefined) exceptions.push({ type, major, minor, access: mask(access) })
    else existing.access |= mask(access)
  }
  const asked = mask(request.access)
  const matches = exceptions.some((one) => {
    if (one.type !== request.type) return false
    if (one.major !== -1 && one.major !== request.major) return false
    if (one.minor !== -1 && one.minor !== request.minor) return false
    return byDefault ? (asked & one.access) !== 0 : (asked & ~one.access) === 0
  })
  return byDefault ? !matches : matches
}

const number = fc.constantFrom('*', '0', '1', '195', '226')
const access = fc.constantFrom('r', 'w', 'm', 'rw', 'wr', 'rm', 'wm', 'rwm', 'mrw')
const value = fc.oneof(
  { weight: 1, arbitrary: fc.constant('a') },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('c', 'c', 'b', 'a'), number, number, access)
      .map(([type, major, minor, rights]) => `${type} ${major}:${minor} ${rights}`),
  },
)
const rules = fc.array(
  fc.tuple(value, fc.boolean()).map(([text, allow]) => {
    const rule = parseDeviceRule(text, allow)
    assert.ok(rule, text)
    return rule
  }),
  { maxLength: 8 },
)
const request = fc.record({
  type: fc.constantFrom('c' as const, 'b' as const),
  major: fc.constantFrom(0, 1, 195, 226),
  minor: fc.constantFrom(0, 1, 195),
  access: fc.subarray<DeviceAccess>(['r', 'w', 'm'], { minLength: 1 }),
})

test('law: the rules of cgroup2 decide as the program that LXC makes of them', () => {
  fc.assert(
    fc.property(rules, request, (list, asked) => {
      assert.equal(verdictOfLxc(list, asked).allowed, lxcModel(list, asked))
    }),
    { numRuns: 5000 },
  )
})

test('law: the rules of the older hierarchy decide as the kernel does', () => {
  fc.assert(
    fc.property(rules, request, (list, asked) => {
      assert.equal(verdictOfKernel(list, asked).allowed, kernelModel(list, asked))
    }),
    { numRuns: 5000 },
  )
})

test('the line that opens a device is found, whatever its form', () => {
  const opened = (...lines: readonly string[]): string | undefined => {
    const { entries } = parseContainerConfig(`${lines.join('\n')}\n`).current
    const entry = openedBy(entries, { major: 195, minor: 1 })
    return entry && `${entry.key}: ${entry.value}`
  }
  const allow = 'lxc.cgroup2.devices.allow'
  const deny = 'lxc.cgroup2.devices.deny'
  for (const open of ['a', 'a *:* rwm', 'c *:* rw', 'c *:1 rwm', 'c 195:* r', 'c 195:1 w'])
    assert.equal(opened(`${allow}: ${open}`), `${allow}: ${open}`)
  for (const shut of ['c 195:0 rwm', 'b 195:1 rwm', 'c 195:1 m', 'c *:* m', 'c 226:* rwm'])
    assert.equal(opened(`${allow}: ${shut}`), undefined)
  // A denial counts only if it repeats the rule that allows, or after `a`.
  assert.equal(opened(`${allow}: c 195:* rwm`, `${deny}: c 195:1 rwm`), `${allow}: c 195:* rwm`)
  assert.equal(opened(`${allow}: c 195:1 rwm`, `${deny}: c 195:1 rwm`), undefined)
  assert.equal(opened(`${allow}: a`, `${deny}: c 195:1 rwm`), undefined)
  assert.equal(opened(`${allow}: a`, `${deny}: c 195:1 w`), `${allow}: a`)
  assert.equal(opened(`${allow}: c 195:* rwm`, `${deny}: a`), undefined)
  assert.equal(opened('lxc.cgroup.devices.allow: c 195:1 rwm'), 'lxc.cgroup.devices.allow: c 195:1 rwm')
})

test('what LXC does not accept is no rule', () => {
  for (const value of ['', 'd 1:1 r', 'c 1 r', 'c 1:1', 'c x:1 r', '/dev/null rw'])
    assert.equal(parseDeviceRule(value, true), undefined)
  const { entries } = parseContainerConfig('lxc.cgroup2.devices.allow: c 1:3 rw\nmemory: 5\n').current
  assert.equal(deviceRules(entries, 'cgroup2').length, 1)
  assert.equal(deviceRules(entries, 'cgroup').length, 0)
})
