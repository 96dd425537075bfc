/** Every module needs a case: a new module of the catalogue fails here until it has one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { modules } from '../../src/modules/catalogue.ts'
import { aptCases } from './apt-cases.ts'
import type { ConformanceCase } from './conformance.ts'
import { containerCases } from './container-cases.ts'
import { controlCases } from './control-cases.ts'
import { fileCases } from './file-cases.ts'
import { gpuCases } from './gpu-cases.ts'
import { lifecycleCases } from './lifecycle-cases.ts'
import { systemCases } from './system-cases.ts'

const noLab = (): never => {
  throw new Error('cases are only counted here')
}
const cases: readonly ConformanceCase[] = [
  ...fileCases('/srv/conformance'),
  ...controlCases,
  ...aptCases(noLab),
  ...systemCases,
  ...lifecycleCases,
  ...containerCases,
  ...gpuCases,
]

describe('the cases of the conformance suite', () => {
  for (const module of modules) {
    it(`cover ${module.name}`, () => {
      const own = cases.filter((given) => given.module.name === module.name)
      assert.ok(own.length > 0, `no case for ${module.name}: add one to test/conformance/*-cases.ts`)
      assert.ok(
        module.name === 'fail' || own.some(({ dry }) => dry !== 'refused'),
        `${module.name} is only ever refused`,
      )
    })
  }

  it('belong to modules that tasks can use', () => {
    const strange = cases.filter(({ module }) => !modules.some(({ name }) => name === module.name))
    assert.deepEqual(strange, [])
  })
})
