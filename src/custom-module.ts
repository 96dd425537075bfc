/**
 * What a module of a project can import:
 *
 *     import { actions, done, type Module } from 'gpuplay/module'
 *
 * `Module` is the contract: `probe` reads the host, `plan` is pure and returns actions, and only gpuplay
 * carries them out.
 */
export { isUnknown, knownOr, Unknown, UnknownError } from './base/unknown.ts'
export type { Action, Content, Effect, Run, WriteFile } from './host/action.ts'
export type { Answer, Host, SeenFile } from './host/host.ts'
export { actions, type Diff, done, type Plan, type Refusal, refuse, settle } from './host/plan.ts'
export { packageCandidates, packageStates } from './host/questions/packages.ts'
export { pathsBelow, presentTime } from './host/questions/search.ts'
export { loadedServices, processors, virtualization } from './host/questions/system.ts'
export { listeningPorts } from './host/questions/tcp-ports.ts'
export type { ResourcePattern } from './host/resource.ts'
export type { Module, Reply } from './modules/module.ts'
