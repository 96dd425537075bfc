import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostError } from '../base/errors.ts'
import { inDirectory, isQuestion, many, one, oneOf, question, questionAbout, someOf } from './question.ts'

const reads = (): [] => []
const parse = (): undefined => undefined
const simulation = questionAbout({
  words: ['apt-get', '-s', someOf('options', ['-y']), oneOf('verb', ['install']), many('names', /[a-z-]+/)],
  reads,
  parse,
})
const log = questionAbout({ words: ['cat', one('path', /\/.*/)], reads, parse })
const compiler = questionAbout({
  words: [inDirectory('nvcc', 'directory', /\/usr\/local\/cuda-.*/), '--version'],
  reads,
  parse,
})

test('a question consists of its fixed words with each value at its place', () => {
  const asked = simulation({ options: ['-y'], verb: 'install', names: ['jq', 'curl'] })
  assert.ok(isQuestion(asked))
  assert.deepEqual(asked.argv, ['apt-get', '-s', '-y', 'install', 'jq', 'curl'])
  assert.deepEqual(compiler({ directory: '/usr/local/cuda-12.4/bin' }).argv, [
    '/usr/local/cuda-12.4/bin/nvcc',
    '--version',
  ])
})

test('apt does not update its caches, and the answer depends on the program', () => {
  const { command } = simulation({ options: [], verb: 'install', names: ['x'] })
  assert.equal(command.join(' '), 'apt-get -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -s install x')
  assert.deepEqual(compiler({ directory: '/usr/local/cuda-12.4/bin' }).reads, [
    'command:nvcc',
    'file:/usr/local/cuda-12.4/bin/nvcc',
  ])
  assert.equal(question({ words: ['nvidia-smi', '-L'], reads: [], parse }).guard, 'nvidia')
})

test('a value that is an option, contains another word or leaves a directory is refused', () => {
  const refused: readonly (() => unknown)[] = [
    () => simulation({ options: [], verb: 'install', names: ['-o'] }),
    () => simulation({ options: [], verb: 'install', names: ['jq', '--purge'] }),
    () => simulation({ options: [], verb: 'install', names: ['jq curl'] }),
    () => simulation({ options: [], verb: 'install', names: ['jq\n-o'] }),
    // Values that JavaScript accepts if the types are ignored.
    () => Reflect.apply(simulation, undefined, [{ options: ['-f'], verb: 'install', names: [] }]),
    () => Reflect.apply(simulation, undefined, [{ options: [], verb: 'source', names: [] }]),
    () => Reflect.apply(simulation, undefined, [{ options: [], verb: 'install', names: 'jq' }]),
    () => Reflect.apply(log, undefined, [{}]),
    () => Reflect.apply(log, undefined, [{ path: ['/a', '/b'] }]),
    () => log({ path: 'relative' }),
    () => log({ path: '/etc/\0' }),
    () => compiler({ directory: '/usr/local/cuda-12.4/../../../tmp/evil' }),
  ]
  for (const ask of refused) assert.throws(ask, HostError, ask.toString())
  assert.throws(() => log({ path: 'relative' }), /not a valid path: "relative"/)
})

test('only listed programs can be asked, by name, and dangerous ones only in a reading form', () => {
  const declare = (...words: readonly string[]): void => {
    Reflect.apply(question, undefined, [{ words, reads: [], parse }])
  }
  for (const line of ['rm -rf /', 'sh -c x', './cat /x', '/tmp/evil/cat /x', 'constructor', 'lspci -q', ''])
    assert.throws(() => declare(...line.split(' ')), /no question may run/, line)
  for (const line of ['apt-get install x', 'apt-get -y -s install x', 'dkms remove x', 'hostname other'])
    assert.throws(() => declare(...line.split(' ')), /may only be asked with/, line)
})
