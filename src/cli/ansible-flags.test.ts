/** Every option of Ansible's programs works, or is answered with what to use instead. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratchFolder } from '../connection/testing/programs.ts'
import { gpuplay } from './testing/command-line.ts'

const folder = scratchFolder()
const site = join(folder, 'site.yml')
const variables = join(folder, 'variables.yml')
const limit = join(folder, 'limit.txt')
writeFileSync(site, "- hosts: all\n  tasks: [{ name: Say, debug: { msg: '{{ word }}' }, tags: say }]\n")
writeFileSync(variables, 'word: hello\n')
writeFileSync(limit, 'localhost\n')

/** Options that `gpuplay run` has, each with a value if it takes one. */
const works: Readonly<Record<string, string | undefined>> = {
  '--ask-become-pass': undefined,
  '-K': undefined,
  '--ask-pass': undefined,
  '-k': undefined,
  '--become': undefined,
  '-b': undefined,
  '--become-user': 'alice',
  '--check': undefined,
  '-C': undefined,
  '--connection': 'local',
  '-c': 'local',
  '--diff': undefined,
  '-D': undefined,
  '--extra-vars': `@${variables}`,
  '-e': `@${variables}`,
  '--force-handlers': undefined,
  '--forks': '5',
  '-f': '5',
  '--help': undefined,
  '-h': undefined,
  '--inventory': 'localhost,',
  '-i': 'localhost,',
  '--limit': `@${limit}`,
  '-l': `@${limit}`,
  '--list-hosts': undefined,
  '--list-tags': undefined,
  '--list-tasks': undefined,
  '--private-key': '/etc/key',
  '--skip-tags': 'other',
  '--start-at-task': 'Say',
  '--step': undefined,
  '--syntax-check': undefined,
  '--tags': 'say',
  '-t': 'say',
  '-T': '5',
  '--user': 'root',
  '--vault-id': 'dev@/dev/null',
  '--vault-password-file': '/dev/null',
  '--ask-vault-pass': undefined,
  '-J': undefined,
  '-u': 'root',
  '--verbose': undefined,
  '-v': undefined,
}

/** From the manual page ansible-playbook(1) of ansible-core 2.19, with the deprecated spellings that it accepts. */
const ofPlaybook =
  `--ask-vault-password --ask-vault-pass -J --become-method --become-password-file --become-pass-file
  --become-user --connection-password-file --conn-pass-file --flush-cache --force-handlers --list-hosts --list-tags
  --list-tasks --private-key --key-file --scp-extra-args --sftp-extra-args --skip-tags --ssh-common-args
  --ssh-extra-args --start-at-task --step --syntax-check --vault-id --vault-password-file --vault-pass-file --version
  -C --check -D --diff -K --ask-become-pass -M --module-path -T --timeout -b --become -c --connection -e --extra-vars
  -f --forks -h --help -i --inventory --inventory-file -k --ask-pass -l --limit -t --tags -u --user -v --verbose`
    .trim()
    .split(/\s+/)

for (const [flag, value] of Object.entries(works)) {
  test(`gpuplay run has ${flag}`, async () => {
    assert.ok(ofPlaybook.includes(flag))
    // --step only with a terminal: the answer shows that the option is known.
    const usual = flag === '--step' ? [] : ['--syntax-check']
    const given = Object.entries({ '-e': 'word=x', '-i': 'localhost,' }).flatMap(([name, text]) =>
      name === flag ? [] : [name, text],
    )
    const words = ['run', site, ...given, flag, ...(value === undefined ? [] : [value])]
    const { errors, exitCode } = await gpuplay(
      folder,
      flag === usual[0] ? words : [...words, ...usual],
      'typed',
    )
    assert.doesNotMatch(errors, /has no option/)
    if (flag === '--step') assert.match(errors, /--step cannot ask: there is no terminal/)
    else assert.deepEqual([exitCode, errors], [0, ''])
  })
}

/**
 * Options from `ansible --help` and `ansible-inventory --help` of ansible-core 2.14 that gpuplay does not have;
 * for `run` the rest of the list.
 */
const answered = {
  run: ofPlaybook.filter((flag) => !Object.hasOwn(works, flag) && flag !== '--version'),
  exec: `--ask-vault-password --become-method --become-password-file --become-pass-file
    --connection-password-file --conn-pass-file --list-hosts --playbook-dir --key-file --scp-extra-args --sftp-extra-args
    --ssh-common-args --ssh-extra-args --task-timeout --timeout --vault-pass-file -B --background -C --check
    -D --diff -M --module-path -P --poll -a --args -l --limit -m --module-name -o --one-line -t --tree`
    .trim()
    .split(/\s+/),
  inventory: `--ask-vault-password --export --output --playbook-dir --toml --vars
    --vault-pass-file -y --yaml`
    .trim()
    .split(/\s+/),
} as const

for (const [command, flags] of Object.entries(answered)) {
  test(`every option of Ansible that ${command} does not have is answered with what to do instead`, async () => {
    assert.ok(flags.length > 7)
    for (const flag of flags) {
      const { exitCode, errors } = await gpuplay(folder, [command, flag, 'value', 'site.yml'])
      assert.equal(exitCode, 2)
      assert.match(
        errors,
        new RegExp(
          `^error: "gpuplay ${command}" has no option ${flag}\\n  help: (?!see "gpuplay ${command}|did you)`,
        ),
      )
    }
  })
}

test('hints name only options and commands that exist', async () => {
  const { output: help } = await gpuplay(folder, ['run', '--help'])
  const { output: commands } = await gpuplay(folder, ['--help'])
  for (const [command, flags] of Object.entries(answered)) {
    for (const flag of flags) {
      const { errors } = await gpuplay(folder, [command, flag])
      const [, answer = ''] = errors.split('help: ')
      for (const [named] of answer.matchAll(/(?<![\w-])--[a-z-]+/g))
        assert.ok(
          [help, '--graph --list --host --shell'].some((text) => text.includes(named)),
          `${flag}: ${answer}`,
        )
      for (const [, named = ''] of answer.matchAll(/(?:"|: )gpuplay ([a-z]+)/g))
        assert.match(commands, new RegExp(`\\n  ${named} `), answer)
    }
  }
})
