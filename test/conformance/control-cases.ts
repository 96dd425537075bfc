/** Cases of modules that do not use a host. */
import { addHost } from '../../src/modules/add-host/module.ts'
import { assert } from '../../src/modules/assert/module.ts'
import { debug } from '../../src/modules/debug/module.ts'
import { fail } from '../../src/modules/fail/module.ts'
import { groupBy } from '../../src/modules/group-by/module.ts'
import { includeRole } from '../../src/modules/include-role/module.ts'
import { includeTasks } from '../../src/modules/include-tasks/module.ts'
import { includeVars } from '../../src/modules/include-vars/module.ts'
import { meta } from '../../src/modules/meta/module.ts'
import { pause } from '../../src/modules/pause/module.ts'
import { setFact } from '../../src/modules/set-fact/module.ts'
import type { ConformanceCase } from './conformance.ts'

export const controlCases: readonly ConformanceCase[] = [
  { module: assert, says: 'a true condition', args: { that: [true] }, dry: 'ok' },
  {
    module: assert,
    says: 'a false condition',
    args: { that: [true, false] },
    dry: 'refused',
    problem: 'assertion-failed',
  },
  { module: debug, says: 'a text', args: { msg: 'here' }, dry: 'ok' },
  { module: fail, says: 'always', args: { msg: 'no' }, dry: 'refused', problem: 'failed-on-purpose' },
  { module: groupBy, says: 'a group', args: { key: 'os_debian' }, dry: 'ok' },
  { module: addHost, says: 'a host', args: { name: 'web9', groups: 'web' }, dry: 'ok' },
  { module: pause, says: 'a second', args: { seconds: 1 }, dry: 'ok' },
  { module: includeRole, says: 'a role', args: { name: 'web' }, dry: 'ok' },
  { module: includeTasks, says: 'a file', args: { file: 'x.yml' }, dry: 'ok' },
  { module: includeVars, says: 'a file', args: { file: 'x.yml' }, dry: 'ok' },
  { module: meta, says: 'nothing', args: { action: 'noop' }, dry: 'ok' },
  { module: setFact, says: 'a variable', args: { wanted: '1' }, dry: 'ok' },
]
