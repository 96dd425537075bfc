/** Completion of command lines. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratchFolder } from '../connection/testing/programs.ts'
import { gpuplay } from './testing/command-line.ts'

const folder = scratchFolder()
const hosts = join(folder, 'hosts.yml')
writeFileSync(
  hosts,
  'all: { children: { gpus: { hosts: { gpu1: {}, gpu2: {} } }, web: { hosts: { web1: {} } } } }\n',
)

async function completions(...words: readonly string[]): Promise<readonly string[]> {
  const { output, errors, exitCode } = await gpuplay(folder, ['__complete', ...words])
  assert.deepEqual([errors, exitCode], ['', 0])
  return output.split('\n').flatMap((line) => line.split('\t')[0] || [])
}

for (const [words, expected] of [
  [['ru'], ['run', 'runs']],
  [['run', '--forc'], ['--force-handlers']],
  [
    ['run', 'site.yml', '--output', ''],
    ['auto', 'plain', 'jsonl', 'plain=', 'jsonl=', 'junit='],
  ],
  [
    ['run', 'site.yml', '-i', hosts, '-l', 'gp'],
    ['gpu1', 'gpu2', 'gpus'],
  ],
  [
    ['run', `--inventory=${hosts}`, '--limit', 'web1,gpus:!g'],
    ['web1,gpus:!gpu1', 'web1,gpus:!gpu2', 'web1,gpus:!gpus'],
  ],
  [
    ['facts', '-i', hosts, 'w'],
    ['web1', 'web'],
  ],
  [['exec', '-i', hosts, 'gpu1'], ['gpu1']],
  [['exec', '-i', hosts, 'gpu1', '--', 'gp'], []],
  [
    ['inventory', '-i', hosts, '--host', 'gpu'],
    ['gpu1', 'gpu2', 'gpus'],
  ],
  [['run', ''], []],
  [
    ['run', '-i', join(folder, 'none'), '-l', ''],
    ['all', 'ungrouped'],
  ],
  [['completion', 'z'], ['zsh']],
] as const) {
  test(`"gpuplay ${words.join(' ').replaceAll(folder, '')}" is completed`, async () => {
    assert.deepEqual(await completions(...words), expected)
  })
}

test('completion runs no inventory programs, and knows the hosts of other sources', async () => {
  const own = scratchFolder()
  writeFileSync(join(own, 'hosts'), 'gpu7\n')
  writeFileSync(join(own, 'run'), `#!/bin/sh\ntouch ${own}/ran\necho '{"a": ["gpu8"]}'\n`, { mode: 0o755 })
  assert.deepEqual(await completions('facts', '-i', own, 'gpu'), ['gpu7'])
  assert.equal(existsSync(join(own, 'ran')), false)
})

test('hosts come from the configured inventory without -i', async () => {
  const own = scratchFolder()
  writeFileSync(join(own, 'gpuplay.yml'), `inventory: ${hosts}\n`)
  const { output } = await gpuplay(own, ['__complete', 'status', '--limit', 'web'])
  assert.deepEqual(output, 'web1\tOnly these hosts\nweb\tOnly these hosts\n')
})

test('there is a script for bash, zsh and fish, and no other shell', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { output, exitCode } = await gpuplay(folder, ['completion', shell])
    assert.match(output, /__complete/)
    assert.equal(exitCode, 0)
  }
  const { errors, exitCode } = await gpuplay(folder, ['completion', 'zhs'])
  assert.match(errors, /^error: there is no completion for "zhs"\n {2}help: did you mean "zsh"\?/)
  assert.equal(exitCode, 2)
})

describe('the script', () => {
  const programs = join(folder, 'bin')
  mkdirSync(programs)
  const asked = join(folder, 'asked')
  writeFileSync(
    join(programs, 'gpuplay'),
    `#!/bin/sh\nprintf '<%s>' "$@" > ${asked}\nprintf 'web:gpu1\\tA host\\nweb:gpu2\\tA host\\n'\n`,
  )
  chmodSync(join(programs, 'gpuplay'), 0o755)
  const shellOf = (name: string, script: string): readonly string[] => {
    const environment = { ...process.env, PATH: `${programs}:${process.env['PATH'] ?? ''}` }
    const { stdout, stderr } = spawnSync(name, ['-c', script], { env: environment, encoding: 'utf8' })
    assert.equal(stderr, '')
    return stdout.trimEnd().split('\n')
  }

  test('for bash asks with the words of the line, and answers for the part that bash replaces', async () => {
    const { output } = await gpuplay(folder, ['completion', 'bash'])
    const line = 'gpuplay run -l web:gp'
    const answers = shellOf(
      'bash',
      `${output}
COMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDS=(gpuplay run -l web : gp) COMP_CWORD=5
_gpuplay; printf '%s\\n' "\${COMPREPLY[@]}"; cat ${asked}`,
    )
    assert.deepEqual(answers, ['gpu1', 'gpu2', '<__complete><run><-l><web:gp>'])
  })

  test('for bash completes an empty word', async () => {
    const { output } = await gpuplay(folder, ['completion', 'bash'])
    const answers = shellOf(
      'bash',
      `${output}
COMP_LINE='gpuplay run ' COMP_POINT=12 COMP_WORDS=(gpuplay run '') COMP_CWORD=2
_gpuplay; printf '%s\\n' "\${COMPREPLY[@]}"; cat ${asked}`,
    )
    assert.deepEqual(answers, ['web:gpu1', 'web:gpu2', '<__complete><run><>'])
  })

  for (const [shell, check] of [
    ['zsh', 'compdef() { :; }'],
    ['fish', ''],
  ] as const) {
    const absent = spawnSync(shell, ['--version']).error !== undefined
    test(`for ${shell} is valid`, { skip: absent && `${shell} is not installed` }, async () => {
      const { output } = await gpuplay(folder, ['completion', shell])
      assert.deepEqual(shellOf(shell, `${check}\n${output}\necho fine`), ['fine'])
    })
  }
})
