/**
 * Loaded before memo: the level store of the process writes through a recording, which MEMOTEST_RECORDING holds when the process
 * ends in order. The module that opens stores is put behind a stand-in; nothing else of memo changes.
 */
import { registerHooks } from 'node:module'

const real = import.meta.resolve('../../../src/node/adapters/level-store/open-level-store.ts')
const standIn = import.meta.resolve('./recorded-level-store.ts')

registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier, context)
    return found.url === real && context.parentURL !== standIn ? { ...found, url: standIn } : found
  },
})
