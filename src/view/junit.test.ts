import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from 'xmlbuilder2'
import type { EventBody } from '../events/events.ts'
import { createJunitView } from './junit.ts'
import { finished, numbered, playStarted, started, taskFinished, taskRef } from './testing/sample-events.ts'

async function report(events: readonly EventBody[]): Promise<string> {
  let text = ''
  const view = createJunitView((part) => void (text += part))
  for (const event of numbered(events)) view.take(event)
  await view.close()
  // It is well-formed.
  create(text)
  return text
}

const install = taskRef('Install', { where: 'roles/x/tasks/main.yml:4' })
const restart = taskRef('Restart', { handler: true })

test('a run is a suite for each host with a case for each task', async () => {
  const problem = { code: 'failed', message: 'no <space> & more &lt;', hint: 'make room' }
  assert.equal(
    await report([
      started(['pve1', 'pve2']),
      playStarted('Nodes', ['pve1', 'pve2'], [install, restart]),
      taskFinished('pve1', install, 'changed', {
        detail: { actions: ['write /etc/motd'] },
        milliseconds: 1500,
      }),
      taskFinished('pve1', restart, 'skipped', { detail: { why: 'not notified' } }),
      taskFinished('pve2', install, 'failed', {
        detail: { problem, program: { rc: 3, stdout: 'a\u0007b', stderr: '' } },
      }),
      finished(),
    ]),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="gpuplay run site.yml" tests="3" failures="1" errors="0" skipped="1" time="1.510">
  <testsuite name="pve1" hostname="pve1" timestamp="2026-01-02T03:04:05" tests="2" failures="0" errors="0" skipped="1" time="1.505">
    <testcase classname="Nodes" name="Install" file="roles/x/tasks/main.yml:4" time="1.500">
      <system-out>changed
write /etc/motd</system-out>
    </testcase>
    <testcase classname="Nodes" name="handler Restart" file="site.yml:7" time="0.005">
      <skipped message="not notified"/>
    </testcase>
  </testsuite>
  <testsuite name="pve2" hostname="pve2" timestamp="2026-01-02T03:04:05" tests="1" failures="1" errors="0" skipped="0" time="0.005">
    <testcase classname="Nodes" name="Install" file="roles/x/tasks/main.yml:4" time="0.005">
      <failure type="failed" message="no &lt;space&gt; &amp; more &amp;lt;">no &lt;space&gt; &amp; more &amp;lt;
help: make room
exit status 3
a\ufffdb</failure>
    </testcase>
  </testsuite>
</testsuites>
`,
  )
})

const problem = { code: 'refused', message: 'connection refused' }
for (const [what, event, text] of [
  [
    'an unreachable host is an error',
    { type: 'host.unreachable', host: 'pve1', problem },
    /<error type="refused" message="connection refused">/,
  ],
  [
    'a mistake in a file is an error',
    { type: 'problem', problem: { ...problem, where: { file: 'site.yml', line: 3, column: 1 } } },
    /name="site.yml:3:1" time="0.000">\n\s*<error/,
  ],
  [
    'an ignored failure is no failure',
    taskFinished('pve1', install, 'failed', { detail: { problem }, ignored: true }),
    /failures="0"[^]*ignored: connection refused/,
  ],
  [
    'what a dry run does not know is skipped',
    taskFinished('pve1', install, 'unknown', { detail: { why: 'it depends' } }),
    /<skipped message="may run: it depends"/,
  ],
] as const) {
  test(what, async () => {
    assert.match(await report([event]), text)
  })
}
