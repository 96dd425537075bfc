/** The key of a role among the choices of an include. The ending of the file does not matter. */
export function roleChoice(name: string, tasksFrom: string | undefined): string {
  return JSON.stringify([name, (tasksFrom ?? 'main').replace(/\.(ya?ml|json)$/, '')])
}
