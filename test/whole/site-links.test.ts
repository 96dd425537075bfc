/** The links of the documentation on its site (site/links.ts). test/full/site.test.ts follows them. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { siteLink } from '../../site/links.ts'
import { pages } from '../../site/pages.ts'
import { repository } from './command-line.ts'

for (const [source, href, expected] of [
  ['docs/guide.md', 'roles.md#verify', '/roles#verify'],
  ['docs/guide.md', '#removal', '#removal'],
  ['docs/README.md', '../SECURITY.md', '/security'],
  ['SECURITY.md', 'docs/playbooks.md#secrets', '/playbooks#secrets'],
  ['test/lab/README.md', '../../docs/README.md', '/'],
  ['docs/command-line.md', '../schemas/plan.json', '/schemas/plan.json'],
  ['docs/secrets.md', 'https://age-encryption.org', 'https://age-encryption.org'],
  ['SECURITY.md', 'test/conformance', undefined],
] as const)
  test(`${href} in ${source} ${expected === undefined ? 'becomes text' : `leads to ${expected}`}`, () => {
    assert.equal(siteLink(source, href), expected)
  })

test('each page of docs is on the site, once', () => {
  const sources = pages.map(({ source }) => source)
  assert.equal(new Set(sources).size, sources.length)
  assert.deepEqual(
    sources.filter((source) => !existsSync(join(repository, source))),
    [],
  )
  const docs = readdirSync(join(repository, 'docs')).filter((name) => name.endsWith('.md'))
  assert.deepEqual(
    docs.filter((name) => !sources.includes(`docs/${name}`)),
    [],
  )
})
