import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { pageScript } from '../../base/built.ts'
import { finished, numbered, started, taskFinished, taskRef } from '../testing/sample-events.ts'
import type { EventBody } from '../../events/events.ts'
import type { ReportData } from './report-data.ts'
import { reportOfRun } from './report-of-run.ts'
import { reportPage } from './report-page.ts'

const hostile = [
  '</script><script>alert(1)</script>',
  '<!-- <script>',
  '</ScRiPt >',
  '<img src=x onerror=alert(1)>',
  '&lt;b&gt; " \' `${x}` \\u003c/script>',
  'line\u2028separator \u2029 \ud800 lone',
  '__proto__',
]

function dataOf(...bodies: readonly EventBody[]): ReportData {
  const events = numbered([started(['pve1']), ...bodies])
  const [start] = events
  assert.ok(start?.type === 'run.started')
  return reportOfRun({ started: start, events })
}

/** What a browser takes as the content of an element that only its end tag ends. */
function contents(html: string, tag: 'script' | 'style'): readonly string[] {
  return [...html.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}`, 'gi'))].map(([, text = '']) => text)
}

describe('the page of a report', () => {
  const script = 'draw()\n'

  for (const text of hostile) {
    test(`has ${JSON.stringify(text)} as data, never as markup`, () => {
      const detail = { message: text, actions: [text], program: { rc: 1, stdout: text, stderr: text } }
      const data = dataOf(taskFinished('pve1', taskRef(text), 'ok', { detail }), finished())
      const html = reportPage(data, script)
      const found = contents(html, 'script')
      assert.equal(found.length, 2)
      assert.equal(found[1], script)
      assert.doesNotMatch(found[0] ?? '', /</)
      const read: ReportData = JSON.parse(found[0] ?? '')
      assert.deepEqual(read, JSON.parse(JSON.stringify(data)))
      assert.equal(read.tasks.length, 1)
    })
  }

  test('has hostile names of playbooks as text in its title', () => {
    const html = reportPage({ ...dataOf(), playbooks: ['</title><script>&'] }, script)
    assert.match(html, /<title>&lt;\/title>&lt;script>&amp;: /)
    assert.equal(contents(html, 'script').length, 2)
  })

  test('allows exactly its own script and style, and nothing from a network', () => {
    const html = reportPage(dataOf(), script)
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html) ?? []
    const digest = (text = ''): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    assert.ok(policy.includes(`script-src ${digest(script)}`))
    assert.ok(policy.includes(`style-src ${digest(contents(html, 'style')[0])}`))
    assert.match(policy, /^default-src 'none';/)
    assert.doesNotMatch(html, /https?:\/\//)
  })

  test('refuses a script that would end its element', () => {
    for (const text of ['"</script>"', 'a<!--b', 'a\r\nb']) {
      assert.throws(() => reportPage(dataOf(), text), /cannot stand in HTML/)
    }
  })

  test('takes the bundled script, which names no other file', () => {
    const bundled = pageScript()
    const html = reportPage(dataOf(), bundled)
    assert.equal(contents(html, 'script')[1], bundled)
    assert.ok(bundled.length < 200_000, `${bundled.length} characters`)
    assert.doesNotMatch(bundled, /\bimport\(|\brequire\(|sourceMappingURL/)
  })
})
