import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { shippedNames } from '../shipped.ts'
import { gpuplay } from '../testing/command-line.ts'

const repository = join(import.meta.dirname, '../../..')

describe('gpuplay graph', () => {
  const folder = scratchFolder()
  const graph = (...words: readonly string[]): ReturnType<typeof gpuplay> =>
    gpuplay(folder, ['graph', ...words])

  test('reads only the playbook, so variables of the inventory are no mistakes', async () => {
    const own = join(folder, 'own.yml')
    writeFileSync(
      own,
      '- hosts: web\n  tasks: [{ name: "Say {{word}}", debug: { msg: "{{ word }}" }, when: loud }]\n',
    )
    assert.deepEqual(await graph(own), {
      exitCode: 0,
      output: `flowchart TD
  subgraph p1["web"]
    t1{{"Say {{word}}<br/>debug"}}
  end
`,
      errors: '',
      questions: [],
    })
  })

  test('draws it with --format svg', async () => {
    const own = join(folder, 'own.yml')
    const { exitCode, output, errors } = await graph(own, '--format', 'svg')
    assert.deepEqual([exitCode, errors], [0, ''])
    assert.match(
      output,
      /^(<\?xml[^>]*>\n)?<svg [^]*<g id="t1" class="conditional">[^]*>Say \{\{word\}\}<[^]*<\/svg>\n$/,
    )
  })

  test('reports all mistakes', async () => {
    const broken = join(folder, 'broken.yml')
    writeFileSync(broken, '- hosts: all\n  tasks: [{ cpoy: {} }, { debug: { mgs: x } }]\n')
    const { exitCode, output, errors } = await graph(broken)
    assert.deepEqual([exitCode, output], [2, ''])
    assert.match(errors, /cpoy[^]*mgs[^]*\n2 problems; no host was contacted/)
  })

  for (const name of shippedNames(repository)) {
    test(`${name}: boxes are closed, IDs are unique, and arrows lead from box to box`, async () => {
      const { exitCode, output, errors } = await graph(name)
      assert.deepEqual([exitCode, errors], [0, ''])
      const lines = output.trimEnd().split('\n')
      const arrows = lines.flatMap((line) => {
        const [, from, to] = /^ {2}(\w+) (?:-->|-\.->|==>)(?:\|"[^"]+"\|)? (\w+)$/.exec(line) ?? []
        return from === undefined || to === undefined ? [] : [{ from, to }]
      })
      const ids = lines.flatMap((line) => /^ +(?:subgraph )?(\w+)(?:\[|\{\{|\(\[)"/.exec(line)?.[1] ?? [])
      const ends = lines.filter((line) => line.trim() === 'end').length
      assert.equal(ends, lines.filter((line) => line.trim().startsWith('subgraph ')).length)
      assert.equal(lines.length, 1 + ids.length + ends + arrows.length)
      assert.equal(new Set(ids).size, ids.length)
      assert.ok(ids.length > 1)
      assert.deepEqual(
        arrows.filter(({ from, to }) => from === to || !ids.includes(from) || !ids.includes(to)),
        [],
      )
    })
  }

  test('site.yml has its plays in order, with the role of each task', async () => {
    const { output } = await graph('site.yml')
    assert.match(
      output,
      /\n {2}subgraph p1\["Nodes \(nodes\)"\]\n {4}subgraph r1\["role runfile_cache"\]\n {6}t1/,
    )
    assert.match(output, /\n {2}p1 -\.->\|"after: node"\| p2\n {2}p2 -\.->\|"after: node"\| p3\n$/)
  })

  for (const [words, sentence] of [
    [[], /^error: no playbook was given\n +help: type: gpuplay graph site\.yml\n$/],
    [['none.yml'], /^error: there is no playbook "none\.yml"/],
    [['site.yml', '-i', 'hosts.yml'], /has no option -i\n +help: leave it out: graph reads only playbooks/],
  ] as const) {
    test(`refuses "${words.join(' ')}"`, async () => {
      const { exitCode, errors } = await graph(...words)
      assert.equal(exitCode, 2)
      assert.match(errors, sentence)
    })
  }
})
