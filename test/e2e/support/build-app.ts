import { ensureBuiltApp } from '../../support/built-app.ts'

/** Once before all specs: they look at what is shipped, built from the sources as they are. */
export function setup(): void {
  ensureBuiltApp()
}
