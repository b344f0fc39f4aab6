/** `node --import` this, and the module `electron` is the harness. */

import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

const harness = pathToFileURL(`${import.meta.dirname}/electron.ts`).href
Object.defineProperty(process.versions, 'electron', { value: '45.4.1', configurable: true })

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: harness, format: 'module-typescript', shortCircuit: true } : next(specifier, context),
})
