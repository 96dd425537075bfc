/** What `gpuplay secrets` looks like on the command line. */
import { buildCommand } from '@stricli/core'
import type { SecretsFlags } from './commands/secrets-command.ts'
import type { Context } from './context.ts'
import type { Examples } from './examples.ts'
import { inventoryAliases, vaultFlags } from './flags.ts'

const usage = '(encrypt | decrypt | edit | rotate | keygen) <file>...'

const examples: Examples = [
  ['secrets keygen ~/.config/gpuplay/age.key', 'create a key, and print its public key'],
  ['secrets edit group_vars/all/secrets.yml', 'change a file, or create it'],
  ['secrets encrypt --values group_vars/all.yml', 'encrypt its values tagged !age'],
  ['secrets rotate group_vars/all/*.yml', 'encrypt again for the recipients of now'],
]

const secrets = buildCommand<SecretsFlags, string[], Context>({
  loader: async () => (await import('./commands/secrets-command.ts')).secretsCommand,
  docs: {
    brief: 'Encrypt files and values of variables with age',
    customUsage: [usage],
    fullDescription:
      'encrypt and rotate replace the file; rotate also reads Ansible Vault. decrypt prints the plain text. edit opens it in $EDITOR. Keys and recipients come from age_identities and age_recipients: see "gpuplay config".',
  },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        parse: String,
        proposeCompletions: () => ['encrypt', 'decrypt', 'edit', 'rotate', 'keygen'],
        brief: 'What to do, and the files',
        placeholder: 'word',
      },
      minimum: 1,
    },
    flags: {
      recipient: {
        kind: 'parsed',
        parse: String,
        variadic: true,
        optional: true,
        brief: 'Public key to encrypt for; can be repeated. Default: age_recipients',
        placeholder: 'age1...',
      },
      values: {
        kind: 'boolean',
        withNegated: false,
        brief: 'encrypt: only the values tagged !age, instead of the whole file',
      },
      ...vaultFlags,
    },
    aliases: { r: 'recipient', J: inventoryAliases.J },
  },
})

export const secretsDeclared = { command: secrets, usage, examples } as const
