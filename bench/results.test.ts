import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Book } from './book.ts'
import { readOptions } from './options.ts'
import { type Results, resultsText } from './results.ts'

function results(fill: (book: Book) => void, counted: Results['counted'] = new Map()): string {
  const book = new Book(() => undefined)
  fill(book)
  const options = readOptions(['--hosts', '1,20'], 'out.md')
  if (options === 'help') return assert.fail('help')
  const tool = {
    name: 'gpuplay',
    version: '1',
    command: () => assert.fail(),
    afterwards: () => assert.fail(),
  } as const
  const missing = [{ name: 'pyinfra', why: 'not here' }] as const
  return resultsText({ book, counted, options, tools: [tool], missing, about: ['today'] })
}

/** Cells of the row with this first cell. */
function row(text: string, name: string): readonly string[] | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`| ${name} |`))
  return line
    ?.split(' | ')
    .slice(1)
    .map((cell) => cell.replace(/ ?\|$/, ''))
}

function sample(wall: number, cpu = 0, memory = 0): { wall: number; cpu: number; memory: number } {
  return { wall, cpu, memory }
}

test('a run is compared with the floor of the same fleet, with the median of all rounds', () => {
  const text = results((book) => {
    for (const wall of [0.5, 9, 0.4]) book.add('fleet floor 20', sample(wall))
    book.add('fleet gpuplay converged 20', sample(0.7, 0.7))
    book.add('fleet gpuplay first 20', sample(2))
  })
  assert.deepEqual(row(text, 'floor, 20 hosts'), ['0.50 s', '', ''])
  assert.deepEqual(row(text, 'converged, 20 hosts'), ['0.70 s, 1.4 times the floor', 'at most 0.75 s', 'met'])
  assert.deepEqual(row(text, 'first, 20 hosts'), [
    '2.00 s, 4.0 times the floor',
    'at most 1.50 s',
    'missed by 0.50 s',
  ])
  assert.deepEqual(row(text, 'CPU, converged, 20 hosts'), ['0.70 s', 'at most 0.60 s', 'missed by 0.10 s'])
  assert.deepEqual(row(text, 'pyinfra'), ['not measured', '', 'not here'])
})

test('a missing measurement has no row, and a section without rows is left out', () => {
  const text = results((book) => book.add('startup node', sample(0.04, 0.04)))
  assert.equal(row(text, 'converged, 1 host'), undefined)
  assert.doesNotMatch(text, /## (Twenty|On one host|One host behind|site)/)
  assert.deepEqual(row(text, 'node -e 0'), ['0.04 s', '', ''])
})

test('a slow connection is judged without start-up', () => {
  const text = results((book) => {
    book.add('distance floor 1', sample(0.5))
    book.add('distance gpuplay converged 1', sample(1.6))
    book.add('startup debug', sample(0.5, 0.3))
  })
  assert.deepEqual(row(text, 'gpuplay converged, beyond start-up'), [
    '1.10 s',
    'at most 1.00 s',
    'missed by 0.10 s',
  ])
  assert.deepEqual(row(text, 'gpuplay run of one local debug: CPU'), [
    '0.30 s',
    'at most 0.20 s',
    'missed by 0.10 s',
  ])
})

test('counts are compared with fixed bounds', () => {
  const costs = {
    forks: 31,
    waits: 6,
    programs: new Map([
      ['cat', 12],
      ['stat', 3],
    ]),
  }
  const text = results(() => undefined, new Map([['gpuplay converged', costs]]))
  assert.deepEqual(row(text, 'gpuplay, converged: forks'), ['31', 'at most 30', 'missed by 1'])
  assert.deepEqual(row(text, 'gpuplay, converged: programs'), ['15', '', ''])
  assert.deepEqual(row(text, 'gpuplay, converged: waits for an answer'), ['6', 'at most 6', 'met'])
})
