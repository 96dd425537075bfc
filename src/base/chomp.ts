/** Removes the line ends at the end of the output of a program. */
export function chomp(output: string): string {
  return output.replace(/[\r\n]+$/, '')
}
