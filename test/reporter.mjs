// Reporter for node:test: prints failures and the reason of every skip, and writes counts for test/run.ts to
// the file GPUPLAY_TEST_COUNTS. Every test counts once; suites and tests with subtests count only if they are
// skipped as a whole.
import { writeFileSync } from 'node:fs'

/** @param {AsyncIterable<{type: string, data: any}>} source */
export default async function* report(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const parents = new Set()
  const names = []
  for await (const { type, data } of source) {
    if (type === 'test:start') {
      names.length = data.nesting
      names[data.nesting] = data.name
      if (data.nesting > 0) parents.add(names.slice(0, data.nesting).join(' > '))
      if (process.env.GPUPLAY_TEST_VERBOSE) yield `  ${'  '.repeat(data.nesting)}${data.name}\n`
    } else if (type === 'test:pass' || type === 'test:fail') {
      const path = [...names.slice(0, data.nesting), data.name].join(' > ')
      const skipped = data.skip !== undefined && data.skip !== false
      if (!skipped && (data.details?.type === 'suite' || (parents.has(path) && type === 'test:pass')))
        continue
      if (parents.has(path) && data.details?.error?.failureType === 'subtestsFailed') continue
      if (skipped) {
        counts.skipped += 1
        yield `skipped: ${path} (${data.skip === true || data.skip === '' ? 'no reason given' : data.skip})\n`
      } else if (type === 'test:pass') {
        counts.passed += 1
      } else {
        counts.failed += 1
        yield `FAILED: ${path}\n${describe(data)}\n`
      }
    } else if (type === 'test:stderr' || type === 'test:stdout') {
      yield data.message
    }
  }
  yield `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`
  if (process.env.GPUPLAY_TEST_COUNTS) writeFileSync(process.env.GPUPLAY_TEST_COUNTS, JSON.stringify(counts))
}

function describe(data) {
  const error = data.details?.error
  const cause = error?.cause ?? error
  const text = typeof cause === 'string' ? cause : (cause?.stack ?? String(cause))
  const place = data.file ? `at ${data.file}:${data.line}\n` : ''
  return `${place}${text}`
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
}
