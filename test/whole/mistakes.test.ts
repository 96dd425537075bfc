/**
 * Each mistake is reported with its place, an excerpt and a hint, with exit code 2, before any connection.
 * Tests compare the whole text. Mistakes that only hosts can reveal (a missing GPU) are tested in the lab.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Doorbell, type Ended, inProcess, inShell, makeFolder, openDoorbell } from './command-line.ts'
import { expressionMistakes } from './mistakes/expressions.ts'
import { inventoryMistakes } from './mistakes/inventory.ts'
import { type Mistake, soundFiles } from './mistakes/mistake.ts'
import { playbookMistakes } from './mistakes/playbook.ts'
import { roleMistakes } from './mistakes/role.ts'
import { wordMistakes } from './mistakes/words.ts'

const untouched = 'no host was contacted, nothing was changed'

const mistakes = [
  ...playbookMistakes,
  ...expressionMistakes,
  ...inventoryMistakes,
  ...roleMistakes,
  ...wordMistakes,
]

let doorbell: Doorbell
before(async () => {
  doorbell = await openDoorbell()
})
after(() => doorbell.close())

async function tell(mistake: Omit<Mistake, 'says'>, how: 'in process' | 'in shell'): Promise<Ended> {
  const texts = Object.entries({ ...soundFiles, ...mistake.files }).map(([name, text]) => [
    name,
    text.replaceAll('PORT', String(doorbell.port)),
  ])
  const folder = makeFolder(Object.fromEntries(texts))
  const common = ['--output', 'jsonl', ...(mistake.words ?? [])]
  try {
    if (how === 'in shell')
      return await inShell(['run', 'site.yml', '-i', 'inventory.yml', ...common], folder.path)
    const files = [`${folder.path}/site.yml`, '-i', `${folder.path}/inventory.yml`]
    return await inProcess(['run', ...files, ...common], folder.path)
  } finally {
    folder.remove()
  }
}

for (const mistake of mistakes) {
  test(`reports ${mistake.name}`, async () => {
    const { exitCode, stdout, stderr } = await tell(mistake, 'in process')
    const [said, count] = splitCount(stderr)
    assert.equal(said, mistake.says.trim())
    const problems = said.split('\n\n').length
    assert.equal(count, `${problems === 1 ? '1 problem' : `${problems} problems`}; ${untouched}`)
    assert.equal(exitCode, 2)
    assert.deepEqual(typesOf(stdout), [...Array.from({ length: problems }, () => 'problem'), 'run.finished'])
    assert.equal(doorbell.rings(), 0, 'gpuplay connected to a host')
  })
}

test('every mistake has a hint, and in a file also a place and an excerpt with a caret', () => {
  assert.ok(mistakes.length >= 40)
  for (const { name, says } of mistakes) {
    for (const problem of says.trim().split('\n\n')) {
      assert.match(problem, /\n  help: \S/, name)
      if (!/^(-e|--limit|--tags): /.test(problem))
        assert.match(problem, /^\S+:\d+:\d+: error: [^]*\n +\| +\^+\n/, name)
    }
  }
})

for (const mistake of [playbookMistakes[0], inventoryMistakes[0], roleMistakes[0], wordMistakes[0]]) {
  assert.ok(mistake)
  test(`the executable also reports ${mistake.name}`, async () => {
    const { exitCode, stdout, stderr } = await tell(mistake, 'in shell')
    assert.equal(splitCount(stderr)[0], mistake.says.trim())
    assert.equal(exitCode, 2)
    assert.deepEqual(typesOf(stdout), ['problem', 'run.finished'])
    assert.equal(doorbell.rings(), 0)
  })
}

test('without a mistake, the same files lead to a connection', async () => {
  const { exitCode, stdout } = await tell({ name: 'nothing' }, 'in process')
  assert.equal(exitCode, 3)
  assert.match(stdout, /"type":"run.started"/)
  assert.ok(doorbell.rings() > 0)
})

/** The types of the events that were printed. */
function typesOf(lines: string): readonly unknown[] {
  return lines
    .trim()
    .split('\n')
    .map((line): unknown => Reflect.get(Object(JSON.parse(line)), 'type'))
}

/** The problems and the line with their number. */
function splitCount(text: string): readonly [problems: string, count: string] {
  const lines = text.trimEnd().split('\n')
  return [lines.slice(0, -1).join('\n').trim(), lines.at(-1) ?? '']
}
