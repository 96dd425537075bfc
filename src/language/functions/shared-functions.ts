/** All functions of both languages, by name. */
import { controllerFunctions } from './controller-functions.ts'
import { encodingFunctions } from './encoding-functions.ts'
import { listFunctions } from './list-functions.ts'
import { setFunctions } from './set-functions.ts'
import type { SharedFunction } from './shared-function.ts'
import { textFunctions } from './text-functions.ts'

export const sharedFunctions: ReadonlyMap<string, SharedFunction> = new Map(
  Object.entries({
    ...textFunctions,
    ...listFunctions,
    ...setFunctions,
    ...encodingFunctions,
    ...controllerFunctions,
  }),
)
