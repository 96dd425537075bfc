/**
 * Notes of pending handlers on a host: one file each in `pending` of the state directory, from just before
 * the change until the handler has run.
 */
import type { Action } from './action.ts'
import { sha256Of } from './content.ts'
import type { PendingNote } from './expectation.ts'
import type { Host } from './host.ts'
import { defaultStateDirectory } from './access.ts'

/** The path and the content of a note's file. */
export function noteFile(
  { key, value }: PendingNote,
  stateDirectory: string,
): { readonly path: string; readonly text: string } {
  return { path: `${stateDirectory}/pending/${fileName(key)}`, text: JSON.stringify({ key, value }) }
}

/**
 * Actions that record notes as a privileged user, before a change by a user who cannot. A superfluous note is
 * harmless, a missing one is not.
 */
export function noteActions(notes: readonly PendingNote[], stateDirectory: string): readonly Action[] {
  const files = notes.map((note): Action => {
    const { path, text } = noteFile(note, stateDirectory)
    const content = { kind: 'text', text: `${text}\n` } as const
    return { kind: 'writeFile', path, content, mode: '0600', label: 'record the handlers to notify' }
  })
  return notes.length === 0 ? [] : [{ kind: 'makeDirectory', path: `${stateDirectory}/pending` }, ...files]
}

/** Actions that remove notes; missing notes are ignored. */
export function strikeActions(keys: readonly string[], stateDirectory: string): readonly Action[] {
  return keys.map((key) => ({ kind: 'remove', path: `${stateDirectory}/pending/${fileName(key)}` }))
}

/** The pending notes on a host, in the order of their keys' hashes. Other files are ignored. */
export async function readPending(
  host: Host,
  stateDirectory = defaultStateDirectory,
): Promise<readonly PendingNote[]> {
  const names = (await host.list(`${stateDirectory}/pending`)) ?? []
  const texts = await Promise.all(
    names
      .filter((name) => /^[0-9a-f]{32}$/.test(name))
      .map((name) => host.text(`${stateDirectory}/pending/${name}`)),
  )
  return texts.flatMap((text) => parseNote(text))
}

function parseNote(text: string | undefined): readonly PendingNote[] {
  if (text === undefined) return []
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || !('key' in parsed) || !('value' in parsed)) return []
    return typeof parsed.key === 'string' ? [{ key: parsed.key, value: parsed.value }] : []
  } catch {
    return []
  }
}

function fileName(key: string): string {
  return sha256Of(key).slice(0, 32)
}
