/** Docker as a runtime for programs with GPUs. */
import type { Answer } from '../host/host.ts'
import { one, questionAbout } from '../host/question.ts'
import { parseSmi, type SmiResult, smiReads, visibleQuery } from './smi.ts'

/** An image's name with its tag or digest (distribution/reference), such as `nvidia/cuda:12.8.1-base-ubuntu24.04`. */
const imageName = /[a-z0-9][a-z0-9._/:-]{0,200}(?:@sha256:[0-9a-f]{64})?/i

export type InDocker =
  | SmiResult
  /** Docker does not have the image, and the question must not download it. */
  | { readonly kind: 'noImage' }
  /** Docker did not start the program. */
  | { readonly kind: 'notStarted'; readonly why: string }

/**
 * The GPUs that a new Docker container with `--gpus all` can use. Docker removes it afterwards, and downloads
 * nothing. docker-run(1), "Exit status": 125 from the daemon, 126 and 127 if the program does not start.
 */
export const visibleInDocker = questionAbout({
  words: [
    'docker',
    'run',
    '--rm',
    '--pull=never',
    '--network=none',
    '--gpus=all',
    one('image', imageName),
    ...visibleQuery,
  ],
  timeout: 120_000,
  reads: () => [
    ...smiReads,
    'unit:docker*',
    'file:/etc/docker/*',
    'file:/etc/cdi/*',
    'file:/var/lib/docker/*',
  ],
  parse: parseRun,
})

function parseRun(answer: Answer): InDocker {
  const { code, stderr } = answer
  if (code === 125 && /No such image|Unable to find image/i.test(stderr)) return { kind: 'noImage' }
  if (code !== undefined && code >= 125 && code <= 127)
    return { kind: 'notStarted', why: reason(stderr) || `status ${code}` }
  return parseSmi(answer)
}

/** The line of Docker's error, without its hint to read the manual. */
function reason(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  return lines.find((line) => line !== '' && !line.startsWith('Run ')) ?? ''
}
