import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readOptions } from './installer-options.ts'

const recorded = join(import.meta.dirname, '../../data/nvidia-installer')
const lists = readdirSync(recorded)
  .filter((name) => name.endsWith('--advanced-options.txt'))
  .map((name) => ({ version: name.split('--')[0] ?? '', options: listedOptions(join(recorded, name)) }))

interface ListedOption {
  /** Each spelling that the list gives: `--dkms`, `--no-dkms`, `-M`. */
  readonly words: readonly string[]
  readonly takesValue: boolean
}

/** Of lines like `  -M TYPE, --kernel-module-type=TYPE` and `  --dkms, --no-dkms`. */
function listedOptions(file: string): readonly ListedOption[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^ {2}-/.test(line))
    .map((line) => ({
      words: line
        .trim()
        .split(', ')
        .map((spelling) => spelling.split(/[ =]/)[0] ?? ''),
      takesValue: line.includes('='),
    }))
}

const accepts = (version: string, ...argv: readonly string[]): boolean =>
  'asked' in readOptions(version, argv)

describe("nvidia-installer's options, against recorded --advanced-options", () => {
  test('there are recordings for the comparison', () => assert.ok(lists.length >= 6))

  for (const { version, options } of lists) {
    test(`${version} accepts every spelling in its list`, () => {
      assert.ok(options.length > 80)
      for (const { words, takesValue } of options) {
        for (const word of words)
          assert.ok(accepts(version, word, ...(takesValue ? ['x'] : [])), `${version} ${word}`)
      }
    })

    test(`${version} refuses options that only other versions list`, () => {
      const own = new Set(options.flatMap(({ words }) => words))
      const others = lists.flatMap((list) => list.options).flatMap(({ words }) => words)
      for (const word of others) {
        if (!own.has(word)) assert.deepEqual(readOptions(version, [word]), { unrecognized: word })
      }
    })

    test(`${version} accepts a value only for options that have one in its list`, () => {
      for (const { words, takesValue } of options) {
        const long = words.find((word) => word.startsWith('--')) ?? ''
        if (takesValue) assert.deepEqual(readOptions(version, [long]), { missingValue: long })
        else assert.deepEqual(readOptions(version, [`${long}=x`]), { unrecognized: `${long}=x` })
      }
    })
  }

  test('the old name of the option without kernel modules works in every version', () => {
    for (const version of ['450.80.02', ...lists.map((list) => list.version)])
      assert.ok(accepts(version, '--no-kernel-module'))
    assert.ok(!accepts('470.256.02', '--no-kernel-modules'))
  })

  test('each option has the version that introduced it', () => {
    assert.deepEqual(
      ['515.105.01', '520.56.06'].map((version) => accepts(version, '--no-dkms')),
      [false, true],
    )
    assert.deepEqual(
      ['550.144.03', '555.42.02'].map((version) => accepts(version, '--kernel-module-type=open')),
      [false, true],
    )
    assert.deepEqual(
      ['535.216.01', '545.23.06'].map((version) =>
        accepts(version, '--allow-installation-with-running-driver'),
      ),
      [false, true],
    )
  })

  test('short flags may be bundled, and options that never existed are refused', () => {
    assert.ok(accepts('580.95.05', '-sq'))
    for (const word of ['--yes', '--dry-run', '--no-prompt', '--info', '-sQ', 'word'])
      assert.ok(!accepts('580.95.05', word), word)
  })
})
