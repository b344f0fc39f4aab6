import type { ReactElement } from 'react'
import type { Connection, ConnectionSnapshot } from '../connection/connection-store.ts'
import { Connecting } from './connecting.tsx'
import { CrashCard } from './crash-card.tsx'
import { MismatchScreen } from './mismatch-screen.tsx'
import { SignInCard } from './sign-in-card.tsx'
import { StartFailureScreen } from './start-failure-screen.tsx'
import { StartUpScreen } from './start-up-screen.tsx'
import { StoppedScreen } from './stopped-screen.tsx'
import { UnreachableScreen } from './unreachable-screen.tsx'

/** What stands in place of the pages; undefined while pages have something to show, be it outdated. */
export function chooseScreen(snapshot: ConnectionSnapshot, connection: Connection): ReactElement | undefined {
  const { link, session } = snapshot
  if (link.state === 'mismatch') return <MismatchScreen nodeVersion={link.nodeVersion} nodeContract={link.contractVersion} />
  if (link.state === 'signed-out') return <SignInCard reason={link.reason} onSignIn={connection.signIn} />
  const ended = screenOfEnd(snapshot)
  if (ended !== undefined || session !== undefined) return ended
  return screenOfStart(snapshot, connection)
}

/** The node is down for good, until somebody does something about it. */
function screenOfEnd({ run, host }: ConnectionSnapshot): ReactElement | undefined {
  if (run === undefined || host === undefined) return undefined
  if (run.state === 'failed' && run.failure !== undefined) {
    return <StartFailureScreen failure={run.failure} logTail={run.logTail} host={host.client} />
  }
  if ((run.state === 'crashed' || run.state === 'failed') && run.crash !== undefined && run.restartAtMs === undefined) {
    return <CrashCard crash={run.crash} logTail={run.logTail} host={host.client} />
  }
  return undefined
}

/** There was no session yet. */
function screenOfStart({ link, run, host }: ConnectionSnapshot, connection: Connection): ReactElement {
  if (run !== undefined && host !== undefined && run.state === 'stopped') return <StoppedScreen host={host.client} />
  if (run !== undefined && run.phases.length > 0 && run.state !== 'running') return <StartUpScreen run={run} />
  return link.state === 'lost' && run === undefined ? <UnreachableScreen onRetry={connection.retry} /> : <Connecting />
}
