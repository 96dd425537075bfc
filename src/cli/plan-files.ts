/** Plan files on disk, and the options of a command line in them. */
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { defined } from '../base/defined.ts'
import type { Digests } from '../base/digests.ts'
import { InputError, type Problem } from '../base/errors.ts'
import { readRegularFile, systemReason } from '../base/regular-file.ts'
import { isSecretName } from '../base/secret.ts'
import type { Secrets } from '../base/secrets.ts'
import { readPlanFile } from '../engine/plans/plan-file.ts'
import type { PlanCommand, PlanFile } from '../engine/plans/plan-schema.ts'
import type { Context } from './context.ts'
import { withoutValue } from './shown-command.ts'
import type { Wanted } from './start-run.ts'
import type { ShownOptions } from './shown-run.ts'

/** A plan of 500 hosts with 200 tasks each has about 100 MB. */
const largest = 512 * 1024 * 1024

/** @throws InputError if it cannot be read, or is no plan file */
export function openPlanFile({ world }: Pick<Context, 'world'>, path: string): PlanFile {
  const read = readRegularFile(resolve(world.workingDirectory, path), largest)
  if (read.kind === 'bytes') return readPlanFile(path, read.bytes.toString('utf8'))
  const why = read.kind === 'missing' ? 'there is no such file' : read.why
  throw new InputError([
    {
      code: 'unreadable-plan',
      message: `cannot read the plan ${path}: ${why}`,
      hint: read.kind === 'missing' ? 'check the path, or make one with gpuplay plan' : read.hint,
    },
  ])
}

/** @throws InputError if the file could not be written later */
export function checkPlanPlace({ world }: Pick<Context, 'world'>, path: string): void {
  const folder = dirname(resolve(world.workingDirectory, path))
  if (existsSync(folder)) return
  throw new InputError([cannotWrite(path, `there is no folder ${folder}`)])
}

/** Writes the file so that only this user can read it. @throws InputError */
export function writePlanFile({ world }: Pick<Context, 'world'>, path: string, plan: PlanFile): void {
  const target = resolve(world.workingDirectory, path)
  const part = `${dirname(target)}/.${basename(target)}.${world.randomHex(4)}`
  try {
    writeFileSync(part, `${JSON.stringify(plan, null, 1)}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(part, target)
  } catch (error) {
    throw new InputError([cannotWrite(path, systemReason(error))])
  }
}

function cannotWrite(path: string, why: string): Problem {
  return {
    code: 'unwritable-plan',
    message: `cannot write the plan ${path}: ${why}`,
    hint: 'choose another place with -o',
  }
}

/** Returns the options that a run of the plan needs again. Values of secret variables are left out. */
export function commandOf(
  options: ShownOptions,
  wanted: Wanted,
  {
    inventories,
    digests,
    secrets,
  }: { readonly inventories: readonly string[]; readonly digests: Digests; readonly secrets: Secrets },
): PlanCommand {
  const { connection, user, privateKey, hostKeyChecking, connectTimeout } = options
  const { become, becomeUser, askPass, askBecomePass, extraVars = [], limit } = options
  const { playbooks, tags, startAt, onlyHosts } = wanted
  return {
    playbooks: [...playbooks],
    inventories: [...inventories],
    extraVars: extraVars.map((text) =>
      isSecret(text, secrets)
        ? { shown: withoutValue(text), digest: digests.ofSecret(text) }
        : { shown: text },
    ),
    tags: [...(tags?.tags ?? [])],
    skipTags: [...(tags?.skipTags ?? [])],
    forceHandlers: options.forceHandlers,
    connection: {
      ...defined({ connection, user, privateKey, hostKeyChecking, connectTimeout, become, becomeUser }),
      askPass,
      askBecomePass,
    },
    ...defined({ limit, startAt, onlyHosts: onlyHosts === undefined ? undefined : [...onlyHosts] }),
  }
}

function isSecret(text: string, secrets: Secrets): boolean {
  if (text.startsWith('@')) return false
  const names = [...text.matchAll(/([A-Za-z_]\w*)["']?\s*[=:]/g)].map(([, name = '']) => name)
  return names.some(isSecretName) || secrets.holds(text)
}

/**
 * Returns the variables of the plan, in their order. Those with secrets come from the command line.
 * @throws InputError if one is missing or has another value, or if the plan has no such variable
 */
export function extraVarsOf(
  { extraVars }: PlanCommand,
  given: readonly string[],
  digests: Digests,
): readonly string[] {
  const problems: Problem[] = []
  const used = new Set<string>()
  const texts = extraVars.map(({ shown, digest }) => {
    if (digest === undefined) return shown
    const found = given.find((text) => digests.matches(text, digest))
    if (found === undefined) problems.push(missingSecret(shown))
    else used.add(found)
    return found ?? shown
  })
  for (const text of given)
    if (!used.has(text) && !extraVars.some(({ shown }) => shown === text)) problems.push(otherVariable(text))
  if (problems.length > 0) throw new InputError(problems)
  return texts
}

function missingSecret(shown: string): Problem {
  return {
    code: 'plan-needs-secret',
    message: `the plan was made with -e ${shown}, and does not contain the value`,
    hint: 'give the same option again',
  }
}

function otherVariable(text: string): Problem {
  return {
    code: 'plan-outdated',
    message: `the plan was not made with this value: -e ${withoutValue(text)}`,
    hint: 'leave the option out, or make the plan again with it',
  }
}
