import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replacer, type Replacement } from './replacement.ts'

function done(text: string, request: Partial<Replacement> & Pick<Replacement, 'regexp'>): unknown {
  const replaces = replacer({ replace: '', after: undefined, before: undefined, ...request })
  return typeof replaces === 'function' ? replaces(text).text : replaces
}

const text = 'a=1\n[x]\na=1\nb=2\n[y]\na=1\n[x]\na=3\n'

// The expected texts are those of Python's re.sub, as Ansible calls it.
test('matches are replaced', () => {
  for (const [request, after] of [
    [{ regexp: '^a=1$', replace: 'a=2' }, text.replaceAll('a=1', 'a=2')],
    [{ regexp: '^a=.*\\n' }, '[x]\nb=2\n[y]\n[x]\n'],
    [{ regexp: '(\\w)=(\\d)', replace: '\\2=\\1' }, '1=a\n[x]\n1=a\n2=b\n[y]\n1=a\n[x]\n3=a\n'],
    [{ regexp: '(?P<key>b)=', replace: '\\g<key>\\\\\\t\\g<0>' }, text.replace('b=', 'b\\\tb=')],
    [{ regexp: '$nothing', replace: 'x' }, text],
    [{ regexp: 'a=1', replace: '!', after: '^\\[x\\]' }, 'a=1\n[x]\n!\nb=2\n[y]\n!\n[x]\na=3\n'],
    [{ regexp: 'a=1', replace: '!', before: '^\\[y\\]' }, '!\n[x]\n!\nb=2\n[y]\na=1\n[x]\na=3\n'],
    [{ regexp: 'a=1', replace: '!', before: '^\\[x\\]' }, '!\n[x]\n!\nb=2\n[y]\n!\n[x]\na=3\n'],
    [
      { regexp: 'a=.', replace: '!', after: '^\\[x\\]', before: '^\\[' },
      'a=1\n[x]\n!\nb=2\n[y]\na=1\n[x]\na=3\n',
    ],
    [{ regexp: 'a=1', replace: '!', after: 'none' }, text],
    [{ regexp: 'a=1', replace: '!', before: 'none' }, text],
    [{ regexp: '(?s)\\[x\\].*', replace: '' }, 'a=1\n'],
  ] as const)
    assert.equal(done(text, request), after, JSON.stringify(request))
})

test('a group that took no part is empty, and dollar signs are not special', () => {
  assert.equal(done('ab', { regexp: '(a)|(b)', replace: '<\\1\\2$1$&>' }), '<a$1$&><b$1$&>')
})

test('wrong patterns and templates are named', () => {
  for (const [request, wrong] of [
    [{ regexp: '(', replace: 'x' }, /^`regexp`: /],
    [{ regexp: 'x', after: '(' }, /^`after`: /],
    [{ regexp: '(x)', replace: '\\2' }, /^`replace`: `regexp` has no group 2$/],
    [{ regexp: '(x)', replace: '\\g<a>' }, /^`replace`: `regexp` has no group "a"$/],
    [{ regexp: 'x', replace: '\\d' }, /^`replace`: \\d means nothing; a backslash is written \\\\$/],
    [{ regexp: 'x', replace: 'end\\' }, /^`replace`: \\ means nothing/],
  ] as const) {
    const found = done(text, request)
    assert.ok(typeof found === 'object' && found !== null && 'wrong' in found, JSON.stringify(request))
    assert.match(String(found.wrong), wrong)
  }
})
