/** The tags of YAML values that gpuplay knows: `!cel` is an expression, the others are encrypted texts. */
import type { ScalarTag } from 'yaml'
import { ageText } from './encrypted/age.ts'
import type { Keyring } from './encrypted/keyring.ts'
import { formatNames, opened, type SealedFormat } from './encrypted/sealed.ts'
import { vaultHeader } from './encrypted/vault.ts'

/** Ansible has two names for its tag. */
const sealedTags: Readonly<Record<string, SealedFormat>> = {
  '!age': 'age',
  '!vault': 'vault',
  '!vault-encrypted': 'vault',
}

/** Each keeps its text. */
export const knownTags: readonly ScalarTag[] = ['!cel', ...Object.keys(sealedTags)].map((tag) => ({
  tag,
  resolve: (text: string) => text,
}))

/** For messages. */
export const tagsInWords = 'the tags are !cel, !age and !vault'

/**
 * Returns how to open a text with this tag; undefined for other tags.
 * @param refuse Receives what is wrong with the text, and a hint.
 */
export function sealedText(
  tag: string | undefined,
  text: string,
  refuse: (wrong: string, hint: string) => void,
): ((keys: Keyring) => unknown) | undefined {
  const format = tag !== undefined && Object.hasOwn(sealedTags, tag) ? sealedTags[tag] : undefined
  if (format === undefined) return undefined
  const bytes = Buffer.from(text)
  const isSealed = format === 'age' ? ageText(bytes) !== undefined : text.trimStart().startsWith(vaultHeader)
  if (isSealed) return (keys) => keys.hide(opened(bytes, format, keys))
  refuse(
    `this value is not encrypted with ${formatNames[format]}`,
    format === 'age'
      ? 'encrypt it: gpuplay secrets encrypt --values FILE'
      : 'encrypt it with "ansible-vault encrypt_string"',
  )
  return undefined
}
