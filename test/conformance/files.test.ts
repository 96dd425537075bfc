/** Modules for files, and modules that do not use a host, on this machine in a folder of the test. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { ProgramHost } from '../../src/host/host.ts'
import type { Module } from '../../src/modules/module.ts'
import { actions } from '../../src/host/plan.ts'
import { conforms } from './conformance.ts'
import { controlCases } from './control-cases.ts'
import { fileCases } from './file-cases.ts'
import { localSubject } from './subject.ts'

const skip = process.getuid?.() === 0 ? false : 'owners can be set by root only'

describe('modules for files, and modules that do not use a host, conform', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-conformance-'))
  after(() => {
    rmSync(folder, { recursive: true, force: true })
    rmSync(`${folder}.state`, { recursive: true, force: true })
  })

  for (const given of [...fileCases(folder), ...controlCases])
    it(`${given.module.name}: ${given.says}`, () => conforms(given, localSubject(folder)))
})

describe('the suite catches a module that', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-conformance-'))
  after(() => {
    rmSync(folder, { recursive: true, force: true })
    rmSync(`${folder}.state`, { recursive: true, force: true })
  })
  const faulty = (probe: (host: ProgramHost) => Promise<unknown>, plan: Module['plan']): Module => ({
    name: 'faulty',
    summary: 'Breaks a law.',
    args: { type: 'object' },
    result: { type: 'object' },
    runs: 'what the author of a playbook promised',
    probe: (_, host) => probe(host),
    plan,
  })
  const fails = (module: Module, message: RegExp): Promise<void> =>
    assert.rejects(conforms({ module, says: '', args: {} }, localSubject(folder)), message)

  it('changes the host when it probes', async () => {
    const path = `${folder}/touched`
    const module = faulty(
      (host) => host.promised(['touch', path]),
      () => actions([]),
    )
    await fails(module, /probe and plan change nothing/)
  })

  it('never converges', async () => {
    const module = faulty(
      () => Promise.resolve(),
      () => actions([{ kind: 'run', argv: ['true'], effects: [] }]),
    )
    await fails(module, /did not converge/)
  })

  it('does not declare its changes', async () => {
    const path = `${folder}/silent`
    const module = faulty(
      (host) => host.promised(['ls', path]),
      (_, seen) =>
        actions([
          (seen as { readonly code: number }).code === 0
            ? undefined
            : { kind: 'run', argv: ['touch', path], effects: [] },
        ]),
    )
    await fails(module, /the run changes only declared resources/)
  })

  it('declares effects that do not happen', async () => {
    const path = `${folder}/promised`
    const other = `${folder}/other`
    const module = faulty(
      (host) => host.stat(path),
      (_, seen) =>
        actions([
          seen === undefined
            ? {
                kind: 'run',
                argv: ['touch', path],
                effects: [
                  { kind: 'file', name: path, becomes: { kind: 'file' } },
                  { kind: 'file', name: other, becomes: { kind: 'file' } },
                ],
              }
            : undefined,
        ]),
    )
    await fails(module, /no declared effect is missing/)
  })
})
