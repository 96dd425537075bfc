/** Inventory programs: they run on this machine. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { report } from '../language/testing/report.ts'
import { readInventory } from './inventory.ts'
import { valueOf } from './testing/inventories.ts'

const folder = mkdtempSync(join(tmpdir(), 'gpuplay-programs-'))
after(() => rmSync(folder, { recursive: true }))

function program(text: string, mode = 0o755): string {
  const path = join(folder, 'hosts.sh')
  rmSync(path, { force: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

/** The mistakes of a program, without the folder. */
function mistakesOf(text: string, mode?: number): readonly string[] {
  const { problems } = readInventory([program(text, mode)])
  return report(problems).map((line) => line.replaceAll(`${folder}/`, ''))
}

test('a program gets the environment of gpuplay, and is asked for hosts that _meta lacks', () => {
  const path = program(
    `#!/bin/sh\nif [ "$1" = --list ]; then echo '{"gpu": ["a", "b"]}'; else echo "{\\"x\\": \\"$2 $ZONE\\"}"; fi\n`,
  )
  const { inventory, problems } = readInventory([path], { environment: { ZONE: 'north' } })
  assert.deepEqual(problems, [])
  assert.ok(inventory)
  assert.deepEqual(inventory.groups.get('gpu')?.hosts, ['a', 'b'])
  assert.equal(valueOf(inventory, 'b', 'x'), 'b north')
})

test('a program that prints _meta runs once', () => {
  const path = program(
    `#!/bin/sh\necho "$1" >> ${folder}/calls\necho '{"a": ["h"], "_meta": {"hostvars": {}}}'\n`,
  )
  const counted: string[] = []
  const { problems } = readInventory([path], {
    programs: (_, words) => {
      counted.push(words.join(' '))
      return { kind: 'output', text: '{"a": ["h"], "_meta": {"hostvars": {}}}' }
    },
  })
  assert.deepEqual([problems, counted], [[], ['--list']])
})

test('what goes wrong in a program is reported with its message and a hint', () => {
  assert.deepEqual(mistakesOf('#!/bin/sh\necho connecting >&2\necho no token >&2\nexit 3\n'), [
    'hosts.sh:1:1 inventory-program: "hosts.sh --list" failed: it exited with 3: no token (run it yourself to see all its messages)',
  ])
  assert.deepEqual(mistakesOf('#!/bin/sh\nkill -9 $$\n'), [
    'hosts.sh:1:1 inventory-program: "hosts.sh --list" failed: it was terminated by SIGKILL (run it yourself to see all its messages)',
  ])
  assert.deepEqual(mistakesOf('#!/nowhere/python3\n'), [
    'hosts.sh:1:1 inventory-program: "hosts.sh --list" failed: no such file or directory (check the interpreter in its first line)',
  ])
  assert.deepEqual(mistakesOf('#!/bin/sh\n', 0o644), [
    'hosts.sh:1:1 inventory-program: "hosts.sh --list" failed: permission denied (make it executable: chmod +x hosts.sh; if it is no program, remove its first line)',
  ])
  assert.deepEqual(mistakesOf('#!/bin/sh\necho "[]"\n'), [
    'hosts.sh:1:1 inventory-program: "hosts.sh --list" printed JSON, but no object (it must print a JSON object; messages belong on standard error)',
  ])
  assert.match(
    mistakesOf('#!/bin/sh\necho all:\n').join('\n'),
    /^hosts\.sh:1:1 inventory-program: "hosts\.sh --list" did not print JSON: .+ \(it must print a JSON object; messages belong on standard error\)$/,
  )
  assert.deepEqual(mistakesOf(`#!/bin/sh\nprintf '{"a": "\\377"}'\n`), [
    'hosts.sh:1:1 inventory-program: "hosts.sh --list" failed: its output is not UTF-8 text (correct the program)',
  ])
  assert.deepEqual(mistakesOf(`#!/bin/sh\necho '{"a": {"hosts": "h"}}'\n`), [
    'hosts.sh --list:1:17 invalid-inventory: "hosts" does not match the output format of inventory programs (a group has lists under "hosts" and "children", and a map under "vars")',
  ])
})
