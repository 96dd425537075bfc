/**
 * Decrypts the format of age (https://age-encryption.org/v1) with the package `age-encryption`.
 *
 * The package is asynchronous, and variables are read synchronously, so a thread decrypts while this one waits.
 * It starts when the first text is decrypted.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { ageWorker } from '../../base/built.ts'

export type AgeResult =
  | { readonly kind: 'decrypted'; readonly bytes: Buffer }
  /** It is encrypted for other keys. */
  | { readonly kind: 'no key' }
  | { readonly kind: 'damaged'; readonly why: string }

/** What the thread is asked. */
export interface AgeRequest {
  readonly file: Uint8Array
  readonly identities: readonly string[]
  /** Set to 1 when the answer is there. */
  readonly done: Int32Array
}

/** What the thread answers. */
export type AgeAnswer = { readonly bytes: Uint8Array } | { readonly error: string }

const armorStart = '-----BEGIN AGE ENCRYPTED FILE-----'
const armorEnd = '-----END AGE ENCRYPTED FILE-----'
const binaryStart = 'age-encryption.org/'

/** Milliseconds. Starting the thread takes the longest. */
const longest = 10_000

/** Returns the bytes of an encrypted file, in its text form or not; undefined for any other file. */
export function ageText(file: Buffer): Buffer | undefined {
  const start = file.subarray(0, 256).toString('latin1').trimStart()
  if (start.startsWith(binaryStart)) return file
  if (!start.startsWith(armorStart)) return undefined
  const text = file.toString('latin1').trim()
  const end = text.indexOf(armorEnd)
  return Buffer.from(text.slice(armorStart.length, end === -1 ? undefined : end), 'base64')
}

/** Decrypts files, one after the other, in one thread. */
export class AgeThread {
  #port: MessagePort | undefined

  /** @param identities Private keys: `AGE-SECRET-KEY-1...` */
  decrypt(file: Buffer, identities: readonly string[]): AgeResult {
    const bytes = ageText(file)
    if (bytes === undefined) return { kind: 'damaged', why: 'it is not what age writes' }
    const answer = this.#ask(bytes, identities)
    if ('bytes' in answer) return { kind: 'decrypted', bytes: Buffer.from(answer.bytes) }
    return answer.error.startsWith('no identity matched')
      ? { kind: 'no key' }
      : { kind: 'damaged', why: answer.error }
  }

  #ask(file: Buffer, identities: readonly string[]): AgeAnswer {
    const done = new Int32Array(new SharedArrayBuffer(4))
    const request: AgeRequest = { file: Uint8Array.from(file), identities, done }
    this.#port ??= started()
    this.#port.postMessage(request, [])
    Atomics.wait(done, 0, 0, longest)
    const received: { readonly message: AgeAnswer } | undefined = receiveMessageOnPort(this.#port)
    return received?.message ?? { error: `decrypting it took longer than ${longest / 1000} s` }
  }
}

/** The thread does not keep the process alive. */
function started(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  new Worker(ageWorker(), { workerData: port2, transferList: [port2], env: {}, execArgv: [] }).unref()
  return port1
}
