/** Calls of functions with variables, an environment and files in memory. */
import { Secret } from '../../../base/secret.ts'
import { Unknown } from '../../../base/unknown.ts'
import { noKeys } from '../../encrypted/keyring.ts'
import type { LocalSources } from '../../evaluation.ts'
import { evaluate } from '../../expression.ts'
import { renderTemplate } from '../../template.ts'
import { memoryFiles } from '../../testing/memory-files.ts'
import { dataScope, expressionOf, templateOf } from '../../testing/scopes.ts'
import { exampleVariables } from '../helpers-described.ts'

const localSources: LocalSources = {
  environment: { HOME: '/root', API_TOKEN: 'sesame-9' },
  files: {
    ...memoryFiles({
      '/role/files/motd': 'Welcome\n',
      '/play/motd': 'other',
      '/play/key.pub': 'ssh-ed25519 AAAA\n',
      '/play/vault.yml': 'port: "8443"\nname: hunter22\n',
    }),
    keys: { ...noKeys, output: () => new Secret('sesame-5') },
  },
  folders: ['/role', '/play'],
}
const scope = dataScope(
  {
    ...exampleVariables,
    later: new Unknown('it has not run'),
    partly: { known: 1, later: new Unknown('it has not run') },
    entries: ['b', new Unknown('it has not run'), 'a'],
    password: new Secret('open-sesame-7'),
    database: { user: 'ann', password: new Secret('open-sesame-7') },
    text: 'Text',
    none: null,
  },
  localSources,
)
/** Evaluates an expression with the variables of the examples and a few more. */
export const cel = (source: string): unknown => evaluate(expressionOf(source), scope)
/** Renders a template with the same variables. */
export const hbs = (source: string): unknown => renderTemplate(templateOf(source), scope)
