/** /proc/PID/stat of a process that started at this clock tick, with a name that is hard to parse. */
export function processStat(started: number): string {
  return `4711 (task UPID:) x (y) S 1 ${'0 '.repeat(17)}${started} 0 0\n`
}
