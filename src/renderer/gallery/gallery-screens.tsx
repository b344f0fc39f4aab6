import type { ReactElement } from 'react'
import { startFailureCodes } from '../../ipc/contract/host-contract.ts'
import type { HostClient } from '../connection/clients.ts'
import { Connecting } from '../screens/connecting.tsx'
import { CrashCard } from '../screens/crash-card.tsx'
import { FailedScreen } from '../screens/failed-screens.tsx'
import { MismatchScreen } from '../screens/mismatch-screen.tsx'
import { PageNotLoaded } from '../screens/page-not-loaded.tsx'
import { SignInCard } from '../screens/sign-in-card.tsx'
import { StartFailureScreen } from '../screens/start-failure-screen.tsx'
import { StartUpScreen } from '../screens/start-up-screen.tsx'
import { StoppedScreen } from '../screens/stopped-screen.tsx'
import { UnreachableScreen } from '../screens/unreachable-screen.tsx'
import { sampleCrash, sampleFailures, sampleLog, sampleNowMs, slowRun, startingRun } from './sample-runs.ts'

const refuse = async () => {
  throw new Error('The gallery has no node.')
}
const host: HostClient = {
  node: { start: refuse, stop: refuse, restart: refuse, startSafely: refuse, startOnFreePort: refuse, startElsewhere: refuse },
  files: { show: refuse },
  openExternal: refuse,
  signOut: refuse,
}
const refused = async () => false
const nothing = () => undefined

const failures = Object.fromEntries(
  startFailureCodes.map((kind) => [
    kind === 'other' ? 'start-failed' : kind,
    () => <StartFailureScreen failure={sampleFailures[kind]} logTail={sampleLog} host={host} />,
  ]),
)

/** Every screen that can stand in place of the pages. */
export const galleryScreens: Readonly<Record<string, () => ReactElement>> = {
  connecting: () => <Connecting />,
  starting: () => <StartUpScreen run={startingRun} nowMs={sampleNowMs} />,
  'starting-slow': () => <StartUpScreen run={slowRun} nowMs={sampleNowMs} />,
  ...failures,
  crash: () => <CrashCard crash={sampleCrash} logTail={sampleLog} host={host} />,
  stopped: () => <StoppedScreen host={host} />,
  'sign-in': () => <SignInCard reason="none" onSignIn={refused} />,
  'session-ended': () => <SignInCard reason="ended" onSignIn={refused} />,
  'signing-out': () => <SignInCard reason="leaving" onSignIn={refused} />,
  'session-restarted': () => <SignInCard reason="restarted" onSignIn={refused} />,
  'link-refused': () => <SignInCard reason="refused" onSignIn={refused} />,
  mismatch: () => <MismatchScreen nodeVersion="0.4.0" nodeContract={2} />,
  unreachable: () => <UnreachableScreen onRetry={nothing} />,
  'page-not-loaded': () => (
    <PageNotLoaded error={new TypeError('Failed to fetch')} live={false} busy={false} reloads={false} onRetry={nothing} />
  ),
  'page-failed': () => <FailedScreen title="This page failed" error={new TypeError('x is undefined')} onRetry={nothing} />,
}
