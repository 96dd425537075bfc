/**
 * A cron job in a file of its own in /etc/cron.d (cron(8), crontab(5)): no other job is read or written. cron
 * notices a change within a minute.
 */
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { userKind } from '../../host/resources/user.ts'
import type { Module } from '../module.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly text: string | undefined
  readonly mode: string | undefined
  /** Whether the host has cron. */
  readonly installed: boolean
  readonly user: boolean
}

const directory = '/etc/cron.d'
const mode = '0644'

export const cron = {
  name: 'cron',
  summary: 'Configures or removes a cron job in /etc/cron.d.',
  mayChange: ({ name }) => [typeof name === 'string' ? `file:${pathOf({ name })}` : `file:${directory}/*`],
  args,
  result,
  probe,
  plan,
  report: (given) => ({ path: pathOf(given) }),
} satisfies Module<Args, Seen>

/** cron ignores files with a dot in their name. */
function pathOf({ name }: { readonly name: string }): string {
  return `${directory}/${name.replaceAll(' ', '-')}`
}

async function probe(given: Args, host: Host): Promise<Seen> {
  const path = pathOf(given)
  const present = given.state === 'present'
  const [status, text, program, user] = await Promise.all([
    host.stat(path, { follow: true }),
    host.text(path),
    present ? host.command('cron') : undefined,
    present ? host.read(userKind, given.user) : undefined,
  ])
  return { text, mode: status?.mode, installed: program !== undefined, user: user?.exists === true }
}

function plan(given: Args, { text, mode: seenMode, installed, user }: Seen): Plan {
  const path = pathOf(given)
  if (given.state === 'absent')
    return text === undefined
      ? done()
      : actions([{ kind: 'remove', path }], {
          diffs: [contentDiff({ title: path, before: text, after: undefined })],
        })
  if (!installed)
    return refuse({
      code: 'no-cron',
      message: 'the host has no cron',
      hint: 'install the package cron first, or use `systemd_unit` with a timer',
    })
  if (!user)
    return refuse({
      code: 'no-such-user',
      message: `there is no user ${given.user}`,
      hint: 'create it first with `user`; cron ignores a file that names an unknown user',
    })
  const wanted = textOf(given)
  // cron ignores a file that its group or others can write.
  if (text === wanted && seenMode === mode) return done()
  return actions([{ kind: 'writeFile', path, content: { kind: 'text', text: wanted }, mode }], {
    diffs: text === wanted ? [] : [contentDiff({ title: path, before: text, after: wanted })],
  })
}

function textOf(given: Args): string {
  const { job = '', user, minute, hour, day, month, weekday, special_time: special } = given
  const time = special === undefined ? [minute, hour, day, month, weekday].join(' ') : `@${special}`
  return `# Written by gpuplay.\n${given.disabled ? '#' : ''}${time} ${user} ${job.trim()}\n`
}
