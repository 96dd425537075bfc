import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import * as fc from 'fast-check'
import { modePattern, octalMode } from './mode.ts'

describe('a symbolic mode', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-mode-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'd'))
  writeFileSync(join(folder, 'f'), '')

  it('gives the same permissions as chmod', () => {
    const one = fc.constantFrom(
      ...['u', 'g', 'o', 'a', 'ug', 'go', ''].flatMap((who) =>
        ['-', '+', '='].flatMap((operator) =>
          ['r', 'rw', 'rwX', 'X', 'x', 's', 't', 'u', 'g', ''].map((what) => `${who}${operator}${what}`),
        ),
      ),
    )
    const modes = fc.array(one, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','))
    fc.assert(
      fc.property(fc.boolean(), fc.integer({ min: 0, max: 0o7777 }), modes, (directory, bits, mode) => {
        assert.match(mode, new RegExp(modePattern))
        const path = join(folder, directory ? 'd' : 'f')
        chmodSync(path, bits)
        execFileSync('/bin/sh', ['-c', 'umask 022; chmod -- "$1" "$2"', 'sh', mode, path], { stdio: 'pipe' })
        const wanted = (statSync(path).mode & 0o7777).toString(8).padStart(4, '0')
        const base = { mode: bits.toString(8).padStart(4, '0'), directory }
        assert.equal(octalMode(mode, base), wanted, `${mode} on ${base.mode}`)
      }),
      { numRuns: 150 },
    )
  })

  it('is told from other texts', () => {
    const pattern = new RegExp(modePattern)
    for (const mode of ['644', '0644', 'u+rwX', 'u=rwX,go=rX', '+x', 'g=u', 'a-st'])
      assert.match(mode, pattern)
    for (const mode of ['64', '0888', 'rwxr-xr-x', 'u', 'u+rwX;', 'preserve', ''])
      assert.doesNotMatch(mode, pattern)
  })
})
