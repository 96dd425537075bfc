import { git } from '../../src/modules/git/module.ts'
import type { ConformanceCase } from './conformance.ts'

/** A repository, and the changes of its working tree. */
export function gitCases(at: (name: string) => string): readonly ConformanceCase[] {
  const [repo, dest] = [at('up'), at('work')]
  const commit = (text: string): string =>
    `cd ${repo} && echo ${text} >x && git add x && git -c user.name=x -c user.email=x@x commit -qm ${text}`
  return [
    {
      module: git,
      says: 'a clone',
      setup: `git init -q -b main ${repo} && ${commit('one')} && git tag v1`,
      args: { repo, dest },
    },
    { module: git, says: 'a new commit', setup: commit('two'), args: { repo, dest } },
    { module: git, says: 'a tag', args: { repo, dest, version: 'v1' } },
    {
      module: git,
      says: 'no changed file',
      setup: `echo mine >${dest}/x`,
      args: { repo, dest },
      dry: 'refused',
      problem: 'local-changes',
    },
    { module: git, says: 'a changed file that is discarded', args: { repo, dest, force: true } },
    {
      module: git,
      says: 'one commit of a history, and then another',
      setup: `git clone -q --depth 1 file://${repo} ${at('shallow')} && ${commit('three')}`,
      args: { repo: `file://${repo}`, dest: at('shallow'), depth: 1 },
    },
  ]
}
