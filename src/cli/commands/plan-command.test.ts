import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from '../testing/command-line.ts'

describe('gpuplay plan, show and apply', () => {
  const folder = scratchFolder()
  const at = (name: string): string => join(folder, name)
  writeFileSync(at('hosts.yml'), 'all: { hosts: { here: { connection: local } } }\n')
  writeFileSync(
    at('site.yml'),
    `- hosts: here
  gather_facts: false
  tasks:
    - name: Write
      copy: { dest: "${at('motd')}", content: "hello\\n" }
      tags: motd
    - name: Config
      copy: { dest: "${at('config')}", content: "password={{ db_password }}\\n" }
`,
  )
  const plan = (...words: readonly string[]): ReturnType<typeof gpuplay> =>
    gpuplay(folder, ['plan', at('site.yml'), '-i', at('hosts.yml'), ...words])
  const secret = ['-e', 'db_password=opensesame'] as const

  test('plan prints a dry run and writes a file that only its owner can read', async () => {
    const made = await plan('-o', at('plan.json'), ...secret)
    const dry = await gpuplay(folder, ['run', at('site.yml'), '-i', at('hosts.yml'), '--check', ...secret])
    assert.equal(made.exitCode, 0)
    // The next command after a dry run is the run, after a plan it is that of the error stream.
    const shown = dry.output.replace(/\n\nnext {2}make these changes:[^]*$/, '\n')
    assert.notEqual(shown, dry.output)
    assert.equal(made.output.replace(/in [\d.]+ m?s/, ''), shown.replace(/in [\d.]+ m?s/, ''))
    assert.equal(
      made.errors,
      `the plan is in ${at('plan.json')}; to apply it: gpuplay apply ${at('plan.json')}\n`,
    )
    assert.equal(statSync(at('plan.json')).mode & 0o777, 0o600)
    assert.doesNotMatch(readFileSync(at('plan.json'), 'utf8'), /opensesame/)
  })

  test('show prints it with diffs, and as JSON', async () => {
    const shown = await gpuplay(folder, ['show', at('plan.json')])
    assert.equal(shown.exitCode, 0)
    assert.match(shown.output, /^would +here +Write$/m)
    assert.match(shown.output, /^ +\+hello$/m)
    assert.match(shown.output, /to apply it, give this option again: -e db_password=\.\.\.\n$/)
    const json: unknown = JSON.parse(
      (await gpuplay(folder, ['show', at('plan.json'), '--output', 'json'])).output,
    )
    assert.deepEqual(json, JSON.parse(readFileSync(at('plan.json'), 'utf8')))
    const lines = (await gpuplay(folder, ['show', at('plan.json'), '--output', 'jsonl'])).output
    assert.match(lines, /"type":"run\.finished"/)
  })

  test('apply needs the same secrets, and nothing else', async () => {
    const without = await gpuplay(folder, ['apply', at('plan.json')])
    assert.equal(without.exitCode, 2)
    assert.match(
      without.errors,
      /the plan was made with -e db_password=\.\.\., and does not contain the value/,
    )
    const wrong = await gpuplay(folder, ['apply', at('plan.json'), '-e', 'db_password=other-word'])
    assert.equal(wrong.exitCode, 2)
    assert.match(wrong.errors, /the plan was not made with this value: -e db_password=\.\.\./)
    assert.equal(existsSync(at('motd')), false)
    const right = await gpuplay(folder, ['apply', at('plan.json'), ...secret])
    assert.equal(right.exitCode, 0, right.output + right.errors)
    assert.match(right.output, /^changed +here +Config/m)
    assert.equal(readFileSync(at('config'), 'utf8'), 'password=opensesame\n')
  })

  test('apply refuses a host that has changed, and keeps the options of plan', async () => {
    writeFileSync(at('motd'), 'old\n')
    await plan('-o', at('tagged.json'), '--tags', 'motd', ...secret)
    writeFileSync(at('motd'), 'edited\n')
    const drifted = await gpuplay(folder, ['apply', at('tagged.json'), ...secret])
    assert.equal(drifted.exitCode, 9)
    assert.match(
      drifted.output,
      /^FAILED +here\n +error: the host has changed since the plan was made: here file:/m,
    )
    assert.match(drifted.output, /failed on here \(exit 9\)/)
    writeFileSync(at('motd'), 'old\n')
    const applied = await gpuplay(folder, ['apply', at('tagged.json'), ...secret])
    assert.equal(applied.exitCode, 0, applied.output + applied.errors)
    assert.doesNotMatch(applied.output, /Config/)
  })

  test('a plan of another version is refused', async () => {
    const text = readFileSync(at('plan.json'), 'utf8').replace('"gpuplay": "0.0.0"', '"gpuplay": "0.0.1"')
    writeFileSync(at('other.json'), text)
    const { exitCode, errors } = await gpuplay(folder, ['apply', at('other.json'), ...secret])
    assert.equal(exitCode, 2)
    assert.match(
      errors,
      /gpuplay 0\.0\.1 made the plan .*; this is gpuplay 0\.0\.0\n +help: make the plan again: gpuplay plan/,
    )
  })

  for (const [words, message] of [
    [['plan', 'site.yml'], /error: no plan file was given\n +help: add -o FILE, for example -o plan\.json/],
    [['apply'], /error: no plan file was given\n +help: type: gpuplay apply plan\.json/],
    [['show', '/nowhere/plan.json'], /cannot read the plan \/nowhere\/plan\.json: there is no such file/],
  ] as const) {
    test(`gpuplay ${words.join(' ')} is a mistake`, async () => {
      const { exitCode, errors } = await gpuplay(folder, words)
      assert.equal(exitCode, 2)
      assert.match(errors, message)
    })
  }

  test('a place that does not exist is refused before anything else', async () => {
    const { exitCode, errors, output } = await plan('-o', at('nowhere/plan.json'), ...secret)
    assert.deepEqual([exitCode, output], [2, ''])
    assert.match(errors, /cannot write the plan .*: there is no folder /)
  })
})
