import { metricCatalogue } from './metric-catalogue.ts'
import type { ObserverPorts } from './observer-ports.ts'

/** Why a sign-in was refused: the token is unknown, used or expired; `rate`: and too many had failed before it. */
export type SignInRefusal = 'token' | 'rate'

/** Why the node ended the socket of a screen. */
export type SocketEnd = 'silent' | 'unread' | 'protocol'

/** What happens at the web console. Sessions are numbered from the start of the node; neither tokens nor cookies come here. */
export interface ConsoleObserver {
  /** A token was made for the owner of the data directory. */
  consoleLinkMade(): void
  consoleSignedIn(facts: { readonly session: number; readonly from: string }): void
  consoleSignInRefused(facts: { readonly reason: SignInRefusal; readonly from: string }): void
  consoleSessionEnded(facts: { readonly session: number; readonly cause: 'signed-out' | 'too-many' }): void
  consoleSocketOpened(facts: { readonly session: number }): void
  consoleSocketEnded(facts: { readonly session: number; readonly cause: SocketEnd }): void
}

export function createConsoleObserver({ logger: parent, meter }: ObserverPorts): ConsoleObserver {
  const logger = parent.child('console')
  const signIns = meter.counter(metricCatalogue.consoleSignIns)
  const sockets = meter.counter(metricCatalogue.consoleSockets)
  const ended = meter.counter(metricCatalogue.consoleSocketsEnded)
  return {
    consoleLinkMade() {
      logger.info('a link to sign in to the web console was made')
    },
    consoleSignedIn(facts) {
      signIns.add(1, { outcome: 'accepted' })
      logger.info('signed in to the web console', facts)
    },
    consoleSignInRefused({ reason, from }) {
      signIns.add(1, { outcome: reason === 'rate' ? 'limited' : 'refused' })
      if (reason === 'token') logger.warn('a sign-in to the web console was refused', { from })
      else logger.debug('a sign-in to the web console was refused after too many others', { from })
    },
    consoleSessionEnded(facts) {
      logger.info('a session of the web console ended', facts)
    },
    consoleSocketOpened(facts) {
      sockets.add(1)
      logger.debug('a screen connected', facts)
    },
    consoleSocketEnded(facts) {
      ended.add(1, { cause: facts.cause })
      logger.warn('the connection of a screen was ended', facts)
    },
  }
}
