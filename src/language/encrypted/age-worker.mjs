/**
 * The thread in which `age.ts` decrypts. Plain JavaScript: from the sources, a thread could load TypeScript only
 * with the help of the thread that waits for it.
 */
import { workerData } from 'node:worker_threads'
import { Decrypter } from 'age-encryption'

/** @type {import('node:worker_threads').MessagePort} */
const port = workerData

port.on('message', (/** @type {import('./age.ts').AgeRequest} */ request) => void reply(request))

/** @param {import('./age.ts').AgeRequest} request */
async function reply(request) {
  port.postMessage(await answer(request), [])
  Atomics.store(request.done, 0, 1)
  Atomics.notify(request.done, 0)
}

/** @returns {Promise<import('./age.ts').AgeAnswer>} */
async function answer({ file, identities }) {
  try {
    const decrypter = new Decrypter()
    for (const identity of identities) decrypter.addIdentity(identity)
    return { bytes: await decrypter.decrypt(file) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}
