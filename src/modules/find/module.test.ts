import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { assertHas } from '../testing/has.ts'
import { fakeWorld, type FakeWorld, sha256 } from '../testing/fake-host.ts'
import { find } from './module.ts'

const records = [
  'f\t644\t10\t0\t0\t1000.5\t/var/log/a.log',
  'f\t600\t2048\t0\t4\t9000.0\t/var/log/b.log.1',
  'd\t1777\t4096\t0\t0\t1000.0\t/var/log/apt',
  'f\t644\t0\t0\t0\t1000.0\t/var/log/.hidden',
  'f\t644\t0\t0\t0\t1000.0\t/var/log/.git/x',
  'l\t777\t5\t0\t0\t1000.0\t/var/log/link',
]

/** As find prints them with this format: all were last accessed at 5000, and their attributes changed at 9990. */
function printed(format: string): string {
  const stamp = format.includes('%A@') ? '5000.0' : format.includes('%C@') ? '9990.0' : undefined
  return records.map((each) => `${each.replace(/\t([\d.]+)\t\//, `\t$1\t${stamp ?? '$1'}\t/`)}\0`).join('')
}

function worldWith(asked: string[][] = []): FakeWorld {
  const world = fakeWorld({ '/var/log/a.log': '' })
  world.answer = (argv) => {
    asked.push([...argv])
    const stdout = argv[0] === 'date' ? '10000\n' : printed(argv.at(-1) ?? '')
    return { code: 0, stdout, stderr: '' }
  }
  return world
}

async function found(args: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { report } = await converge(find, { paths: '/var/log', ...args }, worldWith())
  const files = report['files']
  return Array.isArray(files) ? files.map((file: { readonly path: string }) => file.path.slice(9)) : files
}

test('find reports files with their attributes', async () => {
  const asked: string[][] = []
  const { report, actions } = await converge(find, { paths: ['/var/log/'] }, worldWith(asked))
  assert.deepEqual(actions, [])
  const kinds = { isreg: true, isdir: false, islnk: false, uid: 0 }
  assert.deepEqual(report, {
    files: [
      { path: '/var/log/a.log', ...kinds, mode: '0644', size: 10, gid: 0, mtime: 1000.5 },
      { path: '/var/log/b.log.1', ...kinds, mode: '0600', size: 2048, gid: 4, mtime: 9000 },
    ],
    matched: 2,
    examined: 6,
  })
  assert.deepEqual(asked[0]?.slice(0, 7), ['find', '-H', '/var/log', '-mindepth', '1', '-maxdepth', '1'])
})

test('names, kinds, sizes and ages are compared', async () => {
  for (const [args, wanted] of [
    [{ patterns: '*.log' }, ['a.log']],
    [{ patterns: ['*.log', '*.[0-9]'], excludes: 'a*' }, ['b.log.1']],
    [{ patterns: '[ab]\\.log$', use_regex: true }, ['a.log']],
    [{ patterns: 'log', use_regex: true }, []],
    [{ file_type: 'directory' }, ['apt']],
    [{ file_type: 'link' }, ['link']],
    [{ file_type: 'any' }, ['a.log', 'apt', 'b.log.1', 'link']],
    [{ hidden: true }, ['.git/x', '.hidden', 'a.log', 'b.log.1']],
    [{ size: '2k' }, ['b.log.1']],
    [{ size: '-1k' }, ['a.log']],
    [{ age: '2h' }, ['a.log']],
    [{ age: '-1000' }, ['b.log.1']],
  ] as const)
    assert.deepEqual(await found(args), wanted, JSON.stringify(args))
})

test('the depth counts only with recurse', async () => {
  for (const [args, depth] of [
    [{ recurse: true }, '1000'],
    [{ recurse: true, depth: 2 }, '2'],
    [{ depth: 2 }, '1'],
  ] as const) {
    const asked: string[][] = []
    await planOnce(find, { paths: '/var/log', ...args }, worldWith(asked))
    assert.equal(asked[0]?.[6], depth)
  }
})

test('a missing directory is a warning, an invalid pattern is refused, and a failed search fails', async () => {
  const world = worldWith()
  assert.deepEqual((await planOnce(find, { paths: '/none' }, world)).warnings, [
    'there is no directory /none',
  ])
  const invalid = await planOnce(find, { paths: '/var/log', patterns: '(', use_regex: true }, world)
  assert.match(invalid.refusal?.message ?? '', /^`patterns`: /)
  const failing = worldWith()
  failing.answer = () => ({ code: 1, stdout: '', stderr: 'find: ‘/var/log/x’: Permission denied\n' })
  await assert.rejects(
    planOnce(find, { paths: '/var/log' }, failing),
    /cannot search: find: .*Permission denied/,
  )
})

test('contains leaves only files with a matching line', async () => {
  const asked: string[][] = []
  const world = worldWith()
  const { answer } = world
  world.answer = (argv, options) => {
    if (argv[0] !== 'grep') return answer(argv, options)
    asked.push([...argv])
    return { code: 2, stdout: '/var/log/b.log.1\0', stderr: '' }
  }
  const { report } = await converge(
    find,
    { paths: '/var/log', file_type: 'any', contains: 'err(or)?:' },
    world,
  )
  assert.equal(report['matched'], 1)
  assertHas(report['files'], [{ path: '/var/log/b.log.1' }])
  assert.deepEqual(asked[0], [
    'grep',
    '-lsaZE',
    '-e',
    'err(or)?:',
    '--',
    '/var/log/a.log',
    '/var/log/b.log.1',
  ])
  world.answer = (argv, options) =>
    argv[0] === 'grep' ? { code: 2, stdout: '', stderr: 'grep: Unmatched (\n' } : answer(argv, options)
  await assert.rejects(
    planOnce(find, { paths: '/var/log', contains: '(' }, world),
    /cannot search: grep: Unmatched/,
  )
})

test('age_stamp chooses the time that is compared, get_checksum and limit what is reported', async () => {
  const age = { age: '4000s', patterns: '*.log*' }
  assert.deepEqual(await found(age), ['a.log'])
  assert.deepEqual(await found({ ...age, age_stamp: 'atime' }), ['a.log', 'b.log.1'])
  assert.deepEqual(await found({ ...age, age_stamp: 'ctime' }), [])
  const args = { paths: '/var/log', get_checksum: true, limit: 1, file_type: 'any', age_stamp: 'atime' }
  const { report } = await converge(find, args, worldWith())
  const empty = sha256('')
  assertHas(report, {
    matched: 1,
    files: [{ path: '/var/log/a.log', checksum: empty, mtime: 1000.5, atime: 5000 }],
  })
})
