/**
 * General modules on a node and in a container of the lab: over ssh and `pct`, with real systemd, apt and
 * dpkg.
 */
import { before, describe, it } from 'node:test'
import { whyNoLab } from '../lab/machine.ts'
import { aptCases } from './apt-cases.ts'
import { conforms, type ConformanceCase } from './conformance.ts'
import { containerCases } from './container-cases.ts'
import { fileCases } from './file-cases.ts'
import { freshLab, type ConformanceLab } from './lab.ts'
import { systemCases } from './system-cases.ts'

describe('general modules conform', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let hosts: ConformanceLab
  before(async () => {
    hosts = await freshLab()
    await hosts.lab.node('pve1').output('mkdir /srv/conformance')
  })

  describe('on a node', () => {
    for (const given of [...filesOnNode(), ...aptCases(() => hosts.lab), ...systemCases])
      it(`${given.module.name}: ${given.says}`, () => conforms(given, hosts.subject('pve1')))
  })

  // With shifted IDs: a case that succeeds here also succeeds in a privileged container.
  describe('in an unprivileged container', () => {
    for (const given of containerCases)
      it(`${given.module.name}: ${given.says}`, () => conforms(given, hosts.subject('ct102')))
  })
})

/** The other cases run on this machine; over ssh, attributes and content are enough. */
function filesOnNode(): readonly ConformanceCase[] {
  const chosen = [
    'special characters',
    'attributes of a directory',
    'a backup',
    'a command with creates',
    'a file in a new directory',
    'a file for the controller',
  ]
  return fileCases('/srv/conformance').filter(({ says }) => chosen.includes(says))
}
