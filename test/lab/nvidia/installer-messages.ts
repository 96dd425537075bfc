/** The messages of nvidia-installer in its log and on the terminal, and its exit. */
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

  /** Prints the reason, and the message that every failed installation ends with. */
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

/** The head of the log. If the installer cannot write the log, it continues. */
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
