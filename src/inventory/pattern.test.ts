import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { memoryFiles } from '../language/testing/memory-files.ts'
import { report } from '../language/testing/report.ts'
import { loadInventory } from './inventory.ts'
import { limitPlace, resolveLimit, resolvePattern, splitPattern } from './pattern.ts'

const files = memoryFiles({
  '/i/hosts.yml': `all:
  hosts: { lonely: }
  children:
    web: { hosts: { web1: , web2: , web3: } }
    db: { hosts: { db1: , web3: } }
    old: { hosts: { web2: } }
`,
  '/l/retry': '# failed\nweb1\n\ndb\n',
  '/l/empty': '# no host failed\n\n',
})
const inventory = loadInventory(['/i/hosts.yml'], { files })

function select(pattern: string): string {
  const { hosts, problems } = resolvePattern(inventory, pattern)
  return [...hosts.map((host) => host.name), ...report(problems)].join(' ')
}

const patterns: readonly (readonly [pattern: string, hosts: string])[] = [
  ['all', 'lonely web1 web2 web3 db1'],
  ['*', 'lonely web1 web2 web3 db1'],
  ['web', 'web1 web2 web3'],
  ['db,web1', 'web1 web3 db1'],
  ['db:web1', 'web1 web3 db1'],
  ['web:&db', 'web3'],
  ['&db:web', 'web3'],
  ['web:!old', 'web1 web3'],
  ['!old', 'lonely web1 web3 db1'],
  ['web:db:&web:!web1', 'web2 web3'],
  ['web*', 'web1 web2 web3'],
  ['?b1', 'db1'],
  ['d*', 'web3 db1'],
  ['~(web|db)1', 'web1 db1'],
  ['~w.b[2-3],db1', 'web2 web3 db1'],
  ['web[0]', 'web1'],
  ['web[-1]', 'web3'],
  ['web[0:1]', 'web1 web2'],
  ['web[1:]', 'web2 web3'],
  ['web[:1]', 'web1 web2'],
  ['web[-2:]', 'web2 web3'],
  // Positions count in the order of the group; selected hosts are in the order of the inventory.
  ['db[0]', 'db1'],
  ['db[1]', 'web3'],
  ['all[0]', 'lonely'],
  ['all:!db[0]', 'lonely web1 web2 web3'],
  [
    'web[0-1]',
    'invalid-pattern: "web[0-1]" is ambiguous: positions in the group "web", or characters of a name (for positions, write web[0:1]; both ends are included)',
  ],
  ['we[a-b][1-2]', 'web1 web2'],
  ['ungrouped', 'lonely'],
  ['localhost', 'localhost'],
  ['wbe', 'unknown-host: there is no host or group "wbe" (did you mean "web"?)'],
  ['web[9]', 'no-hosts: "web[9]" is out of range; number of hosts: 3 (positions start at 0)'],
  [
    '~(',
    'invalid-pattern: "~(" is not a valid regular expression: error parsing regexp: missing closing ): `(`',
  ],
]

for (const [pattern, hosts] of patterns) {
  test(`${pattern} selects ${hosts}`, () => {
    assert.equal(select(pattern), hosts)
  })
}

test('a pattern in brackets that is not a position is a glob', () => {
  assert.equal(select('web[!1]'), 'web2 web3')
  assert.equal(select('web[a1-2]'), 'web1 web2')
})

test('--limit reads files, and a limit without matches is a mistake', () => {
  const limit = (text: string) => {
    const { hosts, problems } = resolveLimit(inventory, text, { files, where: limitPlace })
    return [...hosts.map((host) => host.name), ...report(problems)].join(' ')
  }
  assert.equal(limit('@/l/retry'), 'web1 web3 db1')
  assert.equal(limit('@/l/retry:!db'), 'web1')
  assert.equal(
    limit('@/l/none'),
    '--limit:1:1 missing-file: there is no file "/l/none" (check the path after the @)',
  )
  assert.equal(
    limit('web:!web'),
    '--limit:1:1 no-hosts: "web:!web" selects no hosts (see "gpuplay inventory --graph")',
  )
  assert.equal(
    limit('pev'),
    '--limit:1:1 unknown-host: there is no host or group "pev" (the groups are all, ungrouped, web, db, old; the hosts are lonely, web1, web2, web3, db1)',
  )
})

test('a limit that names no hosts does not mean all of them', () => {
  for (const empty of ['', ' , ', ':', '@/l/empty']) {
    const { hosts, problems } = resolveLimit(inventory, empty, { files, where: limitPlace })
    assert.deepEqual(hosts, [])
    assert.deepEqual(report(problems), [
      `--limit:1:1 no-hosts: "${empty}" names no hosts (name hosts or groups; "all" means every host)`,
    ])
  }
})

test('union, intersection and difference are set operations, in any order of the parts', () => {
  const name = fc.constantFrom('web', 'db', 'old', 'lonely', 'web1', 'db1', 'all')
  const names = fc.uniqueArray(name, { maxLength: 3 })
  fc.assert(
    fc.property(
      fc.tuple(names, names, names),
      fc.constantFrom(',', ':'),
      fc.nat(),
      ([plain, both, not], mark, turn) => {
        const terms = [...plain, ...both.map((text) => `&${text}`), ...not.map((text) => `!${text}`)]
        fc.pre(terms.length > 0)
        const turned = terms.map((_, index) => terms[(index + turn) % terms.length] ?? '')
        const members = (text: string) => new Set(resolvePattern(inventory, text).hosts)
        const expected = [...inventory.hosts.values()].filter(
          (host) =>
            (plain.length === 0 || plain.some((text) => members(text).has(host))) &&
            both.every((text) => members(text).has(host)) &&
            !not.some((text) => members(text).has(host)),
        )
        assert.deepEqual(resolvePattern(inventory, turned.join(mark)).hosts, expected)
      },
    ),
  )
})

test('patterns are split at commas and colons outside brackets and regular expressions', () => {
  assert.deepEqual(splitPattern('a:b[0:2],!c , ~x:y,&d'), ['a', 'b[0:2]', '!c', '~x:y', '&d'])
})
