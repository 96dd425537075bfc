/** The lines about GPUs that clones and templates lose, as the roles declare them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { withoutLines } from './config-lines.ts'

/** The quoted regular expressions of the role's tasks. */
function patternsOf(role: string): readonly string[] {
  const text = readFileSync(new URL(`../../roles/${role}/tasks/main.yml`, import.meta.url), 'utf8')
  return [...text.matchAll(/^ +- '(\^.*)'$/gm)].flatMap(([, pattern]) => pattern ?? [])
}

const written = [
  'dev0: /dev/nvidia0,gid=0,mode=0666,uid=0',
  'dev1: /dev/nvidia-modeset,gid=0,mode=0666,uid=0',
  'dev2: /dev/dri/card2,gid=0,mode=0666,uid=0',
  'dev3: gid=44,uid=100000,path=/dev/dri/renderD130,mode=0660',
  'lxc.cgroup2.devices.allow: c 195:0 rw',
  'lxc.cgroup2.devices.allow: c 226:130 rw',
  'lxc.mount.entry: /dev/nvidia0 dev/nvidia0 none bind,create=file 0 0',
  'lxc.mount.entry: /dev/dri/renderD130 dev/dri/renderD130 none bind,create=file 0 0',
]

/** As guides for cards of other vendors write them. */
const others = [
  'dev4: /dev/dri/renderD128,gid=104',
  'dev5: /dev/dri/card0,mode=0666',
  'dev6: /dev/fuse,gid=0,mode=0666,uid=0',
  'lxc.cgroup2.devices.allow: c 226:128 rwm',
  'lxc.cgroup2.devices.allow: c 10:229 rw',
  'lxc.mount.entry: /dev/dri dev/dri none bind,optional,create=dir',
  'lxc.mount.entry: /dev/dri/renderD128 dev/dri/renderD128 none bind,optional,create=file 0 0',
]

for (const role of ['lxc_container', 'lxc_template_finish'])
  test(`${role} removes the lines that lxc_passthrough writes, and keeps those about other cards`, () => {
    const config = (lines: readonly string[]): string => `${['hostname: web', ...lines].join('\n')}\n`
    assert.equal(withoutLines(config([...written, ...others]), patternsOf(role)), config(others))
  })
