import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { localFolder, type LocalRun } from './testing/local-run.ts'

describe('secrets in a run', () => {
  const folder = localFolder()
  after(() => folder.remove())
  const file = (name: string): string => join(folder.path, name)
  const run = (tasks: string, vars: string, check = false): Promise<LocalRun> =>
    folder.run(`- hosts: localhost\n  tasks:\n${tasks.trim().replaceAll(/^(?=.)/gm, '    ')}\n`, {
      extraVars: [vars],
      check,
    })
  const everything = (told: LocalRun): string => JSON.stringify(told.events)
  const codes = (told: LocalRun): readonly (string | undefined)[] =>
    told.events.flatMap((event) => (event.type === 'task.finished' ? [event.detail.problem?.code] : []))

  test('a secret that a program prints is hidden, even if no task has read the variable before', async () => {
    folder.write('config', 'user=ann\npassword=opensesame\n')
    const told = await run(
      `
- { name: read it, command: "cat ${file('config')}", register: it }
- { name: show it, debug: { msg: "{{ it.stdout }} {{ upper it.stdout }} {{ json it }}" } }
`,
      '{db_password: opensesame, other: {}}',
    )
    assert.doesNotMatch(everything(told), /opensesame/i)
    assert.match(told.messages[0] ?? '', /user=ann\npassword=\(secret\) USER=ANN/)
  })

  test('a secret with quotes is hidden in JSON and in shell quoting', async () => {
    const password = `it's "open" \\ sesame`
    folder.write('quoted', password)
    const told = await run(
      `
- { name: read it, command: "cat ${file('quoted')}", register: it }
- { name: show it, debug: { msg: "{{json it}} {{quote it.stdout}} {{upper it.stdout}}" } }
- { name: encode it, command: "base64 -w 8 ${file('quoted')}", register: encoded }
- { name: show that, debug: { msg: "{{ encoded.stdout }} {{json encoded.stdout}}" } }
`,
      JSON.stringify({ become_password: password }),
    )
    assert.doesNotMatch(everything(told), /sesame|SESAME|aXQncyA/)
  })

  test('a new file that holds a secret is readable by its owner only, unless its task sets a mode', async () => {
    folder.write('key.hbs', 'key={{ api_token }}\n')
    folder.write('old', 'old\n')
    const tasks = `
- { name: new, copy: { content: "{{ api_token }}", dest: "${file('new')}" } }
- { name: template, template: { src: key.hbs, dest: "${file('templated')}" } }
- { name: line, lineinfile: { path: "${file('line')}", line: "key={{ api_token }}", create: true } }
- { name: open, copy: { content: "{{ api_token }}", dest: "${file('open')}", mode: "0640" } }
- { name: kept, copy: { content: "{{ api_token }}", dest: "${file('old')}" } }
- { name: plain, copy: { content: text, dest: "${file('plain')}" } }
`
    const mode = (name: string): string => (statSync(file(name)).mode & 0o777).toString(8)
    const [dry, real, again] = [
      await run(tasks, '{api_token: opensesame}', true),
      await run(tasks, '{api_token: opensesame}'),
      await run(tasks, '{api_token: opensesame}'),
    ]
    const labels = (told: LocalRun): readonly string[] =>
      told.events.flatMap((event) => (event.type === 'task.finished' ? (event.detail.actions ?? []) : []))
    assert.deepEqual(labels(dry), [
      `write ${file('new')} with mode 0600, because it holds a secret`,
      `write ${file('templated')} with mode 0600, because it holds a secret`,
      `set the line in ${file('line')} with mode 0600, because it holds a secret`,
      `write ${file('plain')}`,
    ])
    assert.deepEqual(labels(real), labels(dry))
    assert.deepEqual(labels(again), [])
    assert.deepEqual(['new', 'templated', 'line', 'open', 'old', 'plain'].map(mode), [
      '600',
      '600',
      '600',
      '640',
      '644',
      '644',
    ])
  })

  test('a text that contains a secret hides nothing else', async () => {
    const told = await run(
      `
- { name: write it, copy: { content: "one: true\\nkey: {{ api_token }}\\nother\\n", dest: "${file('made')}" } }
- { name: say other, debug: { msg: "other, one: true" } }
- { name: who, debug: { var: !cel "hostvars.localhost.inventory_hostname" } }
- { name: all, debug: { var: !cel "[hostvars.localhost.api_token, group_names, inventory_hostname]" } }
`,
      '{api_token: opensesame}',
    )
    assert.equal(readFileSync(file('made'), 'utf8'), 'one: true\nkey: opensesame\nother\n')
    assert.deepEqual(told.messages, ['other, one: true', 'localhost'])
    assert.doesNotMatch(everything(told), /opensesame/)
    assert.match(everything(told), /"host":"localhost"/)
  })

  test('a variable computed from a secret keeps its value and stays secret', async () => {
    const told = await run(
      `
- { name: take it, set_fact: { other: "{{ become_password }}", mixed: "of {{ become_password }}" } }
- { name: write it, copy: { content: "{{ other }} {{ mixed }}", dest: "${file('facts')}", mode: '0600' } }
- { name: show it, debug: { msg: "{{ mixed }}" } }
- { name: run it, command: "echo {{ other }}", ignore_errors: true }
`,
      '{become_password: opensesame}',
    )
    assert.equal(readFileSync(file('facts'), 'utf8'), 'opensesame of opensesame')
    assert.doesNotMatch(everything(told), /opensesame/)
    assert.equal(told.outcomes['run it'], 'failed')
  })

  test('a secret is refused on a command line, also in a dry run and for programs that only read', async () => {
    const tasks = `
- { name: runs, command: { argv: [touch, "${file('{{ pin_password }}')}"] }, ignore_errors: true }
- { name: reads, command: { cmd: "echo {{ pin_password }}", reads: true }, ignore_errors: true }
- { name: shell, shell: "echo {{ pin_password }}", ignore_errors: true }
- { name: hidden, shell: "echo {{ pin_password }}", ignore_errors: true, no_log: true }
- { name: path, file: { path: "/tmp/{{ pin_password }}", state: absent }, ignore_errors: true }
- { name: url, get_url: { url: "https://{{ pin_password }}@127.0.0.1:1/x", dest: /tmp/x }, ignore_errors: true }
`
    for (const check of [false, true])
      assert.deepEqual(codes(await run(tasks, '{pin_password: "7a7"}', check)), [
        ...Array.from({ length: 4 }, () => 'secret-on-command-line'),
        'secret-in-argument',
        'secret-in-url',
      ])
  })

  test('a known secret that a host printed is refused on a command line', async () => {
    folder.write('printed', 'opensesame')
    const told = await run(
      `
- { name: read it, command: { cmd: "cat ${file('printed')}", reads: true }, register: it }
- { name: runs, command: "touch ${file('x')} {{ it.stdout }}", ignore_errors: true }
- { name: reads, command: { cmd: "echo {{ it.stdout }}", reads: true }, ignore_errors: true }
`,
      '{db_password: opensesame}',
    )
    assert.deepEqual(codes(told).slice(1), ['secret-on-command-line', 'secret-on-command-line'])
  })

  test('standard input, the environment and files accept a secret', async () => {
    const told = await run(
      `
- { name: input, command: { cmd: "sed s/^/got-/", stdin: "{{ api_token }}" }, register: got }
- name: environment
  shell: 'printf %s "$API_TOKEN" >${file('environment')}'
  environment: { API_TOKEN: "{{ api_token }}" }
- { name: write it, copy: { content: "{{ got.stdout }}", dest: "${file('input')}" } }
`,
      '{api_token: opensesame}',
    )
    assert.equal(readFileSync(file('environment'), 'utf8'), 'opensesame')
    assert.equal(readFileSync(file('input'), 'utf8'), 'got-opensesame')
    assert.doesNotMatch(everything(told), /opensesame/)
  })

  test('events of a no_log task contain its outcome, but neither arguments nor results', async () => {
    const tasks = `
- { name: "say {{ pw }}", command: { argv: [echo, "{{ pw }}"] }, no_log: true, register: said }
- { name: loop, command: "echo {{ item }}", loop: [AliceAlice, BobBobBob], no_log: true }
- { name: warn, command: "sh -c 'echo CarolCarol; exit 1'", no_log: true, ignore_errors: true, register: bad }
- { name: file, copy: { content: "DaveDaveDave", dest: "${file('no-log')}" }, no_log: true }
- { name: key, copy: { src: "${file('key.pem')}", dest: "${file('key')}" }, no_log: true }
- { name: fetch, get_url: { url: "http://tok:ErinErin@127.0.0.1:1/x", dest: "/tmp/x" }, no_log: true, ignore_errors: true }
- { name: show, debug: { msg: "{{ said.stdout }} and {{ json said }} {{ json bad }}" } }
- { name: read, command: "cat ${file('no-log')} ${file('key')}", register: read }
- { name: show that, debug: { msg: "{{ read.stdout }}" } }
- { name: use, command: "echo {{ said.stdout }}", ignore_errors: true }
`
    folder.write('key.pem', '-----BEGIN-----\nFrankFrank\n-----END-----\n')
    const told = await run(tasks, '{pw: Hunter2Hunter2}')
    assert.doesNotMatch(everything(told), /Hunter2|Alice|Bob|Carol|Dave|Erin|Frank/)
    assert.equal(told.outcomes['say {{ pw }}'], 'changed')
    const labels = told.events.flatMap((event) =>
      event.type === 'action.finished' && event.task.name === 'loop' ? [event.label] : [],
    )
    assert.deepEqual(labels, ['hidden by no_log', 'hidden by no_log'])
    assert.equal(told.outcomes['use'], 'failed')
  })

  test('all variables of a file are secret if its name marks them as secret', async () => {
    const vars = folder.write('secrets.yml', 'door: opensesame\nport: 5432\n')
    const told = await run(
      `
- { name: write it, copy: { content: "{{ door }}:{{ port }}", dest: "${file('door')}" } }
- { name: read it, command: "cat ${file('door')}", register: it }
- { name: show it, debug: { msg: "{{ it.stdout }}" } }
`,
      `@${vars}`,
    )
    assert.equal(told.messages[0], '(secret):5432')
    assert.doesNotMatch(everything(told), /opensesame/)
  })
})
