/** `vars_prompt` of a play. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import { Unknown } from '../base/unknown.ts'
import { promptKey } from './prompt.ts'
import { loadContents, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'

const site = (prompts: string, more = ''): string =>
  `- hosts: all\n  vars_prompt: ${prompts}\n${more}  tasks: [{ debug: { msg: '{{who}}' } }]\n`

test('prompts have the defaults of Ansible', () => {
  const [play] = playsOf({
    '/p/site.yml': site(
      '[{ name: who }, { name: b, prompt: Which, private: false, confirm: true, default: x, unsafe: true }]',
    ),
  })
  const shown = play?.prompts.map((prompt) => [
    prompt.name,
    prompt.text,
    prompt.private,
    prompt.confirm,
    prompt.default,
  ])
  assert.deepEqual(shown, [
    ['who', 'who', true, false, undefined],
    ['b', 'Which', false, true, 'x'],
  ])
})

test('the variables are unknown until they are answered', () => {
  const contents = { '/p/site.yml': site('[{ name: who }]', '  vars: { who: Bob }\n') }
  const [before] = playsOf(contents)
  assert.ok(before?.answers.get('who') instanceof Unknown)
  const [prompt] = before.prompts
  assert.ok(prompt)
  const answer = new Secret('Ada')
  const [after] = playsOf(contents, { answers: new Map([[promptKey(prompt), answer]]) })
  assert.equal(after?.answers.get('who'), answer)
})

const hashing =
  '(leave it out: a new hash for each run would change the host each time; hash the password once ("openssl passwd -6"), and pass the hash with -e @FILE)'

const mistakes: readonly (readonly [prompts: string, message: string])[] = [
  [
    '[{ name: who, encrypt: sha512_crypt }]',
    `16+14 not-supported: gpuplay does not hash answers, so "encrypt" has no meaning ${hashing}`,
  ],
  [
    '[{ name: who, salt_size: 7 }]',
    `16+14 not-supported: gpuplay does not hash answers, so "salt_size" has no meaning ${hashing}`,
  ],
  [
    '[{ name: who, promt: Who }]',
    '16+14 unknown-keyword: "vars_prompt" has no "promt" (did you mean "prompt"?)',
  ],
  ['[{ prompt: Who }]', '16+1 invalid-prompt: this prompt does not name a variable (add "name: VARIABLE")'],
  [
    '[who]',
    '16+1 invalid-prompt: "vars_prompt" must be a list of maps (write "- name: VARIABLE" and "prompt: QUESTION" below it)',
  ],
  [
    '[{ name: who }, { name: who, prompt: Who }]',
    '16+24 invalid-prompt: "vars_prompt" asks for "who" twice (remove one of them)',
  ],
  [
    '[{ name: facts }]',
    '16+9 invalid-name: "facts" is a built-in variable and cannot be redefined (choose another name, such as facts_value)',
  ],
]
for (const [prompts, message] of mistakes) {
  test(`${prompts} is a mistake`, () => {
    const { problems } = loadContents({ '/p/site.yml': site(prompts) }, { variables: ['who'] })
    const [column = '', ...rest] = message.split(' ')
    const at = column.split('+').reduce((sum, part) => sum + Number(part), 0)
    assert.deepEqual(report(problems), [`site.yml:2:${at} ${rest.join(' ')}`])
  })
}

test('an answer that a file of the play overrides is a mistake', () => {
  const { problems } = loadContents({
    '/p/site.yml': site('[{ name: who }]', '  vars_files: [who.yml]\n'),
    '/p/who.yml': 'who: Bob\n',
  })
  assert.deepEqual(report(problems), [
    'site.yml:2:25 invalid-prompt: the answer for "who" would have no effect: a file sets it (remove "who" here or from /p/who.yml)',
  ])
})

test('vars_prompt belongs to the play', () => {
  const { problems } = loadContents({
    '/p/site.yml': '- hosts: all\n  tasks: [{ debug: { msg: x }, vars_prompt: [] }]\n',
  })
  assert.deepEqual(report(problems), [
    'site.yml:2:32 unknown-keyword: "vars_prompt" is not a keyword of a task (write it on the play)',
  ])
})
