/** Mistakes on the command line. */
import { type Mistake, tasks } from './mistake.ts'

export const wordMistakes: readonly Mistake[] = [
  {
    name: 'a limit without matching hosts',
    words: ['--limit', 'pve9'],
    says: `
--limit: error: there is no host or group "pve9"
  help: did you mean "pve1"?
`,
  },
  {
    name: 'an unknown tag',
    files: tasks('- debug: { msg: hello }\n  tags: [greeting]'),
    words: ['--tags', 'greting'],
    says: `
--tags: error: no task has the tag "greting"
  help: did you mean "greeting"?
`,
  },
  {
    name: 'a variable without a value',
    words: ['-e', 'driver'],
    says: `
-e: error: "driver" does not set a variable
  help: write -e name=value or -e @file, and quote a value that contains spaces
`,
  },
  {
    name: 'a missing variables file',
    words: ['-e', '@vars.yml'],
    says: `
-e: error: there is no file "vars.yml"
  help: check the path after the @
`,
  },
  {
    name: 'a command line variable of the wrong type',
    files: { 'site.yml': '- hosts: nodes\n  roles: [nvidia_host]\n' },
    words: ['-e', '{nvidia_driver_version: 580.95}'],
    says: `
-e: error: "nvidia_driver_version" must be text, but 580.95 is a number
  1 | {nvidia_driver_version: 580.95}
    |                         ^^^^^^
  help: quote it: nvidia_driver_version: "580.95"
`,
  },
]
