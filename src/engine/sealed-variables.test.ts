/** Encrypted variables in runs: what is decrypted, when, and that nothing of it is shown. */
import assert from 'node:assert/strict'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { InputError } from '../base/errors.ts'
import { createSecrets } from '../base/secrets.ts'
import { createKeyring } from '../language/encrypted/keyring.ts'
import { diskFiles } from '../language/read-files.ts'
import { localFolder, type LocalRun } from './testing/local-run.ts'
import type { RunRequest } from './request.ts'

const data = fileURLToPath(new URL('../../test/data/secrets', import.meta.url))
const text = (name: string): string => readFileSync(join(data, name), 'utf8')
const block = (name: string): string => `|\n${text(name).trimEnd().replaceAll(/^/gm, '  ')}\n`
const plain = 'sesame-9: "quoted" {{ x }}'

describe('encrypted variables', () => {
  const folder = localFolder()
  after(() => folder.remove())

  interface Ran extends LocalRun {
    /** The kinds of keys that were looked for. */
    readonly asked: readonly string[]
    readonly everything: string
  }

  async function run(
    tasks: string,
    request: Partial<RunRequest> = {},
    { hasKeys = true }: { readonly hasKeys?: boolean } = {},
  ): Promise<Ran> {
    const asked: string[] = []
    const secrets = createSecrets()
    const keys = createKeyring({
      identities: () => {
        asked.push('age')
        return hasKeys ? [{ name: 'age.key', text: text('age.key') }] : []
      },
      vaultPasswords: () => {
        asked.push('vault')
        return hasKeys ? [{ id: undefined, name: 'p', read: () => 'vault-pass-1' }] : []
      },
      run: ([program = '']) => {
        asked.push(program)
        return 'sesame-from-program'
      },
      book: secrets,
    })
    const told = await folder.run(
      `- hosts: all\n  tasks:\n${tasks.trim().replaceAll(/^(?=.)/gm, '    ')}\n`,
      { inventories: [join(folder.path, 'inventory')], ...request },
      { files: { ...diskFiles, keys }, secrets },
    )
    return { ...told, asked, everything: JSON.stringify(told.events) }
  }

  const problems = async (work: Promise<unknown>): Promise<readonly string[]> => {
    try {
      await work
      return []
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      return error.problems.map(
        ({ message, where, hint }) =>
          `${where?.file.replace(`${folder.path}/`, '')}:${where?.line} ${message.replace(`${folder.path}/`, '')} (${hint})`,
      )
    }
  }

  const hosts = 'all:\n  hosts:\n    here: { connection: local }\n'
  const show = '- { name: show, copy: { content: "{{ it }}", dest: "OUT" } }'
  const showTo = (name: string): string => show.replace('OUT', join(folder.path, name))
  const written = (name: string): string => readFileSync(join(folder.path, name), 'utf8')

  test('values tagged !age and !vault', async () => {
    folder.write('inventory/hosts.yml', hosts)
    folder.write('inventory/group_vars/all.yml', `it: !age ${block('value.age')}${text('vault-value.yml')}`)
    const told = await run(`${showTo('age')}\n${showTo('vault').replace('{{ it }}', '{{ api_token }}')}
- { name: say, debug: { msg: "{{ it }} {{ api_token }} {{ upper it }} {{ it }}" } }`)
    assert.equal(written('age'), plain)
    assert.equal(written('vault'), 'tok & "en"')
    assert.doesNotMatch(told.everything, /sesame-9|SESAME-9|tok &/)
    assert.deepEqual([...new Set(told.asked)].sort(), ['age', 'vault'])
  })

  test('values of a host, a play and a task', async () => {
    folder.write('inventory/group_vars/all.yml', '{}\n')
    folder.write(
      'inventory/hosts.yml',
      hosts.replace(
        /\{.*\}/,
        '\n      connection: local\n      it: !age ' +
          block('value.age')
            .replaceAll(/^(?=.)/gm, '        ')
            .trimStart(),
      ),
    )
    await run(showTo('host'))
    assert.equal(written('host'), plain)
    folder.write('inventory/hosts.yml', hosts)
    const told = await run(
      `- name: direct\n  copy:\n    dest: ${join(folder.path, 'direct')}\n    content: !age ${block(
        'value.age',
      )
        .replaceAll(/^(?=.)/gm, '      ')
        .trimStart()}`,
    )
    assert.equal(written('direct'), plain)
    assert.doesNotMatch(told.everything, /sesame-9/)
  })

  for (const [what, name] of [
    ['age', 'text.age'],
    ['age in bytes', 'binary.age'],
    ['Ansible Vault', 'vault-1.2.yml'],
  ] as const)
    test(`whole files of variables: ${what}`, async () => {
      cpSync(join(data, name), join(folder.path, 'inventory/group_vars/all.yml'))
      const task = showTo('whole').replace(
        '{{ it }}',
        '{{ database.user }} {{ database.port }} {{ database.password }}',
      )
      const told = await run(
        `${task}\n- { debug: { msg: "{{ database.port }} {{ tokens }}" } }\n- { debug: { var: database } }`,
      )
      assert.equal(written('whole'), 'ann 65432 opensesame-7: "quoted"')
      assert.doesNotMatch(told.everything, /opensesame|65432|first-token/)
      folder.write('inventory/group_vars/all.yml', '{}\n')
    })

  test('files of -e and of roles', async () => {
    cpSync(join(data, 'text.age'), join(folder.path, 'extra.yml'))
    await run(showTo('extra').replace('{{ it }}', '{{ app }}'), {
      extraVars: [`@${join(folder.path, 'extra.yml')}`],
    })
    assert.equal(written('extra'), 'web')
    folder.write('roles/r/tasks/main.yml', showTo('role').replace('{{ it }}', '{{ app }}'))
    folder.write('roles/r/vars/main.yml', text('vault-1.1.yml'))
    await run('', { playbooks: [folder.write('roles.yml', '- { hosts: here, roles: [r] }\n')] })
    assert.equal(written('role'), 'web')
  })

  test('a run that reads no secret needs no key', async () => {
    folder.write('inventory/group_vars/all.yml', `it: !age ${block('value.age')}`)
    const told = await run('- { name: other, debug: { msg: hello } }', {}, { hasKeys: false })
    assert.equal(told.exitCode, 0)
    assert.deepEqual(told.asked, [])
  })

  test('a missing key fails the task that needs it, with the place of the value', async () => {
    const told = await run(
      `- { name: first, debug: { msg: hello } }\n${showTo('none')}`,
      {},
      { hasKeys: false },
    )
    assert.deepEqual(told.outcomes, { first: 'ok', show: 'failed' })
    const problem = told.events.flatMap((event) =>
      event.type === 'task.finished' ? (event.detail.problem ?? []) : [],
    )[0]
    assert.equal(problem?.code, 'cannot-decrypt')
    assert.equal(problem?.message, 'cannot decrypt this value: gpuplay has no age key')
    assert.match(problem?.hint ?? '', /age_identities of gpuplay\.yml/)
    assert.equal(problem?.where?.line, 1)
    assert.match(problem?.where?.file ?? '', /group_vars\/all\.yml$/)
  })

  test('a whole file that cannot be decrypted is refused for its hosts only', async () => {
    folder.write(
      'inventory/hosts.yml',
      `${hosts}    away: { connection: local }\n  children:\n    web: { hosts: { away: } }\n`,
    )
    folder.write('inventory/group_vars/all.yml', '{}\n')
    cpSync(join(data, 'vault-1.1.yml'), join(folder.path, 'inventory/group_vars/web.yml'))
    const task = '- { debug: { msg: hello } }'
    const told = await run(task, { limit: 'here' }, { hasKeys: false })
    assert.equal(told.exitCode, 0)
    assert.deepEqual(await problems(run(task, {}, { hasKeys: false })), [
      'inventory/group_vars/web.yml:1 cannot decrypt "inventory/group_vars/web.yml": there is no password for Ansible Vault (use --vault-password-file FILE or --ask-vault-pass, or set vault_password_files in gpuplay.yml)',
    ])
  })

  test('a text that is not encrypted is refused', async () => {
    folder.write('inventory/hosts.yml', hosts)
    folder.write('inventory/group_vars/web.yml', '{}\n')
    folder.write('inventory/group_vars/all.yml', 'it: !age plain\nother: !vault plain\n')
    assert.deepEqual(await problems(run(showTo('none'))), [
      'inventory/group_vars/all.yml:1 this value is not encrypted with age (encrypt it: gpuplay secrets encrypt --values FILE)',
      'inventory/group_vars/all.yml:2 this value is not encrypted with Ansible Vault (encrypt it with "ansible-vault encrypt_string")',
    ])
  })

  test('an encrypted playbook is refused', async () => {
    folder.write('inventory/group_vars/all.yml', '{}\n')
    cpSync(join(data, 'vault-1.1.yml'), join(folder.path, 'more.yml'))
    const [first = ''] = await problems(run('- { import_tasks: more.yml }'))
    assert.match(
      first,
      /^undefined:undefined cannot read "more\.yml": it is encrypted with Ansible Vault, and gpuplay decrypts only inventories and files of variables/,
    )
  })

  test('functions: a program, any text, an encrypted file', async () => {
    folder.write('plain.txt', 'plainly-visible')
    cpSync(join(data, 'text.age'), join(folder.path, 'files/secret.txt'))
    const told = await run(
      `
- { name: say, debug: { msg: '{{secretFrom "pass" "show" "db"}} {{file "secret.txt"}} {{asSecret (file "plain.txt")}}' } }
- { name: keep, copy: { dest: "${join(folder.path, 'functions')}", content: '{{secretFrom "pass" "show" "db"}}' } }
- { name: later, debug: { msg: plainly-visible } }
`,
      { check: false },
    )
    assert.equal(written('functions'), 'sesame-from-program')
    assert.doesNotMatch(told.everything, /sesame-from|opensesame/)
    assert.deepEqual(told.asked, ['pass', 'age'])
  })
})
