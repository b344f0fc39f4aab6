import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { I18nextProvider } from 'react-i18next'
import { expect, test, vi } from 'vitest'
import type { HostClient } from '../../../src/renderer/connection/clients.ts'
import { sampleCrash, sampleFailures, sampleLog } from '../../../src/renderer/gallery/sample-runs.ts'
import { CrashCard } from '../../../src/renderer/screens/crash-card.tsx'
import { StartFailureScreen } from '../../../src/renderer/screens/start-failure-screen.tsx'
import { createTexts } from '../../../src/renderer/text/i18n.ts'
import { asSentence } from '../../../src/renderer/text/sentence-of.ts'

function fakeHost() {
  const done = vi.fn(async (_input?: unknown) => null)
  const names = ['start', 'stop', 'restart', 'startSafely', 'startOnFreePort', 'startElsewhere'] as const
  const calls: string[] = []
  const node = Object.fromEntries(names.map((name) => [name, async () => void calls.push(name)]))
  const show = async ({ what }: { what: string }) => void calls.push(`show ${what}`)
  return { calls, client: { node, files: { show }, openExternal: done, signOut: done } as unknown as HostClient }
}

function show(element: React.ReactElement) {
  return render(<I18nextProvider i18n={createTexts()}>{element}</I18nextProvider>)
}

test.each([
  ['port-in-use', 'A port is taken', 'Use a free port', 'startOnFreePort'],
  ['storage-full', 'The disk is full', 'Show data folder', 'show data'],
  ['store-locked', 'Another program has this store open', 'Try again', 'start'],
  ['store-newer-format', 'This store was written by a newer memo', 'Use another folder…', 'startElsewhere'],
  ['other', 'The node could not start', 'Start for reading only', 'startSafely'],
] as const)('%s is told in words and has a button that acts', async (kind, title, button, call) => {
  const { client, calls } = fakeHost()
  show(<StartFailureScreen failure={sampleFailures[kind]} logTail={sampleLog} host={client} />)
  expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent(title)
  expect(screen.getByText(asSentence(sampleFailures[kind].message))).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: button }))
  expect(calls).toEqual([call])
})

test('what a button failed with stays in sight', async () => {
  const { client } = fakeHost()
  const broken = { ...client, node: { ...client.node, start: () => Promise.reject(new Error('the disk is gone')) } }
  show(<StartFailureScreen failure={sampleFailures['store-locked']} logTail={[]} host={broken} />)
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('The disk is gone')
})

test('a crash tells reason, exit code and the log, and starts again or safely', async () => {
  const { client, calls } = fakeHost()
  show(<CrashCard crash={sampleCrash} logTail={sampleLog} host={client} />)
  for (const text of ['out of memory', '134', '3']) expect(screen.getByText(text)).toBeVisible()
  expect(screen.getByRole('log')).toHaveTextContent('31 of 48 segments read')
  await userEvent.click(screen.getByRole('button', { name: 'Start for reading only' }))
  await userEvent.click(screen.getByRole('button', { name: 'Start the node' }))
  expect(calls).toEqual(['startSafely', 'start'])
})
