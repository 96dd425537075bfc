import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricsText } from './metrics-text.ts'

test('each family has its help and type once, before its samples', () => {
  assert.equal(
    metricsText([
      {
        name: 'gpuplay_host_ok',
        help: '1 if it is in order.',
        samples: [
          { labels: { host: 'pve1', node: '', ctid: '' }, value: 1 },
          { labels: { host: 'web', node: 'pve1', ctid: '101' }, value: 0 },
        ],
      },
      { name: 'gpuplay_none', help: 'No sample.', samples: [] },
      { name: 'gpuplay_seconds', help: 'A time.', samples: [{ labels: {}, value: 1.25 }] },
    ]),
    `# HELP gpuplay_host_ok 1 if it is in order.
# TYPE gpuplay_host_ok gauge
gpuplay_host_ok{host="pve1"} 1
gpuplay_host_ok{host="web",node="pve1",ctid="101"} 0
# HELP gpuplay_seconds A time.
# TYPE gpuplay_seconds gauge
gpuplay_seconds 1.25
`,
  )
})

test('a text from a host cannot begin a sample of its own', () => {
  const value = '1"} 1\nevil{a="\\\r\u001b[31mx'
  assert.equal(
    metricsText([{ name: 'm', help: 'a\\b\nc "d"', samples: [{ labels: { version: value }, value: 1 }] }]),
    `# HELP m a\\\\b\\nc "d"
# TYPE m gauge
m{version="1\\"} 1\\nevil{a=\\"\\\\x"} 1
`,
  )
})
