/** What nvidia-installer says: to its log, to the terminal, and how it ends. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { Exit } from './system.ts'

export class Messages {
  readonly #log: string | undefined
  readonly #silent: boolean

  /** @param silent only warnings and errors are shown, on standard error. */
  constructor(log: string, silent: boolean, version: string, argv: readonly string[]) {
    this.#silent = silent
    this.#log = start(log, version, argv)
  }

  say(text: string): void {
    this.#record(`-> ${text}`)
    if (!this.#silent) process.stdout.write(`-> ${text}\n`)
  }

  detail(text: string): void {
    this.#record(text.trimEnd().replaceAll(/^/gm, '   '))
  }

  warn(text: string): void {
    this.#record(`WARNING: ${text}`)
    process.stderr.write(`\nWARNING: ${text}\n\n`)
  }

  error(text: string): void {
    this.#record(`ERROR: ${text}`)
    process.stderr.write(`\nERROR: ${text}\n\n`)
  }

  /** Says why, and what every failed installation says. */
  fail(text: string): Exit {
    this.error(text)
    this.error(
      `Installation has failed.  Please see the file '${this.#log ?? '/var/log/nvidia-installer.log'}' for details.  You may find suggestions on fixing installation problems in the README available on the Linux driver download page at www.nvidia.com.`,
    )
    return new Exit(1)
  }

  #record(text: string): void {
    if (this.#log !== undefined) appendFileSync(this.#log, `${text}\n`)
  }
}

/** The head of the log; without a log that can be written the installer goes on. */
function start(log: string, version: string, argv: readonly string[]): string | undefined {
  try {
    mkdirSync(log.slice(0, log.lastIndexOf('/')), { recursive: true })
    writeFileSync(
      log,
      [
        `nvidia-installer log file '${log}'`,
        `creation time: ${new Date().toString().slice(0, 24)}`,
        `installer version: ${version}`,
        '',
        `PATH: ${process.env['PATH'] ?? ''}`,
        '',
        'nvidia-installer command line:',
        ...['./nvidia-installer', ...argv].map((word) => `    ${word}`),
        '',
        'Using built-in stream user interface',
        '',
      ].join('\n'),
    )
    return log
  } catch {
    return undefined
  }
}
