import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import { contentLines, desiredConfig, lineOf, TooManyDevices } from './desired.ts'

const patterns = [
  /^dev\d+: (path=)?\/dev\/nvidia/,
  /^lxc\.mount\.entry: \/dev\/nvidia/,
  /^lxc\.cgroup2?\.devices\.allow: c 195:/,
  /^lxc\.cgroup2?\.devices\.allow: c 508:/,
]
const owns = (line: string): boolean => patterns.some((pattern) => pattern.test(line))

const devn = 'devN: /dev/nvidiactl,gid=0,mode=0666,uid=0\ndevN: /dev/nvidia0,gid=0,mode=0666,uid=0\n'
const lxc = [
  'lxc.cgroup2.devices.allow: c 195:255 rw',
  'lxc.mount.entry: /dev/nvidiactl dev/nvidiactl none bind,create=file 0 0',
  'lxc.cgroup2.devices.allow: c 195:0 rw',
  'lxc.mount.entry: /dev/nvidia0 dev/nvidia0 none bind,create=file 0 0',
].join('\n')

const base = 'arch: amd64\ncores: 2\nhostname: a\nunprivileged: 1\n'

test('devices get the lowest free numbers, without replacing other devices', () => {
  const text = `${base}dev0: /dev/dri/renderD128,gid=44\ndev2: /dev/ttyUSB0\n`
  assert.equal(
    desiredConfig(text, { content: devn, owns }).text,
    `${text}dev1: /dev/nvidiactl,gid=0,mode=0666,uid=0\ndev3: /dev/nvidia0,gid=0,mode=0666,uid=0\n`,
  )
})

test('a number in the pending section is not free', () => {
  const text = `${base}\n[pve:pending]\ndev0: /dev/ttyUSB0\n`
  assert.match(desiredConfig(text, { content: devn, owns }).text, /^dev1: \/dev\/nvidiactl/m)
})

test('an existing device keeps its number, however its options are written', () => {
  const text = `${base}dev5: path=/dev/nvidiactl,mode=0666,uid=0,gid=0\ndev7: /dev/nvidia0,mode=0666,gid=0,uid=0\n`
  assert.equal(desiredConfig(text, { content: devn, owns }).text, text)
})

test('an earlier assignment and lines in the other style are removed', () => {
  const text = `${base}dev0: /dev/nvidia1,mode=0666\nlxc.cgroup2.devices.allow: c 195:* rwm\n${lxc}\nlxc.cgroup2.devices.allow: c 508:0 rw\n`
  assert.equal(
    desiredConfig(text, { content: devn, owns }).text,
    `${base}dev0: /dev/nvidiactl,gid=0,mode=0666,uid=0\ndev1: /dev/nvidia0,gid=0,mode=0666,uid=0\n`,
  )
})

test('an empty content removes all GPUs and nothing else', () => {
  const text = `${base}dev0: /dev/nvidia1,mode=0666\ndev1: /dev/net/tun\n${lxc}\n`
  assert.equal(desiredConfig(text, { content: '', owns }).text, `${base}dev1: /dev/net/tun\n`)
})

test('if a device number occurs twice, the line that Proxmox ignores is removed', () => {
  const text = `${base}dev0: /dev/nvidia0,mode=0666,uid=0,gid=0\ndev0: /dev/net/tun\n`
  const { text: edited } = desiredConfig(text, { content: 'devN: /dev/nvidia0,gid=0,mode=0666,uid=0', owns })
  assert.equal(edited, `${base}dev0: /dev/net/tun\ndev1: /dev/nvidia0,gid=0,mode=0666,uid=0\n`)
})

test('snapshots keep their lines', () => {
  const text = `${base}\n[before]\n${base}dev0: /dev/nvidia1\n`
  assert.ok(
    desiredConfig(text, { content: devn, owns }).text.endsWith(`\n[before]\n${base}dev0: /dev/nvidia1\n`),
  )
})

test('a 257th device is refused', () => {
  const text = Array.from({ length: 256 }, (_, n) => `dev${n}: /dev/tty${n}\n`).join('')
  assert.throws(() => desiredConfig(text, { content: devn, owns }), TooManyDevices)
})

const corpus = new URL('../../../test/data/pve-conf/', import.meta.url)
const files = readdirSync(corpus).filter((name) => name.endsWith('.conf'))
const texts = files.map((name) => readFileSync(new URL(name, corpus), 'utf8'))
const junk = fc.constantFrom(
  '# a note: with % and ü',
  '  # indented',
  '',
  'dev3: /dev/nvidia0,mode=0666',
  'dev3: /dev/net/tun',
  'lxc.mount.entry: /dev/nvidia1 dev/nvidia1 none bind,optional,create=file',
  'lxc.cgroup2.devices.allow = c 195:* rwm',
  'lxc.cgroup2.devices.allow: c 226:128 rw',
  'bogus: 2',
  'memory: 512\r',
  '[snap]',
  '[pve:pending]',
  '[1x]',
)
const config = fc.oneof(
  fc.constantFrom(...texts),
  fc
    .tuple(fc.array(junk, { maxLength: 12 }), fc.boolean())
    .map(([lines, newline]) => lines.join('\n') + (newline ? '\n' : '')),
)
const content = fc.constantFrom('', devn, lxc, `${devn}${lxc}`)

test('law: a second edit changes nothing', () => {
  fc.assert(
    fc.property(config, content, (text, wanted) => {
      const once = desiredConfig(text, { content: wanted, owns }).text
      assert.equal(desiredConfig(once, { content: wanted, owns }).text, once)
    }),
    { numRuns: 400 },
  )
})

test('law: foreign lines keep their bytes and their order', () => {
  fc.assert(
    fc.property(config, content, (text, wanted) => {
      const edited = desiredConfig(text, { content: wanted, owns }).text
      const kept = foreign(text)
      assert.deepEqual(foreign(edited), kept)
    }),
    { numRuns: 400 },
  )
})

test('law: afterwards Proxmox reads exactly the requested lines as owned lines', () => {
  fc.assert(
    fc.property(config, content, (text, wanted) => {
      const edited = desiredConfig(text, { content: wanted, owns }).text
      const owned = parseContainerConfig(edited).current.entries.map(lineOf).filter(owns)
      const plain = (line: string): string =>
        line
          .replace(/^dev(\d+|N): /, '')
          .split(',')
          .sort()
          .join(',')
          .replace(/\bpath=/, '')
      assert.deepEqual(owned.map(plain).sort(), contentLines(wanted).map(plain).sort())
    }),
    { numRuns: 400 },
  )
})

/** Foreign lines of the current section, and everything from the first header on. */
function foreign(text: string): readonly string[] {
  const owned = new Set(
    parseContainerConfig(text)
      .current.entries.filter((entry) => owns(lineOf(entry)))
      .map(({ line }) => line),
  )
  return text
    .split('\n')
    .filter((_, index) => !owned.has(index + 1))
    .join('\n')
    .replace(/\n*$/, '')
    .split('\n')
    .filter((line) => line !== '')
}
