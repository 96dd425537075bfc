/**
 * Returns a playbook of one play on this machine. `out` is an existing folder, or one that the play creates.
 */
export function playOf(tasks: string, { out, handlers = '' }: PlayParts): string {
  const section = (text: string): string => text.trim().replaceAll(/^(?=.)/gm, '    ')
  const head = `- name: Play\n  hosts: localhost\n  vars: { out: ${out} }\n  tasks:\n${section(tasks)}\n`
  return handlers === '' ? head : `${head}  handlers:\n${section(handlers)}\n`
}

interface PlayParts {
  readonly out: string
  readonly handlers?: string
}
